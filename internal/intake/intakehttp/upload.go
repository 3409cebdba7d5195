package intakehttp

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/intake"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// form is an upload with the values that came with it.
type form struct {
	intake.Upload
	options intake.ApplyOptions
	dryRun  bool
	pasted  string // rows from the clipboard, in place of a file
}

// readUpload takes the multipart body of a page or of REST apart. The file is
// put on disk; the caller removes it by done.
func readUpload(w http.ResponseWriter, r *http.Request) (f form, done func(), err error) {
	done = func() {}
	r.Body = http.MaxBytesReader(w, r.Body, intake.MaxFile+1<<20)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return f, done, errs.New(errs.Unsupported, "intake.err.multipart")
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return f, done, web.BodyError(err)
	}
	done = func() { _ = r.MultipartForm.RemoveAll() }
	values := web.Form{Values: r.MultipartForm.Value}
	f.Source, f.Sheet = values.Line("source"), values.Line("sheet")
	f.Mode, f.dryRun = intake.Mode(values.Line("mode")), yes(values.Line("dry_run"))
	f.options.ConfirmAbsent = yes(values.Line("confirm_absent"))
	if f.Mapping, err = intake.ReadMapping([]byte(text.Clean(values.Get("mapping")))); err != nil {
		return f, done, err
	}
	upload, head, err := r.FormFile("file")
	var from io.Reader = upload
	switch {
	case errors.Is(err, http.ErrMissingFile):
		if f.pasted = values.Get("pasted"); strings.TrimSpace(f.pasted) == "" {
			return f, done, errs.Field("file", "intake.err.no_file")
		}
		f.FileName, from = words.T(r.Context(), "intake.pasted_name"), strings.NewReader(f.pasted)
	case err != nil:
		return f, done, web.BodyError(err)
	default:
		defer upload.Close()
		f.FileName = head.Filename
	}
	if f.Path, err = toDisk(from); err != nil {
		return f, done, err
	}
	return f, func() { os.Remove(f.Path); _ = r.MultipartForm.RemoveAll() }, nil
}

func yes(s string) bool { return s != "" && s != "0" && s != "false" }

func toDisk(from io.Reader) (path string, err error) {
	to, err := os.CreateTemp("", "kizuki-upload-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		os.Remove(to.Name())
		return "", err
	}
	return to.Name(), nil
}
