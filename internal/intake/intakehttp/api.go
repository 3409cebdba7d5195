package intakehttp

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/who"
)

// ImportJSON is an import in REST.
type ImportJSON struct {
	ID         id.ID         `json:"id"`
	Source     string        `json:"source"`
	File       string        `json:"file"`
	Mode       intake.Mode   `json:"mode" enum:"snapshot,delta"`
	State      intake.State  `json:"state" enum:"staging,staged,applying,applied,undone,failed,dropped"`
	Counts     intake.Counts `json:"counts"`
	Done       int           `json:"done_rows" doc:"rows read so far"`
	Total      int           `json:"total_rows"`
	Mapping    any           `json:"mapping" doc:"what the columns mean, as a mapping file"`
	NewFields  []string      `json:"new_fields" doc:"custom fields the import makes"`
	NewOwners  []string      `json:"new_owners" doc:"owners nobody has invited yet"`
	Joinings   []joiningJSON `json:"joinings" doc:"names taken for an organization spelled otherwise"`
	Problem    *problemJSON  `json:"problem" doc:"why it could not be staged or applied"`
	At         *time.Time    `json:"at"`
	AppliedAt  *time.Time    `json:"applied_at"`
	UndoneAt   *time.Time    `json:"undone_at"`
	ImportedBy id.ID         `json:"imported_by"`
}

type joiningJSON struct {
	Spelling       string `json:"spelling"`
	Organization   string `json:"organization"`
	OrganizationID id.ID  `json:"organization_id"`
	Line           int    `json:"line"`
}

// problemJSON is what is wrong with a cell, with a sentence in the member's
// language.
type problemJSON struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Value  string `json:"value"`
	Key    string `json:"key"`
	Detail string `json:"detail"`
}

// rowJSON is one row of a preview.
type rowJSON struct {
	Line     int               `json:"line" doc:"in the file; negative for absent rows"`
	Outcome  intake.Outcome    `json:"outcome"`
	Contract id.ID             `json:"contract"`
	Key      string            `json:"key"`
	Name     string            `json:"name"`
	Changes  map[string][2]any `json:"changes" doc:"attribute → [from, to]"`
	Problems []problemJSON     `json:"problems"`
}

// resultJSON is what an import did or would do, and what is wrong with which
// cell.
type resultJSON struct {
	intake.Result
	Problems []problemJSON `json:"problems" doc:"the first thousand"`
}

// undoneJSON is what an undo could not take back, because people have changed
// it since.
type undoneJSON struct {
	ImportJSON
	Kept []intake.Kept `json:"kept"`
}

func toJSON(ctx context.Context, imp intake.Import) ImportJSON {
	out := ImportJSON{ID: imp.ID, Source: imp.SourceName, File: imp.FileName, Mode: imp.Mode, State: imp.State, Counts: imp.Counts,
		Done: imp.Done, Total: imp.Total, Mapping: imp.Plan.Mapping(), NewFields: []string{}, NewOwners: imp.Plan.Owners,
		Joinings: []joiningJSON{}, At: api.Instant(imp.At), AppliedAt: api.Instant(imp.AppliedAt), UndoneAt: api.Instant(imp.UndoneAt),
		ImportedBy: imp.MemberID}
	for _, f := range imp.Plan.NewFields {
		out.NewFields = append(out.NewFields, f.Key)
	}
	for _, j := range imp.Plan.Joinings {
		out.Joinings = append(out.Joinings, joiningJSON{j.Spelling, j.Organization, j.ID, j.Line})
	}
	if out.NewOwners == nil {
		out.NewOwners = []string{}
	}
	if imp.Problem != nil {
		out.Problem = &problemsJSON(ctx, []intake.Problem{*imp.Problem})[0]
	}
	return out
}

func problemsJSON(ctx context.Context, list []intake.Problem) []problemJSON {
	out := make([]problemJSON, len(list))
	for i, p := range list {
		out[i] = problemJSON{Line: p.Line, Column: p.Column, Value: p.Value, Key: p.Key, Detail: sentence(ctx, p)}
	}
	return out
}

type idInput struct {
	ID string `path:"id"`
}

type listInput struct {
	api.Paging
}

// The id is repeated in each input: huma does not look into embedded types
// that are not exported.
type rowsInput struct {
	ID string `path:"id"`
	api.Paging
	Outcome string `query:"outcome" default:"updated" enum:"created,updated,unchanged,invalid,absent,reappeared"`
}

type applyInput struct {
	ID     string `path:"id"`
	Prefer string `header:"Prefer" doc:"respond-async: answer at once, 202"`
	Body   *struct {
		ConfirmAbsent bool              `json:"confirm_absent,omitempty" doc:"more than a tenth of the rows may vanish"`
		Absent        map[string]string `json:"absent,omitempty" doc:"contract id → kept or ended; the others wait for a decision"`
	}
}

// accepted carries the status and the place to ask of a later answer.
type accepted struct {
	Status   int
	Location string `header:"Location"`
	Body     resultJSON
}

// API adds the endpoints of imports.
func (h *Handlers) API(a *api.API) {
	op := func(operation, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: operation, Method: method, Path: path, Summary: summary, Tags: []string{"Imports"}}
	}
	a.Raw(who.Write, postOperation(op("create-import", "POST", "/imports", "Import a list of contracts")), h.apiPost)
	api.Add(a, who.Read, op("list-imports", "GET", "/imports", "Imports, the newest first"), h.apiList)
	api.Add(a, who.Read, op("get-import", "GET", "/imports/{id}", "One import"), h.apiGet)
	api.Add(a, who.Read, op("list-import-rows", "GET", "/imports/{id}/rows", "Rows of an import by outcome"), h.apiRows)
	api.Add(a, who.Read, op("list-import-successions", "GET", "/imports/{id}/successions", "New rows that may be the next term of contracts that vanished"), h.apiSuccessions)
	api.Add(a, who.Write, op("choose-import-successions", "POST", "/imports/{id}/successions", "Let rows go on with contracts, and compare the file anew"), h.apiSucceed)
	api.Add(a, who.Write, op("clear-import-successions", "DELETE", "/imports/{id}/successions", "Make all rows contracts of their own again"), h.apiUnsucceed)
	api.Add(a, who.Write, op("apply-import", "POST", "/imports/{id}/apply", "Apply what a dry run showed"), h.apiApply)
	api.Add(a, who.Write, op("undo-import", "POST", "/imports/{id}/undo", "Take the newest import of a source back"), h.apiUndo)
	errorFile := op("get-import-errors", "GET", "/imports/{id}/errors.csv", "The rows that could not be read, with the reasons")
	errorFile.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	errorFile.Responses = map[string]*huma.Response{"200": {Description: "CSV, UTF-8 with a byte order mark",
		Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}}}}
	a.Raw(who.Read, errorFile, h.errorFile)
}

func postOperation(op huma.Operation) huma.Operation {
	str := func(doc string, enum ...any) *huma.Schema {
		return &huma.Schema{Type: "string", Description: doc, Enum: enum}
	}
	flag := func(doc string) *huma.Schema { return &huma.Schema{Type: "boolean", Description: doc} }
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {
		Schema: &huma.Schema{Type: "object", Required: []string{"file"}, Properties: map[string]*huma.Schema{
			"file":           {Type: "string", Format: "binary", Description: "CSV or Excel (xlsx), up to 64 MB"},
			"source":         str("where the list comes from; contracts if not given"),
			"mode":           str("snapshot: the whole list; delta: a part of it", "snapshot", "delta"),
			"mapping":        str(`JSON: {"columns": {"契約ID": "key", "プラン": "field:plan"}, "rest": "fields"}`),
			"sheet":          str("of a workbook; the first with data if not given"),
			"dry_run":        flag("only say what would happen"),
			"confirm_absent": flag("more than a tenth of the rows may vanish"),
		}}}}}
	op.Parameters = []*huma.Param{{Name: "Prefer", In: "header", Description: "respond-async: answer at once with 202 and a place to ask",
		Schema: &huma.Schema{Type: "string"}}}
	body := map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object", Description: "the counts: " +
		"id (once applied), import, rows, created, updated, unchanged, absent, reappeared, invalid, errors, problems"}}}
	op.Responses = map[string]*huma.Response{
		"201": {Description: "Done; Location is the import", Content: body},
		"202": {Description: "Being done; ask at Location", Content: body},
		"409": {Description: "Stopped: more than a tenth of the rows vanished, confirm_absent lets it pass"},
		"415": {Description: "Not a file we read"},
		"422": {Description: "The file or the mapping cannot be accepted"},
	}
	return op
}

func location(imp intake.Import) string { return api.Prefix + "/imports/" + imp.ID.String() }

func async(prefer string) bool { return strings.Contains(strings.ToLower(prefer), "respond-async") }

func (h *Handlers) apiPost(w http.ResponseWriter, r *http.Request) error {
	f, done, err := readUpload(w, r)
	defer done()
	if err != nil {
		return err
	}
	ctx, status := r.Context(), http.StatusCreated
	var imp intake.Import
	switch {
	case async(r.Header.Get("Prefer")):
		status = http.StatusAccepted
		opt := &f.options
		if f.dryRun {
			opt = nil
		}
		imp, err = h.svc.StageLater(ctx, f.Upload, opt)
	case f.dryRun:
		imp, err = h.svc.Stage(ctx, f.Upload)
	default:
		imp, err = h.svc.Bring(ctx, f.Upload, f.options)
	}
	if imp.ID != 0 {
		w.Header().Set("Location", location(imp))
	}
	if err != nil {
		return err
	}
	out, err := h.result(ctx, imp)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the caller may be gone
	return nil
}

func (h *Handlers) result(ctx context.Context, imp intake.Import) (resultJSON, error) {
	res, err := h.svc.Result(ctx, imp)
	return resultJSON{Result: res, Problems: problemsJSON(ctx, res.Problems)}, err
}

func (h *Handlers) apiList(ctx context.Context, in *listInput) (*api.List[ImportJSON], error) {
	var before id.ID
	if in.Cursor != "" {
		var err error
		if before, err = id.Parse(in.Cursor); err != nil {
			return nil, errs.Field("cursor", "err.cursor")
		}
	}
	list, err := h.svc.List(ctx, 0, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(list) > in.Limit {
		list = list[:in.Limit]
		next = list[in.Limit-1].ID.String()
	}
	out := make([]ImportJSON, len(list))
	for i, imp := range list {
		out[i] = toJSON(ctx, imp)
	}
	return api.NewList(out, next), nil
}

func (h *Handlers) apiGet(ctx context.Context, in *idInput) (*api.One[ImportJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	imp, err := h.svc.Get(ctx, importID)
	return api.NewOne(toJSON(ctx, imp)), err
}

func (h *Handlers) apiRows(ctx context.Context, in *rowsInput) (*api.List[rowJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	rows, next, err := h.svc.Preview(ctx, importID, intake.Outcome(in.Outcome), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]rowJSON, len(rows))
	for i, r := range rows {
		out[i] = rowJSON{r.Line, r.Outcome, r.Contract, r.Key, r.Name, r.Changes, problemsJSON(ctx, r.Problems)}
	}
	return api.NewList(out, next), nil
}

func (h *Handlers) apiApply(ctx context.Context, in *applyInput) (*accepted, error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	opt := intake.ApplyOptions{Absent: map[id.ID]intake.Decision{}}
	if in.Body != nil {
		opt.ConfirmAbsent = in.Body.ConfirmAbsent
		for contract, d := range in.Body.Absent {
			c, err := id.Parse(contract)
			if err != nil {
				return nil, errs.Field("absent", "err.choice")
			}
			opt.Absent[c] = intake.Decision(d)
		}
	}
	out := &accepted{Status: http.StatusOK}
	var imp intake.Import
	if async(in.Prefer) {
		out.Status = http.StatusAccepted
		imp, err = h.svc.ApplyLater(ctx, importID, opt)
	} else {
		imp, err = h.svc.Apply(ctx, importID, opt)
	}
	if err != nil {
		return nil, err
	}
	out.Location = location(imp)
	out.Body, err = h.result(ctx, imp)
	return out, err
}

func (h *Handlers) apiUndo(ctx context.Context, in *idInput) (*api.One[undoneJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	imp, kept, err := h.svc.Undo(ctx, importID)
	if kept == nil {
		kept = []intake.Kept{}
	}
	return api.NewOne(undoneJSON{toJSON(ctx, imp), kept}), err
}

// count of a JSON number that came back from the database.
func count(v any) (int, bool) {
	f, ok := v.(float64)
	return int(f), ok && f == math.Trunc(f)
}
