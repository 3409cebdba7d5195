package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"kizuki/internal/audience"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/intake/upload"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// stager reads one file against the database.
type stager struct {
	*Service
	actor  who.Actor
	imp    Import
	source Source
	file   *sheet.File
	fields []field.Field
	reader *compare.Reader
	known  int
}

// stage reads the rows of an import whose state is Staging.
func (s *Service) stage(ctx context.Context, importID id.ID, path string) (Import, error) {
	a := who.From(ctx)
	st, err := s.newStager(ctx, a, importID, path)
	if err == nil {
		defer st.file.Close()
		err = st.run(ctx)
	}
	if err == nil {
		return oneImport(ctx, s.db, a.Workspace, importID)
	}
	// The person may be gone by now; that it failed must still be seen.
	ctx = context.WithoutCancel(ctx)
	if ferr := s.fail(ctx, a.Workspace, importID, err); ferr != nil {
		return Import{}, fmt.Errorf("%w (and %w)", err, ferr)
	}
	imp, gerr := oneImport(ctx, s.db, a.Workspace, importID)
	if gerr != nil {
		return Import{}, err
	}
	return imp, err
}

func (s *Service) fail(ctx context.Context, ws, importID id.ID, why error) error {
	e := errs.As(why)
	if len(e.Fields) > 0 {
		e = e.Fields[0]
	}
	p := &Problem{Key: e.Key, Column: strings.TrimPrefix(e.Field, "mapping."), Args: e.Args}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return setImport(ctx, tx, ws, importID, "state", string(Failed), "problem", db.AsJSON(p))
	})
}

func (s *Service) newStager(ctx context.Context, a who.Actor, importID id.ID, path string) (*stager, error) {
	st := &stager{Service: s, actor: a}
	var err error
	if st.imp, err = oneImport(ctx, s.db, a.Workspace, importID); err != nil {
		return nil, err
	}
	// Which import is the newest is read before any key: if another is applied
	// meanwhile, this one must be compared again.
	if st.source, err = sources.One(ctx, s.db, a.Workspace, st.imp.SourceID); err != nil {
		return nil, err
	}
	if st.fields, err = s.fields.Load(ctx, s.db, a.Workspace); err != nil {
		return nil, err
	}
	if st.file, err = sheet.Open(path, sheet.Options{Sheet: st.imp.Sheet}); err != nil {
		return nil, upload.Explain(err)
	}
	return st, nil
}

// run surveys the file, decides what its columns mean, and stages its rows.
func (st *stager) run(ctx context.Context) error {
	if err := staged.Forget(ctx, st.db, st.actor.Workspace, st.imp.ID); err != nil {
		return err
	}
	found, total, err := columns.Survey(st.file)
	if err != nil {
		return upload.Explain(err)
	}
	work, err := st.people.Workspace(ctx)
	if err != nil {
		return err
	}
	mapping := st.mapping(found, work.Currency)
	plan, err := mapping.Resolve(found, st.fields)
	plan.File = st.file.Info()
	if err != nil {
		return st.keepColumns(ctx, plan.File, found, mapping, total, err)
	}
	if err := st.save(ctx, "plan", db.AsJSON(plan), "total_rows", total, "done_rows", 0); err != nil {
		return err
	}
	if err := st.prepare(ctx, &plan, work.Currency); err != nil {
		return err
	}
	counts, err := st.rows(ctx)
	if err != nil {
		return err
	}
	if st.imp.Mode == Snapshot {
		if counts.Absent, err = st.absent(ctx); err != nil {
			return err
		}
	}
	counts.Known = st.known
	return st.save(ctx, "state", string(Staged), "counts", db.AsJSON(counts), "plan", db.AsJSON(plan),
		"problem", "null", "base_import_id", st.source.LastImport, "done_rows", total)
}

func (st *stager) save(ctx context.Context, pairs ...any) error {
	return st.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return setImport(ctx, tx, st.actor.Workspace, st.imp.ID, pairs...)
	})
}

// mapping is the one asked for, else the one this source was last read with,
// if the file still has its columns, else a guess.
func (st *stager) mapping(found []columns.Surveyed, currency string) Mapping {
	if !st.imp.Mapping.Empty() {
		return st.imp.Mapping
	}
	var names []string
	for _, c := range found {
		names = append(names, c.Name)
	}
	if m := st.source.Mapping; m.Fits(names) && m.Check(names, st.fields) == nil {
		return m.Extend(found, currency)
	}
	return columns.Guess(found, currency)
}

// keepColumns keeps what is known of a file whose mapping is at fault, so that
// a person can mend it.
func (st *stager) keepColumns(ctx context.Context, info sheet.Info, found []columns.Surveyed, m Mapping, total int, why error) error {
	p := columns.Plan{File: info}
	for _, c := range found {
		p.Columns = append(p.Columns, Column{Name: c.Name, Target: m.Columns[c.Name], Samples: c.Samples(), Type: c.Type})
	}
	if err := st.save(ctx, "plan", db.AsJSON(p), "total_rows", total); err != nil {
		return err
	}
	return why
}

// prepare makes the reader and asks once for all organizations and people the
// file names, so that what the preview tells of them is what applying does.
func (st *stager) prepare(ctx context.Context, plan *columns.Plan, currency string) error {
	named, err := st.gather(plan)
	if err != nil {
		return upload.Explain(err)
	}
	members, err := st.people.LookupOwners(ctx, st.db, st.actor.Workspace, named.members)
	if err != nil {
		return err
	}
	st.reader = compare.NewReader(plan, st.fields, currency, func(s string) (id.ID, bool) {
		m, ok := members.Found[text.Line(s)]
		return m, ok
	})
	if st.reader.Owners, err = st.people.LookupOwners(ctx, st.db, st.actor.Workspace, named.owners); err != nil {
		return err
	}
	found, err := st.orgs.Lookup(ctx, st.db, st.actor.Workspace, named.orgs)
	for i, r := range found {
		st.reader.Orgs[named.orgs[i]] = r
	}
	return err
}

// named are the organizations and people a file names, each once, in the order
// in which they appear.
type named struct {
	orgs            []org.Name
	owners, members []string
}

func (st *stager) gather(plan *columns.Plan) (n named, err error) {
	orgAt, numberAt := plan.Column("organization"), plan.Column("corporate_number")
	nameAt, keyAt, ownerAt := plan.Column("name"), plan.Column("key"), plan.Column("owner")
	var membersAt []int
	for i, c := range plan.Columns {
		if st.isMember(c.Target) {
			membersAt = append(membersAt, i)
		}
	}
	orgs, owners, members := map[org.Name]bool{}, map[string]bool{}, map[string]bool{}
	for row, err := range st.file.Rows() {
		if err != nil {
			return n, err
		}
		cell := func(i int) string {
			if i < 0 {
				return ""
			}
			return text.Line(row.Cells[i])
		}
		name := org.Name{Name: cmp.Or(cell(orgAt), cell(nameAt), cell(keyAt))}
		name.CorporateNumber, _ = org.ParseNumber(cell(numberAt))
		if compare.CheckOrg(name.Name) == nil {
			n.orgs = addOnce(n.orgs, orgs, name)
		}
		n.owners = addOnce(n.owners, owners, cell(ownerAt))
		for _, i := range membersAt {
			n.members = addOnce(n.members, members, cell(i))
		}
	}
	return n, nil
}

func addOnce[T comparable](list []T, seen map[T]bool, v T) []T {
	if seen[v] {
		return list
	}
	seen[v] = true
	return append(list, v)
}

func (st *stager) isMember(target string) bool {
	return slices.ContainsFunc(st.fields, func(f field.Field) bool { return f.Name() == target && f.Type == field.Member })
}

// rows stages all rows: one goroutine reads and understands the file, one
// compares, one writes, a chunk each at a time.
func (st *stager) rows(ctx context.Context) (Counts, error) {
	var counts Counts
	g, ctx := errgroup.WithContext(ctx)
	read, compared := make(chan []compare.Line, 1), make(chan []compare.Row, 1)
	g.Go(func() error {
		defer close(read)
		return st.readLines(ctx, read)
	})
	g.Go(func() error {
		defer close(compared)
		for lines := range read {
			rows, err := st.compare(ctx, lines)
			if err != nil {
				return err
			}
			if err := send(ctx, compared, rows); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for rows := range compared {
			for _, r := range rows {
				counts.Rows++
				*counts.at(r.Outcome)++
				counts.Errors += len(r.Problems)
			}
			if err := st.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return staged.Insert(ctx, tx, st.actor.Workspace, st.imp.ID, rows, counts.Rows)
			}); err != nil {
				return err
			}
		}
		return nil
	})
	err := g.Wait()
	return counts, err
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (st *stager) readLines(ctx context.Context, to chan<- []compare.Line) error {
	var lines []compare.Line
	for in, err := range st.file.Rows() {
		if err != nil {
			return upload.Explain(err)
		}
		if lines = append(lines, st.reader.Read(in)); len(lines) == chunk {
			if err := send(ctx, to, lines); err != nil {
				return err
			}
			lines = nil
		}
	}
	return send(ctx, to, lines)
}

// compare looks a chunk of lines up and says what becomes of each.
func (st *stager) compare(ctx context.Context, lines []compare.Line) ([]compare.Row, error) {
	keys := make([]string, 0, len(lines))
	for _, l := range lines {
		if len(l.Problems) == 0 {
			keys = append(keys, l.KeyFold)
		}
	}
	k := compare.Known{Today: st.today(st.actor)}
	var err error
	if k.Contracts, err = st.contracts.LoadByKeys(ctx, st.db, st.actor.Workspace, keys); err != nil {
		return nil, err
	}
	if k.Seen, err = sources.Seen(ctx, st.db, st.actor.Workspace, st.imp.SourceID, keys); err != nil {
		return nil, err
	}
	if err := st.renamed(ctx, &k); err != nil {
		return nil, err
	}
	if err := st.succeed(ctx, &k, keys); err != nil {
		return nil, err
	}
	if err := st.refuse(ctx, &k, lines, keys); err != nil {
		return nil, err
	}
	if k.Orgs, err = st.orgs.Load(ctx, st.db, st.actor.Workspace, st.doubtful(lines, k.Contracts)); err != nil {
		return nil, err
	}
	rows := make([]compare.Row, 0, len(lines))
	for _, l := range lines {
		r, err := st.reader.Compare(l, k)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// renamed finds contracts whose key somebody has changed since: the source
// still knows them by the old one.
func (st *stager) renamed(ctx context.Context, k *compare.Known) error {
	var ids []id.ID
	for key, seen := range k.Seen {
		if _, there := k.Contracts[key]; !there {
			ids = append(ids, seen.Contract)
		}
	}
	found, err := st.contracts.Load(ctx, st.db, st.actor.Workspace, ids)
	for key, seen := range k.Seen {
		if c, ok := found[seen.Contract]; ok {
			k.Contracts[key] = c
		}
	}
	return err
}

// doubtful are the present organizations of contracts that the file seems to
// put under another.
func (st *stager) doubtful(lines []compare.Line, contracts map[string]contract.Contract) []id.ID {
	var ids []id.ID
	for _, l := range lines {
		c, ok := contracts[l.KeyFold]
		if ok && l.Org.Name != "" && st.reader.Orgs[l.Org].ID != c.OrgID && !slices.Contains(ids, c.OrgID) {
			ids = append(ids, c.OrgID)
		}
	}
	return ids
}

// absent stages what the source had and this file has not: only what was
// there the last time. Counting what it knew goes with it.
func (st *stager) absent(ctx context.Context) (int, error) {
	n, goesOn := 0, map[id.ID]bool{}
	for key, c := range st.imp.Succeeds {
		goesOn[c] = goesOn[c] || st.reader.Has(key)
	}
	for after := ""; ; {
		keys, contracts, err := sources.Present(ctx, st.db, st.actor.Workspace, st.imp.SourceID, after, 5*chunk)
		if err != nil || len(keys) == 0 {
			return n, err
		}
		var rows []compare.Row
		seen, err := audience.SeesContracts(ctx, st.db, st.actor, contracts)
		if err != nil {
			return n, err
		}
		for i, key := range keys {
			if seen[contracts[i]] {
				st.known++
			}
			if !st.reader.Has(key) && seen[contracts[i]] && !goesOn[contracts[i]] {
				n++
				rows = append(rows, compare.Row{Line: -n, KeyFold: key, Outcome: Absent, Contract: contracts[i], RawBefore: "{}", RawAfter: "{}"})
			}
		}
		if after = keys[len(keys)-1]; len(rows) == 0 {
			continue
		}
		were, err := sources.Seen(ctx, st.db, st.actor.Workspace, st.imp.SourceID, keysOf(rows))
		if err != nil {
			return n, err
		}
		for i := range rows {
			rows[i].Seen = were[rows[i].KeyFold]
		}
		if err := st.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return staged.Insert(ctx, tx, st.actor.Workspace, st.imp.ID, rows, st.imp.Done)
		}); err != nil {
			return n, err
		}
	}
}

func keysOf(rows []compare.Row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.KeyFold
	}
	return out
}
