package handoverhttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/task"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// shown is how many handovers Today has lines for.
const shown = 5

// What the keys of lines on Today begin with.
const (
	handoverKey = "h"
	coverKey    = "v"
)

// Line is a line on Today: its key and what it says.
type Line struct {
	Key string
	Row ui.QueueRowProps
}

// Lines are what Today opens with: contracts that were handed to the reader,
// the newest first, and absences that are over. more leads to the handovers
// there is no room for.
func (h *Handlers) Lines(ctx context.Context) (list []Line, more ui.QueueRowProps, err error) {
	waiting, count, err := h.svc.Waiting(ctx, shown)
	if err != nil {
		return nil, more, err
	}
	for _, x := range waiting {
		list = append(list, Line{handoverKey + x.ID.String(), lineOf(ctx, x)})
	}
	if left := count - len(waiting); left > 0 {
		more = ui.QueueRowProps{ID: "m-handovers", Href: "/handover/mine", Icon: "arrow", IconLabel: words.T(ctx, "handover.word"),
			Who: words.T(ctx, "handover.word"), Why: words.T(ctx, "handover.more", "Count", left)}
	}
	over, err := h.svc.Returned(ctx)
	for _, c := range over {
		list = append(list, Line{coverKey + c.ID.String(), ui.QueueRowProps{Icon: "reply", IconLabel: words.T(ctx, "handover.cover_word"),
			Who: span(ctx, c), Why: words.T(ctx, "handover.covered", "Name", c.Deputy.Name)}})
	}
	return list, more, err
}

// said is how many characters of the words a line holds.
const saidLength = 60

func lineOf(ctx context.Context, x handover.Handover) ui.QueueRowProps {
	row := ui.QueueRowProps{Icon: "arrow", IconLabel: words.T(ctx, "handover.word"), Who: named(x.Org, x.Name),
		Due: ui.Ago(ctx, x.At, web.Now(ctx)), Why: words.T(ctx, "handover.line_from", "Name", x.From.Name)}
	if x.From.ID == 0 {
		row.Why = words.T(ctx, "handover.line_new")
	}
	if x.Words != "" {
		row.Why, row.Said = words.T(ctx, "handover.line_said", "Why", row.Why, "Words", text.Excerpt(x.Words, saidLength)), true
	}
	return row
}

// OnSheet draws what a line of Today is about.
func (h *Handlers) OnSheet(ctx context.Context, key string, _ *http.Request) (templ.Component, error) {
	ref, err := id.Parse(strings.TrimLeft(key, handoverKey+coverKey))
	if err != nil {
		return nil, errs.Missing("handover")
	}
	if strings.HasPrefix(key, coverKey) {
		m, err := h.svc.Meanwhile(ctx, ref)
		return returned(m), err
	}
	c, err := h.svc.Card(ctx, ref)
	return onToday(cardView{Card: c, back: "/today?at=" + key, live: true}), err
}

// cardView is a card as a page shows it.
type cardView struct {
	handover.Card
	back string // where its forms lead without a script
	live bool   // on Today, where it answers without reloading
}

func (v cardView) path(act string) string { return "/handovers/" + v.ID.String() + "/" + act }

// hx are the attributes of a form that answers in place; none elsewhere.
func (v cardView) hx(act, target, swap string) ui.Attrs {
	if !v.live {
		return nil
	}
	attrs := ui.Attrs{"hx-post": v.path(act), "hx-swap": swap}
	if target != "" {
		attrs["hx-target"] = target
	}
	return attrs
}

func (v cardView) place() string { return "handover-" + v.ID.String() }

func (h *Handlers) mine(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	cards, next, err := h.svc.Cards(ctx, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	views := make([]cardView, len(cards))
	for i, c := range cards {
		views[i] = cardView{Card: c, back: "/handover/mine"}
	}
	if next != "" {
		next = "/handover/mine?cursor=" + url.QueryEscape(next)
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "handover.tab.mine"), Place: "/today"}, minePage(views, next))
}

func (h *Handlers) settle(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, func(ctx context.Context, ref id.ID, back string) (web.Toast, error) {
		x, err := h.svc.Settle(ctx, ref)
		return web.Toast{Text: words.T(ctx, "handover.settled", "Name", named(x.Org, x.Name)),
			Undo: "/handovers/" + ref.String() + "/unsettle?back=" + url.QueryEscape(back)}, err
	})
}

func (h *Handlers) unsettle(w http.ResponseWriter, r *http.Request) error {
	return h.turn(w, r, func(ctx context.Context, ref id.ID, _ string) (web.Toast, error) {
		x, err := h.svc.Unsettle(ctx, ref)
		return web.Toast{Text: words.T(ctx, "handover.unsettled", "Name", named(x.Org, x.Name))}, err
	})
}

// turn settles or takes that back. On Today the lines come anew by themselves.
func (h *Handlers) turn(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, ref id.ID, back string) (web.Toast, error)) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	back := web.LocalPath(f.Get("back"), "/today")
	if strings.HasPrefix(back, "/today") {
		back = "/today" // the line itself has gone
	}
	said, err := do(r.Context(), ref, back)
	if err != nil {
		return err
	}
	if web.IsFragment(r) && back == "/today" {
		web.Say(w, said)
		return web.Fragment(w, r, http.StatusOK, templ.NopComponent)
	}
	return web.RedirectSaying(w, r, back, said)
}

func (h *Handlers) take(w http.ResponseWriter, r *http.Request) error {
	return h.pass(w, r, h.svc.Take, func(ctx context.Context, x handover.Handover, moved []task.Task, back string) web.Toast {
		q := url.Values{"back": {back}}
		for _, t := range moved {
			q.Add("task", t.ID.String())
		}
		return web.Toast{Text: passed(ctx, "handover.took", moved),
			Undo: "/handovers/" + x.ID.String() + "/give-back?" + q.Encode()}
	})
}

func (h *Handlers) giveBack(w http.ResponseWriter, r *http.Request) error {
	return h.pass(w, r, h.svc.GiveBack, func(ctx context.Context, x handover.Handover, moved []task.Task, _ string) web.Toast {
		return web.Toast{Text: passed(ctx, "handover.gave_back", moved)}
	})
}

// passed names the task that moved, or says how many did.
func passed(ctx context.Context, key string, moved []task.Task) string {
	if len(moved) == 1 {
		return words.T(ctx, key+"_one", "Title", moved[0].Title)
	}
	return words.T(ctx, key, "Count", len(moved))
}

type passing func(ctx context.Context, ref id.ID, tasks ...id.ID) (handover.Handover, []task.Task, error)

// pass moves the tasks of the form, all that are offered if it names none, and
// answers with the card.
func (h *Handlers) pass(w http.ResponseWriter, r *http.Request, do passing, say func(context.Context, handover.Handover, []task.Task, string) web.Toast) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	tasks, err := f.IDs("task")
	if err != nil {
		return err
	}
	ctx := r.Context()
	x, moved, err := do(ctx, ref, tasks...)
	if err != nil {
		return err
	}
	back := web.LocalPath(f.Get("back"), "/today")
	said := say(ctx, x, moved, back)
	if !web.IsFragment(r) || !strings.HasPrefix(back, "/today") {
		return web.RedirectSaying(w, r, back, said)
	}
	c, err := h.svc.Card(ctx, ref)
	if err != nil {
		return err
	}
	web.Say(w, said)
	w.Header().Set("HX-Retarget", "#handover-"+ref.String()) // an undo from a toast, too, is shown where the card stands
	w.Header().Set("HX-Reswap", "outerHTML")
	return web.Fragment(w, r, http.StatusOK, body(cardView{Card: c, back: back, live: true}))
}

func contractPath(ref id.ID) string { return "/contracts/" + ref.String() }

// wayOf says from whom to whom a contract went.
func wayOf(ctx context.Context, x handover.Handover) string {
	if x.From.ID == 0 {
		return words.T(ctx, "handover.way_new", "To", x.To.Name)
	}
	return words.T(ctx, "handover.way", "From", x.From.Name, "To", x.To.Name)
}

// cameFrom says on a card whose contract it was, and who gave it if that was
// somebody else.
func (v cardView) cameFrom(ctx context.Context) string {
	said := words.T(ctx, "handover.came_from", "Name", v.From.Name)
	if v.From.ID == 0 {
		said = words.T(ctx, "handover.came_new")
	}
	if v.By.ID != 0 && v.By.ID != v.From.ID && v.By.ID != v.To.ID {
		said += words.T(ctx, "handover.by", "Name", v.By.Name)
	}
	return said
}

// amount is the amount with its unit, "" if it is not known.
func amount(ctx context.Context, c contract.Contract) string {
	if c.Amount == nil {
		return ""
	}
	per := "none"
	if c.AmountBasis != "" {
		per = string(c.AmountBasis)
	}
	return words.T(ctx, "handover.per."+per, "Amount", money.Amount{Minor: *c.Amount, Currency: c.Currency}.Format(words.From(ctx).Lang))
}

// term is the running period, from when to when.
func term(ctx context.Context, c contract.Contract) string {
	if c.StartDate.IsZero() && c.RenewalDate.IsZero() {
		return ""
	}
	from, to := "", ""
	if !c.StartDate.IsZero() {
		from = words.DayLong(ctx, c.StartDate)
	}
	if !c.RenewalDate.IsZero() {
		to = words.DayLong(ctx, c.RenewalDate)
	}
	return words.T(ctx, "handover.span", "From", from, "To", to)
}

// outlooks are the marks of the CSM's call.
var outlooks = map[contract.Outlook]string{"": "none", contract.OnTrack: "good", contract.Watch: "watch", contract.Danger: "risk"}

// contactLine is a person at the customer: name, title, role.
func contactLine(ctx context.Context, c contact.Contact) string {
	said := []string{c.Name}
	for _, s := range []string{c.Title, c.Role} {
		if s != "" {
			said = append(said, s)
		}
	}
	return strings.Join(said, words.T(ctx, "handover.comma"))
}

func byOf(ctx context.Context, x handover.Words) ui.ByProps {
	name := x.Author.Name
	if name == "" {
		name = words.T(ctx, "handover.imported")
	}
	return ui.ByProps{Name: name, Hunch: x.Hunch, When: ui.Ago(ctx, x.At, web.Now(ctx))}
}

func loadColumns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: words.T(ctx, "handover.load.name")}, {Label: words.T(ctx, "handover.load.contracts"), Num: true},
		{Label: words.T(ctx, "handover.load.renewing", "Days", strconv.Itoa(handover.RenewDays)), Num: true},
		{Label: words.T(ctx, "handover.load.tasks"), Num: true}, {Label: words.T(ctx, "handover.load.minutes"), Num: true}}
}

func loadName(ctx context.Context, l handover.Load) string {
	if l.ID == 0 {
		return words.T(ctx, "handover.nobody")
	}
	return l.Name
}

func loadRef(l handover.Load) string {
	if l.ID == 0 {
		return nobody
	}
	return l.ID.String()
}

// mayWrite reports whether the reader can take tasks or give contracts.
func mayWrite(ctx context.Context) bool { return who.From(ctx).May(who.Write) }
