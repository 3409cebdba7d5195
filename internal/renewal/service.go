package renewal

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// News of renewals: renewal.OUTCOME (Data: words, the reasons among them) and
// renewal.undone. What became of the contract is told by its own news.
const (
	Prefix          = "renewal."
	Undone bus.Kind = Prefix + "undone"
)

// Service offers the acts.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	contracts *contract.Service
	Now       func() time.Time
	// SeesNote tells whether the actor may read a note of a contract; app hands
	// it in. Without it no sign can be named.
	SeesNote func(ctx context.Context, contract, note id.ID) (bool, error)
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, contracts *contract.Service) *Service {
	return &Service{db: d, bus: b, contracts: contracts, Now: time.Now}
}

// Of gives the recorded ends of a contract's terms, the newest first.
func (s *Service) Of(ctx context.Context, contractID id.ID) ([]Renewal, error) {
	c, err := s.contracts.Get(ctx, contractID)
	if err != nil {
		return nil, err
	}
	list, err := ofContract(ctx, s.db, who.From(ctx).Workspace, contractID)
	out := make([]Renewal, len(list))
	for i, k := range list {
		out[i] = k.Renewal
		out[i].Last = k.last(c)
	}
	return out, err
}

// last: the term the act opened is still the open one, or the contract is still
// ended by it.
func (k kept) last(c contract.Contract) bool {
	if k.Outcome == Churned {
		return c.EndedOn != "" && c.TermNo == k.TermNo
	}
	return c.EndedOn == "" && c.TermNo == k.TermNo+1
}

// Record closes the open term and, unless the contract churned, opens the next.
// Errors, all inputs together where they can be: contract.err.ended (409),
// renewal.err.recorded (409), .outcome, .reason, .sign, .order, .not_more,
// .not_less, err.date, err.money, err.too_long.
func (s *Service) Record(ctx context.Context, contractID id.ID, in Input) (r Renewal, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Renewal{}, err
	}
	in.Words = strings.TrimSpace(text.Clean(in.Words))
	if err := s.checkSign(ctx, contractID, in.Sign); err != nil {
		return Renewal{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.open(ctx, tx, contractID)
		if err != nil {
			return err
		}
		k, err := s.compose(ctx, tx, a, c, in)
		if err != nil {
			return err
		}
		if err := s.carryOut(ctx, tx, c, in, k); err != nil {
			return err
		}
		r = k.Renewal
		r.Last = true
		return s.bus.Publish(ctx, tx, k.news(a.Workspace))
	})
	return r, err
}

// news tells reasons and words as one; those of a churn are told by the end of
// the contract, too, so only its reasons are.
func (k kept) news(ws id.ID) bus.Change {
	said := strings.Join(k.Reasons, "、")
	if k.Words != "" && k.Outcome != Churned {
		said = strings.TrimPrefix(said+"。"+k.Words, "。")
	}
	return bus.Change{Kind: bus.Kind(Prefix + string(k.Outcome)), Workspace: ws, Contract: k.Contract, Ref: k.ID,
		Data: map[string]any{"words": said}}
}

func (s *Service) open(ctx context.Context, tx *db.Tx, contractID id.ID) (contract.Contract, error) {
	found, err := s.contracts.Readable(ctx, tx, []id.ID{contractID})
	c, ok := found[contractID]
	switch {
	case err != nil:
		return c, err
	case !ok:
		return c, errs.Missing("contract")
	case c.EndedOn != "":
		return c, errs.New(errs.Conflict, "contract.err.ended")
	}
	return c, nil
}

func (s *Service) checkSign(ctx context.Context, contractID, note id.ID) error {
	if note == 0 {
		return nil
	}
	if s.SeesNote != nil {
		if ok, err := s.SeesNote(ctx, contractID, note); err != nil || ok {
			return err
		}
	}
	return errs.Field("sign", "renewal.err.sign")
}

// compose checks what was said and makes the record.
func (s *Service) compose(ctx context.Context, tx *db.Tx, a who.Actor, c contract.Contract, in Input) (kept, error) {
	var bad []*errs.E
	if !slices.Contains(Outcomes(), in.Outcome) {
		bad = append(bad, errs.Field("outcome", "renewal.err.outcome"))
	}
	if utf8.RuneCountInString(in.Words) > MaxWords {
		bad = append(bad, errs.Field("words", "err.too_long", "Max", MaxWords))
	}
	offered, err := loadReasons(ctx, tx, a.Workspace)
	if err != nil {
		return kept{}, err
	}
	reasons, e := pick(ctx, offered[in.Outcome.Side()], in)
	if e != nil {
		bad = append(bad, e)
	}
	effective, e := s.effective(ctx, c, in)
	if e != nil {
		bad = append(bad, e)
	}
	before := map[string]any{}
	for _, name := range restored {
		before[name] = c.Value(name)
	}
	return kept{before: before, Renewal: Renewal{ID: id.New(), Contract: c.ID, TermNo: c.TermNo, Outcome: in.Outcome,
		Effective: effective, Reasons: reasons, Words: in.Words, Sign: in.Sign, At: s.Now(), By: a.Member}}, errs.Join(bad...)
}

// pick finds the reasons among those offered, without regard to width and case.
func pick(ctx context.Context, offered []string, in Input) ([]string, *errs.E) {
	if len(offered) == 0 {
		for _, lang := range []string{words.From(ctx).Lang, "ja", "en"} {
			offered = append(offered, usual(words.With(ctx, words.Locale{Lang: lang}), in.Outcome.Side())...)
		}
	}
	out := []string{}
	for _, said := range in.Reasons {
		at := slices.IndexFunc(offered, func(o string) bool { return text.Fold(o) == text.Fold(said) })
		if at < 0 {
			return nil, errs.Field("reasons", "renewal.err.reason", "Value", text.Line(said))
		}
		if !slices.Contains(out, offered[at]) {
			out = append(out, offered[at])
		}
	}
	if len(out) > MaxPicked {
		return nil, errs.Field("reasons", "renewal.err.too_many", "Max", MaxPicked)
	}
	return out, nil
}

func (s *Service) effective(ctx context.Context, c contract.Contract, in Input) (cal.Date, *errs.E) {
	today := cal.Of(s.Now().In(who.From(ctx).Location()))
	said := in.Effective
	if said == "" && in.Outcome != Churned && in.Next != nil {
		said = in.Next.Start
	}
	if said == "" {
		if c.RenewalDate.IsZero() {
			return today, nil
		}
		return c.RenewalDate, nil
	}
	d, err := s.day(ctx, said, in.Form)
	if err != nil {
		return "", field.DateError("effective_date", err)
	}
	return d, nil
}

// carryOut does to the contract what the record says.
func (s *Service) carryOut(ctx context.Context, tx *db.Tx, c contract.Contract, in Input, k kept) error {
	if in.Outcome == Churned {
		if err := s.contracts.EndIn(ctx, tx, c.ID, k.Effective, k.Words); err != nil {
			return err
		}
		return insert(ctx, tx, who.From(ctx).Workspace, k)
	}
	n := Propose(c)
	if in.Next != nil {
		n = *in.Next
	}
	if n.Start == "" {
		n.Start = string(k.Effective)
	}
	after, err := s.contracts.NextTermIn(ctx, tx, c.ID, n.edits(c, in.Form))
	if err != nil {
		return renamed(err)
	}
	if !after.RenewalDate.IsZero() && after.RenewalDate <= after.StartDate {
		return errs.Field("next_term.end", "renewal.err.order")
	}
	if !c.StartDate.IsZero() && after.StartDate <= c.StartDate {
		return errs.Field("next_term.start", "renewal.err.before")
	}
	if err := in.Outcome.check(c, after); err != nil {
		return err
	}
	if notice := noticeAfter(c, after.RenewalDate); notice != after.NoticeDate {
		if _, err := s.contracts.UpdateIn(ctx, tx, c.ID, []contract.Edit{{Field: "notice_date", New: string(notice)}}); err != nil {
			return err
		}
	}
	return insert(ctx, tx, who.From(ctx).Workspace, k)
}

func (n Next) edits(c contract.Contract, form bool) []contract.Edit {
	list := []contract.Edit{{Field: "start_date", New: n.Start, Form: form}, {Field: "renewal_date", New: n.End, Form: form},
		{Field: "amount", New: n.Amount, Form: form}, {Field: "amount_basis", New: n.Basis, Form: form}}
	if n.Currency != "" && n.Currency != c.Currency {
		list = append(list, contract.Edit{Field: "currency", New: n.Currency, Form: form})
	}
	return list
}

// ofTerm are the names people know the attributes of the next term by.
var ofTerm = map[string]string{"start_date": "next_term.start", "renewal_date": "next_term.end", "amount": "next_term.amount",
	"amount_basis": "next_term.basis", "currency": "next_term.currency"}

func renamed(err error) error {
	e := errs.As(err)
	if e.Code != errs.Invalid {
		return err
	}
	list := e.Fields
	if len(list) == 0 {
		list = []*errs.E{e}
	}
	for _, f := range list {
		if name, ok := ofTerm[f.Field]; ok {
			f.Field = name
		}
	}
	return err
}

// Undo takes an act back: the term is open again as it was. Only the last act
// of a contract can be undone (renewal.err.not_last, 409).
func (s *Service) Undo(ctx context.Context, renewalID id.ID) (r Renewal, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Renewal{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err := get(ctx, tx, a.Workspace, renewalID)
		if err != nil {
			return err
		}
		found, err := s.contracts.Readable(ctx, tx, []id.ID{k.Contract})
		if err != nil {
			return err
		}
		if _, ok := found[k.Contract]; !ok {
			return errs.Missing("renewal")
		}
		if !k.last(found[k.Contract]) {
			return errs.New(errs.Conflict, "renewal.err.not_last")
		}
		r = k.Renewal
		if err := s.takeBack(ctx, tx, k); err != nil {
			return err
		}
		if err := markUndone(ctx, tx, a.Workspace, k.ID, db.Micros(s.Now())); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: Undone, Workspace: a.Workspace, Contract: k.Contract, Ref: k.ID})
	})
	return r, err
}

func (s *Service) takeBack(ctx context.Context, tx *db.Tx, k kept) error {
	if k.Outcome == Churned {
		return s.contracts.ReopenIn(ctx, tx, k.Contract)
	}
	var edits []contract.Edit
	for _, name := range restored {
		edits = append(edits, contract.Edit{Field: name, New: k.before[name]})
	}
	return s.contracts.DropTermIn(ctx, tx, k.Contract, edits)
}

// Reasons gives the reasons that are offered on each side, in order.
func (s *Service) Reasons(ctx context.Context) (map[Side][]string, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	list, err := loadReasons(ctx, s.db, a.Workspace)
	for _, side := range []Side{Stay, Leave} {
		if len(list[side]) == 0 && err == nil {
			list[side] = usual(ctx, side)
		}
	}
	return list, err
}

// usual are the reasons a team begins with.
func usual(ctx context.Context, side Side) []string {
	return strings.Split(words.T(ctx, "renewal.reasons."+string(side)), "\n")
}

// SetReasons replaces the reasons of one side; an empty list brings the usual
// ones back. What was recorded keeps its words.
func (s *Service) SetReasons(ctx context.Context, side Side, labels []string) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	var kept []string
	for _, l := range labels {
		l = text.Line(l)
		switch {
		case l == "" || slices.ContainsFunc(kept, func(k string) bool { return text.Fold(k) == text.Fold(l) }):
			continue
		case utf8.RuneCountInString(l) > MaxReason:
			return errs.Field(string(side), "err.too_long", "Max", MaxReason)
		}
		kept = append(kept, l)
	}
	switch {
	case side != Stay && side != Leave:
		return errs.Field("side", "err.choice")
	case len(kept) > MaxReasons:
		return errs.Field(string(side), "renewal.err.too_many", "Max", MaxReasons)
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := storeReasons(ctx, tx, a.Workspace, side, kept); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: ReasonsSet, Workspace: a.Workspace, Data: map[string]any{"side": string(side)}})
	})
}

// ReasonsSet is the news that a list of reasons is another one; of no contract.
const ReasonsSet bus.Kind = Prefix + "reasons"
