package timeline

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Subscribe makes the trail hear what happens to contracts. Called once, in
// app, before features that read events in the same transaction.
func (s *Service) Subscribe(b *bus.Bus) { b.Subscribe(s.record) }

// Record adds kinds of news that become events, by the beginning of their
// names ("usage."). Their sentence is timeline.event.KIND in the catalogue of
// the feature that publishes them. Called at start only.
func (s *Service) Record(prefixes ...string) { s.records = append(s.records, prefixes...) }

// record writes one event a change, in bulk: an import publishes thousands.
func (s *Service) record(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	at := db.Micros(s.now())
	var rows [][]any
	for _, c := range changes {
		if !s.recorded(c) {
			continue
		}
		rows = append(rows, []any{c.Workspace, id.New(), c.Contract, at, string(c.Kind), c.By.ActorKind, c.By.ActorID,
			c.By.Kind, c.By.ID, c.By.Depth, db.AsJSON(eventData(c))})
	}
	return db.Bulk(ctx, tx, `INSERT INTO event (workspace_id, id, contract_id, at, kind, actor_kind, actor_id,
		cause_kind, cause_id, depth, data)`, "", rows)
}

// recorded: news of a contract, and not a save that changed nothing.
func (s *Service) recorded(c bus.Change) bool {
	if c.Contract == 0 || strings.HasSuffix(string(c.Kind), ".changed") && len(c.Fields) == 0 && len(c.Data) == 0 {
		return false
	}
	return slices.ContainsFunc(s.records, func(p string) bool { return strings.HasPrefix(string(c.Kind), p) })
}

const fieldsKey = "fields"

func eventData(c bus.Change) map[string]any {
	data := maps.Clone(c.Data)
	if data == nil {
		data = map[string]any{}
	}
	if len(c.Fields) > 0 {
		data[fieldsKey] = c.Fields
	}
	if c.Ref != 0 && c.Ref != c.Contract {
		data["ref"] = c.Ref
	}
	return data
}

// FieldNames are the names of the changed fields in a fixed order.
func (e Event) FieldNames() []string { return slices.Sorted(maps.Keys(e.Fields)) }

func scanEvent(r db.Row) (e Event, err error) {
	var raw string
	if err := r.Scan(&e.ID, &e.Contract, (*db.Time)(&e.At), &e.Kind, &e.Actor.Kind, &e.Actor.ID, &e.CauseKind, &e.CauseID, &raw); err != nil {
		return e, err
	}
	// Numbers stay as they were written: an amount must not pass through float64.
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&e.Data); err != nil {
		return e, err
	}
	fields, _ := e.Data[fieldsKey].(map[string]any)
	delete(e.Data, fieldsKey)
	for name, v := range fields {
		pair, _ := v.([]any)
		if len(pair) != 2 {
			continue
		}
		if e.Fields == nil {
			e.Fields = map[string][2]any{}
		}
		e.Fields[name] = [2]any{pair[0], pair[1]}
	}
	return e, nil
}

const eventSelect = `SELECT e.id, e.contract_id, e.at, e.kind, e.actor_kind, e.actor_id, e.cause_kind, e.cause_id, e.data FROM event e WHERE `

func eventsBefore(ctx context.Context, q db.Queryer, ws, contract id.ID, from *place, limit int) ([]Event, error) {
	var w db.Where
	w.And("e.workspace_id = ? AND e.contract_id = ?", ws, contract)
	older(&w, "e", from)
	return db.All(ctx, q, scanEvent, eventSelect+w.SQL()+newest("e", limit), w.Args()...)
}

// ofContract begins the kinds of news whose fields are the contract's own; a
// task of it has an owner, too, and dates.
const ofContract = "contract."

// changesBefore reads saves of the contract itself. "substr" keeps both planners
// on the contract's index.
func changesBefore(ctx context.Context, q db.Queryer, ws, contract id.ID, field string, from *place, limit int) ([]Event, error) {
	var w db.Where
	w.And("e.workspace_id = ? AND e.contract_id = ? AND (e.data -> 'fields') IS NOT NULL", ws, contract)
	w.And("substr(e.kind, 1, 9) = ?", ofContract)
	if field != "" {
		w.And("(e.data -> 'fields' ->> CAST(? AS TEXT)) IS NOT NULL", field)
	}
	older(&w, "e", from)
	return db.All(ctx, q, scanEvent, eventSelect+w.SQL()+newest("e", limit), w.Args()...)
}
