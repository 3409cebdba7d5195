package intake

import (
	"context"
	"math"
	"slices"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/intake/traces"
	"kizuki/internal/who"
)

// Kept is a contract an undo did not restore whole, because people have
// changed it since.
type Kept struct {
	Contract id.ID    `json:"contract"`
	Key      string   `json:"key"`
	Name     string   `json:"name"`
	Created  bool     `json:"created"` // the import made it, and it stays
	Fields   []string `json:"fields"`  // attributes that keep their later values
}

// Undo takes the newest import of a source back, exactly: a value goes back if
// it still is what the import wrote, contracts it made go unless people have
// touched them, and so do organizations, people, fields and options it made
// and nobody else uses. What stays is listed.
func (s *Service) Undo(ctx context.Context, importID id.ID) (Import, []Kept, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Import{}, nil, err
	}
	kind := "member"
	if a.Member == 0 {
		kind = "system"
	}
	ctx = bus.Because(ctx, bus.Cause{ActorKind: kind, ActorID: a.Member, Kind: traces.UndoCause, ID: importID})
	var kept []Kept
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		un := &undoer{Service: s, ws: a.Workspace, tx: tx}
		if un.imp, err = oneImport(ctx, tx, a.Workspace, importID); err != nil {
			return err
		}
		if err := un.run(ctx); err != nil {
			return err
		}
		kept = un.kept
		return nil
	})
	if err != nil {
		return Import{}, nil, err
	}
	imp, err := oneImport(ctx, s.db, a.Workspace, importID)
	return imp, kept, err
}

// undoer takes one import back inside one transaction.
type undoer struct {
	*Service
	ws      id.ID
	tx      *db.Tx
	imp     Import
	journal journal
	stays   map[id.ID]bool // contracts it made that stay
	kept    []Kept
}

func (un *undoer) run(ctx context.Context) error {
	if err := un.allowed(ctx); err != nil {
		return err
	}
	j, _, err := db.One(ctx, un.tx, db.Value[db.JSON[journal]], `SELECT created FROM import WHERE workspace_id = $1 AND id = $2`, un.ws, un.imp.ID)
	if err != nil {
		return err
	}
	un.journal, un.stays = j.V, map[id.ID]bool{}
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return traces.Unseen(ctx, un.tx, un.ws, un.imp.ID) },
		func(ctx context.Context) error {
			return sources.Unmark(ctx, un.tx, un.ws, un.imp.of(), un.journal.Came)
		},
		func(ctx context.Context) error { return un.pages(ctx, un.restore, Updated, Reappeared) },
		func(ctx context.Context) error { return un.pages(ctx, un.remove, Created) },
		un.extras, un.fieldsAndOptions, un.peopleAndOrgs,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return setImport(ctx, un.tx, un.ws, un.imp.ID, "state", string(Undone), "undone_at", db.Micros(un.now()))
}

// allowed: only the newest import of a source can be undone.
func (un *undoer) allowed(ctx context.Context) error {
	if un.imp.State != Applied {
		return errs.New(errs.Conflict, "intake.err.not_applied")
	}
	src, err := sources.One(ctx, un.tx, un.ws, un.imp.SourceID)
	if err != nil || src.LastImport == un.imp.ID {
		return err
	}
	newest, err := oneImport(ctx, un.tx, un.ws, src.LastImport)
	if err != nil {
		return err
	}
	return errs.New(errs.Conflict, "intake.err.newer_first", "Import", newest.ID.String(), "File", newest.FileName)
}

func (un *undoer) pages(ctx context.Context, each func(context.Context, []compare.Row) error, outcomes ...Outcome) error {
	for after := math.MinInt32; ; {
		rows, err := staged.Read(ctx, un.tx, un.ws, un.imp.ID, after, chunk, outcomes...)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := each(ctx, rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].Line
	}
}

// restore puts back what the rows changed.
func (un *undoer) restore(ctx context.Context, rows []compare.Row) error {
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.Contract
	}
	present, err := un.contracts.Load(ctx, un.tx, un.ws, ids)
	if err != nil {
		return err
	}
	var saves []contract.Save
	for _, r := range rows {
		c, there := present[r.Contract]
		if !there {
			continue
		}
		back, later, err := r.Back(c, un.journal.Meant)
		if err != nil {
			return err
		}
		if len(later) > 0 {
			un.kept = append(un.kept, Kept{Contract: c.ID, Key: c.Key, Name: c.Name, Fields: later})
		}
		sv := contract.Save{Contract: back, Changes: contract.Diff(c, back)}
		sv.DropTerm = r.After.Term > 0 && !slices.ContainsFunc(later, compare.OfTerm)
		if len(sv.Changes) > 0 || sv.DropTerm {
			saves = append(saves, sv)
		}
	}
	return un.contracts.ApplyIn(ctx, un.tx, saves)
}

// remove deletes contracts the import made, but for those somebody has put
// something on since.
func (un *undoer) remove(ctx context.Context, rows []compare.Row) error {
	var ids []id.ID
	for _, r := range rows {
		ids = append(ids, r.Contract)
	}
	touched, err := un.notes.TouchedByPeopleIn(ctx, un.tx, un.ws, ids)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, inList) {
		used, err := traces.Used(ctx, un.tx, un.ws, un.imp.SourceID, part)
		if err != nil {
			return err
		}
		for _, c := range used {
			touched[c] = true
		}
	}
	gone := slices.DeleteFunc(ids, func(c id.ID) bool { return touched[c] })
	if err := un.keep(ctx, touched); err != nil {
		return err
	}
	if err := un.notes.DeleteForUndoIn(ctx, un.tx, un.ws, gone); err != nil {
		return err
	}
	for part := range slices.Chunk(gone, inList) {
		gone, err := traces.ForgetWork(ctx, un.tx, un.ws, part)
		if err == nil {
			err = un.bus.Publish(ctx, un.tx, gone...)
		}
		if err != nil {
			return err
		}
	}
	return un.contracts.DeleteIn(ctx, un.tx, un.ws, gone)
}

func (un *undoer) keep(ctx context.Context, touched map[id.ID]bool) error {
	var ids []id.ID
	for c := range touched {
		un.stays[c] = true
		ids = append(ids, c)
	}
	slices.Sort(ids)
	present, err := un.contracts.Load(ctx, un.tx, un.ws, ids)
	if err != nil {
		return err
	}
	for _, i := range ids {
		if c, ok := present[i]; ok {
			un.kept = append(un.kept, Kept{Contract: i, Key: c.Key, Name: c.Name, Created: true, Fields: []string{}})
		}
	}
	return nil
}

// extras takes back notes and contacts on contracts that stay as they were;
// what the import brought to one that stays stays with it.
func (un *undoer) extras(ctx context.Context) error {
	var links []contact.Link
	for _, l := range un.journal.Contacts {
		if !un.stays[l.ContractID] {
			links = append(links, l)
		}
	}
	if err := un.contacts.RemoveManyIn(ctx, un.tx, un.ws, links); err != nil {
		return err
	}
	for part := range slices.Chunk(un.journal.Notes, inList) {
		gone, err := traces.DeleteNotes(ctx, un.tx, un.ws, part, un.stays)
		if err != nil {
			return err
		}
		if err := un.bus.Publish(ctx, un.tx, gone...); err != nil {
			return err
		}
	}
	return nil
}

// fieldsAndOptions removes fields and options the import brought that no
// contract holds by now.
func (un *undoer) fieldsAndOptions(ctx context.Context) error {
	if len(un.journal.Fields)+len(un.journal.Options) == 0 {
		return nil
	}
	all, err := un.fields.Load(ctx, un.tx, un.ws)
	if err != nil {
		return err
	}
	var unused []id.ID
	for _, f := range all {
		mine := slices.Contains(un.journal.Fields, f.ID)
		var options []string
		for _, o := range un.journal.Options {
			if o.Field == f.Key {
				options = append(options, o.Option)
			}
		}
		if !mine && len(options) == 0 {
			continue
		}
		held, err := traces.HeldValues(ctx, un.tx, un.ws, f, mine)
		if err != nil {
			return err
		}
		if mine && len(held) == 0 {
			unused = append(unused, f.ID)
		}
		if !mine {
			err = traces.DropOptions(ctx, un.tx, un.ws, f, options, held)
		}
		if err != nil {
			return err
		}
	}
	return un.fields.DeleteIn(asSystem(ctx), un.tx, unused)
}

func (un *undoer) peopleAndOrgs(ctx context.Context) error {
	if err := un.orgs.ForgetIn(ctx, un.tx, un.ws, un.journal.OrgsMade, un.journal.Numbered); err != nil {
		return err
	}
	for part := range slices.Chunk(un.journal.OwnersMade, inList) {
		if err := traces.ForgetPlaceholders(ctx, un.tx, un.ws, part); err != nil {
			return err
		}
	}
	return nil
}
