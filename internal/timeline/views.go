package timeline

import (
	"context"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Quiet is the condition, for a list of contracts, that no person has written
// about one since a moment, as far as the actor may know, and that it has been
// there that long.
func Quiet(a who.Actor, since time.Time) walk.Cond {
	seen, args := audience.NoteMarks(a, "n")
	args = append([]any{db.Micros(since), db.Micros(since)}, args...)
	return walk.Cond{Test: walk.OnRow(`c.created_at < ? AND NOT EXISTS (SELECT 1 FROM note n WHERE n.workspace_id = c.workspace_id
		AND n.contract_id = c.id AND n.at >= ? AND n.deleted_at = 0 AND n.author_id IS NOT NULL AND `+seen+")", args...)}
}

// Hunched is the condition that somebody has had a hunch about a contract since
// a moment, which the actor may read.
func Hunched(a who.Actor, since time.Time) walk.Cond {
	seen, args := audience.NoteMarks(a, "n")
	of := append([]any{db.Micros(since)}, args...)
	return walk.Cond{
		Test: walk.OnRow(`EXISTS (SELECT 1 FROM note n WHERE n.workspace_id = c.workspace_id AND n.contract_id = c.id
			AND n.hunch <> '' AND n.at >= ? AND n.deleted_at = 0 AND `+seen+")", of...),
		Probe: walk.SQL(`SELECT n.contract_id AS id FROM note n WHERE n.workspace_id = ? AND n.hunch <> '' AND n.at >= ?
			AND n.deleted_at = 0 AND `+seen, append([]any{a.Workspace}, of...)...),
	}
}

// LatestHunches gives the newest hunch of each contract that the actor may read,
// in one query; contracts without are not in the answer.
func (s *Service) LatestHunches(ctx context.Context, contracts []id.ID) (map[id.ID]Excerpt, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(contracts) == 0 {
		return nil, err
	}
	notes, err := newestOf(ctx, s.db, a, contracts, "p.hunch <> '' AND ")
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]Excerpt, len(notes))
	for _, n := range notes {
		out[n.Contract] = excerptOf(n)
	}
	return out, s.shown(ctx, a, pointers(notes))
}
