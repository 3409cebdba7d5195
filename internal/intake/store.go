package intake

import (
	"context"
	"fmt"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
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
