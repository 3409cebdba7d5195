// Package org keeps the customer organizations: who they are, and which
// spellings of a name mean the same one.
package org

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// MaxName is the longest name or reading, in characters.
const MaxName = 200

// Organization is a customer: a company, city, school or hospital.
type Organization struct {
	ID              id.ID
	Name            string
	Kana            string
	CorporateNumber string // 法人番号, 13 digits, or ""
	ParentID        id.ID  // 0 = none
	ClosingMonth    int    // 決算月 1..12, 0 = unknown
	SplitKey        string // text.OrgKey of the organization it was split from, or ""
	Version         int64
	CreatedAt       time.Time
}

// Answers reports whether the organization may go on being what n means: its
// name or the one it was split from has the key, and the numbers do not
// contradict. Imports ask it before they move a contract to another
// organization, so that a split made by a person stays.
func (o Organization) Answers(n Name) bool {
	key := text.OrgKey(n.Name)
	sameName := text.OrgKey(o.Name) == key || o.SplitKey != "" && o.SplitKey == key
	return sameName && (n.CorporateNumber == "" || o.CorporateNumber == "" || o.CorporateNumber == n.CorporateNumber)
}

// clean makes the texts fit to store and checks all but the parent's being.
func (o *Organization) clean() error {
	o.Name, o.Kana = text.Line(o.Name), text.Line(o.Kana)
	var number, month *errs.E
	if n, err := ParseNumber(o.CorporateNumber); err != nil {
		number = errs.As(err)
	} else {
		o.CorporateNumber = n
	}
	if o.ClosingMonth < 0 || o.ClosingMonth > 12 {
		month = errs.Field("closing_month", "org.err.month")
	}
	return errs.Join(checkName(o.Name), tooLong("kana", o.Kana), number, month)
}

func checkName(name string) *errs.E {
	if text.OrgKey(name) == "" { // nothing but marks could not be told apart
		return errs.Field("name", "err.required")
	}
	return tooLong("name", name)
}

// tooLong also holds the folded form, which can be many times longer, to what
// an index of PostgreSQL takes.
func tooLong(field, s string) *errs.E {
	if utf8.RuneCountInString(s) > MaxName || len(text.Fold(s)) > 2000 {
		return errs.Field(field, "err.too_long", "Max", MaxName)
	}
	return nil
}

// ParseNumber reads a corporate number (法人番号): 13 digits of which the first
// checks the others; full-width digits, hyphens, spaces and the T of an invoice
// number (T1234…) are accepted. "" is none. The error is org.err.number.
func ParseNumber(s string) (string, error) {
	s = strings.ToUpper(text.Line(norm.NFKC.String(s)))
	s = strings.TrimPrefix(strings.NewReplacer("-", "", " ", "").Replace(s), "T")
	if s == "" {
		return "", nil
	}
	if len(s) != 13 || strings.Trim(s, "0123456789") != "" || int(s[0]-'0') != checkDigit(s[1:]) {
		return "", errs.Field("corporate_number", "org.err.number", "Value", s)
	}
	return s, nil
}

// checkDigit is the one of the ministry's rule: nine less the remainder by nine
// of the twelve digits' sum, every second from the right counted twice.
func checkDigit(base string) int {
	sum := 0
	for i, d := range []byte(base) {
		sum += int(d-'0') * (1 + (len(base)-1-i)%2)
	}
	return 9 - sum%9
}

// Edit changes one attribute: name, kana, corporate_number, parent (id text),
// closing_month. Values are texts; closing_month may be a number. With HasOld,
// another present value than Old is a conflict.
type Edit struct {
	Field    string
	Old, New any
	HasOld   bool
}

// value is an attribute as text, "" if unset.
func (o Organization) value(field string) (string, bool) {
	switch field {
	case "name":
		return o.Name, true
	case "kana":
		return o.Kana, true
	case "corporate_number":
		return o.CorporateNumber, true
	case "parent":
		return o.ParentID.String(), true
	case "closing_month":
		return monthText(o.ClosingMonth), true
	}
	return "", false
}

func (o *Organization) set(field, v string) *errs.E {
	var err error
	switch field {
	case "name":
		o.Name = v
	case "kana":
		o.Kana = v
	case "corporate_number":
		o.CorporateNumber = v
	case "parent":
		if o.ParentID = 0; v != "" {
			if o.ParentID, err = id.Parse(v); err != nil {
				return errs.Field("parent", "org.err.parent")
			}
		}
	case "closing_month":
		if o.ClosingMonth = 0; v != "" {
			if o.ClosingMonth, err = strconv.Atoi(v); err != nil {
				return errs.Field("closing_month", "org.err.month")
			}
		}
	}
	return nil
}

func monthText(m int) string {
	if m == 0 {
		return ""
	}
	return strconv.Itoa(m)
}

// Name is how a row of an import names an organization.
type Name struct {
	Name            string
	CorporateNumber string // 13 digits as ParseNumber gives them, or ""
}

// Resolved tells which organization a Name means.
type Resolved struct {
	ID       id.ID  // in a dry run 0 if it would be created
	Name     string // as it is (or will be) kept
	Created  bool   // made (would be made) for this name
	Joined   bool   // a differently spelled name joined it
	Numbered bool   // it had no corporate number and takes (would take) this one
}

// choose picks the organization a name means among those of its key, oldest
// first; -1 for none. A number means the one that has it; the only one without
// any takes it over, else the number makes an organization of its own. A name
// without number prefers one without, then the oldest.
func choose(list []Organization, number string) (at int, takesNumber bool) {
	bare := slices.IndexFunc(list, func(o Organization) bool { return o.CorporateNumber == "" })
	if number == "" {
		if bare < 0 && len(list) > 0 {
			bare = 0
		}
		return bare, false
	}
	if i := slices.IndexFunc(list, func(o Organization) bool { return o.CorporateNumber == number }); i >= 0 {
		return i, false
	}
	if bare == 0 && len(list) == 1 {
		return 0, true
	}
	return -1, false
}

// plan resolves names against the organizations of their keys, index by index;
// what it creates or numbers is added to byKey, so that later names find it.
// IDs of created ones are made by newID.
func plan(names []Name, byKey map[string][]Organization, newID func() id.ID) []Resolved {
	out := make([]Resolved, len(names))
	for i, n := range names {
		n.Name = text.Line(n.Name)
		key := text.OrgKey(n.Name)
		at, takes := choose(byKey[key], n.CorporateNumber)
		if at < 0 {
			o := Organization{ID: newID(), Name: n.Name, CorporateNumber: n.CorporateNumber}
			byKey[key] = append(byKey[key], o)
			out[i] = Resolved{ID: o.ID, Name: o.Name, Created: true}
			continue
		}
		o := &byKey[key][at]
		if takes {
			o.CorporateNumber = n.CorporateNumber
		}
		out[i] = Resolved{ID: o.ID, Name: o.Name, Joined: o.Name != n.Name, Numbered: takes}
	}
	return out
}

// Page is a part of a list.
type Page struct {
	Items []Organization
	Next  string // cursor of the next page, "" at the end
}
