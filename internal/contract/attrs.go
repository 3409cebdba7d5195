package contract

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/money"
	"kizuki/internal/text"
)

// Attrs are the built-in attributes in the order forms and exports show them.
// Custom ones are named field:KEY.
var Attrs = strings.Fields(`key name organization department owner status phase outlook outlook_why start_date
	renewal_date notice_date auto_renew term_type amount currency amount_basis domain ended_on`)

// FieldPrefix stands before the key of a custom field among the attributes.
const FieldPrefix = "field:"

// Value is the canonical value of an attribute as history, rules and REST know
// it: texts, dates "YYYY-MM-DD", ids and amounts (decimal, major units) are
// strings, auto_renew is a bool, custom values are those of field.Type. nil is
// unset, also for an attribute that is not known.
func (c *Contract) Value(name string) any {
	if key, ok := strings.CutPrefix(name, FieldPrefix); ok {
		return c.Fields[key]
	}
	switch name {
	case "auto_renew":
		return c.AutoRenew
	case "amount":
		if c.Amount == nil {
			return nil
		}
		return money.Amount{Minor: *c.Amount, Currency: c.Currency}.Decimal()
	case "owner":
		return orNil(c.OwnerID.String())
	case "organization":
		return orNil(c.OrgID.String())
	}
	if p := c.str(name); p != nil {
		return orNil(*p)
	}
	return nil
}

// str points to an attribute that is kept as text.
func (c *Contract) str(name string) *string {
	switch name {
	case "key":
		return &c.Key
	case "name":
		return &c.Name
	case "department":
		return &c.Department
	case "status":
		return &c.Status
	case "phase":
		return &c.Phase
	case "outlook":
		return (*string)(&c.Outlook)
	case "outlook_why":
		return &c.OutlookWhy
	case "start_date":
		return (*string)(&c.StartDate)
	case "renewal_date":
		return (*string)(&c.RenewalDate)
	case "notice_date":
		return (*string)(&c.NoticeDate)
	case "term_type":
		return (*string)(&c.TermType)
	case "currency":
		return &c.Currency
	case "amount_basis":
		return (*string)(&c.AmountBasis)
	case "domain":
		return &c.Domain
	case "ended_on":
		return (*string)(&c.EndedOn)
	}
	return nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Clone is a copy that shares nothing that Set changes.
func (c Contract) Clone() Contract {
	c.Fields = maps.Clone(c.Fields)
	if c.Amount != nil {
		n := *c.Amount
		c.Amount = &n
	}
	return c
}

// Diff lists the attributes that differ, [from, to] in canonical values; empty
// if none does.
func Diff(from, to Contract) map[string][2]any {
	out := map[string][2]any{}
	note := func(name string, a, b any) {
		if !(field.Field{}).Equal(a, b) {
			out[name] = [2]any{a, b}
		}
	}
	for _, name := range Attrs {
		note(name, from.Value(name), to.Value(name))
	}
	for key, v := range from.Fields {
		note(FieldPrefix+key, v, to.Fields[key])
	}
	for key, v := range to.Fields {
		note(FieldPrefix+key, from.Fields[key], v)
	}
	return out
}

// nextTermGap is how many days a renewal date must move, once it has passed,
// to mean the next term and not a correction.
const nextTermGap = 28

// NextTerm tells whether new dates begin the next term of a contract, or only
// correct the open one. They begin it
//
//   - when a start is newly given that is on or after the open renewal date;
//   - without a new start, when the open renewal date has passed (it is today or
//     earlier) and the new one is at least 28 days later.
//
// Without an open renewal date there is nothing to renew.
func NextTerm(openStart, openRenewal, start, renewal, today cal.Date) bool {
	if openRenewal.IsZero() {
		return false
	}
	if !start.IsZero() && start != openStart {
		return start >= openRenewal
	}
	return openRenewal <= today && !renewal.IsZero() && openRenewal.DaysUntil(renewal) >= nextTermGap
}

// Renews applies NextTerm to a contract and what it is about to become.
func (c Contract) Renews(to Contract, today cal.Date) bool {
	return c.EndedOn.IsZero() && to.EndedOn.IsZero() &&
		NextTerm(c.StartDate, c.RenewalDate, to.StartDate, to.RenewalDate, today)
}

// Setter reads values into contracts. Form says that values are text as people
// write it, custom ones too, not JSON. With Today, dates may be words counted
// from it (明日, 来月末).
type Setter struct {
	Fields map[string]field.Field // by key
	Parse  field.ParseCtx
	Form   bool
	Today  cal.Date
}

// Apply sets several attributes, in an order that lets an amount be read in
// the currency that comes with it. What cannot be read is left as it was and
// told, one error an attribute. organization and owner are references: the
// caller resolves them, Apply passes over them.
func (s Setter) Apply(c *Contract, values map[string]any) []*errs.E {
	var bad []*errs.E
	if _, both := values["amount"]; both && values["currency"] != nil {
		c.Amount = nil // it is read anew; the old one need not fit the new currency
	}
	names := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		if (a == "currency") != (b == "currency") {
			return map[bool]int{true: -1, false: 1}[a == "currency"]
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if name == "organization" || name == "owner" {
			continue
		}
		if err := s.Set(c, name, values[name]); err != nil {
			bad = append(bad, errs.As(err))
		}
	}
	return bad
}

// longest is the most characters of each text.
var longest = map[string]int{"key": 100, "name": 200, "department": 100, "status": 60, "phase": 60,
	"outlook_why": 500, "domain": 253}

// Set reads v into one attribute; nil and "" unset it. Errors are *errs.E about
// Field name: err.required (key, name), err.too_long, err.date, err.no_such_day,
// err.money, err.unknown_field, contract.err.outlook, .basis, .currency, .domain,
// .yes_no, .text, and those of the custom field's type.
func (s Setter) Set(c *Contract, name string, v any) error {
	if key, ok := strings.CutPrefix(name, FieldPrefix); ok {
		return s.setField(c, key, v)
	}
	if name == "auto_renew" {
		return s.setAutoRenew(c, v)
	}
	raw, ok := v.(string)
	if v != nil && !ok {
		return errs.Field(name, "contract.err.text")
	}
	word := text.Line(raw)
	switch name {
	case "start_date", "renewal_date", "notice_date", "ended_on":
		d, err := s.date(word)
		if err != nil {
			return field.DateError(name, err)
		}
		*c.str(name) = string(d)
		return nil
	case "outlook":
		return choose(c.str(name), outlookWords, word, name, "contract.err.outlook")
	case "amount_basis":
		return choose(c.str(name), basisWords, word, name, "contract.err.basis")
	case "term_type":
		return choose((*string)(&c.TermType), typeWords, word, name, "contract.err.term_type")
	case "currency":
		return setCurrency(c, strings.ToUpper(text.Fold(word)))
	case "amount":
		return setAmount(c, word)
	case "domain":
		return setDomain(c, word)
	}
	return setText(c, name, word)
}

func (s Setter) date(word string) (cal.Date, error) {
	if s.Today != "" {
		return cal.ParseLoose(word, s.Today)
	}
	return cal.Parse(word)
}

func (s Setter) setField(c *Contract, key string, v any) error {
	f, ok := s.Fields[key]
	if !ok || f.Retired() {
		return errs.Field(FieldPrefix+key, "err.unknown_field", "Field", key)
	}
	value, err := s.fieldValue(f, v)
	if err != nil {
		return err
	}
	if value == nil {
		delete(c.Fields, key)
		return nil
	}
	if c.Fields == nil {
		c.Fields = map[string]any{}
	}
	if !f.Equal(c.Fields[key], value) { // else keep the order the options had
		c.Fields[key] = value
	}
	return nil
}

func (s Setter) fieldValue(f field.Field, v any) (any, error) {
	if words, ok := v.(string); ok && s.Form {
		return f.Parse(words, s.Parse)
	}
	value, err := f.FromJSON(v)
	if m, ok := value.(string); ok && f.Type == field.Member {
		return f.Parse(m, s.Parse) // is it a member of this workspace?
	}
	return value, err
}

func (s Setter) setAutoRenew(c *Contract, v any) error {
	switch v := v.(type) {
	case nil:
		c.AutoRenew = false
		return nil
	case bool:
		c.AutoRenew = v
		return nil
	case string:
		on, err := field.Field{Type: field.Checkbox}.Parse(v, field.ParseCtx{})
		if err == nil {
			c.AutoRenew = on == true
			return nil
		}
	}
	return errs.Field("auto_renew", "contract.err.yes_no")
}

func setText(c *Contract, name, word string) error {
	most, ok := longest[name]
	switch {
	case !ok:
		return errs.Field(name, "err.unknown_field", "Field", name)
	case text.Fold(word) == "" && (name == "key" || name == "name"):
		return errs.Field(name, "err.required")
	case utf8.RuneCountInString(word) > most, len(text.Fold(word)) > 2000: // what an index of PostgreSQL takes
		return errs.Field(name, "err.too_long", "Max", most)
	}
	*c.str(name) = word
	return nil
}

// choose sets one of few words, which may be said in Japanese.
func choose(to *string, words map[string]string, word, name, key string) error {
	w, ok := words[text.Fold(word)]
	if !ok {
		return errs.Field(name, key, "Value", word)
	}
	*to = w
	return nil
}

var outlookWords = map[string]string{"": "", "on_track": "on_track", "順調": "on_track", "watch": "watch",
	"気がかり": "watch", "danger": "danger", "危うい": "danger"}

// TermTypeOf reads a word for a kind of term.
func TermTypeOf(word string) (TermType, bool) {
	t, ok := typeWords[text.Fold(word)]
	return TermType(t), ok
}

var typeWords = map[string]string{"": "", "trial": "trial", "トライアル": "trial", "お試し": "trial", "試用": "trial", "無料トライアル": "trial",
	"true": "trial", "yes": "trial", "はい": "trial", "1": "trial", "false": "", "no": "", "いいえ": "", "0": "", "本契約": "", "通常": "", "paid": "",
	"rolling": "rolling", "month-to-month": "rolling", "月ごと": "rolling", "月次更新": "rolling", "毎月更新": "rolling", "期間の定めなし": "rolling"}

var basisWords = map[string]string{"": "", "monthly": "monthly", "month": "monthly", "月額": "monthly", "月次": "monthly",
	"月": "monthly", "yearly": "yearly", "annual": "yearly", "annually": "yearly", "year": "yearly", "年額": "yearly", "年次": "yearly",
	"年": "yearly", "term": "term", "total": "term", "総額": "term", "一括": "term", "期間": "term", "契約期間": "term"}

// setCurrency keeps the number and changes what it is counted in. "" is no
// change: an amount always has a currency.
func setCurrency(c *Contract, code string) error {
	if code == "" || code == c.Currency {
		return nil
	}
	if _, ok := money.Digits(code); !ok {
		return errs.Field("currency", "contract.err.currency", "Value", code)
	}
	if c.Amount != nil {
		a, err := money.ParseDecimal(shorter(c.Value("amount").(string)), code)
		if err != nil {
			return field.MoneyError("amount", err)
		}
		c.Amount = &a.Minor
	}
	c.Currency = code
	return nil
}

// shorter drops decimals that are zeros: 1200.00 dollars may become yen.
func shorter(decimal string) string {
	if strings.Contains(decimal, ".") {
		return strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
	}
	return decimal
}

// setAmount reads an amount; a mark in the text (US$1,200) sets the currency.
func setAmount(c *Contract, word string) error {
	a, err := money.Parse(word, c.Currency)
	if errors.Is(err, money.ErrEmpty) {
		c.Amount = nil
		return nil
	}
	if err != nil {
		return field.MoneyError("amount", err)
	}
	c.Amount, c.Currency = &a.Minor, a.Currency
	return nil
}

func setDomain(c *Contract, word string) error {
	d := strings.TrimPrefix(text.Fold(word), "@")
	if d != "" && (!strings.Contains(d, ".") || strings.ContainsAny(d, " /@:,;")) {
		return errs.Field("domain", "contract.err.domain")
	}
	return setText(c, "domain", d)
}
