package workspace

import (
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // machines without zone files know Asia/Tokyo too
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/errs"
	"kizuki/internal/money"
	"kizuki/internal/text"
)

// Limits of what people type.
const (
	maxName          = 100 // characters
	maxMail          = 254 // bytes, RFC 5321
	minPassword      = 10  // characters
	maxPasswordBytes = 200
)

// Langs are the languages a person can be spoken to in.
var Langs = []string{"ja", "en"}

// required reads a text that must be there, as one clean line.
func required(field, s string) (string, *errs.E) {
	s, e := optional(field, s)
	if e == nil && text.Fold(s) == "" { // nothing that can be seen
		e = errs.Field(field, "err.required")
	}
	return s, e
}

func optional(field, s string) (string, *errs.E) {
	s = text.Line(s)
	if utf8.RuneCountInString(s) > maxName {
		return s, errs.Field(field, "err.too_long", "Max", maxName)
	}
	return s, nil
}

// person is how a member is called and found.
type person struct {
	Name string
	Kana string // the reading, for finding and sorting; may be empty
}

func checkPerson(name, kana string) (person, []*errs.E) {
	name, e1 := required("name", name)
	kana, e2 := optional("kana", kana)
	return person{name, kana}, []*errs.E{e1, e2}
}

// nameFold is compared and searched. Spaces are left out: 田中 一郎 and 田中一郎
// are one person.
func (p person) nameFold() string { return bare(text.Fold(p.Name)) }

// kanaFold is the folded reading; a name written in kana is its own.
func (p person) kanaFold() string {
	if p.Kana == "" {
		return bare(text.FoldKana(p.Name))
	}
	return bare(text.FoldKana(p.Kana))
}

func bare(folded string) string { return strings.ReplaceAll(folded, " ", "") }

// address is a mail address as it is written to and as it is compared.
type address struct{ mail, fold string }

func checkMail(field, s string) (address, *errs.E) {
	s = norm.NFKC.String(text.Line(s)) // a full-width ＠ is an @
	if s == "" {
		return address{}, errs.Field(field, "err.required")
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || len(s) > maxMail {
		return address{}, errs.Field(field, "workspace.err.mail")
	}
	return address{s, foldMail(s)}, nil
}

func foldMail(s string) string { return text.Fold(text.Line(s)) }

func checkPassword(s string) *errs.E {
	switch {
	case s == "":
		return errs.Field("password", "err.required")
	case utf8.RuneCountInString(s) < minPassword:
		return errs.Field("password", "workspace.err.password_short", "Min", minPassword)
	case len(s) > maxPasswordBytes:
		return errs.Field("password", "workspace.err.password_long", "Max", maxPasswordBytes)
	}
	return nil
}

func checkLang(s string) *errs.E {
	if !slices.Contains(Langs, s) {
		return errs.Field("lang", "workspace.err.lang")
	}
	return nil
}

func checkZone(s string) *errs.E {
	if _, ok := loadZone(s); !ok {
		return errs.Field("zone", "workspace.err.zone")
	}
	return nil
}

// check cleans the settings; nameField is what the form calls the name.
func (in WorkspaceInput) check(nameField string) (Workspace, []*errs.E) {
	name, e := required(nameField, in.Name)
	w := Workspace{Name: name, Zone: or(in.Zone, "Asia/Tokyo"), Currency: or(strings.ToUpper(in.Currency), "JPY"),
		Lang: or(in.Lang, "ja"), FiscalStartMonth: in.FiscalStartMonth}
	if w.FiscalStartMonth == 0 {
		w.FiscalStartMonth = 4
	}
	problems := []*errs.E{e, checkZone(w.Zone), checkLang(w.Lang)}
	if _, ok := money.Digits(w.Currency); !ok {
		problems = append(problems, errs.Field("currency", "workspace.err.currency"))
	}
	if w.FiscalStartMonth < 1 || w.FiscalStartMonth > 12 {
		problems = append(problems, errs.Field("fiscal_start_month", "workspace.err.month"))
	}
	return w, problems
}

func or(s, otherwise string) string {
	if s = text.Line(s); s == "" {
		return otherwise
	}
	return s
}

var zones sync.Map // name → *time.Location

func loadZone(name string) (*time.Location, bool) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), true
	}
	if name == "" || name == "Local" { // what they mean depends on the machine
		return nil, false
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	zones.Store(name, z)
	return z, true
}

// Location is the zone of the name, UTC if there is none.
func Location(name string) *time.Location {
	if z, ok := loadZone(name); ok {
		return z
	}
	return time.UTC
}
