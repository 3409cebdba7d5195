package todayhttp

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/text"
	"kizuki/internal/today"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// whyLength is how much of somebody's words a line holds, in characters.
const whyLength = 60

// rowOf says a matter in one line. What people said is set larger than what
// rules and lists say.
func rowOf(ctx context.Context, m today.Matter, day cal.Date, now time.Time) ui.QueueRowProps {
	row := ui.QueueRowProps{ID: "m-" + m.Key, Href: address(m.Key), Who: named(ctx, m)}
	if m.For.ID != 0 {
		row.Who = words.T(ctx, "today.for", "Name", m.For.Name, "What", row.Who)
	}
	switch m.Kind {
	case today.Called:
		row.Icon, row.IconLabel, row.Said = icon(m), words.T(ctx, "today.from", "Name", m.Notice.Author.Name), true
		row.Due = ui.Ago(ctx, m.Notice.At, now)
		row.Why = words.T(ctx, "today.quote", "Words", text.Excerpt(m.Notice.Text, whyLength))
	case today.Absent:
		row.Icon, row.IconLabel = "sheet", words.T(ctx, "today.import")
		row.Due = ui.Ago(ctx, m.Absence.Since, now)
		row.Why = words.T(ctx, "today.absent")
	default:
		t := m.Tasks[0]
		row.Icon, row.IconLabel, row.Said = "box", words.T(ctx, "today.task"), t.OriginKind == ""
		row.Due = dueOf(ctx, m, day)
		row.Why = t.Title
		if n := len(m.Tasks); n > 1 {
			row.Why = words.T(ctx, "today.and_more", "Title", t.Title, "Count", n-1)
		}
	}
	return row
}

func icon(m today.Matter) string {
	switch m.Notice.Hunch {
	case "bad":
		return "sesame"
	case "good":
		return "sesame-open"
	}
	return "reply"
}

// dueOf says when the oldest task of the line was due.
func dueOf(ctx context.Context, m today.Matter, day cal.Date) ui.When {
	return ui.Due(ctx, m.Tasks[0].Due, day)
}

// named says the contract as people say it: the customer without its legal
// form, then the contract.
func named(ctx context.Context, m today.Matter) string {
	if m.Contract == 0 {
		return words.T(ctx, "today.free")
	}
	return strings.TrimSpace(shortOrg(m.Org) + " " + m.Name)
}

var legalForms = strings.NewReplacer("株式会社", "", "有限会社", "", "合同会社", "")

func shortOrg(name string) string {
	if short := strings.TrimSpace(legalForms.Replace(name)); short != "" {
		return short
	}
	return name
}

// whyOf is the sentence on the sheet: why this contract is here, and in whose
// stead.
func whyOf(ctx context.Context, m today.Matter, day cal.Date) string {
	why := becauseOf(ctx, m, day)
	if m.For.ID != 0 {
		why = words.T(ctx, "today.why.for", "Name", m.For.Name, "Why", why)
	}
	return why
}

func becauseOf(ctx context.Context, m today.Matter, day cal.Date) string {
	switch m.Kind {
	case today.Called:
		return words.T(ctx, "today.why."+noticeKind(m.Notice.Kind), "Name", m.Notice.Author.Name)
	case today.Absent:
		return words.T(ctx, "today.why.absent", "Source", m.Absence.Source)
	}
	titles := make([]string, len(m.Tasks))
	for i, t := range m.Tasks {
		titles[i] = words.T(ctx, "today.title", "Title", t.Title)
	}
	if due := m.Tasks[0].Due; due > day {
		return words.T(ctx, "today.why.ahead", "Titles", strings.Join(titles, ""), "When", words.DayShort(ctx, due), "Count", len(m.Tasks))
	}
	return words.T(ctx, "today.why.tasks", "Titles", strings.Join(titles, ""), "Count", len(m.Tasks))
}

// foldText says what lies folded: what is due today, and what came up early.
func foldText(ctx context.Context, due, later int) string {
	switch {
	case later == 0:
		return words.T(ctx, "today.more", "Count", due)
	case due == 0:
		return words.T(ctx, "today.more_later", "Count", later)
	}
	return words.T(ctx, "today.more_both", "Count", due, "Later", words.Number(later))
}

// noticeKind keeps to the kinds this page has a sentence for.
func noticeKind(kind string) string {
	if kind == "mention" || kind == "reply" || kind == "cover" || kind == "follow" {
		return kind
	}
	return "other"
}

// act is what can be done with the matter on the sheet.
type act struct {
	key     string
	kind    today.Kind
	absence string // address of the review
	later   []ui.Option
}

func actsOf(ctx context.Context, m today.Matter, day cal.Date) act {
	a := act{key: m.Key, kind: m.Kind}
	if m.Kind == today.Absent {
		a.absence = "/absent/" + m.Absence.Key + "/review"
	}
	business := cal.Japan()
	tomorrow := business.OnOrAfter(day.AddDays(1))
	monday := day.AddDays(1)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDays(1)
	}
	monday = business.OnOrAfter(monday)
	for _, d := range []cal.Date{tomorrow, monday, business.OnOrAfter(day.AddDays(14))} {
		if n := len(a.later); n == 0 || a.later[n-1].Value != string(d) {
			a.later = append(a.later, ui.Option{Value: string(d), Label: words.T(ctx, "today.until", "When", words.DayShort(ctx, d))})
		}
	}
	return a
}
