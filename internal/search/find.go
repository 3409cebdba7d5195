package search

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/search/ask"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// row is a thing found: one row of the index, or one that waits.
type row struct {
	id          int64
	kind        string
	ref         id.ID
	part, parts int
	contract    id.ID
	author      id.ID
	owner       id.ID
}

// first is the row of the thing's first passage: its place in the order.
func (r row) first() int64 { return r.id + int64(r.part) }

// after is a row below all of the thing's.
func (r row) after() int64 { return r.first() - int64(max(r.parts, 1)) + 1 }

type thing struct {
	kind string
	ref  id.ID
}

func (r row) thing() thing { return thing{r.kind, r.ref} }

// Find answers a query. Errors: those of Parse, err.choice (kind, sort),
// err.cursor, and of names nobody bears.
func (s *Service) Find(ctx context.Context, q Query) (Result, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Result{}, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 20
	}
	f, err := s.resolve(ctx, a, q)
	if err != nil {
		return Result{}, err
	}
	if q.Sort == Best && len(f.ask.All) == 0 {
		q.Sort = Recent // nothing to be good at
	}
	before, err := readCursor(q)
	if err != nil || f.nothing {
		return Result{}, err
	}
	h, err := s.open(ctx, a, f)
	if err != nil {
		return Result{}, err
	}
	var res Result
	if q.Sort == Best {
		err = s.best(ctx, h, q, int(before), &res)
	} else {
		err = s.recent(ctx, h, q, before, &res)
	}
	if err != nil {
		return Result{}, err
	}
	res.Waiting = h.left
	if len(res.Hits) == 0 && q.Cursor == "" && !q.Typing && len(f.ask.All) > 0 {
		err = s.missed(ctx, a, f)
	}
	return res, err
}

// hunt is one query under way.
type hunt struct {
	*Service
	actor   who.Actor
	f       *filter
	cond    string
	waiting []row // of what waits, those that meet the query, newest first
	left    int   // those that wait and were not looked at
	long    []int64
}

func (s *Service) open(ctx context.Context, a who.Actor, f *filter) (*hunt, error) {
	h := &hunt{Service: s, actor: a, f: f}
	cond, several := s.condition(f)
	h.cond = cond
	var err error
	if h.waiting, h.left, err = h.scanWaiting(ctx); err != nil {
		return nil, err
	}
	if several {
		h.long, err = h.longRows(ctx)
	}
	return h, err
}

// recent gives the newest hits.
func (s *Service) recent(ctx context.Context, h *hunt, q Query, before int64, res *Result) error {
	want := q.Limit + 1
	if q.Facets {
		want = max(want, mostCounted+1)
	}
	rows, err := h.rows(ctx, before, want)
	if err != nil {
		return err
	}
	if q.Facets {
		if err := s.count(ctx, h, rows, res); err != nil {
			return err
		}
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		res.Next = cursor{Sort: Recent, At: rows[len(rows)-1].after()}.String()
	}
	res.Hits, err = s.show(ctx, h, rows, h.f.ask.Words())
	return err
}

// mostChunk is how many rows one step of a walk reads.
const mostChunk = 1000

// rows gives the n newest things below a row that meet the query and that the
// actor may see.
func (h *hunt) rows(ctx context.Context, before int64, n int) ([]row, error) {
	from, to := h.f.rows()
	w := fulltext.NewWalk(h.actor.Workspace, h.cond, from, min(to, before))
	merge := h.extra(min(to, before))
	var out []row
	seen := map[thing]bool{}
	for passed, done := 0, false; !done && len(out) < n; {
		step := (n - len(out) + 8) * (1 + passed/(len(out)+1)) // longer where much is hidden
		ids, end, err := h.full.Next(ctx, h.db, w, min(step, mostChunk))
		if err != nil {
			return nil, err
		}
		done, passed = end, passed+len(ids)
		low := from
		if !done {
			if low = w.To; len(ids) > 0 {
				low = min(low, ids[len(ids)-1])
			}
		}
		more, waiting := merge(low)
		found, err := h.visible(ctx, append(ids, more...))
		if err != nil {
			return nil, err
		}
		found = append(found, waiting...)
		slices.SortFunc(found, newestFirst)
		for _, r := range found {
			if !seen[r.thing()] && r.first() < before {
				seen[r.thing()] = true
				out = append(out, r)
			}
		}
	}
	return out[:min(n, len(out))], nil
}

// extra gives what does not come from the walk, down to a row: long things and
// those that wait, each once.
func (h *hunt) extra(before int64) func(low int64) ([]int64, []row) {
	long, waiting, high := h.long, h.waiting, before
	return func(low int64) (ids []int64, rows []row) {
		for _, v := range long {
			if v < high && v >= low {
				ids = append(ids, v)
			}
		}
		for _, r := range waiting {
			if r.first() < high && r.first() >= low {
				rows = append(rows, r)
			}
		}
		high = low
		return ids, rows
	}
}

func scanRow(r db.Row) (v row, err error) {
	err = r.Scan(&v.id, &v.kind, &v.ref, &v.part, &v.parts, &v.contract, &v.author, &v.owner)
	return v, err
}

// visible reads rows of the index: those the actor may see, that are of the
// owners asked for, and that nothing newer waits for.
func (h *hunt) visible(ctx context.Context, ids []int64) ([]row, error) {
	var out []row
	for part := range slices.Chunk(ids, 500) {
		var w db.Where
		w.And(h.full.Own("d"), h.actor.Workspace)
		db.In(&w, "d.id", part)
		w.And(`NOT EXISTS (SELECT 1 FROM search_pending p WHERE p.workspace_id = d.workspace_id AND p.kind = d.kind AND p.ref_id = d.ref_id)`)
		h.see(&w, "d")
		h.owned(&w)
		list, err := db.All(ctx, h.db, scanRow, `SELECT d.id, d.kind, d.ref_id, d.part, d.parts, d.contract_id, d.author_id, d.owner_id
			FROM search_doc d WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// see adds the condition that the actor may read the thing of a row.
func (h *hunt) see(w *db.Where, d string) {
	sql := ""
	for _, k := range h.kinds {
		if len(h.f.kinds) > 0 && !slices.Contains(h.f.kinds, k.Name) {
			continue
		}
		if sql != "" {
			sql += " OR "
		}
		sql += d + ".kind = '" + k.Name + "' AND " + k.See(w, h.actor, d)
	}
	if sql == "" {
		sql = "1 = 0"
	}
	w.And("(" + sql + ")")
}

func (h *hunt) owned(w *db.Where) {
	if len(h.f.owners) == 0 {
		return
	}
	marks, args := "", []any{}
	for i, o := range append(slices.Clone(h.f.owners), h.f.owners...) {
		if i > 0 && i != len(h.f.owners) {
			marks += ","
		}
		if i == len(h.f.owners) {
			marks += `) OR d.owner_id IS NULL AND EXISTS (SELECT 1 FROM contract oc WHERE oc.workspace_id = d.workspace_id
				AND oc.id = d.contract_id AND oc.owner_id IN (`
		}
		marks += "?"
		args = append(args, o)
	}
	w.And("(d.owner_id IN ("+marks+")))", args...)
}

const (
	// mostWaiting is how many of the things that wait a query looks at.
	mostWaiting = 2000
	// mostLong is how many long passages one term may have in a query of several.
	mostLong = 5000
)

// scanWaiting looks through what waits, the newest first.
func (h *hunt) scanWaiting(ctx context.Context) (out []row, left int, err error) {
	// Mostly nothing waits, and reading the long statement below is dear.
	_, some, err := db.One(ctx, h.db, db.Value[int64], "SELECT 1 FROM search_pending WHERE workspace_id = $1 LIMIT 1", h.actor.Workspace)
	if err != nil || !some {
		return nil, 0, err
	}
	var w db.Where
	space := w.Arg(h.actor.Workspace)
	newest := "SELECT workspace_id, kind, ref_id, id FROM search_pending WHERE workspace_id = " + space + " ORDER BY id DESC LIMIT " + w.Arg(mostWaiting+1)
	h.see(&w, "p")
	list, err := db.All(ctx, h.db, scanPending, "SELECT p.kind, p.ref_id, p.id FROM ("+newest+") p WHERE "+w.SQL(), w.Args()...)
	if err != nil || len(list) == 0 {
		return nil, 0, err
	}
	byKind := map[string][]id.ID{}
	for _, p := range list {
		byKind[p.kind] = append(byKind[p.kind], p.ref)
	}
	for kind, refs := range byKind {
		slices.Sort(refs)
		docs, err := h.load(ctx, kind, slices.Compact(refs))
		if err != nil {
			return nil, 0, err
		}
		for _, d := range docs {
			if h.f.meets(kind, d) {
				out = append(out, row{id: fulltext.LateRow(d.At), kind: kind, ref: d.Ref, parts: 1, contract: d.Contract, author: d.Author, owner: d.Owner})
			}
		}
	}
	if out, err = h.ownedWaiting(ctx, out); err != nil {
		return nil, 0, err
	}
	apart(out)
	if len(list) > mostWaiting {
		n, _, err := db.One(ctx, h.db, db.Value[int64], "SELECT count(*) FROM search_pending WHERE workspace_id = $1", h.actor.Workspace)
		return out, int(n) - mostWaiting, err
	}
	return out, 0, nil
}

// apart sorts the rows that wait and gives those that would have the same number
// numbers below it, or a page that ends at one would lose the other.
func apart(rows []row) {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(newestFirst(a, b), cmp.Compare(b.ref, a.ref)) })
	for i := 1; i < len(rows); i++ {
		rows[i].id = min(rows[i].id, rows[i-1].id-1)
	}
}

// meets is what tags and words say of a thing that waits.
func (f *filter) meets(kind string, d Doc) bool {
	in := func(list []id.ID, v ...id.ID) bool {
		return len(list) == 0 || slices.ContainsFunc(v, func(x id.ID) bool { return slices.Contains(list, x) })
	}
	return (len(f.kinds) == 0 || slices.Contains(f.kinds, kind)) && in(f.contracts, append(slices.Clone(d.On), d.Contract)...) &&
		in(f.authors, d.Author) && (f.from.IsZero() || !d.At.Before(f.from)) && (f.to.IsZero() || d.At.Before(f.to)) &&
		f.ask.Holds(text.FoldSearch(d.Title), text.FoldSearch(d.Body))
}

func (h *hunt) ownedWaiting(ctx context.Context, rows []row) ([]row, error) {
	if len(h.f.owners) == 0 || len(rows) == 0 {
		return rows, nil
	}
	owners, err := h.contractOwners(ctx, rows)
	return slices.DeleteFunc(rows, func(r row) bool {
		o := r.owner
		if o == 0 {
			o = owners[r.contract]
		}
		return !slices.Contains(h.f.owners, o)
	}), err
}

// longRows evaluates a query of several conditions on things of several
// passages, of which each may hold a part of what is asked.
func (h *hunt) longRows(ctx context.Context) ([]int64, error) {
	base := append([]string{h.full.Tag(fulltext.LongTag)}, h.tagged(h.f)...)
	terms := map[string]map[thing]row{}
	look := func(folded string) error {
		if terms[folded] != nil {
			return nil
		}
		found := map[thing]row{}
		terms[folded] = found
		parts := base
		if folded != "" {
			parts = append(slices.Clone(base), h.term(folded))
		}
		w := fulltext.NewWalk(h.actor.Workspace, h.full.Combine(fulltext.And, parts), fulltext.EveryRow, fulltext.LastRow)
		for done := false; !done && len(found) < mostLong; {
			ids, end, err := h.full.Next(ctx, h.db, w, mostChunk)
			if err != nil {
				return err
			}
			rows, err := h.visible(ctx, ids)
			if err != nil {
				return err
			}
			for _, r := range rows {
				r.id, r.part = r.first(), 0
				found[r.thing()] = r
			}
			done = end
		}
		return nil
	}
	has := func(t ask.Term, r row) bool { _, ok := terms[t.Folded][r.thing()]; return ok }
	var all []ask.Term
	for _, g := range h.f.ask.All {
		all = append(all, g...)
	}
	lead := all // the first group's hits are the candidates
	if len(h.f.ask.All) > 0 {
		lead = h.f.ask.All[0]
	} else {
		lead = []ask.Term{{}}
	}
	for _, t := range append(append(slices.Clone(lead), all...), h.f.ask.None...) {
		if err := look(t.Folded); err != nil {
			return nil, err
		}
	}
	var out []int64
	for _, t := range lead {
		for _, r := range terms[t.Folded] {
			ok := !slices.ContainsFunc(h.f.ask.None, func(t ask.Term) bool { return has(t, r) })
			for _, g := range h.f.ask.All {
				ok = ok && slices.ContainsFunc(g, func(t ask.Term) bool { return has(t, r) })
			}
			if ok {
				out = append(out, r.id)
			}
		}
	}
	return out, nil
}

// load reads things of a kind in parts.
func (s *Service) load(ctx context.Context, kind string, refs []id.ID) ([]Doc, error) {
	var out []Doc
	ws := who.From(ctx).Workspace
	for part := range slices.Chunk(refs, 500) {
		docs, err := s.byName[kind].Load(ctx, s.db, ws, part)
		if err != nil {
			return nil, err
		}
		out = append(out, docs...)
	}
	return out, nil
}

// cursor says where the next page begins: a row, or a place in the ranking.
type cursor struct {
	Sort string `json:"s"`
	At   int64  `json:"at,string"`
}

func (c cursor) String() string {
	raw, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readCursor(q Query) (int64, error) {
	sort := q.Sort
	switch sort {
	case "":
		sort = Recent
	case Recent, Best:
	default:
		return 0, errs.Field("sort", "err.choice")
	}
	if q.Cursor == "" {
		if sort == Best {
			return 0, nil
		}
		return fulltext.LastRow, nil
	}
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Sort != sort || sort == Best && (c.At < 0 || c.At > mostRanked) {
		return 0, errs.Field("cursor", "err.cursor")
	}
	return c.At, nil
}
