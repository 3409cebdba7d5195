package contract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// chunk is how many ids or keys one IN list holds.
const chunk = 500

// columns are the stored ones in the order of row and scan.
var columns = strings.Fields(`workspace_id id key key_fold name name_fold org_id department owner_id status phase
	outlook outlook_why outlook_by outlook_at start_date renewal_date notice_date auto_renew term_type amount currency
	amount_basis domain visibility fields term_no ended_on last_import_id data_at version created_at archived_at live`)

func (c *Contract) row(ws id.ID) []any {
	if c.Fields == nil {
		c.Fields = map[string]any{}
	}
	return []any{ws, c.ID, c.Key, text.Fold(c.Key), c.Name, text.Fold(c.Name), c.OrgID, c.Department, c.OwnerID,
		c.Status, c.Phase, string(c.Outlook), c.OutlookWhy, c.OutlookBy, db.Micros(c.OutlookAt),
		string(c.StartDate), string(c.RenewalDate), string(c.NoticeDate), c.AutoRenew, string(c.TermType), c.Amount, c.Currency,
		string(c.AmountBasis), c.Domain, c.Visibility, db.AsJSON(c.Fields), c.TermNo, string(c.EndedOn),
		c.LastImportID, db.Micros(c.DataAt), c.Version, db.Micros(c.CreatedAt), db.Micros(c.ArchivedAt), c.live()}
}

func (c *Contract) live() bool { return c.EndedOn == "" && c.ArchivedAt.IsZero() }

const selectContract = `SELECT c.id, c.key, c.name, c.org_id, o.name, c.department, c.owner_id, coalesce(m.name, ''),
	c.status, c.phase, c.outlook, c.outlook_why, c.outlook_by, c.outlook_at, c.start_date, c.renewal_date,
	c.notice_date, c.auto_renew, c.term_type, c.amount, c.currency, c.amount_basis, c.domain, c.visibility, c.fields, c.term_no,
	c.ended_on, c.last_import_id, c.data_at, c.version, c.created_at, c.archived_at
	FROM contract c
	JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
	LEFT JOIN member m ON m.workspace_id = c.workspace_id AND m.id = c.owner_id
	WHERE `

func scan(r db.Row) (Contract, error) {
	var c Contract
	var fields values
	err := r.Scan(&c.ID, &c.Key, &c.Name, &c.OrgID, &c.OrgName, &c.Department, &c.OwnerID, &c.OwnerName,
		&c.Status, &c.Phase, &c.Outlook, &c.OutlookWhy, &c.OutlookBy, (*db.Time)(&c.OutlookAt), &c.StartDate, &c.RenewalDate,
		&c.NoticeDate, &c.AutoRenew, &c.TermType, &c.Amount, &c.Currency, &c.AmountBasis, &c.Domain, &c.Visibility, &fields, &c.TermNo,
		&c.EndedOn, &c.LastImportID, (*db.Time)(&c.DataAt), &c.Version, (*db.Time)(&c.CreatedAt), (*db.Time)(&c.ArchivedAt))
	c.Fields = fields
	return c, err
}

// values reads the stored custom values; numbers keep their digits.
type values map[string]any

// Scan reads JSON text.
func (v *values) Scan(src any) (err error) {
	switch raw := src.(type) {
	case string:
		*v, err = field.Decode([]byte(raw))
	case []byte:
		*v, err = field.Decode(raw)
	default:
		err = fmt.Errorf("contract: fields are stored as %T", src)
	}
	return err
}

// get reads one contract for somebody; what they may not read is not there.
func get(ctx context.Context, q db.Queryer, a who.Actor, contractID id.ID) (Contract, error) {
	var w db.Where
	w.And("c.workspace_id = ? AND c.id = ?", a.Workspace, contractID)
	seen := audience.Contract(&w, a, "c")
	c, found, err := db.One(ctx, q, scan, selectContract+w.SQL()+" AND "+seen, w.Args()...)
	if err == nil && !found {
		err = errs.Missing("contract")
	}
	return c, err
}

// load reads contracts whose column is in list, in any order, for whoever a is.
func load[T any](ctx context.Context, q db.Queryer, a who.Actor, column string, list []T) ([]Contract, error) {
	var out []Contract
	for part := range slices.Chunk(list, chunk) {
		var w db.Where
		w.And("c.workspace_id = ?", a.Workspace)
		db.In(&w, column, part)
		seen := audience.Contract(&w, a, "c")
		rows, err := db.All(ctx, q, scan, selectContract+w.SQL()+" AND "+seen, w.Args()...)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

var (
	insertContract = "INSERT INTO contract (" + strings.Join(columns, ", ") + ")"
	upsertContract = "ON CONFLICT (workspace_id, id) DO UPDATE SET " + excluded(columns[2:])
)

// excluded writes "a = excluded.a, …".
func excluded(columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	return strings.Join(sets, ", ")
}

// write stores whole contracts: new ones are inserted, others replaced.
func write(ctx context.Context, tx *db.Tx, ws id.ID, saves []Save) error {
	var fresh, kept [][]any
	for i := range saves {
		if s := &saves[i]; s.New {
			fresh = append(fresh, s.Contract.row(ws))
		} else {
			kept = append(kept, s.Contract.row(ws))
		}
	}
	err := db.Bulk(ctx, tx, insertContract, "", fresh)
	if err == nil {
		err = db.Bulk(ctx, tx, insertContract, upsertContract, kept)
	}
	return refused(err, saves)
}

// refused says in people's words what the constraints found. What a caller
// could check beforehand it has; this is for two at the same moment.
func refused(err error, saves []Save) error {
	switch {
	case db.UniqueOn(err, "contract"):
		key := ""
		if len(saves) == 1 {
			key = saves[0].Contract.Key
		}
		return keyTaken(key).With(err)
	case db.Foreign(err):
		return errs.New(errs.Conflict, "contract.err.reference").With(err)
	}
	return err
}

func keyTaken(key string) *errs.E {
	e := errs.New(errs.Conflict, "contract.err.key_taken", "Key", key)
	e.Field = "key"
	return e
}

// inIDs runs a statement, whose text ends before "IN (…)", for all ids. args
// are its arguments from $1.
func inIDs(ctx context.Context, tx *db.Tx, stmt string, args []any, column string, ids []id.ID, tail string) error {
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		for _, a := range args {
			w.Arg(a)
		}
		db.In(&w, column, part)
		if _, err := db.Exec(ctx, tx, stmt+w.SQL()+tail, w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// member is one row of the people an owner can be chosen from.
type member struct {
	id         id.ID
	name, mail string
	nameFold   string
}

func loadMembers(ctx context.Context, q db.Queryer, ws id.ID) ([]member, error) {
	return db.All(ctx, q, func(r db.Row) (m member, err error) {
		err = r.Scan(&m.id, &m.name, &m.nameFold, &m.mail)
		return m, err
	}, `SELECT id, name, name_fold, mail_fold FROM member WHERE workspace_id = $1 ORDER BY id`, ws)
}

// unspaced: 岡田 真帆 and 岡田真帆 are one name.
func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }

// lookup finds a member by id, mail, or a name that only one has.
func lookup(members []member) func(string) (id.ID, bool) {
	byWord := map[string]id.ID{}
	for _, m := range members {
		byWord[m.id.String()] = m.id
		if m.mail != "" {
			byWord[m.mail] = m.id
		}
		name := unspaced(m.nameFold)
		if _, twice := byWord[name]; twice {
			byWord[name] = 0
		} else {
			byWord[name] = m.id
		}
	}
	return func(s string) (id.ID, bool) {
		m := byWord[unspaced(text.Fold(s))]
		return m, m != 0
	}
}

func workspaceCurrency(ctx context.Context, q db.Queryer, ws id.ID) (string, error) {
	code, _, err := db.One(ctx, q, db.Value[string], `SELECT currency FROM workspace WHERE id = $1`, ws)
	return code, err
}

func idByKey(ctx context.Context, q db.Queryer, ws id.ID, key string) (id.ID, bool, error) {
	return db.One(ctx, q, db.Value[id.ID], `SELECT id FROM contract WHERE workspace_id = $1 AND key_fold = $2`, ws, text.Fold(key))
}

// maxSiblings bounds the list beside a contract.
const maxSiblings = 200

func siblingsOf(ctx context.Context, q db.Queryer, a who.Actor, c Contract) ([]Contract, error) {
	var w db.Where
	w.And("c.workspace_id = ? AND c.org_id = ? AND c.id <> ? AND c.archived_at = 0", a.Workspace, c.OrgID, c.ID)
	seen := audience.Contract(&w, a, "c")
	return db.All(ctx, q, scan, selectContract+w.SQL()+" AND "+seen+" ORDER BY c.id LIMIT "+w.Arg(maxSiblings), w.Args()...)
}
