package contract

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// plan turns a Query into conditions for walk.
type plan struct{ *walk.Plan }

func (s *Service) plan(ctx context.Context, a who.Actor, q Query) (plan, error) {
	p := plan{&walk.Plan{Limits: s.limits, Postgres: s.db.Postgres(), WS: a.Workspace}}
	p.setMode(q)
	if err := q.check(); err != nil {
		return p, err
	}
	if err := s.onlyReadable(ctx, a, p); err != nil {
		return p, err
	}
	p.builtin(q)
	if err := s.view(a, p, q.View); err != nil {
		return p, err
	}
	fields, parse, err := s.fieldsOf(ctx, a.Workspace, q)
	if err != nil {
		return p, err
	}
	for _, f := range q.Fields {
		c, err := p.Field(walk.FieldFilter(f), fields, parse)
		if err != nil {
			return p, err
		}
		p.Conds = append(p.Conds, c)
	}
	p.Order, err = orderOf(q.Sort, fields, a.Workspace)
	return p, err
}

// onlyReadable leaves out what the actor may not read, where anything is
// limited at all: without, a list walks its index alone.
func (s *Service) onlyReadable(ctx context.Context, a who.Actor, p plan) error {
	_, any, err := db.One(ctx, s.db, db.Value[id.ID], `SELECT id FROM contract WHERE workspace_id = $1 AND visibility = 'limited' LIMIT 1`, a.Workspace)
	if err == nil && any && !a.System {
		sql, args := audience.ContractMarks(a, "c")
		p.Mode = append(p.Mode, walk.OnRow(sql, args...))
	}
	return err
}

// OutlookChanged as Query.View finds contracts whose outlook is another one since
// a fortnight.
const OutlookChanged = "outlook"

// view adds the condition of a ready view.
func (s *Service) view(a who.Actor, p plan, name string) error {
	switch made := s.Views[name]; {
	case name == "":
		return nil
	case name == OutlookChanged:
		since := db.Micros(s.Now().AddDate(0, 0, -14))
		test := walk.OnRow("c.outlook_at > 0 AND c.outlook_at >= ? AND c.outlook_at > c.created_at", since)
		p.Conds = append(p.Conds, walk.Cond{Test: test,
			Probe: walk.SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ?", p.WS).And(test.Frag)})
	case made == nil:
		return errs.Field("view", "contract.err.view", "View", text.Line(name))
	default:
		p.Conds = append(p.Conds, made(a, s.Now()))
	}
	return nil
}

// fieldsOf reads what the custom fields of a query need, and no more.
func (s *Service) fieldsOf(ctx context.Context, ws id.ID, q Query) (byKey map[string]field.Field, parse field.ParseCtx, err error) {
	if len(q.Fields) == 0 && !strings.Contains(q.Sort, FieldPrefix) {
		return nil, parse, nil
	}
	all, err := s.fields.Load(ctx, s.db, ws)
	if err != nil {
		return nil, parse, err
	}
	byKey = keyed(all)
	wanted := map[field.Type]bool{}
	for _, f := range q.Fields {
		wanted[byKey[f.Key].Type] = true
	}
	if wanted[field.Member] {
		members, err := loadMembers(ctx, s.db, ws)
		if err != nil {
			return nil, parse, err
		}
		parse.Member = lookup(members)
	}
	if wanted[field.Money] {
		parse.Currency, err = workspaceCurrency(ctx, s.db, ws)
	}
	return byKey, parse, err
}

func keyed(fields []field.Field) map[string]field.Field {
	byKey := map[string]field.Field{}
	for _, f := range fields {
		byKey[f.Key] = f
	}
	return byKey
}

// check refuses days that are none, and names that are no attributes: they stand
// in the statement.
func (q Query) check() error {
	for name, d := range map[string]cal.Date{"renewal_from": q.RenewalFrom, "renewal_to": q.RenewalTo} {
		if d != "" && !d.Valid() {
			return errs.Field(name, "err.date", "Value", text.Line(string(d)))
		}
	}
	for _, name := range q.Without {
		if !slices.Contains([]string{"status", "phase", "outlook"}, name) {
			return errs.Field("without", "contract.err.filter", "Key", text.Line(name))
		}
	}
	return nil
}

func (p plan) setMode(q Query) {
	p.Alive, p.Sides = walk.SQL("c.live = TRUE"), []string{"c.live = TRUE"}
	if !q.Ended && !q.Archived {
		return
	}
	p.Alive, p.Sides = walk.SQL("c.live IN (TRUE, FALSE)"), []string{"c.live = TRUE", "c.live = FALSE"}
	if !q.Archived {
		p.Mode = append(p.Mode, walk.OnRow("c.archived_at = 0"))
	}
	if !q.Ended {
		p.Mode = append(p.Mode, walk.OnRow("c.ended_on = ''"))
	}
}

// builtin adds the conditions on a contract's own columns.
func (p plan) builtin(q Query) {
	add := func(lead bool, sql string, args ...any) {
		c := walk.Cond{Test: walk.OnRow(sql, args...)}
		if lead {
			c.Lead = "renewal"
		}
		c.Probe = walk.SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ? AND ", p.WS).Then(p.Alive).And(c.Test.Frag)
		if lead && len(p.Sides) == 1 {
			c.Probe = c.Probe.Add(" ORDER BY c.renewal_date, c.id") // see walk.Plan.Field
		}
		p.Conds = append(p.Conds, c)
	}
	switch {
	case q.Owner == NoOwner:
		add(true, "c.owner_id IS NULL")
	case q.Owner != 0:
		add(true, "c.owner_id = ?", q.Owner)
	}
	if q.Status != "" {
		add(true, "c.status = ?", text.Line(q.Status))
	}
	if q.Phase != "" {
		add(true, "c.phase = ?", text.Line(q.Phase))
	}
	if q.Outlook != "" {
		add(true, "c.outlook <> '' AND c.outlook = ?", text.Line(string(q.Outlook)))
	}
	for _, name := range q.Without {
		add(name != "outlook", "c."+name+" = ''")
	}
	if q.Unit != 0 {
		p.Conds = append(p.Conds, p.Unit(q.Unit, q.Unit == NoUnit))
	}
	if q.Org != 0 {
		add(false, "c.org_id = ?", q.Org)
	}
	if q.RenewalFrom != "" || q.RenewalTo != "" {
		from, to := q.RenewalFrom, q.RenewalTo
		if from == "" {
			from = "0001-01-01"
		}
		if to == "" {
			to = "9999-99-99"
		}
		add(false, "c.renewal_date >= ? AND c.renewal_date < ?", string(from), string(to))
		last := &p.Conds[len(p.Conds)-1]
		last.Bounds, last.BoundsSort = last.Test.Frag, "renewal"
	}
	if f := text.Fold(q.Q); f != "" {
		p.Conds = append(p.Conds, p.Words(f))
	}
}

// orderOf reads the name of a sort.
func orderOf(sort string, fields map[string]field.Field, ws id.ID) (walk.Order, error) {
	name, desc := strings.CutPrefix(sort, "-")
	switch name {
	case "", "renewal":
		return walk.ByColumn("renewal", "renewal_date", desc, " > ''", " = ''"), nil
	case "name":
		return walk.ByColumn(name, "name_fold", desc, "", ""), nil
	case "key":
		return walk.ByColumn(name, "key_fold", desc, "", ""), nil
	case "amount":
		return walk.ByColumn(name, "amount", desc, " IS NOT NULL", " IS NULL").OfNumbers(), nil
	}
	f, ok := fields[strings.TrimPrefix(name, FieldPrefix)]
	if !ok || f.Name() != name || !f.Indexed || f.Retired() || f.Type == field.Choices {
		return walk.Order{}, errs.Field("sort", "contract.err.sort", "Sort", name)
	}
	return walk.ByField(name, desc, ws, f.ID), nil
}
