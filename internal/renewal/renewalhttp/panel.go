package renewalhttp

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/renewal"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// period is one term of a contract as the page tells it.
type period struct {
	days, amount, remark string
	open                 bool
	notes                []string // what else it is: a trial, one that renews itself
	amended              []amendedLine
	asked                bool // its date has passed, and nobody has said what became of it
	words                string
	sign                 string // address of the note that saw it first
	undo                 string
}

// Panel is the part 契約期間 of a contract's page.
func (h *Handlers) Panel(ctx context.Context, c contract.Contract) (templ.Component, error) {
	terms, err := h.contracts.Terms(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	ends, err := h.svc.Of(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	names := map[id.ID]string{}
	if h.parts.Names != nil && len(ends) > 0 {
		if names, err = h.parts.Names(ctx); err != nil {
			return nil, err
		}
	}
	amendments, err := h.contracts.Amendments(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	may := who.From(ctx).May(who.Write)
	var list []period
	for _, t := range terms {
		p := tell(ctx, t, ends, names, may)
		p.add(ctx, c, amendments, t, may)
		if t.Outcome == contract.Open {
			p.notes = append(p.notes, kinds(ctx, c)...)
			p.asked = asked(c, words.Today(ctx, web.Now(ctx)))
		}
		list = append(list, p)
	}
	return panel(c, list, may && c.EndedOn.IsZero()), nil
}

func tell(ctx context.Context, t contract.Term, ends []renewal.Renewal, names map[id.ID]string, may bool) period {
	p := period{open: t.Outcome == contract.Open, words: t.Words, days: span(ctx, t.Starts, t.Renews)}
	p.amount = said(ctx, t.Amount, t.Currency, t.Basis)
	if !p.open {
		p.remark = words.T(ctx, "renewal.outcome."+string(t.Outcome))
	}
	at := slices.IndexFunc(ends, func(r renewal.Renewal) bool { return r.TermNo == t.No })
	if at < 0 || p.open {
		return p
	}
	r := ends[at]
	parts := append([]string{words.T(ctx, "renewal.outcome."+string(r.Outcome))}, r.Reasons...)
	if names[r.By] != "" {
		parts = append(parts, names[r.By])
	}
	p.remark, p.words = strings.Join(parts, words.T(ctx, "renewal.comma")), r.Words
	if r.Sign != 0 {
		p.sign = "/notes/" + r.Sign.String()
	}
	if r.Last && may {
		p.undo = "/renewals/" + r.ID.String() + "/undo"
	}
	return p
}

// said is an amount with what it is for; "" if it is not known.
func said(ctx context.Context, amount *int64, currency string, basis contract.Basis) string {
	if amount == nil {
		return ""
	}
	return words.T(ctx, "renewal.per."+per(basis), "Amount", money.Amount{Minor: *amount, Currency: currency}.Format(words.From(ctx).Lang))
}

// amendedLine is a change of the amount in the middle of a term.
type amendedLine struct {
	text    string
	words   string
	waiting bool // its day is still to come
	undo    string
}

// add tells what was agreed in the middle of the term.
func (p *period) add(ctx context.Context, c contract.Contract, list []contract.Amendment, t contract.Term, may bool) {
	for _, a := range list {
		if a.TermNo != t.No {
			continue
		}
		line := amendedLine{words: a.Words, waiting: !a.Applied, text: words.T(ctx, "renewal.amend_line", "Day", day(string(a.Effective)),
			"Amount", said(ctx, a.Amount, a.Currency, a.Basis))}
		if may && p.open {
			line.undo = contractPath(c.ID) + "/amend/" + string(a.Effective) + "/undo"
		}
		p.amended = append(p.amended, line)
	}
}

// kinds says what the open term is beside its dates.
func kinds(ctx context.Context, c contract.Contract) (out []string) {
	if c.TermType != "" {
		out = append(out, words.T(ctx, "renewal."+string(c.TermType)))
	}
	if c.AutoRenew {
		out = append(out, words.T(ctx, "renewal.auto"))
	}
	if !c.NoticeDate.IsZero() {
		out = append(out, words.T(ctx, "renewal.notice_until", "Day", day(string(c.NoticeDate))))
	}
	return out
}

// asked: the date of a contract that does not go on by itself has passed.
func asked(c contract.Contract, today cal.Date) bool {
	return c.EndedOn.IsZero() && !c.RenewalDate.IsZero() && c.RenewalDate < today && c.TermType != contract.Rolling
}

func per(b contract.Basis) string {
	if b == "" {
		return "none"
	}
	return string(b)
}

// span says from when to when; what is not known is left open.
func span(ctx context.Context, from, to cal.Date) string {
	if from.IsZero() && to.IsZero() {
		return words.T(ctx, "renewal.no_dates")
	}
	return words.T(ctx, "renewal.span", "From", day(string(from)), "To", day(string(to)))
}
