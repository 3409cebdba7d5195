package timeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Age tells since when a field has its value, and by whom: a member, a rule,
// an import.
type Age struct {
	At time.Time
	By Actor
}

// Ages are those of a contract's fields.
type Ages struct {
	Changed map[string]Age
	Created Age // of every field that has not changed since
}

// agesDepth is how many events back an age is looked for: it bounds the cost of
// a page. What was saved before that, nobody is told the age of.
const agesDepth = 400

// Ages reads who gave each field of a contract the value it has: the newest
// events and the oldest one, two bounded walks of one index whatever the length
// of the trail. Deep is false when the walk did not reach the beginning, and
// Created then says nothing of fields that are not in Changed.
func (s *Service) Ages(ctx context.Context, contract id.ID) (ages Ages, deep bool, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return ages, false, err
	}
	if _, err := subjectOf(ctx, s.db, a, contract); err != nil {
		return ages, false, err
	}
	saves, err := eventsBefore(ctx, s.db, a.Workspace, contract, nil, agesDepth)
	if err != nil {
		return ages, false, err
	}
	deep = len(saves) < agesDepth
	saves = slices.DeleteFunc(saves, func(e Event) bool { return !strings.HasPrefix(e.Kind, ofContract) || len(e.Fields) == 0 })
	first, _, err := db.One(ctx, s.db, scanEvent, eventSelect+`e.workspace_id = $1 AND e.contract_id = $2
		ORDER BY e.at, e.id LIMIT 1`, a.Workspace, contract)
	if err != nil {
		return ages, false, err
	}
	entries := make([]Entry, 0, len(saves)+1)
	for i := range saves {
		entries = append(entries, Entry{Event: &saves[i]})
	}
	if err := s.nameActors(ctx, a.Workspace, append(entries, Entry{Event: &first})); err != nil {
		return ages, false, err
	}
	ages.Changed, ages.Created = map[string]Age{}, Age{first.At, first.Actor}
	for _, e := range saves {
		for name := range e.Fields {
			if _, newer := ages.Changed[name]; !newer {
				ages.Changed[name] = Age{e.At, e.Actor}
			}
		}
	}
	return ages, deep, nil
}
