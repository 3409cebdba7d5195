package rule

import (
	"kizuki/internal/contract/walk"
	"kizuki/internal/id"
	"kizuki/internal/task"
)

// Made is the condition that a task c was made by a rule, for lists of tasks.
func Made(ws, rule id.ID) walk.Cond {
	return walk.Cond{
		Test: walk.OnRow("c.origin_kind = ? AND (SELECT f.rule_id FROM rule_firing f WHERE f.workspace_id = c.workspace_id AND f.id = c.origin_id) = ?", task.RuleOrigin, rule),
		Probe: walk.SQL(`SELECT c.id FROM rule_firing f CROSS JOIN task c WHERE f.workspace_id = ? AND f.rule_id = ?
			AND c.workspace_id = ? AND c.origin_kind = ? AND c.origin_id = f.id`, ws, rule, ws, task.RuleOrigin),
	}
}
