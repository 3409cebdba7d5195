// Package today gathers what needs a member now into one queue: tasks that are
// due, people who called, rows that vanished from an imported list.
package today

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Kind is what a matter is about.
type Kind string

// The kinds.
const (
	Tasks  Kind = "tasks"  // due tasks of one contract, or one free task
	Called Kind = "called" // a mention or a reply not yet read
	Absent Kind = "absent" // a contract that is missing from its list
)

// wordMinutes is how long reading a word or looking after a vanished row is
// taken to need.
const wordMinutes = 1

// Absence is a contract that was in a source before and is not in its newest
// list.
type Absence struct {
	Key      string // names it in addresses
	Contract id.ID
	Source   string
	Since    time.Time
	For      id.ID // whose line it is
}

// Matter is one line of the queue.
type Matter struct {
	Key      string // stable while the matter lasts; part of its address
	Kind     Kind
	For      Person // whom the actor stands in for; nobody for one's own line
	Contract id.ID  // 0 for a free task
	Org      string
	Name     string // of the contract
	Renewal  cal.Date
	Since    cal.Date // when it came up: orders the queue; what came up before it is due belongs to today
	Folded   bool     // a generated check beyond what a day holds
	Tasks    []task.Item
	Notice   timeline.Notice
	Absence  Absence
}

// Queue is a member's day.
type Queue struct {
	Matters []Matter
	Count   int // all matters, also those beyond the shown ones
	Minutes int
	Today   cal.Date
}

// Find gives the matter of a key.
func (q Queue) Find(key string) (Matter, bool) {
	i := slices.IndexFunc(q.Matters, func(m Matter) bool { return m.Key == key })
	if i < 0 {
		return Matter{}, false
	}
	return q.Matters[i], true
}

// Person is a member as a line names one.
type Person struct {
	ID   id.ID
	Name string
}

// Absences gives the rows that members have to review; imports stand above this
// package, so the app hands the function in.
type Absences func(ctx context.Context, members []id.ID) ([]Absence, error)

// Covers gives the members the actor stands in for today. Their lines are in
// the actor's queue, too.
type Covers func(ctx context.Context) ([]Person, error)

// Budget is how many minutes of generated checks a day holds; rules keep it, so
// the app hands the function in.
type Budget func(ctx context.Context) (int, error)

// Service builds the queue out of what the features know.
type Service struct {
	Now      func() time.Time
	Absences Absences
	Covers   Covers
	Budget   Budget // nil = all is shown
	tasks    *task.Service
	timeline *timeline.Service
	load     Load
}

// Load reads contracts by id in one query, without those the actor may not see.
type Load func(ctx context.Context, ids []id.ID) (map[id.ID]contract.Contract, error)

// New makes the service.
func New(tasks *task.Service, t *timeline.Service, load Load) *Service {
	return &Service{Now: time.Now, tasks: tasks, timeline: t, load: load,
		Absences: func(context.Context, []id.ID) ([]Absence, error) { return nil, nil },
		Covers:   func(context.Context) ([]Person, error) { return nil, nil }}
}

// Queue is what needs the actor today, the longest waiting first: a fixed
// number of queries, however much there is.
func (s *Service) Queue(ctx context.Context) (Queue, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Queue{}, err
	}
	q := Queue{Today: cal.Of(s.Now().In(a.Location()))}
	due, err := s.tasks.Queue(ctx, a.Member, q.Today)
	if err != nil {
		return q, err
	}
	q.Matters = byContract(due.Items, q.Today)
	q.Count, q.Minutes = len(q.Matters)+max(due.Count-len(due.Items), 0), due.Minutes
	covered, err := s.Covers(ctx)
	if err != nil {
		return q, err
	}
	if err := s.standIn(ctx, &q, covered); err != nil {
		return q, err
	}
	words, unseen, err := s.words(ctx, a)
	if err != nil {
		return q, err
	}
	absent, err := s.absent(ctx, a, covered)
	if err != nil {
		return q, err
	}
	more := append(words, absent...)
	q.Matters = append(q.Matters, more...)
	q.Count += len(more) + unseen
	q.Minutes += wordMinutes * (len(more) + unseen)
	if err := s.name(ctx, q.Matters); err != nil {
		return q, err
	}
	slices.SortStableFunc(q.Matters, order)
	return q, s.fold(ctx, &q)
}

// fold puts aside the generated checks beyond the day's budget. What is late,
// what somebody put off to today and what people made themselves stays in sight.
func (s *Service) fold(ctx context.Context, q *Queue) error {
	if s.Budget == nil {
		return nil
	}
	budget, err := s.Budget(ctx)
	if err != nil {
		return err
	}
	left := budget
	for _, foldable := range []bool{false, true} { // what stays takes its room first
		for i := range q.Matters {
			m := &q.Matters[i]
			minutes, may := m.checks(q.Today)
			if may != foldable || minutes == 0 {
				continue
			}
			if m.Folded = may && minutes > left && left < budget; !m.Folded {
				left -= minutes
			}
		}
	}
	return nil
}

// checks is how many minutes the generated tasks of a matter take, and whether
// it is nothing but such tasks of the day.
func (m Matter) checks(today cal.Date) (minutes int, foldable bool) {
	foldable = true
	for _, t := range m.Tasks {
		foldable = foldable && t.OriginKind == task.RuleOrigin && t.SnoozeUntil == "" && t.Due >= today
		switch {
		case t.OriginKind != task.RuleOrigin:
		case t.Minutes == 0:
			minutes += task.AssumedMinutes
		default:
			minutes += t.Minutes
		}
	}
	return minutes, foldable
}

// standIn adds the due tasks of those the actor stands in for.
func (s *Service) standIn(ctx context.Context, q *Queue, covered []Person) error {
	if len(covered) == 0 {
		return nil
	}
	members := make([]id.ID, len(covered))
	for i, p := range covered {
		members[i] = p.ID
	}
	due, err := s.tasks.QueueFor(ctx, members, q.Today)
	if err != nil {
		return err
	}
	lines := 0
	for _, p := range covered {
		var theirs []task.Item
		for _, t := range due.Items {
			if t.Owner == p.ID {
				theirs = append(theirs, t)
			}
		}
		for _, m := range byContract(theirs, q.Today) {
			if m.Contract != 0 { // a contract may have a line of one's own, too
				m.Key += "-" + p.ID.String()
			}
			m.For = p
			q.Matters = append(q.Matters, m)
			lines++
		}
	}
	q.Count += lines + max(due.Count-len(due.Items), 0)
	q.Minutes += due.Minutes
	return nil
}

// order: what waits longest first; on one day people before lists.
func order(a, b Matter) int {
	return cmp.Or(strings.Compare(string(a.Since), string(b.Since)), cmp.Compare(rank[a.Kind], rank[b.Kind]))
}

var rank = map[Kind]int{Called: 0, Tasks: 1, Absent: 2}

// byContract makes one matter of all due tasks of a contract.
func byContract(items []task.Item, today cal.Date) []Matter {
	var out []Matter
	at := map[id.ID]int{}
	for _, t := range items {
		since := t.Due
		if t.SnoozeUntil != "" {
			since = t.SnoozeUntil
		} else if t.Plan != "" {
			since = today
		}
		if i, ok := at[t.Contract]; ok && t.Contract != 0 {
			out[i].Tasks, out[i].Since = append(out[i].Tasks, t), min(out[i].Since, since)
			continue
		}
		key := "t" + t.ID.String()
		if t.Contract != 0 {
			at[t.Contract] = len(out)
			key = "c" + t.Contract.String()
		}
		out = append(out, Matter{Key: key, Kind: Tasks, Contract: t.Contract, Since: since, Tasks: []task.Item{t}})
	}
	return out
}

// wordsShown bounds how many unread words the queue holds, inboxPages how far
// back it looks for them among those that were read.
const (
	wordsShown = 50
	inboxPage  = 200
	inboxPages = 10
)

// words are the newest unread ones, and how many more there are. Most days that
// is one page of the inbox, or none.
func (s *Service) words(ctx context.Context, a who.Actor) (out []Matter, left int, err error) {
	left, err = s.timeline.Unread(ctx)
	cursor := ""
	for page := 0; err == nil && left > 0 && page < inboxPages; page++ {
		var list []timeline.Notice
		list, cursor, err = s.timeline.Inbox(ctx, cursor, inboxPage)
		for _, n := range list {
			if !n.Read && n.Contract != 0 && len(out) < wordsShown {
				left--
				out = append(out, Matter{Key: "n" + n.ID.String(), Kind: Called, Contract: n.Contract,
					Since: cal.Of(n.At.In(a.Location())), Notice: n})
			}
		}
		if cursor == "" || len(out) == wordsShown {
			break
		}
	}
	return out, left, err
}

func (s *Service) absent(ctx context.Context, a who.Actor, covered []Person) ([]Matter, error) {
	if a.Member == 0 {
		return nil, nil
	}
	members, people := []id.ID{a.Member}, map[id.ID]Person{}
	for _, p := range covered {
		members, people[p.ID] = append(members, p.ID), p
	}
	list, err := s.Absences(ctx, members)
	if err != nil {
		return nil, err
	}
	var out []Matter
	for _, x := range list {
		out = append(out, Matter{Key: "a" + x.Key, Kind: Absent, Contract: x.Contract, For: people[x.For],
			Since: cal.Of(x.Since.In(a.Location())), Absence: x})
	}
	return out, nil
}

// name puts the contracts' names to the matters; one query for all.
func (s *Service) name(ctx context.Context, list []Matter) error {
	var ids []id.ID
	for _, m := range list {
		if m.Contract != 0 {
			ids = append(ids, m.Contract)
		}
	}
	contracts, err := s.load(ctx, ids)
	if err != nil {
		return err
	}
	for i := range list {
		c := contracts[list[i].Contract]
		list[i].Org, list[i].Name, list[i].Renewal = c.OrgName, c.Name, c.RenewalDate
	}
	return nil
}

// Done settles the first thing of a matter: its oldest task, or the word that
// called (read), which a viewer may settle, too. A vanished row needs a decision
// and is not done by a key.
func (s *Service) Done(ctx context.Context, key, words string) (Matter, error) {
	m, err := s.find(ctx, key)
	if err != nil {
		return m, err
	}
	switch m.Kind {
	case Tasks:
		_, err = s.tasks.Done(ctx, m.Tasks[0].ID, words, false)
	case Called:
		err = s.timeline.MarkRead(ctx, m.Notice.ID)
	default:
		err = errs.New(errs.Stopped, "today.err.decide")
	}
	return m, err
}

// Snooze puts all tasks of a matter off to a day, or the next business day
// after a closed one. Words that called cannot be put off.
func (s *Service) Snooze(ctx context.Context, key string, until cal.Date) (Matter, error) {
	m, err := s.find(ctx, key)
	if err != nil {
		return m, err
	}
	if m.Kind != Tasks {
		return m, errs.New(errs.Stopped, "today.err.only_tasks")
	}
	for _, t := range m.Tasks {
		if _, err := s.tasks.Snooze(ctx, t.ID, until); err != nil {
			return m, err
		}
	}
	return m, nil
}

// find is the actor's own matter; what is done with it asks for the right.
func (s *Service) find(ctx context.Context, key string) (Matter, error) {
	q, err := s.Queue(ctx)
	if err != nil {
		return Matter{}, err
	}
	m, ok := q.Find(key)
	if !ok {
		return m, errs.Missing("matter")
	}
	return m, nil
}
