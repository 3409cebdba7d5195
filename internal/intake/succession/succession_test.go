package succession

import (
	"testing"

	"kizuki/internal/id"
)

var (
	spring = Old{Contract: 1, Key: "A-1", Name: "サポート", Org: 10, Department: "情報システム部", Owner: 5, Renews: "2026-03-31", Amount: "1000"}
	autumn = Old{Contract: 2, Key: "A-2", Name: "サポート", Org: 10, Department: "情報システム部", Owner: 6, Renews: "2026-09-30", Amount: "2000"}
	other  = Old{Contract: 3, Key: "A-3", Name: "点呼", Org: 10, Department: "情報システム部", Owner: 6}
	next   = New{Line: 4, Key: "B-1", Name: "サポート", Org: 10, Department: "情報システム部", Owner: 6, Starts: "2026-04-01", Renews: "2027-03-31", Amount: "1000"}
)

func TestOffers(t *testing.T) {
	with := func(n New, f func(*New)) New { f(&n); return n }
	for _, c := range []struct {
		name    string
		old     []Old
		rows    []New
		want    [][]id.ID // contracts of each offer, the likeliest first
		certain bool      // the first offer
	}{
		{"one for one", []Old{spring}, []New{next}, [][]id.ID{{1}}, true},
		{"begins where a term ended, whoever owns it", []Old{autumn, spring}, []New{next}, [][]id.ID{{1, 2}}, false},
		{"two rows for one contract", []Old{spring}, []New{next, with(next, func(n *New) { n.Line = 5 })}, [][]id.ID{{1}, {1}}, false},
		{"another department", []Old{spring}, []New{with(next, func(n *New) { n.Department = "総務部" })}, nil, false},
		{"a department spelled otherwise", []Old{spring}, []New{with(next, func(n *New) { n.Department = " 情報システム部" })}, [][]id.ID{{1}}, true},
		{"another customer", []Old{spring}, []New{with(next, func(n *New) { n.Org = 11 })}, nil, false},
		{"a customer nobody knew", []Old{spring}, []New{with(next, func(n *New) { n.Org = 0 })}, nil, false},
		{"undated: the owner decides", []Old{spring, autumn}, []New{with(next, func(n *New) { n.Starts = "" })}, [][]id.ID{{2, 1}}, false},
		{"two things of one department, by name", []Old{spring, other}, []New{with(next, func(n *New) { n.Name = "点呼"; n.Starts = "" }), next}, [][]id.ID{{3, 1}, {1, 3}}, true},
		{"nothing vanished", nil, []New{next}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Offers(c.old, c.rows)
			if len(got) != len(c.want) {
				t.Fatalf("%d offers: %+v", len(got), got)
			}
			for i, o := range got {
				for j, old := range o.Old {
					if len(o.Old) != len(c.want[i]) || old.Contract != c.want[i][j] {
						t.Errorf("offer %d: %+v, want %v", i, o.Old, c.want[i])
					}
				}
				if i == 0 && o.Certain != c.certain {
					t.Errorf("certain = %v", o.Certain)
				}
			}
		})
	}
}
