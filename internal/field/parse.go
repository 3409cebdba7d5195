package field

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/text"
)

// ParseCtx is what reading a value needs to know besides its field.
type ParseCtx struct {
	Currency  string                       // of money written without a mark; ISO 4217
	Member    func(s string) (id.ID, bool) // finds a member by id, mail or name; nil finds none
	AnyOption bool                         // a choice not among the options is taken as written (imports add it)
}

// The longest texts and links, in characters.
const (
	MaxText = 10000
	MaxLink = 2000
)

// Parse reads a value as people write it in a file's cell or a form and gives
// its canonical form (see Type), nil if the text is blank. Errors are *errs.E
// about Field "field:KEY": err.too_long, err.date, err.no_such_day, err.money,
// field.err.number, .digits, .choice, .link, .member, .checkbox.
func (f Field) Parse(s string, p ParseCtx) (any, error) {
	s = strings.TrimSpace(text.Clean(s))
	if s == "" {
		return nil, nil
	}
	switch f.Type {
	case Number:
		n, ok := readNumber(s)
		return f.number(n, ok)
	case Date:
		d, err := cal.Parse(s)
		if err != nil {
			return nil, DateError(f.Name(), err)
		}
		return dateOrNil(d), nil
	case Choice:
		return f.choice(s, p)
	case Choices:
		return f.choices(strings.FieldsFunc(s, separator), p)
	case Link:
		return f.link(s)
	case Member:
		return f.member(s, p)
	case Checkbox:
		if b, ok := checkWords[text.Fold(s)]; ok {
			return b, nil
		}
		return nil, errs.Field(f.Name(), "field.err.checkbox", "Value", s)
	case Money:
		a, err := money.Parse(s, p.Currency)
		return f.money(a, err)
	}
	return f.text(s, MaxText)
}

// FromJSON reads a value of a REST body. null is unset. A number may also come
// as a string, because JSON numbers lose digits on their way through many
// programs. A member must be an id; whether it exists is the caller's to check.
// Errors are those of Parse and field.err.type.
func (f Field) FromJSON(v any) (any, error) {
	switch v := plain(v).(type) {
	case nil:
		return nil, nil
	case string:
		return f.fromString(v)
	case json.Number:
		if f.Type == Number {
			n, ok := jsonNumber(v.String())
			return f.number(n, ok)
		}
	case bool:
		if f.Type == Checkbox {
			return v, nil
		}
	case []string:
		if f.Type == Choices {
			return f.choices(v, ParseCtx{})
		}
	case map[string]any:
		if f.Type == Money {
			return f.moneyObject(v)
		}
	}
	return nil, f.wrongType()
}

func (f Field) fromString(s string) (any, error) {
	switch f.Type {
	case Number:
		n, ok := jsonNumber(s)
		return f.number(n, ok)
	case Date:
		if s != "" && !cal.Date(s).Valid() {
			return nil, errs.Field(f.Name(), "err.date", "Value", s)
		}
		return dateOrNil(cal.Date(s)), nil
	case Member:
		if _, err := id.Parse(s); err != nil && s != "" {
			return nil, errs.Field(f.Name(), "field.err.member", "Value", s)
		}
		return orNil(s), nil
	case Text, Choice, Link:
		return f.Parse(s, ParseCtx{})
	}
	return nil, f.wrongType()
}

func (f Field) wrongType() error {
	return errs.Field(f.Name(), "field.err.type", "Type", string(f.Type))
}

func (f Field) text(s string, most int) (any, error) {
	if utf8.RuneCountInString(s) > most {
		return nil, errs.Field(f.Name(), "err.too_long", "Max", most)
	}
	return s, nil
}

func (f Field) number(n string, ok bool) (any, error) {
	switch {
	case !ok:
		return nil, errs.Field(f.Name(), "field.err.number")
	case digits(n) > MaxDigits:
		return nil, errs.Field(f.Name(), "field.err.digits", "Max", MaxDigits)
	}
	return json.Number(n), nil
}

// option finds the option a text means, without regard to width and case.
func (f Field) option(s string, p ParseCtx) (string, error) {
	s = text.Line(s)
	fold := text.Fold(s)
	for _, o := range f.Options {
		if text.Fold(o) == fold {
			return o, nil
		}
	}
	for old, now := range f.Renamed { // files and programs may go on with the old name
		if text.Fold(old) == fold {
			return now, nil
		}
	}
	switch {
	case !p.AnyOption:
		return "", errs.Field(f.Name(), "field.err.choice", "Value", s)
	case utf8.RuneCountInString(s) > MaxOption:
		return "", errs.Field(f.Name(), "err.too_long", "Max", MaxOption)
	}
	return s, nil
}

func (f Field) choice(s string, p ParseCtx) (any, error) {
	o, err := f.option(s, p)
	if err != nil || o == "" {
		return nil, err
	}
	return o, nil
}

// separator tells what may stand between several choices. Options of such a
// field hold none of it.
func separator(r rune) bool { return strings.ContainsRune("、,，;；/／\n", r) }

func (f Field) choices(list []string, p ParseCtx) (any, error) {
	var out []string
	for _, s := range list {
		o, err := f.option(s, p)
		if err != nil {
			return nil, err
		}
		if o != "" && !slices.ContainsFunc(out, func(x string) bool { return text.Fold(x) == text.Fold(o) }) {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(out, func(a, b string) int { return f.place(a) - f.place(b) })
	return out, nil
}

// place is where an option stands; a new one stands last.
func (f Field) place(o string) int {
	if i := slices.Index(f.Options, o); i >= 0 {
		return i
	}
	return len(f.Options)
}

func (f Field) link(s string) (any, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil,
		u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto",
		u.Scheme == "mailto" && !strings.Contains(u.Opaque, "@"),
		u.Scheme != "mailto" && u.Host == "":
		return nil, errs.Field(f.Name(), "field.err.link")
	}
	return f.text(s, MaxLink)
}

func (f Field) member(s string, p ParseCtx) (any, error) {
	if p.Member != nil {
		if m, ok := p.Member(s); ok {
			return m.String(), nil
		}
	}
	return nil, errs.Field(f.Name(), "field.err.member", "Value", s)
}

func (f Field) money(a money.Amount, err error) (any, error) {
	if errors.Is(err, money.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, MoneyError(f.Name(), err)
	}
	return map[string]any{"amount": a.Decimal(), "currency": a.Currency}, nil
}

func (f Field) moneyObject(m map[string]any) (any, error) {
	currency, ok := m["currency"].(string)
	amount, ok2 := plain(m["amount"]).(string)
	if n, isNumber := plain(m["amount"]).(json.Number); isNumber {
		amount, ok2 = jsonNumber(n.String())
	}
	if !ok || !ok2 || len(m) != 2 {
		return nil, f.wrongType()
	}
	a, err := money.ParseDecimal(amount, currency)
	return f.money(a, err)
}

// DateError is what a person reads when cal refuses the date of an input.
func DateError(name string, err error) *errs.E {
	var p *cal.ParseError
	if !errors.As(err, &p) {
		return errs.Field(name, "err.date").With(err)
	}
	if p.Kind == cal.NoSuchDay {
		return errs.Field(name, "err.no_such_day", "Value", p.Input, "Year", p.Year, "Month", p.Month,
			"Day", p.Day, "LastDay", p.LastDay)
	}
	return errs.Field(name, "err.date", "Value", p.Input)
}

// MoneyError is what a person reads when money refuses the amount of an input.
func MoneyError(name string, err error) *errs.E {
	var p *money.ParseError
	if !errors.As(err, &p) {
		return errs.Field(name, "err.money").With(err)
	}
	return errs.Field(name, "err.money", "Value", p.Input)
}

var checkWords = wordTable(
	"はい ○ ◯ 〇 ✓ ✔ ☑ true t yes y on 1 有 有り あり 済 済み",
	"いいえ × ✕ ✗ ✘ ☐ false f no n off 0 無 無し なし 未")

func wordTable(yes, no string) map[string]bool {
	table := map[string]bool{}
	for _, w := range strings.Fields(yes) {
		table[text.Fold(w)] = true
	}
	for _, w := range strings.Fields(no) {
		table[text.Fold(w)] = false
	}
	return table
}

func dateOrNil(d cal.Date) any { return orNil(string(d)) }

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Text is a canonical value as plain text that Parse reads back, "" for unset:
// for CSV files. A member is its id; the caller may put a name in its place.
func (f Field) Text(v any) string {
	switch v := plain(v).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []string:
		return strings.Join(v, "、")
	case map[string]any:
		amount, _ := v["amount"].(string)
		currency, _ := v["currency"].(string)
		return strings.TrimSpace(amount + " " + currency)
	}
	return ""
}
