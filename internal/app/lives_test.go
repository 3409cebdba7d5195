package app_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/renewal"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
)

var tokyo = time.FixedZone("JST", 9*3600)

// life is one contract, and beside it what it must be: the terms as a person
// would write them on paper while things happen. It shares no code with the
// product.
type life struct {
	*apptest.App
	t  *rapid.T
	id id.ID

	source, key string // the list that brings it, and its number there
	listed      bool   // that list has had the number
	numbers     int    // how many it has had

	start, renews, ended cal.Date
	amount               int64
	terms                []span
	acts                 []act // that can be taken back, the last first to go
}

// span is one term on paper.
type span struct {
	start   cal.Date
	base    int64
	amended map[cal.Date]int64
}

// act is a recorded end of a term with what the contract was before.
type act struct {
	id            id.ID
	churn         bool
	term          int
	start, renews cal.Date
	amount        int64
}

func (l *life) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) today() cal.Date { return cal.Of(l.Now().In(tokyo)) }

func (l *life) open() *span { return &l.terms[len(l.terms)-1] }

// now is what the open term is worth on a day.
func (s span) on(d cal.Date) int64 {
	worth := s.base
	for _, day := range slices.Sorted(maps.Keys(s.amended)) {
		if day <= d {
			worth = s.amended[day]
		}
	}
	return worth
}

// arr is what the contract is worth a year on the morning of a day.
func (l *life) arr(d cal.Date) int64 {
	if l.ended != "" && d >= l.ended {
		return 0
	}
	for _, s := range slices.Backward(l.terms) {
		if s.start <= d {
			return 12 * s.on(d)
		}
	}
	return 0
}

// settle lets the amount follow, as the morning does.
func (l *life) settle() {
	if l.ended == "" {
		l.amount = l.open().on(l.today())
	}
}

func (l *life) date(label string, from, to int) cal.Date {
	return l.today().AddDays(rapid.IntRange(from, to).Draw(l.t, label))
}

func (l *life) money(label string) int64 { return rapid.Int64Range(1, 500).Draw(l.t, label) * 1000 }

// next begins another term on paper.
func (l *life) next(start cal.Date, base int64) {
	l.terms = append(l.terms, span{start: max(start, l.open().start), base: base, amended: map[cal.Date]int64{}})
}

func (l *life) renew() {
	if l.ended != "" {
		return
	}
	in := renewal.Next{Start: string(l.date("start", -200, 200)), Amount: strconv.FormatInt(l.money("amount"), 10), Basis: "monthly"}
	in.End = string(cal.Date(in.Start).AddDays(rapid.IntRange(-5, 400).Draw(l.t, "long")))
	outcome := rapid.SampledFrom([]renewal.Outcome{renewal.Renewed, renewal.Upsell, renewal.Downsell}).Draw(l.t, "outcome")
	amount, _ := strconv.ParseInt(in.Amount, 10, 64)
	fits := in.End > in.Start && cal.Date(in.Start) > l.start && !(outcome == renewal.Upsell && amount <= l.amount) && !(outcome == renewal.Downsell && amount >= l.amount)
	r, err := l.Renewals.Record(l.Ctx, l.id, renewal.Input{Outcome: outcome, Next: &in})
	if (err == nil) != fits {
		l.t.Fatalf("renewed from %s at %d with %+v: %v", l.start, l.amount, in, err)
	}
	if !fits {
		return
	}
	l.acts = append(l.acts, act{r.ID, false, len(l.terms), l.start, l.renews, l.amount})
	l.start, l.renews, l.amount = cal.Date(in.Start), cal.Date(in.End), amount
	l.next(l.start, amount)
}

func (l *life) churn() {
	if l.ended != "" {
		return
	}
	on := l.date("on", -100, 100)
	r, err := l.Renewals.Record(l.Ctx, l.id, renewal.Input{Outcome: renewal.Churned, Effective: string(on)})
	l.must(err)
	l.acts = append(l.acts, act{r.ID, true, len(l.terms), l.start, l.renews, l.amount})
	l.ended = on
}

func (l *life) undo() {
	if len(l.acts) == 0 {
		return
	}
	a := l.acts[len(l.acts)-1]
	last := a.churn && l.ended != "" && len(l.terms) == a.term || !a.churn && l.ended == "" && len(l.terms) == a.term+1
	_, err := l.Renewals.Undo(l.Ctx, a.id)
	if (err == nil) != last {
		l.t.Fatalf("undo of %+v with %d terms: %v", a, len(l.terms), err)
	}
	if !last {
		return
	}
	l.acts = l.acts[:len(l.acts)-1]
	if a.churn {
		l.ended = ""
		return
	}
	l.terms = l.terms[:a.term]
	l.start, l.renews, l.amount = a.start, a.renews, a.amount
}

func (l *life) amend() {
	on, amount := l.date("effective", -300, 300), l.money("amount")
	fits := l.ended == "" && on > l.open().start && !(l.renews != "" && l.renews > l.today() && on > l.renews)
	_, err := l.Renewals.Amend(l.Ctx, l.id, renewal.Amended{Effective: string(on), Amount: strconv.FormatInt(amount, 10)})
	if (err == nil) != fits {
		l.t.Fatalf("amended on %s in %s to %s: %v", on, l.open().start, l.renews, err)
	}
	if fits {
		l.open().amended[on] = amount
		l.settle()
	}
}

func (l *life) unamend() {
	days := slices.Sorted(maps.Keys(l.open().amended))
	if l.ended != "" || len(days) == 0 {
		return
	}
	day := rapid.SampledFrom(days).Draw(l.t, "day")
	l.must(l.Renewals.Unamend(l.Ctx, l.id, day))
	delete(l.open().amended, day)
	l.settle()
}

// heard is what new values of a save do on paper: they correct the open term,
// or begin the next.
func (l *life) heard(start, renews cal.Date, amount int64) {
	began := false
	switch moved := start != l.start; {
	case l.ended != "" || l.renews == "":
	case moved && start != "":
		began = start >= l.renews
	default:
		began = l.renews <= l.today() && renews != "" && l.renews.DaysUntil(renews) >= 28
	}
	l.write(start, renews, amount, began)
}

func (l *life) write(start, renews cal.Date, amount int64, began bool) {
	day := l.inEffect()
	switch {
	case began && start == l.start:
		l.next(l.renews, amount)
	case began:
		l.next(start, amount)
	default:
		if n := len(l.terms); start != l.start && (n == 1 || start > l.terms[n-2].start) {
			l.open().start = start
		}
		if amount != l.amount && day != "" && l.ended == "" {
			l.open().amended[day] = amount
		} else if amount != l.amount {
			l.open().base = amount
		}
	}
	l.start, l.renews, l.amount = start, renews, amount
}

// inEffect is the day of the amendment that counts today, "" if none does.
func (l *life) inEffect() (day cal.Date) {
	for _, d := range slices.Sorted(maps.Keys(l.open().amended)) {
		if d <= l.today() {
			day = d
		}
	}
	return day
}

func (l *life) correct() {
	if l.ended != "" {
		return // the terms of what has ended are history
	}
	start, renews, amount := l.start, l.renews, l.amount
	edits := []contract.Edit{}
	switch rapid.SampledFrom([]string{"start", "renews", "amount", "no date"}).Draw(l.t, "what") {
	case "start":
		start = l.date("start", -400, 100)
		edits = append(edits, contract.Edit{Field: "start_date", New: string(start)})
	case "renews":
		renews = l.date("renews", -100, 400)
		edits = append(edits, contract.Edit{Field: "renewal_date", New: string(renews)})
	case "no date":
		renews = ""
		edits = append(edits, contract.Edit{Field: "renewal_date", New: ""})
	case "amount":
		amount = l.money("amount")
		edits = append(edits, contract.Edit{Field: "amount", New: strconv.FormatInt(amount, 10)})
	}
	_, err := l.Contracts.Update(l.Ctx, l.id, edits)
	l.must(err)
	l.heard(start, renews, amount)
}

func (l *life) bring() {
	if l.ended != "" {
		return
	}
	renews, amount := l.date("renews", -100, 500), l.money("amount")
	im := l.stage(l.key, l.start, renews, amount)
	if im.Counts.Updated+im.Counts.Created > 0 {
		l.apply(im)
		l.listed = true
	}
	l.heard(l.start, renews, amount)
}

func (l *life) stage(key string, start, renews cal.Date, amount int64) intake.Import {
	path := filepath.Join(os.TempDir(), "life-"+l.id.String()+".csv")
	defer os.Remove(path)
	l.must(os.WriteFile(path, fmt.Appendf(nil, "契約ID,会社名,開始日,更新日,月額\n%s,みなと物流,%s,%s,%d\n", key, start, renews, amount), 0o600))
	im, err := l.Imports.Stage(l.Ctx, intake.Upload{Path: path, FileName: "l.csv", Source: l.source})
	l.must(err)
	return im
}

func (l *life) apply(im intake.Import) {
	_, err := l.Imports.Apply(l.Ctx, im.ID, intake.ApplyOptions{})
	l.must(err)
}

// renumber: the list has the next term under another number; somebody says that
// it is the same contract, and the old number comes to nothing from then on.
func (l *life) renumber() {
	if l.ended != "" || !l.listed {
		return
	}
	l.numbers++
	old := l.key
	l.key = fmt.Sprintf("%s-%d", l.source, l.numbers)
	start, renews, amount := l.date("start", -200, 200), l.date("renews", -100, 500), l.money("amount")
	im := l.stage(l.key, start, renews, amount)
	offers, err := l.Imports.Offers(l.Ctx, im.ID)
	l.must(err)
	if len(offers) != 1 || len(offers[0].Old) != 1 || offers[0].Old[0].Contract != l.id {
		l.t.Fatalf("for %s in the place of %s is offered %+v", l.key, old, offers)
	}
	im, err = l.Imports.Succeed(l.Ctx, im.ID, map[int]id.ID{offers[0].New.Line: l.id})
	l.must(err)
	l.apply(im)
	l.write(start, renews, amount, true)
	if late := l.stage(old, start, renews.AddDays(1), amount); late.Counts.Updated+late.Counts.Created != 0 {
		l.t.Fatalf("the old number %s still changes something: %+v", old, late.Counts)
	}
}

func (l *life) morning() {
	l.Travel(time.Duration(rapid.IntRange(1, 120).Draw(l.t, "days")) * 24 * time.Hour)
	list, err := l.Workspace.EveryWorkspace(context.Background())
	l.must(err)
	l.must(l.Renewals.Morning(context.Background(), list[0]))
	l.settle()
	_, err = l.Rules.RunAsOf(l.Ctx, "", false)
	l.must(err)
}

// check compares the product with the paper.
func (l *life) check() {
	c, err := l.Contracts.Get(l.Ctx, l.id)
	l.must(err)
	if c.StartDate != l.start || c.RenewalDate != l.renews || c.EndedOn != l.ended || *c.Amount != l.amount || c.TermNo != len(l.terms) {
		l.t.Fatalf("the contract is %s %s %s %d in term %d, on paper %s %s %s %d in term %d", c.StartDate, c.RenewalDate, c.EndedOn, *c.Amount, c.TermNo,
			l.start, l.renews, l.ended, l.amount, len(l.terms))
	}
	terms, err := l.Contracts.Terms(l.Ctx, l.id)
	l.must(err)
	amendments, err := l.Contracts.Amendments(l.Ctx, l.id)
	l.must(err)
	var got, want []string
	for _, x := range slices.Backward(terms) {
		got = append(got, fmt.Sprintf("%d from %s at %d", x.No, x.Starts, *x.Amount))
	}
	for i, s := range l.terms {
		want = append(want, fmt.Sprintf("%d from %s at %d", i+1, s.start, s.base))
		if i > 0 && s.start < l.terms[i-1].start {
			l.t.Fatalf("on paper term %d begins before the one before", i+1)
		}
	}
	for _, a := range amendments {
		got = append(got, fmt.Sprintf("%d: %s at %d", a.TermNo, a.Effective, *a.Amount))
	}
	for i, s := range l.terms {
		for _, day := range slices.Sorted(maps.Keys(s.amended)) {
			want = append(want, fmt.Sprintf("%d: %s at %d", i+1, day, s.amended[day]))
		}
	}
	if !slices.Equal(got, want) {
		l.t.Fatalf("terms\n%s\non paper\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, x := range terms[1:] {
		if x.Outcome != contract.Renewed {
			l.t.Fatalf("term %d was left %s", x.No, x.Outcome)
		}
	}
	l.checkRules()
	l.checkWorth()
}

// checkWorth: what the contract is worth on any day is what the paper says.
func (l *life) checkWorth() {
	days := []cal.Date{l.today(), l.date("worth on", -600, 600)}
	for _, s := range l.terms {
		days = append(days, s.start.AddDays(-1), s.start)
		for day := range s.amended {
			days = append(days, day.AddDays(-1), day)
		}
	}
	if l.ended != "" {
		days = append(days, l.ended.AddDays(-1), l.ended)
	}
	got, err := l.Revenue.On(l.Ctx, l.id, days...)
	l.must(err)
	for i, d := range days {
		if got[i].ARR != l.arr(d) {
			l.t.Fatalf("worth %d on %s, on paper %d", got[i].ARR, d, l.arr(d))
		}
	}
}

// checkRules: of each step one task of the running term at most is open, and
// none while the contract has ended.
func (l *life) checkRules() {
	page, err := l.Tasks.List(l.Ctx, task.Query{Contract: l.id, State: task.StateOpen, Limit: 200})
	l.must(err)
	seen := map[string]bool{}
	for _, x := range page.Items {
		if x.OriginKind != task.RuleOrigin {
			continue
		}
		if seen[x.Title] || l.ended != "" {
			l.t.Fatalf("%q is open: twice, or after the end (%s)", x.Title, l.ended)
		}
		seen[x.Title] = true
	}
}

// Random lives are played on both databases: whatever comes in whatever order,
// the terms are those on paper, and rules act once for each step and term.
func TestRandomLives(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		made, err := a.Rules.Create(a.Ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: "renewal_date", Steps: []rule.Step{
			{Offset: -60, Tasks: []rule.Todo{{Title: "意向を聞く"}}}, {Offset: -7, Tasks: []rule.Todo{{Title: "書類を出す"}}}}}})
		if err == nil {
			_, err = a.Rules.GoLive(a.Ctx, made.ID, rule.FromNext)
		}
		if err != nil {
			t.Fatal(err)
		}
		lives := 0
		rapid.Check(t, func(rt *rapid.T) {
			lives++
			a.Travel(apptest.Start.Sub(a.Now()))
			l := &life{App: a, t: rt, amount: 100000}
			l.source = fmt.Sprintf("L-%d", lives)
			l.key = l.source
			l.start = l.date("first", -300, 0)
			l.renews = l.start.AddMonths(12)
			c, err := a.Contracts.Create(a.Ctx, contract.Input{Key: l.key, Name: "配車", Organization: "みなと物流",
				Owner: a.Actors["owner"].Member.String(), StartDate: string(l.start), RenewalDate: string(l.renews), Amount: "100000", AmountBasis: "monthly"})
			l.must(err)
			l.id = c.ID
			l.terms = []span{{start: l.start, base: l.amount, amended: map[cal.Date]int64{}}}
			steps := map[string]func(){"renew": l.renew, "churn": l.churn, "undo": l.undo, "amend": l.amend, "unamend": l.unamend,
				"correct": l.correct, "bring": l.bring, "renumber": l.renumber, "morning": l.morning}
			names := slices.Sorted(maps.Keys(steps))
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				steps[rapid.SampledFrom(names).Draw(rt, "step")]()
				l.check()
			}
			l.must(a.Contracts.Archive(a.Ctx, l.id))
		})
	})
}
