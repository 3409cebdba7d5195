package sheet

import (
	"bytes"
	"errors"
	"io"
)

// headSize is how many bytes of a file are looked at to tell what it is.
const headSize = 64 << 10

// foreign lists the first bytes of files people upload by mistake and that
// might pass for text.
var foreign = []struct{ magic, name string }{
	{"%PDF-", "a PDF"},
	{"\x89PNG", "a picture (PNG)"},
	{"\xff\xd8\xff", "a picture (JPEG)"},
	{"GIF87a", "a picture (GIF)"},
	{"GIF89a", "a picture (GIF)"},
	{"\x1f\x8b", "a compressed file (gzip)"},
	{"7z\xbc\xaf\x27\x1c", "a compressed file (7z)"},
	{"Rar!\x1a\x07", "a compressed file (RAR)"},
	{`{\rtf`, "a text document (RTF)"},
}

const (
	zipMagic = "PK\x03\x04"
	oleMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" // Microsoft's container: .xls, or an encrypted .xlsx
)

// sniff tells "xlsx" (any zip archive) from "csv" (any text) by content.
func sniff(data io.ReaderAt, size int64) (string, error) {
	if size == 0 {
		return "", &Error{Kind: Empty}
	}
	head, err := headOf(data, size)
	if err != nil {
		return "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte(zipMagic)):
		return "xlsx", nil
	case bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return "", &Error{Kind: NotASheet, Detail: "an empty zip archive"}
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return "", oleError(data, size)
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return "", &Error{Kind: NotASheet, Detail: f.name}
		}
	}
	return "csv", nil
}

func headOf(data io.ReaderAt, size int64) ([]byte, error) {
	head := make([]byte, min(size, headSize))
	n, err := data.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// oleError tells a locked workbook from an old one by the name of the stream
// that holds the encrypted package, which the container keeps as UTF-16.
func oleError(data io.ReaderAt, size int64) error {
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	r := io.NewSectionReader(data, 0, size)
	buf := make([]byte, headSize)
	kept := 0 // bytes carried over, so that a name across two reads is seen
	for {
		n, err := r.Read(buf[kept:])
		seen := buf[:kept+n]
		if bytes.Contains(seen, name) {
			return &Error{Kind: Protected}
		}
		if errors.Is(err, io.EOF) {
			return &Error{Kind: OldExcel}
		}
		if err != nil {
			return err
		}
		kept = copy(buf, seen[max(0, len(seen)-len(name)):])
	}
}

// binary reports whether text that is not UTF-16 is no text at all. A NUL
// alone does not decide: old systems pad cells with it. A NUL together with
// other control characters does, and so do more NULs than text.
func binary(head []byte) bool {
	nul, control := 0, false
	for _, b := range head {
		switch {
		case b == 0:
			nul++
		case b < 0x09 || b >= 0x0e && b < 0x1a:
			control = true
		}
	}
	return nul > 0 && (control || nul*2 > len(head))
}

// markup reports whether text begins like a web page or another XML file;
// some tools write those under the name of a spreadsheet.
func markup(text []byte) bool {
	text = bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 1024)]))
	for _, tag := range []string{"<!doctype", "<?xml", "<html", "<head", "<meta", "<body", "<table", "<script", "<style", "<div"} {
		if bytes.HasPrefix(text, []byte(tag)) {
			return true
		}
	}
	return false
}
