// Package file keeps what people attach to notes: the table of files and the
// bytes behind it. A file is uploaded first and belongs to its uploader alone;
// with its note it is posted, and from then on read by whoever reads the note.
package file

import (
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Limits of what is attached.
const (
	MaxSize    = 20 << 20       // bytes of a file
	MaxPerNote = 10             // files
	KeepLoose  = 24 * time.Hour // how long an upload waits for its note
	maxName    = 200            // characters
)

// File is one attached file. Width and Height are those of a picture, as it is
// looked at; Preview is the type of its small version, "" if it has none.
type File struct {
	ID            id.ID
	Note          id.ID // 0 while it waits to be posted
	Contract      id.ID
	Name          string
	Type          string
	Size          int64
	Width, Height int
	Preview       string
	Sum           string // SHA-256, in hex
	By            id.ID
	At            time.Time
}

// Picture reports whether a browser may show the file by itself: an image of a
// kind that holds nothing but an image, and that could be read here.
func (f File) Picture() bool { return f.Preview != "" }

// key is where the bytes are.
func (f File) key(ws id.ID) string { return ws.String() + "/" + f.ID.String() }

func (f File) previewKey(ws id.ID) string { return f.key(ws) + ".preview" }

const (
	plain   = "text/plain"
	unknown = "application/octet-stream"
	zipped  = "application/zip"
)

// named are the types given out under their own name. None of them can run a
// script in a browser. Every other text is plain text, and the rest is bytes.
var named = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "application/pdf": true, zipped: true,
	office + "wordprocessingml.document": true, office + "spreadsheetml.sheet": true, office + "presentationml.presentation": true}

const office = "application/vnd.openxmlformats-officedocument."

// containers are zip files whose inside the first bytes do not always tell: of
// those alone the name is believed.
var containers = map[string]string{".docx": office + "wordprocessingml.document", ".xlsx": office + "spreadsheetml.sheet",
	".pptx": office + "presentationml.presentation"}

// sniff tells the type by the content, whatever the name or the sender says.
func sniff(name string, data []byte) string {
	found := mimetype.Detect(data)
	if found.Is(zipped) {
		if t := containers[strings.ToLower(path.Ext(name))]; t != "" {
			return t
		}
	}
	for m := found; m != nil; m = m.Parent() {
		base, _, _ := strings.Cut(m.String(), ";")
		switch {
		case named[base]:
			return base
		case base == plain:
			return plain
		}
	}
	return unknown
}

// cleanName makes a file's name fit to be shown and saved: one line, without
// folders, and without signs that turn the direction of reading, by which an
// .exe could look like a .pdf. An overlong one keeps its ending.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text.Line(s))
	s = strings.TrimSpace(s[strings.LastIndexAny(s, `/\`)+1:])
	if strings.Trim(s, ". ") == "" {
		return "file"
	}
	if r := []rune(s); len(r) > maxName {
		end := []rune(path.Ext(s))
		if len(end) > 20 {
			end = nil
		}
		s = strings.TrimSpace(string(r[:maxName-len(end)])) + string(end)
	}
	return s
}
