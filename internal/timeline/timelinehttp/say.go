package timelinehttp

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words"
)

// speaker turns events into quiet sentences in the reader's language. It is
// made once for a list, with all the names the list needs.
type speaker struct {
	ctx        context.Context
	members    map[id.ID]string
	orgs       map[id.ID]string
	fields     map[string]field.Field // by name, "field:KEY"
	currencies map[id.ID]timeline.Currencies
}

// builtin is how the values of a contract's own attributes are said.
var builtin = map[string]field.Type{
	"owner": field.Member, "organization": "organization", "start_date": field.Date, "renewal_date": field.Date,
	"notice_date": field.Date, "ended_on": field.Date, "outlook": "outlook", "amount": "amount", "amount_basis": "basis", "term_type": "type",
	"auto_renew": field.Checkbox, "due_date": field.Date, "contract": "contract", "minutes": "minutes",
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
	refs := s.refs(events)
	var err error
	if s.members, err = h.svc.Names(ctx, "member", refs[field.Member]); err != nil {
		return nil, err
	}
	if s.orgs, err = h.svc.Names(ctx, "organization", refs["organization"]); err != nil {
		return nil, err
	}
	s.currencies, err = h.currencies(ctx, events)
	return s, err
}

// refs are the ids the events speak of.
func (s *speaker) refs(events []*timeline.Event) map[field.Type][]id.ID {
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
	return refs
}

// currencies are asked for only where an amount changed and its currency did
// not; events listed together are of one contract.
func (h *Handlers) currencies(ctx context.Context, events []*timeline.Event) (map[id.ID]timeline.Currencies, error) {
	out := map[id.ID]timeline.Currencies{}
	for _, e := range events {
		_, amount := e.Fields["amount"]
		_, currency := e.Fields["currency"]
		if _, known := out[e.Contract]; known || !amount || currency {
			continue
		}
		c, err := h.svc.Currencies(ctx, e.Contract)
		if err != nil {
			return nil, err
		}
		out[e.Contract] = c
	}
	return out, nil
}

func speaksOfCustom(e *timeline.Event) bool {
	for name := range e.Fields {
		if strings.HasPrefix(name, "field:") {
			return true
		}
	}
	return false
}

// A save is told field by field while few changed; more become one line, which
// names the first and counts the rest.
const (
	few  = 2
	most = 4
)

// lines says what one cause did at one time. The fields of a contract it
// changed are told together, where the newest of them stands.
func (s *speaker) lines(group []*timeline.Event) (out []string) {
	var moves []move
	for _, e := range group {
		if e.Kind == "contract.changed" {
			moves = append(moves, s.moves(e)...)
		}
	}
	told := false
	for _, e := range group {
		switch {
		case e.Kind != "contract.changed":
			if said := s.sentence(e); said != "" {
				out = append(out, said)
			}
		case !told:
			told = true
			for _, said := range s.tell(moves) {
				out = append(out, s.by(e, said))
			}
		}
	}
	return out
}

// sentence says an event; nothing for kinds nobody wrote a sentence for. The
// catalogue is the registry: timeline.event.KIND of the feature that published
// it comes first, then timeline.said.KIND of our own. Its blanks are the keys
// of the event's data, as they are or with a capital; Text is what changed.
func (s *speaker) sentence(e *timeline.Event) string {
	lang, kind := words.From(s.ctx).Lang, e.Kind
	if kind == "task.snoozed" && s.plain(e.Data["until"]) == "" {
		kind = "task.unsnoozed"
	}
	args := s.args(e)
	for _, key := range []string{"timeline.event." + kind, "timeline.said." + kind} {
		if words.Has(lang, key) {
			return s.by(e, strings.TrimSpace(words.Say(s.ctx, key, args)))
		}
	}
	switch _, counted := args["Count"]; {
	case !strings.HasPrefix(kind, "rule.") && !strings.HasPrefix(kind, "import."):
		return ""
	case counted:
		return s.by(e, words.Say(s.ctx, "timeline.said.other_count", args))
	}
	return s.by(e, words.T(s.ctx, "timeline.said.other"))
}

// move is one field that changed.
type move struct {
	event *timeline.Event
	name  string
}

// moves lists the changed fields of an event, what people ask about first.
func (s *speaker) moves(e *timeline.Event) []move {
	first := []string{"owner", "outlook", "renewal_date", "due_date", "amount", "status", "phase"}
	names := e.FieldNames()
	slices.SortStableFunc(names, func(a, b string) int { return rank(first, a) - rank(first, b) })
	out := make([]move, len(names))
	for i, name := range names {
		out[i] = move{e, name}
	}
	return out
}

// tell says the moves, each in a sentence while they are few.
func (s *speaker) tell(moves []move) []string {
	if len(moves) > few {
		return []string{s.inOne(moves)}
	}
	out := make([]string, len(moves))
	for i, m := range moves {
		out[i] = s.move(m, "")
	}
	return out
}

// text says moves within a longer sentence.
func (s *speaker) text(moves []move) string {
	if len(moves) == 1 {
		return s.move(moves[0], "")
	}
	return s.inOne(moves)
}

// inOne says many moves in one line.
func (s *speaker) inOne(moves []move) string {
	var parts []string
	for i, m := range moves {
		if i == most && len(moves) > most+1 {
			parts = append(parts, words.T(s.ctx, "timeline.brief.more", "Count", len(moves)-most))
			break
		}
		parts = append(parts, s.move(m, "brief."))
	}
	return words.T(s.ctx, "timeline.several", "Count", len(moves), "What", strings.Join(parts, words.T(s.ctx, "timeline.comma")))
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
		if name != "" {
			args[name], args[strings.ToUpper(name[:1])+name[1:]] = v, v
		}
	}
	for name := range e.Fields {
		set(name, s.value(e, name, 1))
	}
	for name, v := range e.Data {
		set(name, s.plain(v))
	}
	if n, ok := e.Data["count"].(json.Number); ok { // as a number: it chooses between one and many
		if count, err := strconv.Atoi(n.String()); err == nil {
			args["Count"] = count
		}
	}
	if len(e.Fields) > 0 {
		args["Text"] = s.text(s.moves(e))
	}
	for _, blank := range []string{"Why", "Words"} {
		if said, _ := args[blank].(string); said != "" {
			args[blank] = words.T(s.ctx, "timeline.why", "Words", said)
		}
	}
	return args
}

// move says one field: from, to; briefly when form is "brief.".
func (s *speaker) move(m move, form string) string {
	from, to, label := s.value(m.event, m.name, 0), s.value(m.event, m.name, 1), s.label(m.name)
	if form != "" {
		from, to = text.Excerpt(from, briefValue), text.Excerpt(to, briefValue)
	} else if t := s.typeOf(m.name); m.name == "outlook_why" || t == field.Text && s.fields[m.name].Key != "" {
		from, to = s.quoted(from), s.quoted(to)
	}
	switch {
	case from == "" && to == "":
		return words.T(s.ctx, "timeline."+form+"touched", "Field", label)
	case from == "":
		return words.T(s.ctx, "timeline."+form+"set", "Field", label, "To", to)
	case to == "":
		return words.T(s.ctx, "timeline."+form+"unset", "Field", label, "From", from)
	}
	return words.T(s.ctx, "timeline."+form+"changed", "Field", label, "From", from, "To", to)
}

// quoted sets somebody's own words apart from the sentence they stand in.
func (s *speaker) quoted(said string) string {
	if said == "" {
		return ""
	}
	return words.T(s.ctx, "timeline.quoted", "Words", said)
}

// causes are what stands behind a member's change, with the word that says so.
var causes = map[string]string{"import_undo": "undo", bus.BulkCause: bus.BulkCause, bulkUndo: bulkUndo}

// bulkUndo is the cause of what taking a change in bulk back changes.
const bulkUndo = "bulk_undo"

// bulkOf is the page of the change in bulk an event belongs to, "" if to none.
func bulkOf(e *timeline.Event) string {
	if e.CauseKind == bus.BulkCause || e.CauseKind == bulkUndo {
		return "/bulk/" + e.CauseID.String()
	}
	return ""
}

// by adds who did it, unless the sentence is the system's own.
func (s *speaker) by(e *timeline.Event, sentence string) string {
	if sentence == "" {
		return ""
	}
	if key := causes[e.CauseKind]; key != "" {
		sentence = words.T(s.ctx, "timeline.by."+key, "Text", sentence)
	}
	kind, name := author(e)
	key := "timeline.by." + kind
	switch {
	case kind == "system" || kind == "member" && name == "" || !words.Has(words.From(s.ctx).Lang, key):
		return sentence
	case kind != "member" && name != "" && strings.Contains(sentence, name):
		return sentence // its publisher named it already
	case kind != "member" && name != "":
		key += "_named"
	}
	return words.T(s.ctx, key, "Text", sentence, "Name", name)
}

// author is who speaks through an event. What rules and imports tell of
// themselves is theirs, whoever started them; one that is gone is called what
// it was called then.
func author(e *timeline.Event) (kind, name string) {
	kind, name = e.Actor.Kind, e.Actor.Name
	if own, _, _ := strings.Cut(e.Kind, "."); (own == "rule" || own == "import") && own != kind {
		kind, name = own, ""
	}
	if key := map[string]string{"rule": "rule", "import": "source"}[kind]; name == "" && key != "" {
		name, _ = e.Data[key].(string)
	}
	return kind, name
}

// ChangeView is one line of the history of fields, in words.
type ChangeView struct {
	Field, From, To string
	By              string // the member, 取り込み, the rule
	Import          id.ID  // 0 if it was not one
	Bulk            string // the page of the change in bulk it was part of
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
		out[i] = ChangeView{Field: s.label(c.Field), From: s.value(events[i], c.Field, 0), To: s.value(events[i], c.Field, 1),
			By: s.actor(c.Event.Actor), Bulk: bulkOf(events[i]), Change: c}
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
