package walk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Head is the beginning of one of several lists: its first rows, how many there
// are, and what a column of theirs comes to.
type Head struct {
	IDs   []id.ID
	N     int  // up to CountLimit
	Exact bool // false: there are more than N, or may be
	Sum   int64
}

// Heads finds the first rows of several lists of one order, at most want of each,
// in three statements however many they are. sum is an expression on the row c
// that is added up. One list is walked for Step rows and counted for
// Limits.Count: what lies behind them is not seen, but Exact is then false.
func Heads(ctx context.Context, q db.Queryer, plans []*Plan, want int, sum string) ([]Head, error) {
	out := make([]Head, len(plans))
	if len(plans) == 0 {
		return out, nil
	}
	if err := probeAll(ctx, q, plans); err != nil {
		return nil, err
	}
	var begins, totals []Frag
	for n, p := range plans {
		for phase := 0; phase <= p.lastPhase(); phase++ {
			begins = append(begins, p.begin(n, phase, want))
		}
		totals = append(totals, p.sum(n, sum))
	}
	by := plans[0].Order.by("v", "id")
	first := union(begins).Add(strings.Replace(by, " ORDER BY ", " ORDER BY n, phase, ", 1))
	_, err := db.All(ctx, q, func(r db.Row) (ok bool, err error) {
		var n int
		var ref id.ID
		if err = r.Scan(&n, &ref); err == nil && len(out[n].IDs) < want {
			out[n].IDs = append(out[n].IDs, ref)
		}
		return true, err
	}, "SELECT n, id FROM ("+first.numbered()+") firsts", first.args...)
	if err != nil {
		return nil, err
	}
	all := union(totals)
	_, err = db.All(ctx, q, func(r db.Row) (ok bool, err error) {
		var n, hits, walked int
		var s int64
		if err = r.Scan(&n, &hits, &walked, &s); err == nil {
			h := &out[n]
			h.N, h.Sum, h.Exact = min(hits, CountLimit), s, hits <= CountLimit && walked < plans[n].counted()
		}
		return true, err
	}, all.numbered(), all.args...)
	return out, err
}

// Sum counts like Count, and adds up an expression on the row c of those counted.
func (p *Plan) Sum(ctx context.Context, q db.Queryer, sum string) (Head, error) {
	if err := p.probe(ctx, q); err != nil {
		return Head{}, err
	}
	stmt := p.sum(0, sum)
	h, _, err := db.One(ctx, q, func(r db.Row) (h Head, err error) {
		var n, hits, walked int
		err = r.Scan(&n, &hits, &walked, &h.Sum)
		h.N, h.Exact = min(hits, CountLimit), hits <= CountLimit && walked < p.counted()
		return h, err
	}, stmt.numbered(), stmt.args...)
	return h, err
}

// probeAll is probe of many plans in one statement; what several ask is asked
// once.
func probeAll(ctx context.Context, q db.Queryer, plans []*Plan) error {
	var counts []Frag
	at := map[string]int{}
	key := func(f Frag) string { return f.sql + fmt.Sprint(f.args...) }
	for _, p := range plans {
		if p.settled() {
			continue
		}
		for _, c := range p.Conds {
			if _, known := at[key(c.Probe)]; c.Probe.sql != "" && !c.Scans && !known {
				at[key(c.Probe)] = len(counts)
				counts = append(counts, p.counting(c))
			}
		}
	}
	if len(counts) == 0 {
		return nil
	}
	n, err := plans[0].counts(ctx, q, counts)
	if err != nil {
		return err
	}
	for _, p := range plans {
		if p.settled() {
			continue
		}
		least := p.Limits.Probe
		for i, c := range p.Conds {
			if j, ok := at[key(c.Probe)]; ok && n[j] < least {
				least, p.source = n[j], &p.Conds[i]
			}
		}
	}
	return nil
}

// begin is the query of the first rows of list number n in a phase.
func (p *Plan) begin(n, phase, want int) Frag {
	head := "SELECT " + strconv.Itoa(n) + " AS n, " + strconv.Itoa(phase) + " AS phase, x.id, "
	value, none := "x.v", "''"
	if p.Order.number {
		none = "0"
	}
	if phase == 1 {
		value = none
	}
	rows := p.rows(place{phase: phase}, p.Limits.Step)
	tests := p.testsIn(phase)
	switch {
	case p.source != nil:
		tests = p.allTests(phase)
		rows = SQL("SELECT d.id, ").Then(p.valueOf("d.id")).Add(" AS v FROM (SELECT DISTINCT id FROM (").Then(p.source.Probe).
			Add(" LIMIT ?) y) d", p.Limits.Probe)
	case len(tests) == 0:
		rows = p.rows(place{phase: phase}, want)
	}
	return SQL("SELECT * FROM ("+head+value+" AS v FROM (SELECT * FROM (").Then(rows).Add(") r WHERE ").Then(p.where(tests)).
		Add(") x"+p.Order.by(map[int]string{0: "x.v", 1: "x.id"}[phase], "x.id")+" LIMIT ?) h", want)
}

// sum is the query that counts list number n and adds up.
func (p *Plan) sum(n int, sum string) Frag {
	return SQL("SELECT * FROM (").Then(p.candidates()).
		Add(", h AS MATERIALIZED (SELECT r.id FROM w r WHERE ").Then(p.where(p.allTests(-1))).Add(" LIMIT ?)", CountLimit+1).
		Add(" SELECT "+strconv.Itoa(n)+" AS n, (SELECT count(*) FROM h) AS hits, (SELECT count(*) FROM w) AS walked, "+
			"(SELECT COALESCE(sum("+sum+"), 0) FROM h JOIN "+p.table()+" c ON c.workspace_id = ? AND c.id = h.id) AS amount) t", p.WS)
}

func union(list []Frag) Frag {
	all := list[0]
	for _, f := range list[1:] {
		all = all.Add(" UNION ALL ").Then(f)
	}
	return all
}
