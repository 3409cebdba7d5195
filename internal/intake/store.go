package intake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/compare"
	"kizuki/internal/text"
)

// chunk is how many rows are read or written at a time.
const chunk = 1000

// inList is how many values one IN list holds.
const inList = 500

const selectImport = `SELECT i.id, i.source_id, s.name, i.member_id, coalesce(m.name, ''), i.file_name, i.sheet, i.mode,
	i.mapping, i.state, i.done_rows, i.total_rows, i.counts, i.plan, i.problem, i.base_import_id, i.at, i.applied_at, i.undone_at,
	i.successions FROM import i JOIN source s ON s.workspace_id = i.workspace_id AND s.id = i.source_id
	LEFT JOIN member m ON m.workspace_id = i.workspace_id AND m.id = i.member_id WHERE `

func scanImport(r db.Row) (Import, error) {
	var i Import
	var mapping db.JSON[Mapping]
	var counts db.JSON[Counts]
	var plan db.JSON[Plan]
	var problem db.JSON[*Problem]
	var succeeds db.JSON[map[string]id.ID]
	err := r.Scan(&i.ID, &i.SourceID, &i.SourceName, &i.MemberID, &i.MemberName, &i.FileName, &i.Sheet, &i.Mode,
		&mapping, &i.State, &i.Done, &i.Total, &counts, &plan, &problem, &i.BaseID, (*db.Time)(&i.At),
		(*db.Time)(&i.AppliedAt), (*db.Time)(&i.UndoneAt), &succeeds)
	i.Mapping, i.Counts, i.Plan, i.Problem, i.Succeeds = mapping.V, counts.V, plan.V, problem.V, succeeds.V
	return i, err
}

func oneImport(ctx context.Context, q db.Queryer, ws, importID id.ID) (Import, error) {
	i, found, err := db.One(ctx, q, scanImport, selectImport+`i.workspace_id = $1 AND i.id = $2`, ws, importID)
	if err == nil && !found {
		err = errs.Missing("import")
	}
	return i, err
}

func listImports(ctx context.Context, q db.Queryer, ws, source, before id.ID, limit int) ([]Import, error) {
	var w db.Where
	w.And("i.workspace_id = ?", ws)
	if source != 0 {
		w.And("i.source_id = ?", source)
	}
	if before != 0 {
		w.And("i.id < ?", before)
	}
	return db.All(ctx, q, scanImport, selectImport+w.SQL()+" ORDER BY i.id DESC LIMIT "+w.Arg(limit), w.Args()...)
}

func insertImport(ctx context.Context, tx *db.Tx, ws id.ID, i Import, sha string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO import (workspace_id, id, source_id, member_id, file_name, file_sha, sheet, mode,
		mapping, plan, state, counts, problem, created, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', $10, '{}', 'null', '{}', $11)`,
		ws, i.ID, i.SourceID, i.MemberID, i.FileName, sha, i.Sheet, i.Mode, db.AsJSON(i.Mapping), i.State, db.Time(i.At))
	return err
}

// findSource gives the source of a name, and makes it if there is none.
func findSource(ctx context.Context, tx *db.Tx, ws id.ID, name string, owner id.ID, now time.Time) (id.ID, error) {
	if _, err := db.Exec(ctx, tx, `INSERT INTO source (workspace_id, id, name, name_fold, owner_id, mapping, created_at)
		VALUES ($1, $2, $3, $4, $5, '{"columns":{}}', $6) ON CONFLICT (workspace_id, name_fold) DO NOTHING`,
		ws, id.New(), name, text.Fold(name), owner, db.Time(now)); err != nil {
		return 0, err
	}
	source, _, err := db.One(ctx, tx, db.Value[id.ID], `SELECT id FROM source WHERE workspace_id = $1 AND name_fold = $2`,
		ws, text.Fold(name))
	return source, err
}

const selectSource = `SELECT s.id, s.name, s.owner_id, coalesce(m.name, ''), s.mapping, s.last_import_id, coalesce(i.applied_at, 0),
	(SELECT count(*) FROM source_key k WHERE k.workspace_id = s.workspace_id AND k.source_id = s.id
		AND k.absent_since > 0 AND k.review = '')
	FROM source s LEFT JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.owner_id
	LEFT JOIN import i ON i.workspace_id = s.workspace_id AND i.id = s.last_import_id WHERE `

func scanSource(r db.Row) (Source, error) {
	var s Source
	var mapping db.JSON[Mapping]
	err := r.Scan(&s.ID, &s.Name, &s.OwnerID, &s.OwnerName, &mapping, &s.LastImport, (*db.Time)(&s.LastAt), &s.Absent)
	s.Mapping = mapping.V
	return s, err
}

func listSources(ctx context.Context, q db.Queryer, ws id.ID) ([]Source, error) {
	return db.All(ctx, q, scanSource, selectSource+`s.workspace_id = $1 ORDER BY s.name_fold LIMIT 500`, ws)
}

func oneSource(ctx context.Context, q db.Queryer, ws, source id.ID) (Source, error) {
	s, found, err := db.One(ctx, q, scanSource, selectSource+`s.workspace_id = $1 AND s.id = $2`, ws, source)
	if err == nil && !found {
		err = errs.Missing("source")
	}
	return s, err
}

const insertRow = `INSERT INTO import_row (workspace_id, import_id, line, key_fold, outcome, contract_id, before, after, problems,
	brought, seen_import_id, seen_at, seen_brought, was_import_id, was_at)`

// insertRows writes staged rows and how far the import has come.
func insertRows(ctx context.Context, tx *db.Tx, ws, importID id.ID, rows []compare.Row, done int) error {
	list := make([][]any, len(rows))
	for i, r := range rows {
		problems := any("[]")
		if len(r.Problems) > 0 {
			problems = db.AsJSON(r.Problems)
		}
		list[i] = []any{ws, importID, r.Line, r.KeyFold, string(r.Outcome), r.Contract, r.RawBefore, r.RawAfter, problems,
			r.Brought, r.Seen.LastImport, r.Seen.LastSeen, r.Seen.Brought, r.WasImport, r.WasAt}
	}
	if err := db.Bulk(ctx, tx, insertRow, "", list); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `UPDATE import SET done_rows = $3 WHERE workspace_id = $1 AND id = $2`, ws, importID, done)
	return err
}

func scanRow(r db.Row) (out compare.Row, err error) {
	var problems db.JSON[[]Problem]
	if err := r.Scan(&out.Line, &out.KeyFold, &out.Outcome, &out.Contract, &out.RawBefore, &out.RawAfter, &problems,
		&out.Seen.LastSeen); err != nil {
		return out, err
	}
	out.Problems = problems.V
	if out.Before, err = compare.Decode(out.RawBefore); err == nil {
		out.After, err = compare.Decode(out.RawAfter)
	}
	return out, err
}

// readRows gives rows of some outcomes behind a line: upwards in the file's
// order; absent ones have negative lines.
func readRows(ctx context.Context, q db.Queryer, ws, importID id.ID, after int, limit int, outcomes ...Outcome) ([]compare.Row, error) {
	var w db.Where
	w.And("workspace_id = ? AND import_id = ? AND line > ?", ws, importID, after)
	db.In(&w, "outcome", outcomes)
	return db.All(ctx, q, scanRow, `SELECT line, key_fold, outcome, contract_id, before, after, problems, seen_at
		FROM import_row WHERE `+w.SQL()+" ORDER BY line LIMIT "+w.Arg(limit), w.Args()...)
}

// contractsOf gives the contracts of rows that carry nothing to write.
func contractsOf(ctx context.Context, q db.Queryer, ws, importID id.ID, outcome Outcome) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT contract_id FROM import_row WHERE workspace_id = $1 AND import_id = $2
		AND outcome = $3`, ws, importID, string(outcome))
}

func rewriteRow(ctx context.Context, tx *db.Tx, ws, importID id.ID, r compare.Row) error {
	_, err := db.Exec(ctx, tx, `UPDATE import_row SET before = $4, after = $5 WHERE workspace_id = $1 AND import_id = $2 AND line = $3`,
		ws, importID, r.Line, r.RawBefore, r.RawAfter)
	return err
}

// forgetRows empties an import before it is staged again, or when it is
// dropped. It deletes in parts: rows are many, and nobody must wait.
func (s *Service) forgetRows(ctx context.Context, ws, importID id.ID) error {
	for {
		var n int64
		err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = db.Exec(ctx, tx, `DELETE FROM import_row WHERE workspace_id = $1 AND import_id = $2 AND line IN
				(SELECT line FROM import_row WHERE workspace_id = $1 AND import_id = $2 ORDER BY line LIMIT 20000)`, ws, importID)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// moveState changes the state if it is one of from; it reports whether it was.
func moveState(ctx context.Context, tx *db.Tx, ws, importID id.ID, to State, from ...State) (bool, error) {
	var w db.Where
	set := w.Arg(string(to))
	w.And("workspace_id = ? AND id = ?", ws, importID)
	db.In(&w, "state", from)
	n, err := db.Exec(ctx, tx, "UPDATE import SET state = "+set+" WHERE "+w.SQL(), w.Args()...)
	return n > 0, err
}

// set writes columns of an import; the pairs are column, value.
func setImport(ctx context.Context, tx *db.Tx, ws, importID id.ID, pairs ...any) error {
	var w db.Where
	var sets []string
	for i := 0; i < len(pairs); i += 2 {
		sets = append(sets, fmt.Sprintf("%s = %s", pairs[i], w.Arg(pairs[i+1])))
	}
	w.And("workspace_id = ? AND id = ?", ws, importID)
	_, err := db.Exec(ctx, tx, "UPDATE import SET "+strings.Join(sets, ", ")+" WHERE "+w.SQL(), w.Args()...)
	return err
}
