package intake

import (
	"context"
	"math"
	"slices"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// undoCause marks what an undo changes on the trail.
const undoCause = "import_undo"

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
	ctx = bus.Because(ctx, bus.Cause{ActorKind: kind, ActorID: a.Member, Kind: undoCause, ID: importID})
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
		func(ctx context.Context) error { return unseen(ctx, un.tx, un.ws, un.imp.ID) },
		func(ctx context.Context) error { return unmark(ctx, un.tx, un.ws, un.imp, un.journal.Came) },
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
	src, err := oneSource(ctx, un.tx, un.ws, un.imp.SourceID)
	if err != nil || src.LastImport == un.imp.ID {
		return err
	}
	newest, err := oneImport(ctx, un.tx, un.ws, src.LastImport)
	if err != nil {
		return err
	}
	return errs.New(errs.Conflict, "intake.err.newer_first", "Import", newest.ID.String(), "File", newest.FileName)
}

func (un *undoer) pages(ctx context.Context, each func(context.Context, []row) error, outcomes ...Outcome) error {
	for after := math.MinInt32; ; {
		rows, err := readRows(ctx, un.tx, un.ws, un.imp.ID, after, chunk, outcomes...)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := each(ctx, rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].line
	}
}

// restore puts back what the rows changed.
func (un *undoer) restore(ctx context.Context, rows []row) error {
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.contract
	}
	present, err := un.contracts.Load(ctx, un.tx, un.ws, ids)
	if err != nil {
		return err
	}
	var saves []contract.Save
	for _, r := range rows {
		c, there := present[r.contract]
		if !there {
			continue
		}
		back, later, err := un.back(r, c)
		if err != nil {
			return err
		}
		if len(later) > 0 {
			un.kept = append(un.kept, Kept{Contract: c.ID, Key: c.Key, Name: c.Name, Fields: later})
		}
		sv := contract.Save{Contract: back, Changes: contract.Diff(c, back)}
		sv.DropTerm = r.after.Term > 0 && !slices.ContainsFunc(later, ofTerm)
		if len(sv.Changes) > 0 || sv.DropTerm {
			saves = append(saves, sv)
		}
	}
	return un.contracts.ApplyIn(ctx, un.tx, saves)
}

// ofTerm tells the attributes a term shares with its contract.
func ofTerm(name string) bool {
	return slices.Contains([]string{"start_date", "renewal_date", "amount", "currency", "amount_basis"}, name)
}

// back is the contract without what the row wrote, as far as it still stands;
// later are the attributes somebody has changed since.
func (un *undoer) back(r row, c contract.Contract) (back contract.Contract, later []string, err error) {
	written, err := r.after.attributes()
	if err != nil {
		return c, nil, err
	}
	now, err := r.after.fieldValues()
	if err != nil {
		return c, nil, err
	}
	for _, name := range written {
		to := r.after.Values[name]
		if key, ok := cutField(name); ok {
			to = now[key]
		}
		if !(field.Field{}).Equal(c.Value(name), to) {
			later = append(later, name)
		}
	}
	later = together(later, written, r.after.Term > 0 && (c.TermNo != r.after.Term || c.EndedOn != ""))
	back = c.Clone()
	restored, err := r.before.without(later)
	if err != nil {
		return c, nil, err
	}
	if err := restored.write(&back); err != nil {
		return c, nil, err
	}
	return back, un.references(r, c, &back, later), nil
}

// together: values that only make sense with each other stay together. That
// is an amount and its currency, and the dates and amounts of a term that the
// row opened and that cannot be taken away any more.
func together(later, written []string, termMoved bool) []string {
	whole := func(name string) bool { return name == "amount" || name == "currency" }
	if termMoved || slices.ContainsFunc(later, ofTerm) {
		whole = ofTerm
	}
	if termMoved || slices.ContainsFunc(later, whole) {
		for _, name := range written {
			if whole(name) && !slices.Contains(later, name) {
				later = append(later, name)
			}
		}
	}
	slices.Sort(later)
	return later
}

func (un *undoer) references(r row, c contract.Contract, back *contract.Contract, later []string) []string {
	if o := r.after.Org; o != nil && r.before.Org != nil {
		switch c.OrgID {
		case r.before.Org.ID:
		case un.journal.Orgs[orgKey(*o)]:
			back.OrgID, back.OrgName = r.before.Org.ID, r.before.Org.Name
		default:
			later = append(later, "organization")
		}
	}
	if o := r.after.Owner; o != nil {
		if c.OwnerID == un.journal.Owners[o.Text] {
			back.OwnerID, back.OwnerName = 0, ""
			if b := r.before.Owner; b != nil {
				back.OwnerID, back.OwnerName = b.ID, b.Text
			}
		} else {
			later = append(later, "owner")
		}
	}
	return later
}

// remove deletes contracts the import made, but for those somebody has put
// something on since.
func (un *undoer) remove(ctx context.Context, rows []row) error {
	var ids []id.ID
	for _, r := range rows {
		ids = append(ids, r.contract)
	}
	touched, err := un.notes.TouchedByPeopleIn(ctx, un.tx, un.ws, ids)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, inList) {
		used, err := usedElsewhere(ctx, un.tx, un.ws, un.imp.SourceID, part)
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
		if err := forgetWork(ctx, un.tx, un.ws, part); err != nil {
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
	var links []contract.ContactLink
	for _, l := range un.journal.Contacts {
		if !un.stays[l.ContractID] {
			links = append(links, l)
		}
	}
	if err := un.contracts.RemoveContactsIn(ctx, un.tx, un.ws, links); err != nil {
		return err
	}
	for part := range slices.Chunk(un.journal.Notes, inList) {
		gone, err := deleteNotes(ctx, un.tx, un.ws, part, un.stays)
		if err != nil {
			return err
		}
		if err := un.bus.Publish(ctx, un.tx, gone...); err != nil {
			return err
		}
	}
	return nil
}

// deleteNotes removes notes of an import that nobody edited or answered.
func deleteNotes(ctx context.Context, tx *db.Tx, ws id.ID, notes []id.ID, stays map[id.ID]bool) ([]bus.Change, error) {
	var w db.Where
	w.And("workspace_id = ? AND version = 1 AND deleted_at = 0", ws)
	w.And("NOT EXISTS (SELECT 1 FROM note r WHERE r.workspace_id = note.workspace_id AND r.parent_id = note.id)")
	db.In(&w, "id", notes)
	found, err := db.All(ctx, tx, func(r db.Row) (c bus.Change, err error) {
		c.Kind, c.Workspace = timeline.NoteDeleted, ws
		err = r.Scan(&c.Ref, &c.Contract)
		return c, err
	}, "SELECT id, contract_id FROM note WHERE "+w.SQL(), w.Args()...)
	found = slices.DeleteFunc(found, func(c bus.Change) bool { return stays[c.Contract] })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var d db.Where
	d.And("workspace_id = ?", ws)
	ids := make([]id.ID, len(found))
	for i, c := range found {
		ids[i] = c.Ref
	}
	db.In(&d, "id", ids)
	_, err = db.Exec(ctx, tx, "DELETE FROM note WHERE "+d.SQL(), d.Args()...)
	return found, err
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
		held, err := heldValues(ctx, un.tx, un.ws, f, mine)
		if err != nil {
			return err
		}
		if mine && len(held) == 0 {
			unused = append(unused, f.ID)
		}
		if !mine {
			err = dropOptions(ctx, un.tx, un.ws, f, options, held)
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
		if err := forgetPlaceholders(ctx, un.tx, un.ws, part); err != nil {
			return err
		}
	}
	return nil
}
