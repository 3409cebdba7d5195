package search

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/who"
)

// mostCounted is how many hits facets count; beyond it "and more".
const mostCounted = 1000

// mostValues is how many values of a facet are given.
const mostValues = 8

// Facet counts the hits by one side of theirs: kind, contract, owner, author,
// unit, month.
type Facet struct {
	Name   string
	Values []FacetValue
}

// FacetValue is one value; Key is what a filter takes, Name how people say it.
// For kinds and months Name is empty: the page has words for them.
type FacetValue struct {
	Key    string
	Name   string
	Filter string // what a filter in words takes; a contract's is its key
	Count  int
}

// count makes the facets of the newest hits.
func (s *Service) count(ctx context.Context, h *hunt, rows []row, res *Result) error {
	if len(rows) > mostCounted {
		rows, res.More = rows[:mostCounted], true
	}
	res.Found = len(rows)
	rows = slices.Clone(rows)
	if err := s.placed(ctx, h.actor, rows); err != nil {
		return err
	}
	owners, err := h.contractOwners(ctx, rows)
	if err != nil {
		return err
	}
	by := map[string]map[string]int{}
	add := func(facet, key string) {
		if by[facet] == nil {
			by[facet] = map[string]int{}
		}
		if key != "" {
			by[facet][key]++
		}
	}
	people := make([]row, 0, len(rows))
	for _, r := range rows {
		owner := r.owner
		if owner == 0 {
			owner = owners[r.contract]
		}
		add("kind", r.kind)
		add("contract", r.contract.String())
		add("author", r.author.String())
		add("owner", owner.String())
		add("month", fulltext.TimeOf(r.first()).In(h.actor.Location()).Format("2006-01"))
		people = append(people, row{contract: r.contract, author: r.author}, row{author: owner})
	}
	contracts, members, err := s.names(ctx, people)
	if err != nil {
		return err
	}
	units, err := s.unitsOf(ctx, h.actor.Workspace, by["owner"])
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name   string
		counts map[string]int
		names  map[id.ID]named
	}{{"kind", by["kind"], nil}, {"contract", by["contract"], contracts}, {"owner", by["owner"], members}, {"author", by["author"], members}} {
		res.Facets = append(res.Facets, facetOf(f.name, f.counts, f.names))
	}
	res.Facets = append(res.Facets, units, facetOf("month", by["month"], nil))
	return nil
}

func facetOf(name string, counts map[string]int, names map[id.ID]named) Facet {
	f := Facet{Name: name}
	for key, n := range counts {
		v := FacetValue{Key: key, Count: n}
		if ref, err := id.Parse(key); err == nil && names != nil {
			v.Name, v.Filter = names[ref].name, names[ref].name
			if name == "contract" {
				v.Name, v.Filter = strings.TrimSpace(names[ref].kana+" "+names[ref].name), names[ref].key
			}
		}
		f.Values = append(f.Values, v)
	}
	slices.SortFunc(f.Values, func(a, b FacetValue) int {
		switch name {
		case "month":
			return cmp.Compare(b.Key, a.Key)
		case "owner", "author", "unit": // people are not ranked: by name
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	f.Values = f.Values[:min(len(f.Values), mostValues)]
	return f
}

// contractOwners are the owners of the rows' contracts.
func (s *Service) contractOwners(ctx context.Context, rows []row) (map[id.ID]id.ID, error) {
	var refs []id.ID
	for _, r := range rows {
		if r.contract != 0 {
			refs = append(refs, r.contract)
		}
	}
	slices.Sort(refs)
	out := map[id.ID]id.ID{}
	for part := range slices.Chunk(slices.Compact(refs), 500) {
		list, err := s.owned(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, list)
	}
	return out, nil
}

// unitsOf counts by the teams of owners.
func (s *Service) unitsOf(ctx context.Context, ws id.ID, owners map[string]int) (Facet, error) {
	type member struct {
		unit, member id.ID
		name         string
	}
	list, err := db.All(ctx, s.db, func(r db.Row) (m member, err error) {
		err = r.Scan(&m.unit, &m.member, &m.name)
		return m, err
	}, `SELECT u.id, um.member_id, u.name FROM unit u JOIN unit_member um ON um.workspace_id = u.workspace_id AND um.unit_id = u.id
		WHERE u.workspace_id = $1`, ws)
	counts, names := map[string]int{}, map[id.ID]named{}
	for _, m := range list {
		if n := owners[m.member.String()]; n > 0 {
			counts[m.unit.String()] += n
			names[m.unit] = named{name: m.name}
		}
	}
	return facetOf("unit", counts, names), err
}

// owned are the owners of contracts.
func (s *Service) owned(ctx context.Context, contracts []id.ID) (map[id.ID]id.ID, error) {
	var w db.Where
	w.And("workspace_id = ?", who.From(ctx).Workspace)
	db.In(&w, "id", contracts)
	list, err := db.All(ctx, s.db, func(r db.Row) (p [2]id.ID, err error) {
		err = r.Scan(&p[0], &p[1])
		return p, err
	}, "SELECT id, owner_id FROM contract WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]id.ID, len(list))
	for _, p := range list {
		out[p[0]] = p[1]
	}
	return out, err
}
