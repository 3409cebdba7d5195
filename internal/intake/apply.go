package intake

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/intake/traces"
	"kizuki/internal/org"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// ApplyOptions are what a person decided while looking at the preview.
type ApplyOptions struct {
	// ConfirmAbsent lets an import pass that misses more than a tenth of what
	// the source had.
	ConfirmAbsent bool `json:"confirm_absent"`
	// Absent are decisions about absent rows, by contract; the others wait for
	// one.
	Absent map[id.ID]Decision `json:"absent,omitempty"`
}

// journal is what applying made or learned besides contracts, for the undo.
type journal struct {
	compare.Meant
	OrgsMade   []id.ID             `json:"orgs_made,omitempty"`
	Numbered   []id.ID             `json:"numbered,omitempty"`
	OwnersMade []id.ID             `json:"owners_made,omitempty"`
	Fields     []id.ID             `json:"fields,omitempty"`
	Options    []columns.NewOption `json:"options,omitempty"`
	Contacts   []contact.Link      `json:"contacts,omitempty"`
	Notes      []id.ID             `json:"notes,omitempty"`
	Came       []sources.Came      `json:"came,omitempty"`
}

// Apply writes what was staged, in one transaction: all or nothing.
func (s *Service) Apply(ctx context.Context, importID id.ID, opt ApplyOptions) (Import, error) {
	return s.apply(ctx, importID, opt, nil)
}

// Bring stages and applies in one go, as programs do.
func (s *Service) Bring(ctx context.Context, u Upload, opt ApplyOptions) (Import, error) {
	imp, err := s.Stage(ctx, u)
	if err != nil {
		return imp, err
	}
	out, err := s.Apply(ctx, imp.ID, opt)
	if err == nil || errs.As(err).Key != errStale().Key {
		return out, err
	}
	// Another import came between: look once more.
	if out, err = s.Restage(ctx, imp.ID, u.Mapping, u.Sheet); err != nil {
		return out, err
	}
	return s.Apply(ctx, imp.ID, opt)
}

// ApplyLater leaves it to a job.
func (s *Service) ApplyLater(ctx context.Context, importID id.ID, opt ApplyOptions) (Import, error) {
	a, imp, err := s.one(ctx, who.Write, importID)
	if err != nil {
		return imp, err
	}
	if err := guard(imp, opt); err != nil {
		return imp, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := moveState(ctx, tx, a.Workspace, importID, Applying, Staged)
		if err == nil && !ok {
			err = notStaged(imp)
		}
		if err != nil {
			return err
		}
		return s.addJob(ctx, tx, applyKind, a, importID, &opt)
	})
	imp.State = Applying
	return imp, err
}

// notStaged says why an import cannot be applied.
func notStaged(imp Import) error {
	if imp.State == Applied {
		return errs.New(errs.Conflict, "intake.err.applied")
	}
	return errs.New(errs.Conflict, "intake.err.not_staged")
}

func guard(imp Import, opt ApplyOptions) error {
	if imp.Counts.Alarming() && !opt.ConfirmAbsent {
		return errs.New(errs.Stopped, "intake.err.absent_guard", "Absent", imp.Counts.Absent, "Known", imp.Counts.Known,
			"Import", imp.ID.String())
	}
	return nil
}

// apply is Apply; done, if given, is called first in the transaction, so that
// a job is over exactly when its work is stored.
func (s *Service) apply(ctx context.Context, importID id.ID, opt ApplyOptions, done func(context.Context, *db.Tx) error) (Import, error) {
	a, imp, err := s.one(ctx, who.Write, importID)
	if err != nil {
		return imp, err
	}
	if err := guard(imp, opt); err != nil {
		return imp, err
	}
	outer := ctx
	ctx = bus.Because(ctx, bus.Cause{ActorKind: "import", ActorID: importID, Kind: "import", ID: importID})
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if done != nil {
			if err := done(ctx, tx); err != nil {
				return err
			}
		}
		if imp, err = oneImport(ctx, tx, a.Workspace, importID); err != nil {
			return err
		}
		if imp.State != Staged && imp.State != Applying {
			return notStaged(imp)
		}
		ap := &applier{Service: s, actor: a, imp: imp, opt: opt, tx: tx, outer: outer, now: db.Micros(s.now()),
			orgIDs: map[org.Name]org.Resolved{}, ownerIDs: map[string]id.ID{},
			journal: journal{Meant: compare.Meant{Orgs: map[string]id.ID{}, Owners: map[string]id.ID{}}}}
		return ap.run(ctx)
	})
	if err != nil {
		return imp, err
	}
	if large(imp) {
		err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return traces.Analyze(ctx, tx) })
		if err != nil {
			return imp, err
		}
	}
	return oneImport(ctx, s.db, a.Workspace, importID)
}

// large imports make tables grow so much that the database must be told.
func large(imp Import) bool { return imp.Counts.Created > 2*chunk }

// applier writes one import inside one transaction.
type applier struct {
	*Service
	actor    who.Actor
	imp      Import
	opt      ApplyOptions
	tx       *db.Tx
	outer    context.Context // without the import as cause: for a person's decisions
	now      int64
	orgIDs   map[org.Name]org.Resolved
	ownerIDs map[string]id.ID
	journal  journal
}

func (ap *applier) run(ctx context.Context) error {
	if err := ap.newest(ctx); err != nil {
		return err
	}
	if err := ap.makeFields(ctx); err != nil {
		return err
	}
	if err := ap.writeRows(ctx); err != nil {
		return err
	}
	if err := ap.touch(ctx); err != nil {
		return err
	}
	if err := ap.keepKeys(ctx); err != nil {
		return err
	}
	if err := ap.decide(); err != nil {
		return err
	}
	return setImport(ctx, ap.tx, ap.actor.Workspace, ap.imp.ID, "state", string(Applied), "applied_at", ap.now,
		"created", db.AsJSON(ap.journal), "problem", "null")
}

// makeFields adds the custom fields and options the file brings. Adding one by
// hand needs an admin; bringing one with a list does not, and its undo takes
// it away again.
func (ap *applier) makeFields(ctx context.Context) error {
	ctx = asSystem(ctx)
	for _, n := range ap.imp.Plan.NewFields {
		indexed := n.Type != field.Text && n.Type != field.Link
		f, err := ap.fields.CreateIn(ctx, ap.tx, field.Input{Key: n.Key, Type: n.Type, Options: n.Options, Indexed: indexed,
			Labels: map[string]string{columns.LangOf(n.Label): n.Label}})
		if err != nil {
			return err
		}
		ap.journal.Fields = append(ap.journal.Fields, f.ID)
	}
	if len(ap.imp.Plan.Options) == 0 {
		return nil
	}
	all, err := ap.fields.Load(ctx, ap.tx, ap.actor.Workspace)
	if err != nil {
		return err
	}
	for _, f := range all {
		var more []string
		for _, o := range ap.imp.Plan.Options {
			if o.Field == f.Key && !columns.HasOption(f.Options, o.Option) {
				more = append(more, o.Option)
				ap.journal.Options = append(ap.journal.Options, o)
			}
		}
		if len(more) > 0 {
			if err := ap.fields.AddOptionsIn(ctx, ap.tx, f.ID, more); err != nil {
				return err
			}
		}
	}
	return nil
}

func asSystem(ctx context.Context) context.Context {
	a := who.From(ctx)
	a.System = true
	return who.With(ctx, a)
}

// writeRows writes all rows that change something. They are read and decoded
// through the read pool, ahead of the writer, on another core.
func (ap *applier) writeRows(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	ready := make(chan []compare.Row, 2)
	g.Go(func() error {
		defer close(ready)
		for after := 0; ; {
			rows, err := staged.Read(ctx, ap.db, ap.actor.Workspace, ap.imp.ID, after, chunk, Created, Updated, Reappeared)
			if err != nil || len(rows) == 0 {
				return err
			}
			after = rows[len(rows)-1].Line
			if err := compare.Prepare(rows); err != nil {
				return err
			}
			if err := send(ctx, ready, rows); err != nil {
				return err
			}
		}
	})
	g.Go(func() error {
		first := true
		for rows := range ready {
			if err := ap.write(ctx, rows); err != nil {
				return err
			}
			if first && large(ap.imp) {
				if err := traces.Analyze(ctx, ap.tx, "organization", "contract", "member"); err != nil {
					return err
				}
			}
			first = false
		}
		return nil
	})
	return g.Wait()
}

func (ap *applier) write(ctx context.Context, rows []compare.Row) error {
	if err := ap.resolve(ctx, rows); err != nil {
		return err
	}
	var ids []id.ID
	for _, r := range rows {
		if r.Made == nil {
			ids = append(ids, r.Contract)
		}
	}
	present, err := ap.contracts.Load(ctx, ap.tx, ap.actor.Workspace, ids)
	if err != nil {
		return err
	}
	var saves []contract.Save
	for _, r := range rows {
		old := present[r.Contract]
		sv, err := ap.save(r, old)
		if err != nil {
			return err
		}
		if !sv.New && old.Version != r.Before.Version { // somebody was quicker: what was is what is now
			if err := ap.correct(ctx, r, sv, old); err != nil {
				return err
			}
		}
		saves = append(saves, sv)
	}
	if err := ap.contracts.ApplyIn(ctx, ap.tx, saves); err != nil {
		return err
	}
	return ap.extras(ctx, rows, saves)
}

// save makes the contract what the row says, from whatever it is by now.
func (ap *applier) save(r compare.Row, old contract.Contract) (contract.Save, error) {
	sv := contract.Save{New: r.Made != nil, NextTerm: r.After.Term > 0}
	c := old.Clone()
	if sv.New {
		c = *r.Made
		c.CreatedAt = db.FromMicros(ap.now)
	} else if err := r.After.Write(&c); err != nil {
		return sv, err
	}
	if o := r.After.Org; o != nil {
		c.OrgID, c.OrgName = ap.orgIDs[o.OrgName()].ID, ap.orgIDs[o.OrgName()].Name
		if !sv.New {
			ap.journal.Orgs[o.Key()] = c.OrgID
		}
	}
	if o := r.After.Owner; o != nil {
		c.OwnerID = ap.ownerIDs[o.Text]
		if !sv.New {
			ap.journal.Owners[o.Text] = c.OwnerID
		}
	}
	c.LastImportID, c.DataAt = ap.imp.ID, db.FromMicros(ap.now)
	sv.Contract = c
	if sv.New { // everything is new: nothing to compare
		return sv, nil
	}
	sv.Changes = contract.Diff(old, c)
	if old.Version != r.Before.Version {
		sv.NextTerm = old.Renews(c, ap.today(ap.actor))
	}
	return sv, nil
}

// correct rewrites what a row says was there before, because it changed after
// the row was staged. What somebody else wrote in the same words is theirs.
func (ap *applier) correct(ctx context.Context, r compare.Row, sv contract.Save, old contract.Contract) error {
	before, after, err := compare.Sides(sv.Changes)
	if err != nil {
		return err
	}
	before.Version, after.Note, after.Contact, after.Number = old.Version, r.After.Note, r.After.Contact, r.After.Number
	if _, ok := sv.Changes["organization"]; ok {
		after.Org, before.Org = r.After.Org, &compare.OrgRef{ID: old.OrgID, Name: old.OrgName}
	}
	if _, ok := sv.Changes["owner"]; ok {
		after.Owner = r.After.Owner
		if old.OwnerID != 0 {
			before.Owner = &compare.OwnerRef{ID: old.OwnerID, Text: old.OwnerName}
		}
	}
	if sv.NextTerm {
		after.Term = old.TermNo + 1
	}
	r.Before, r.After = before, after
	if err := r.Encode(); err != nil {
		return err
	}
	return staged.Rewrite(ctx, ap.tx, ap.actor.Workspace, ap.imp.ID, r)
}

// resolve finds or makes the organizations and people the rows name.
func (ap *applier) resolve(ctx context.Context, rows []compare.Row) error {
	var names []org.Name
	people := map[string]bool{}
	asked := map[org.Name]bool{}
	for _, r := range rows {
		if o := r.After.Org; o != nil {
			if _, ok := ap.orgIDs[o.OrgName()]; !ok {
				names = addOnce(names, asked, o.OrgName())
			}
		}
		if o := r.After.Owner; o != nil && ap.ownerIDs[o.Text] == 0 {
			people[o.Text] = true
		}
	}
	found, err := ap.orgs.ResolveIn(ctx, ap.tx, ap.actor.Workspace, names)
	if err != nil {
		return err
	}
	for i, f := range found {
		ap.orgIDs[names[i]] = f
		if f.Created {
			ap.journal.OrgsMade = append(ap.journal.OrgsMade, f.ID)
		}
		if f.Numbered {
			ap.journal.Numbered = append(ap.journal.Numbered, f.ID)
		}
	}
	if len(people) == 0 {
		return nil
	}
	owners, err := ap.people.ResolveOwners(ctx, ap.tx, ap.actor.Workspace, slices.Sorted(maps.Keys(people)))
	if err != nil {
		return err
	}
	if len(owners.Ambiguous)+len(owners.Invalid)+len(owners.Unknown) > 0 { // people of one name came meanwhile
		return errStale()
	}
	maps.Copy(ap.ownerIDs, owners.Found)
	ap.journal.OwnersMade = append(ap.journal.OwnersMade, owners.Created...)
	return nil
}

// extras writes what the rows bring besides the contract's own values.
func (ap *applier) extras(ctx context.Context, rows []compare.Row, saves []contract.Save) error {
	var notes []timeline.ImportedNote
	var links []contact.Link
	for i, r := range rows {
		c := saves[i].Contract
		if r.After.Note != "" {
			notes = append(notes, timeline.ImportedNote{Contract: c.ID, At: db.FromMicros(ap.now), Body: r.After.Note})
		}
		if p := r.After.Contact; p != nil {
			links = append(links, contact.Link{ContractID: c.ID, OrgID: c.OrgID, Contact: contact.Contact{Name: p.Name, Mail: p.Mail}})
		}
	}
	if len(notes) > 0 {
		ids, err := ap.notes.AddNotesIn(ctx, ap.tx, notes)
		if err != nil {
			return err
		}
		ap.journal.Notes = append(ap.journal.Notes, ids...)
	}
	if len(links) == 0 {
		return nil
	}
	if err := ap.contacts.AddManyIn(ctx, ap.tx, ap.actor.Workspace, links); err != nil {
		return err
	}
	for _, l := range links {
		if l.Made || l.Linked {
			l.Contact = contact.Contact{ID: l.Contact.ID}
			ap.journal.Contacts = append(ap.journal.Contacts, l)
		}
	}
	return nil
}

// touch notes that unchanged contracts were seen.
func (ap *applier) touch(ctx context.Context) error {
	ids, err := staged.Contracts(ctx, ap.tx, ap.actor.Workspace, ap.imp.ID, Unchanged)
	if err != nil || len(ids) == 0 {
		return err
	}
	return ap.contracts.TouchIn(ctx, ap.tx, ap.actor.Workspace, ids, ap.imp.ID)
}

// keepKeys brings what the source knows up to date, and tells the trails of
// contracts that vanished or came back.
func (ap *applier) keepKeys(ctx context.Context) error {
	var err error
	if ap.imp.Counts.Reappeared > 0 {
		if ap.journal.Came, err = sources.ComeBack(ctx, ap.tx, ap.actor.Workspace, ap.imp.of()); err != nil {
			return err
		}
	}
	if err := sources.MarkSeen(ctx, ap.tx, ap.actor.Workspace, ap.imp.of(), ap.now); err != nil {
		return err
	}
	if ap.imp.Counts.Absent > 0 {
		if err := sources.MarkAbsent(ctx, ap.tx, ap.actor.Workspace, ap.imp.of(), ap.now); err != nil {
			return err
		}
	}
	var news []bus.Change
	for outcome, kind := range map[Outcome]bus.Kind{Absent: WentAbsent, Reappeared: CameBack} {
		if ap.imp.Counts.Of(outcome) == 0 {
			continue
		}
		ids, err := staged.Contracts(ctx, ap.tx, ap.actor.Workspace, ap.imp.ID, outcome)
		if err != nil {
			return err
		}
		for _, c := range ids {
			news = append(news, bus.Change{Kind: kind, Workspace: ap.actor.Workspace, Contract: c, Ref: ap.imp.ID,
				Data: map[string]any{"source": ap.imp.SourceName}})
		}
	}
	return ap.bus.Publish(ctx, ap.tx, news...)
}

// decide carries out what the person chose for absent rows. These are the
// person's acts, not the import's.
func (ap *applier) decide() error {
	for _, c := range slices.Sorted(maps.Keys(ap.opt.Absent)) {
		err := ap.reviewIn(ap.outer, ap.tx, ap.actor, ap.imp.SourceID, c, ap.opt.Absent[c])
		if err != nil && !errs.Is(err, errs.NotFound) { // it may have come back in a later file
			return err
		}
	}
	return nil
}

// newest makes the import the newest of its source, if what it was compared with
// still stands.
func (ap *applier) newest(ctx context.Context) error {
	ok, err := sources.Take(ctx, ap.tx, ap.actor.Workspace, ap.imp.of(), ap.imp.BaseID, db.AsJSON(ap.imp.Plan.Mapping()))
	if err == nil && ok {
		ok, err = sources.StillTrue(ctx, ap.tx, ap.actor, ap.imp.ID)
	}
	if err == nil && !ok {
		err = errStale()
	}
	return err
}

func errStale() *errs.E { return errs.New(errs.Conflict, "intake.err.stale") }
