// Package filehttp lets files be sent and had: the addresses of attached files,
// the chips of those that wait for their note, and REST.
package filehttp

import (
	"context"
	"embed"
	"io/fs"
	"mime/multipart"
	"net/http"

	"github.com/a-h/templ"
	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/errs"
	"kizuki/internal/file"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Src is where files are posted.
const Src = "/files"

// MaxForm bounds a form with files in it, in bytes.
const MaxForm = file.MaxPerNote*file.MaxSize + 1<<20

// Handlers serves files.
type Handlers struct{ svc *file.Service }

// New makes the handlers.
func New(svc *file.Service) *Handlers { return &Handlers{svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "POST", Path: Src, Need: who.Write, Handle: h.upload, MaxBody: MaxForm},
		{Method: "GET", Path: Src + "/{id}", Need: who.Read, Handle: h.whole},
		{Method: "GET", Path: Src + "/{id}/preview", Need: who.Read, Handle: h.preview},
		{Method: "GET", Path: Src + "/{id}/note", Need: who.Read, Handle: h.note},
		{Method: "POST", Path: Src + "/{id}/delete", Need: who.Write, Handle: h.drop},
	}
}

// Take keeps the files that came with a form and gives them after those the form
// names, as far as it came.
func (h *Handlers) Take(f web.Form, r *http.Request) ([]id.ID, error) {
	named, err := f.IDs("file")
	if err != nil || r.MultipartForm == nil {
		return named, err
	}
	sent := r.MultipartForm.File["upload"]
	if len(named)+len(sent) > file.MaxPerNote {
		return named, errs.Field("upload", "file.err.too_many", "Max", file.MaxPerNote)
	}
	kept, err := h.keep(r.Context(), sent)
	for _, k := range kept {
		named = append(named, k.ID)
	}
	return named, err
}

func (h *Handlers) keep(ctx context.Context, sent []*multipart.FileHeader) (kept []file.File, err error) {
	for _, head := range sent {
		if head.Filename == "" && head.Size == 0 {
			continue // a field in which nothing was chosen
		}
		from, err := head.Open()
		if err != nil {
			return kept, err
		}
		f, err := h.svc.Upload(ctx, head.Filename, from)
		_ = from.Close()
		if err != nil {
			return kept, err
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// received keeps what came with a request that brings nothing but files.
func (h *Handlers) received(r *http.Request, field string) ([]file.File, error) {
	if !web.IsMultipart(r) {
		return nil, errs.New(errs.Unsupported, "file.err.multipart")
	}
	if _, err := web.ReadForm(r); err != nil {
		return nil, err
	}
	sent := r.MultipartForm.File[field]
	if len(sent) > file.MaxPerNote {
		return nil, errs.Field("upload", "file.err.too_many", "Max", file.MaxPerNote)
	}
	kept, err := h.keep(r.Context(), sent)
	if err == nil && len(kept) == 0 {
		err = errs.Field("upload", "file.err.none")
	}
	return kept, err
}

// upload answers with a chip for each file, to stand in the form of the note.
func (h *Handlers) upload(w http.ResponseWriter, r *http.Request) error {
	kept, err := h.received(r, "upload")
	if err != nil {
		return err
	}
	return web.Fragment(w, r, http.StatusCreated, chips(kept))
}

// Chips draws those of the files that wait for the note the actor writes.
func (h *Handlers) Chips(ctx context.Context, files []id.ID) (templ.Component, error) {
	list, err := h.svc.Waiting(ctx, files)
	return chips(list), err
}

func chips(list []file.File) templ.Component {
	out := make([]templ.Component, len(list))
	for i, f := range list {
		out[i] = ui.Upload(ui.FileProps{ID: f.ID.String(), Name: f.Name, Size: words.Size(f.Size)})
	}
	return templ.Join(out...)
}

func (h *Handlers) drop(w http.ResponseWriter, r *http.Request) error {
	fileID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	if err := h.svc.Drop(r.Context(), fileID); err != nil {
		return err
	}
	return web.Fragment(w, r, http.StatusOK, templ.NopComponent)
}

// note leads from a file, as a search finds it, to the words it came with.
func (h *Handlers) note(w http.ResponseWriter, r *http.Request) error {
	fileID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := h.svc.Get(r.Context(), fileID)
	if err != nil {
		return err
	}
	if f.Note == 0 {
		return errs.Missing("note")
	}
	return web.Redirect(w, r, "/notes/"+f.Note.String())
}

// JSON is a file in REST.
type JSON struct {
	ID     string  `json:"id"`
	Note   *string `json:"note" doc:"null before it is posted"`
	Name   string  `json:"name"`
	Type   string  `json:"type" doc:"by its content, not by its name"`
	Size   int64   `json:"size"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	SHA256 string  `json:"sha256"`
}

func toJSON(f file.File) JSON {
	j := JSON{ID: f.ID.String(), Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, SHA256: f.Sum}
	if f.Note != 0 {
		ref := f.Note.String()
		j.Note = &ref
	}
	return j
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Files"}}
	}
	post := op("create-file", "POST", Src, "Upload files to attach to a note; those that are not are gone after a day")
	post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {
		Schema: &huma.Schema{Type: "object", Required: []string{"file"}, Properties: map[string]*huma.Schema{
			"file": {Type: "string", Format: "binary", Description: "up to 20 MB; may be given several times"}}}}}}
	post.Responses = map[string]*huma.Response{"201": {Description: `{"items": […]}, a file each: id, name, type, size, width, height, sha256`}}
	a.Raw(who.Write, post, h.apiUpload)
	a.Raw(who.Read, bytesOf(op("get-file", "GET", Src+"/{id}", "The bytes of a file")), h.whole)
	a.Raw(who.Read, bytesOf(op("get-file-preview", "GET", Src+"/{id}/preview", "A picture, at most 640 pixels wide and high")), h.preview)
}

func bytesOf(op huma.Operation) huma.Operation {
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	op.Responses = map[string]*huma.Response{"200": {Description: "as it was uploaded; ranges are understood",
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	return op
}

func (h *Handlers) apiUpload(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	kept, err := h.received(r, "file")
	if err != nil {
		return err
	}
	items := make([]JSON, len(kept))
	for i, f := range kept {
		items[i] = toJSON(f)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	return web.JSON(w, api.NewList(items, "").Body)
}
