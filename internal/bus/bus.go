// Package bus carries news upward: a feature publishes what changed inside
// its transaction, and features above it answer in that same transaction, so
// that either all of it is stored or nothing. Effects outside the database
// are job rows written by a subscriber.
package bus

import (
	"context"
	"errors"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Kind names what happened, "thing.act".
type Kind string

// Change is one thing that happened to one record.
type Change struct {
	Kind      Kind
	Workspace id.ID
	Contract  id.ID             // the contract it belongs to, 0 if none
	Ref       id.ID             // the record itself
	Fields    map[string][2]any // field → [from, to], as they are stored in the history
	Data      map[string]any    // what a reader of the trail needs besides
	By        Cause             // filled by Publish
}

// Cause is who or what brought a change about. ActorKind is member, import,
// rule or system.
type Cause struct {
	ActorKind string
	ActorID   id.ID
	Kind      string // what it answered to, e.g. "import", "rule_firing"
	ID        id.ID
	Depth     int // how many rules stand between a person's act and this
}

// Sliced reports whether the changes of one cause come in several slices: what
// answers to them once a cause goes by its ID.
func (c Cause) Sliced() bool { return c.Kind == BulkCause }

// BulkCause is the Kind of what a member changes in bulk; the ID is the act.
const BulkCause = "bulk"

// MaxDepth is how long a chain of rules answering rules may get.
const MaxDepth = 3

// ErrTooDeep stops rules that answer each other.
var ErrTooDeep = errors.New("bus: rules answer each other too often")

type causeKey struct{}

// Because marks all changes made under the returned context as the doing of
// an import or a rule instead of the member who is signed in.
func Because(ctx context.Context, c Cause) context.Context {
	return context.WithValue(ctx, causeKey{}, c)
}

// CauseOf is the cause in force: the one set by Because, else the actor.
func CauseOf(ctx context.Context) Cause {
	if c, ok := ctx.Value(causeKey{}).(Cause); ok {
		return c
	}
	if a := who.From(ctx); a.Member != 0 {
		return Cause{ActorKind: "member", ActorID: a.Member}
	}
	return Cause{ActorKind: "system"}
}

// Handler answers to changes inside the transaction that made them.
type Handler func(ctx context.Context, tx *db.Tx, changes []Change) error

type subscription struct {
	kinds map[Kind]bool // nil = all
	f     Handler
}

// Bus knows who wants to hear what. It is filled once, at start, in app.
type Bus struct{ subs []subscription }

// New makes an empty bus.
func New() *Bus { return &Bus{} }

// Subscribe adds a handler for the kinds, for all if none is named. Handlers
// are called in the order of their subscription.
func (b *Bus) Subscribe(f Handler, kinds ...Kind) {
	s := subscription{f: f}
	if len(kinds) > 0 {
		s.kinds = map[Kind]bool{}
		for _, k := range kinds {
			s.kinds[k] = true
		}
	}
	b.subs = append(b.subs, s)
}

// Publish tells the subscribers, which may publish in turn. The first error
// ends it, and with it the transaction.
func (b *Bus) Publish(ctx context.Context, tx *db.Tx, changes ...Change) error {
	by := CauseOf(ctx)
	if by.Depth > MaxDepth {
		return ErrTooDeep
	}
	for i := range changes {
		changes[i].By = by
	}
	for _, s := range b.subs {
		if wanted := s.pick(changes); len(wanted) > 0 {
			if err := s.f(ctx, tx, wanted); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s subscription) pick(changes []Change) []Change {
	if s.kinds == nil {
		return changes
	}
	var out []Change
	for _, c := range changes {
		if s.kinds[c.Kind] {
			out = append(out, c)
		}
	}
	return out
}
