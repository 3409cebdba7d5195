package intake

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Row is one row of a preview.
type Row struct {
	Line     int // in the file; negative for absent rows
	Outcome  Outcome
	Contract id.ID
	Key      string
	Name     string
	Org      string
	LastSeen time.Time         // absent: when the source last had it
	Changes  map[string][2]any // attribute → [from, to]
	Problems []Problem
	Currency string // of its amounts
	NextTerm bool   // the dates begin the next term
}

// Preview gives rows of an outcome, in the order of the file, behind a cursor
// ("" = from the beginning).
func (s *Service) Preview(ctx context.Context, importID id.ID, o Outcome, cursor string, limit int) (rows []Row, next string, err error) {
	a, imp, err := s.one(ctx, who.Read, importID)
	if err != nil {
		return nil, "", err
	}
	if !slices.Contains(Outcomes(), o) {
		return nil, "", errs.Field("outcome", "err.choice")
	}
	after := math.MinInt32
	if cursor != "" {
		if after, err = strconv.Atoi(cursor); err != nil {
			return nil, "", errs.Field("cursor", "err.cursor")
		}
	}
	limit = min(max(limit, 1), 200)
	found, err := staged.Read(ctx, s.db, a.Workspace, importID, after, limit+1, o)
	if err != nil {
		return nil, "", err
	}
	if len(found) > limit {
		found = found[:limit]
		next = strconv.Itoa(found[limit-1].Line)
	}
	if found, err = s.readable(ctx, a, imp, found); err != nil {
		return nil, "", err
	}
	rows, err = s.show(ctx, a.Workspace, imp.Plan, found)
	return rows, next, err
}

// readable leaves out rows of contracts that the actor may not read: somebody
// else may have staged the file. What a file makes is nobody's secret until then.
func (s *Service) readable(ctx context.Context, a who.Actor, imp Import, rows []compare.Row) ([]compare.Row, error) {
	var unread []string // keys of rows that could not be read: whose they are is looked up
	for _, r := range rows {
		if r.Outcome == Invalid && a.Member != imp.MemberID {
			unread = append(unread, r.KeyFold)
		}
	}
	known, err := sources.Seen(ctx, s.db, a.Workspace, imp.SourceID, unread)
	if err != nil {
		return nil, err
	}
	under, err := s.contracts.LoadByKeys(ctx, s.db, a.Workspace, unread)
	if err != nil {
		return nil, err
	}
	of := func(r compare.Row) id.ID {
		switch {
		case r.Outcome == Invalid:
			return cmp.Or(r.Contract, known[r.KeyFold].Contract, under[r.KeyFold].ID)
		case r.Outcome == Created && imp.State != Applied:
			return 0
		}
		return r.Contract
	}
	var ids []id.ID
	for _, r := range rows {
		ids = append(ids, of(r))
	}
	seen, err := audience.SeesContracts(ctx, s.db, a, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r compare.Row) bool { c := of(r); return c != 0 && !seen[c] }), nil
}

// show adds the names that the rows of existing contracts do not carry.
func (s *Service) show(ctx context.Context, ws id.ID, plan Plan, found []compare.Row) ([]Row, error) {
	var ids []id.ID
	for _, r := range found {
		if r.Contract != 0 && r.Outcome != Created {
			ids = append(ids, r.Contract)
		}
	}
	contracts, err := s.contracts.Load(ctx, s.db, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(found))
	for i, r := range found {
		c := contracts[r.Contract]
		out[i] = Row{Line: r.Line, Outcome: r.Outcome, Contract: c.ID, Key: c.Key, Name: c.Name, Org: c.OrgName, Currency: c.Currency,
			LastSeen: db.FromMicros(r.Seen.LastSeen), Problems: r.Problems, NextTerm: r.After.Term > 0}
		if c.ID == 0 {
			out[i].named(r, plan)
		}
		if out[i].Changes, err = compare.Changes(r.Before, r.After); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// named takes the names from the row itself.
func (out *Row) named(r compare.Row, plan Plan) {
	out.Key, out.Name, out.Currency = word(r.After.Values["key"]), word(r.After.Values["name"]), word(r.After.Values["currency"])
	if r.After.Org != nil {
		out.Org = r.After.Org.Name
	}
	if r.Outcome == Invalid {
		out.Key, out.Name, out.Org = r.Cell(plan, "key"), r.Cell(plan, "name"), r.Cell(plan, "organization")
	}
}

func word(v any) string { s, _ := v.(string); return s }

// Result sums an import up, with the first problems in the order of the file.
func (s *Service) Result(ctx context.Context, imp Import) (Result, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Result{}, err
	}
	out := Result{Import: imp.ID, Counts: imp.Counts, Problems: []Problem{}}
	if imp.State == Applied || imp.State == Undone {
		out.ID = imp.ID
	}
	for after := 0; len(out.Problems) < MaxProblems; {
		rows, err := staged.Read(ctx, s.db, a.Workspace, imp.ID, after, chunk, Invalid)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		after = rows[len(rows)-1].Line
		if rows, err = s.readable(ctx, a, imp, rows); err != nil {
			return out, err
		}
		for _, r := range rows {
			out.Problems = append(out.Problems, r.Problems...)
		}
	}
	out.Problems = out.Problems[:min(len(out.Problems), MaxProblems)]
	return out, nil
}

// Joined lists the names of a file that were taken for an organization
// spelled otherwise; each can be split off again with org.Split.
func (s *Service) Joined(ctx context.Context, importID id.ID) ([]Joining, error) {
	imp, err := s.Get(ctx, importID)
	return imp.Plan.Joinings, err
}

// ErrorFile writes the invalid rows as they were in the file, one line for
// each problem's row, with where and why behind: UTF-8 with a byte order mark,
// so that Excel reads it. say puts a problem into the reader's words; heads
// are the names of the three columns row, column, why.
func (s *Service) ErrorFile(ctx context.Context, importID id.ID, w io.Writer, heads [3]string, say func(Problem) string) error {
	a, imp, err := s.one(ctx, who.Read, importID)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var head []string
	for _, c := range imp.Plan.Columns {
		head = append(head, text.Cell(c.Name))
	}
	if err := out.Write(append(head, heads[:]...)); err != nil {
		return err
	}
	for after := 0; ; {
		rows, err := staged.Read(ctx, s.db, a.Workspace, importID, after, chunk, Invalid)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			out.Flush()
			return out.Error()
		}
		after = rows[len(rows)-1].Line
		if rows, err = s.readable(ctx, a, imp, rows); err != nil {
			return err
		}
		for _, r := range rows {
			if err := out.Write(r.ErrorLine(say)); err != nil {
				return err
			}
		}
	}
}

// FieldsFor gives the custom fields the attributes of a preview may name: those
// there are, and those the import makes.
func (s *Service) FieldsFor(ctx context.Context, imp Import) (map[string]field.Field, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	all, err := s.fields.Load(ctx, s.db, a.Workspace)
	out := map[string]field.Field{}
	for _, f := range all {
		out[f.Name()] = f
	}
	for _, n := range imp.Plan.NewFields {
		if _, there := out[columns.FieldPrefix+n.Key]; !there {
			out[columns.FieldPrefix+n.Key] = field.Field{Key: n.Key, Type: n.Type, Labels: map[string]string{columns.LangOf(n.Label): n.Label}, Options: n.Options}
		}
	}
	return out, err
}
