package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of a workbook, against zip bombs. The sizes are those the archive
// declares, and archive/zip gives no part a byte more than it declares.
const (
	maxUnpacked = 1 << 30
	maxShared   = 200 << 20 // bytes of the shared texts' XML
	maxTexts    = 10_000_000
	maxPiece    = 8 << 20 // bytes of XML between two tags: a cell of 1 MB, all of it escaped
	maxDepth    = 64      // elements within elements
)

// workbook is an opened .xlsx. It is read here and not by excelize, which
// holds the whole archive in memory, says nothing of rows lost in a damaged
// sheet, and while streaming tells neither a cell's type nor its format.
type workbook struct {
	parts    map[string]*zip.File // by name, in lower case
	sheets   []tab
	texts    []string // shared by the sheets
	formats  []moment // by cell style
	from1904 bool
}

type tab struct {
	name   string
	part   *zip.File
	hidden bool
}

// broken says that a part cannot be read, unless err is already plain or the
// disk's.
func broken(part string, err error) error {
	var known *Error
	var disk *fs.PathError
	if errors.As(err, &known) || errors.As(err, &disk) {
		return err
	}
	return &Error{Kind: Broken, Detail: fmt.Sprintf("%s: %v", part, err)}
}

// openWorkbook opens the sheet called name, or the first with data.
func openWorkbook(data io.ReaderAt, size int64, name string) (*File, error) {
	archive, err := zip.NewReader(data, size)
	if err != nil {
		return nil, broken("zip", err)
	}
	w := &workbook{parts: map[string]*zip.File{}}
	unpacked := uint64(0)
	for _, part := range archive.File {
		if unpacked += min(part.UncompressedSize64, maxUnpacked+1); unpacked > maxUnpacked {
			return nil, &Error{Kind: TooLong, Detail: "the workbook unpacks to more than 1 GB"}
		}
		w.parts[partName(part.Name)] = part
	}
	if err := w.load(); err != nil {
		return nil, err
	}
	sheet, err := w.choose(name)
	if err != nil {
		return nil, err
	}
	info := Info{Format: "xlsx", Sheet: sheet.name}
	for _, s := range w.visible() {
		info.Sheets = append(info.Sheets, s.name)
	}
	return &File{info: info, records: w.rows(sheet.part)}, nil
}

// load reads all but the sheets.
func (w *workbook) load() error {
	main := "xl/workbook.xml"
	for _, r := range w.relations("") {
		if strings.HasSuffix(r.Type, "/officeDocument") {
			main = partName(r.Target)
		}
	}
	if w.parts[main] == nil || !strings.HasSuffix(main, ".xml") {
		return &Error{Kind: NotASheet, Detail: "a zip archive without a workbook"}
	}
	if err := w.loadMain(main); err != nil {
		return err
	}
	for _, r := range w.relations(main) {
		part := w.parts[r.path(main)]
		if part == nil {
			continue
		}
		var err error
		switch path.Base(r.Type) {
		case "styles":
			err = w.loadStyles(part)
		case "sharedStrings":
			err = w.loadTexts(part)
		}
		if err != nil {
			return broken(part.Name, err)
		}
	}
	return nil
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// path is the name of the part that r, said of the part owner, leads to.
func (r relation) path(owner string) string {
	if strings.HasPrefix(r.Target, "/") {
		return partName(r.Target)
	}
	return partName(path.Join(path.Dir(owner), strings.ReplaceAll(r.Target, `\`, "/")))
}

// partName makes names of parts equal that some tools write differently.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// relations lists what the part called owner leads to; of the archive as a
// whole with "". A part that has none, or whose list cannot be read, leads
// nowhere: what is missing then is told apart later.
func (w *workbook) relations(owner string) []relation {
	folder, name := path.Split(owner)
	part := w.parts[folder+"_rels/"+name+".rels"]
	var list struct {
		Relations []relation `xml:"Relationship"`
	}
	if part == nil || decode(part, &list) != nil {
		return nil
	}
	return list.Relations
}

// decode reads a small part into v.
func decode(part *zip.File, v any) error {
	if part.UncompressedSize64 > 4*maxPiece {
		return &Error{Kind: TooLong, Detail: part.Name}
	}
	r, err := part.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return xml.NewDecoder(r).Decode(v)
}

// loadMain reads which sheets there are. A chart has a tab too, but no rows.
func (w *workbook) loadMain(main string) error {
	var book struct {
		Properties struct {
			From1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := decode(w.parts[main], &book); err != nil {
		return broken(main, err)
	}
	w.from1904 = truth(book.Properties.From1904)
	sheets := map[string]*zip.File{}
	for _, r := range w.relations(main) {
		if strings.HasSuffix(r.Type, "/worksheet") {
			sheets[r.ID] = w.parts[r.path(main)]
		}
	}
	for _, s := range book.Sheets {
		for _, a := range s.Attrs {
			if part, ok := sheets[a.Value]; ok && a.Name.Local == "id" {
				w.sheets = append(w.sheets, tab{s.Name, part, strings.Contains(strings.ToLower(s.State), "hidden")})
			}
		}
	}
	if len(w.sheets) == 0 {
		return &Error{Kind: Broken, Detail: "the workbook has no sheets"}
	}
	return nil
}

func truth(s string) bool { return s == "1" || s == "true" || s == "on" }

// loadStyles reads which cell styles show dates.
func (w *workbook) loadStyles(part *zip.File) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := decode(part, &styles); err != nil {
		return err
	}
	own := map[int]moment{}
	for _, f := range styles.Formats {
		own[f.ID] = momentOf(f.Code)
	}
	for _, cell := range styles.Cells {
		m, ok := own[cell.Format]
		if !ok {
			m = builtin(cell.Format)
		}
		w.formats = append(w.formats, m)
	}
	return nil
}

// loadTexts reads the texts that cells point to.
func (w *workbook) loadTexts(part *zip.File) error {
	if part.UncompressedSize64 > maxShared {
		return &Error{Kind: TooLong, Detail: "the workbook's texts unpack to more than 200 MB"}
	}
	x, err := newTags(part)
	if err != nil {
		return err
	}
	defer x.close()
	var one richText
	for {
		t, err := x.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		one.see(t)
		if end, ok := t.(xml.EndElement); ok && end.Name.Local == "si" {
			if len(w.texts) == maxTexts {
				return &Error{Kind: TooLong, Detail: "more than 10,000,000 texts"}
			}
			w.texts = append(w.texts, one.take())
		}
	}
}

// choose finds the sheet called name (a hidden one too: someone knew it), or
// the first visible one that has data.
func (w *workbook) choose(name string) (tab, error) {
	for _, s := range w.sheets {
		if name != "" && s.name == name {
			return s, nil
		}
	}
	visible := w.visible()
	if name != "" {
		err := &Error{Kind: NoSuchSheet, Detail: strconv.Quote(name)}
		for _, s := range visible {
			err.Sheets = append(err.Sheets, s.name)
		}
		return tab{}, err
	}
	for _, s := range visible {
		for _, err := range w.rows(s.part) {
			return s, err
		}
	}
	return tab{}, &Error{Kind: Empty, Detail: "no visible sheet has data"}
}

func (w *workbook) visible() []tab {
	return slices.DeleteFunc(slices.Clone(w.sheets), func(s tab) bool { return s.hidden })
}
