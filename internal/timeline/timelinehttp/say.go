package timelinehttp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words"
)

// speaker turns events into quiet sentences in the reader's language. It is
// made once for a list, with all the names the list needs.
type speaker struct {
	ctx     context.Context
	members map[id.ID]string
	orgs    map[id.ID]string
	fields  map[string]field.Field // by name, "field:KEY"
}

// builtin is how the values of a contract's own attributes are said.
var builtin = map[string]field.Type{
	"owner": field.Member, "organization": "organization", "start_date": field.Date, "renewal_date": field.Date,
	"notice_date": field.Date, "ended_on": field.Date, "outlook": "outlook", "amount": "amount", "amount_basis": "basis",
	"auto_renew": field.Checkbox, "due_date": field.Date,
}

func (s *speaker) typeOf(name string) field.Type {
	if f, ok := s.fields[name]; ok {
		return f.Type
	}
	return builtin[name]
}

// speaker asks for the names of everybody and everything the events speak of:
// at most one query a kind.
func (h *Handlers) speaker(ctx context.Context, events []*timeline.Event) (*speaker, error) {
	s := &speaker{ctx: ctx, fields: map[string]field.Field{}}
	if slices.ContainsFunc(events, speaksOfCustom) {
		list, err := h.fields.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			s.fields[f.Name()] = f
		}
	}
	refs := map[field.Type][]id.ID{}
	for _, e := range events {
		for name, pair := range e.Fields {
			t := s.typeOf(name)
			for _, v := range pair {
				word, _ := v.(string)
				if ref, err := id.Parse(word); err == nil {
					refs[t] = append(refs[t], ref)
				}
			}
		}
	}
	var err error
	if s.members, err = h.svc.Names(ctx, "member", refs[field.Member]); err != nil {
		return nil, err
	}
	s.orgs, err = h.svc.Names(ctx, "organization", refs["organization"])
	return s, err
}

func speaksOfCustom(e *timeline.Event) bool {
	for name := range e.Fields {
		if strings.HasPrefix(name, "field:") {
			return true
		}
	}
	return false
}

// most is how many changed fields of one save are told; the rest is counted.
const most = 4

// sentences says an event; nothing for kinds nobody wrote a sentence for. The
// catalogue is the registry: timeline.event.KIND of the feature that published
// it comes first, then timeline.said.KIND of our own. Its blanks are the keys
// of the event's data, as they are or with a capital.
func (s *speaker) sentences(e *timeline.Event) []string {
	lang := words.From(s.ctx).Lang
	for _, key := range []string{"timeline.event." + e.Kind, "timeline.said." + e.Kind} {
		if words.Has(lang, key) {
			return []string{s.by(e, strings.TrimSpace(words.Say(s.ctx, key, s.args(e))))}
		}
	}
	if e.Kind != "contract.changed" {
		return nil
	}
	names := s.ordered(e)
	var out []string
	for i, name := range names {
		if i == most && len(names) > most+1 {
			return append(out, s.by(e, words.T(s.ctx, "timeline.and_more", "Count", len(names)-most)))
		}
		out = append(out, s.by(e, s.change(e, name)))
	}
	return out
}

// ordered puts what people ask about first.
func (s *speaker) ordered(e *timeline.Event) []string {
	first := []string{"owner", "outlook", "renewal_date", "amount", "status", "phase"}
	names := e.FieldNames()
	slices.SortStableFunc(names, func(a, b string) int { return rank(first, a) - rank(first, b) })
	return names
}

func rank(list []string, name string) int {
	if i := slices.Index(list, name); i >= 0 {
		return i
	}
	return len(list)
}

// args fills the blanks of a kind's sentence from its data.
func (s *speaker) args(e *timeline.Event) map[string]any {
	args := map[string]any{"Actor": e.Actor.Name}
	set := func(name string, v any) {
		said := s.plain(v)
		args[name] = said
		if name != "" {
			args[strings.ToUpper(name[:1])+name[1:]] = said
		}
	}
	for name, pair := range e.Fields {
		set(name, s.value(e, name, pair[1]))
	}
	for name, v := range e.Data {
		set(name, v)
	}
	if why, _ := args["Why"].(string); why != "" {
		args["Why"] = words.T(s.ctx, "timeline.why", "Words", why)
	}
	if w, _ := args["Words"].(string); w != "" {
		args["Words"] = words.T(s.ctx, "timeline.why", "Words", w)
	}
	return args
}

// change says one field: from, to.
func (s *speaker) change(e *timeline.Event, name string) string {
	pair := e.Fields[name]
	from, to, label := s.value(e, name, pair[0]), s.value(e, name, pair[1]), s.label(name)
	switch {
	case from == "" && to == "":
		return words.T(s.ctx, "timeline.touched", "Field", label)
	case from == "":
		return words.T(s.ctx, "timeline.set", "Field", label, "To", to)
	case to == "":
		return words.T(s.ctx, "timeline.unset", "Field", label, "From", from)
	}
	return words.T(s.ctx, "timeline.changed", "Field", label, "From", from, "To", to)
}

// by adds who did it, unless the sentence is the system's own.
func (s *speaker) by(e *timeline.Event, sentence string) string {
	key := "timeline.by." + e.Actor.Kind
	switch {
	case sentence == "" || e.Actor.Kind == "system" || e.Actor.Kind == "member" && e.Actor.Name == "":
		return sentence
	case e.Actor.Kind != "member" && e.Actor.Name != "":
		key += "_named"
	}
	return words.T(s.ctx, key, "Text", sentence, "Name", e.Actor.Name)
}

// label is what a field is called.
func (s *speaker) label(name string) string {
	if f, ok := s.fields[name]; ok {
		return f.Label(words.From(s.ctx).Lang)
	}
	if key := "timeline.field." + name; words.Has(words.From(s.ctx).Lang, key) {
		return words.T(s.ctx, key)
	}
	return strings.TrimPrefix(name, "field:")
}

// value says a field's value, "" for none.
func (s *speaker) value(e *timeline.Event, name string, v any) string {
	word, _ := v.(string)
	switch t := s.typeOf(name); {
	case v == nil || word == "" && isString(v):
		return ""
	case t == field.Member:
		return s.named(s.members, word)
	case t == "organization":
		return s.named(s.orgs, word)
	case t == "outlook":
		return words.T(s.ctx, "shell.health."+map[string]string{"on_track": "good", "watch": "watch", "danger": "risk"}[word])
	case t == "basis":
		return words.T(s.ctx, "timeline.basis."+word)
	case t == "amount":
		return s.amount(word, currencyOf(e))
	}
	return s.plain(v)
}

func isString(v any) bool { _, ok := v.(string); return ok }

// named says who or what an id means; one that is gone is still somebody.
func (s *speaker) named(names map[id.ID]string, word string) string {
	ref, err := id.Parse(word)
	if err != nil {
		return word
	}
	if n := names[ref]; n != "" {
		return n
	}
	return words.T(s.ctx, "timeline.somebody")
}

func currencyOf(e *timeline.Event) string {
	c, _ := e.Fields["currency"][1].(string)
	return c
}

func (s *speaker) amount(decimal, currency string) string {
	if a, err := money.ParseDecimal(decimal, currency); err == nil {
		return a.Format(words.From(s.ctx).Lang)
	}
	if n, err := strconv.Atoi(decimal); err == nil {
		return words.Number(n)
	}
	return decimal
}

// longestValue keeps a sentence a sentence when somebody's text is in it.
const longestValue = 60

// plain says a value by its shape: dates, lists, amounts, yes and no.
func (s *speaker) plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if d := cal.Date(v); d.Valid() {
			return words.T(s.ctx, "when.day_year", "Year", strconv.Itoa(d.Year()), "Month", strconv.Itoa(d.Month()),
				"Day", strconv.Itoa(d.Day()), "Name", words.T(s.ctx, "when.month."+strconv.Itoa(d.Month())))
		}
		return text.Excerpt(v, longestValue)
	case bool:
		return words.T(s.ctx, "timeline.bool."+strconv.FormatBool(v))
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return words.Number(n)
		}
		return v.String()
	case []any:
		list := make([]string, len(v))
		for i, one := range v {
			list[i] = s.plain(one)
		}
		return strings.Join(list, words.T(s.ctx, "timeline.comma"))
	case map[string]any:
		amount, _ := v["amount"].(string)
		currency, _ := v["currency"].(string)
		return s.amount(amount, currency)
	}
	return fmt.Sprint(v)
}

// ChangeView is one line of the history of fields, in words.
type ChangeView struct {
	Field, From, To string
	By              string // the member, 取り込み, the rule
	Import          id.ID  // 0 if it was not one
	Change          timeline.Change
}

// Changes says what timeline.History gave, for the page that lists it.
func (h *Handlers) Changes(ctx context.Context, list []timeline.Change) ([]ChangeView, error) {
	events := make([]*timeline.Event, len(list))
	for i := range list {
		events[i] = &list[i].Event
	}
	s, err := h.speaker(ctx, events)
	if err != nil {
		return nil, err
	}
	out := make([]ChangeView, len(list))
	for i, c := range list {
		out[i] = ChangeView{Field: s.label(c.Field), From: s.value(events[i], c.Field, c.From), To: s.value(events[i], c.Field, c.To),
			By: s.actor(c.Event.Actor), Change: c}
		if c.Event.CauseKind == "import" {
			out[i].Import = c.Event.CauseID
		}
	}
	return out, nil
}

func (s *speaker) actor(a timeline.Actor) string {
	if a.Kind == "member" && a.Name != "" {
		return a.Name
	}
	said := words.T(s.ctx, "timeline.actor."+a.Kind)
	if a.Name != "" {
		said = words.T(s.ctx, "timeline.actor_named", "Kind", said, "Name", a.Name)
	}
	return said
}
