// Package ask reads queries in words: what must be there, what must not, and
// filters by people, kinds, contracts, teams and days.
package ask

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/text"
)

// MaxQuery is the longest query, in characters.
const MaxQuery = 1000

// maxTerms is how many terms one query has at most.
const maxTerms = 40

// Term is one thing to look for.
type Term struct {
	Raw    string
	Folded string
	Quoted bool
}

// Ask is a query in words, read.
type Ask struct {
	All  [][]Term // one of each group must be there
	None []Term   // none of these

	// Filters, as they were written; several of one are alternatives.
	Kinds, Owners, Authors, Contracts, Units []string
	From, To                                 cal.Date
}

// Plain: nothing but words and names in quotes, so that it may be a question.
func (a Ask) Plain() bool {
	return len(a.All) > 0 && len(a.None) == 0 && !slices.ContainsFunc(a.All, func(g []Term) bool { return len(g) != 1 })
}

// filters are the words before a colon.
var filters = map[string]string{
	"担当": "owner", "owner": "owner", "csm": "owner",
	"書いた人": "author", "記入": "author", "記入者": "author", "author": "author", "by": "author",
	"種類": "kind", "type": "kind", "kind": "kind",
	"契約": "contract", "contract": "contract", "in": "contract",
	"チーム": "unit", "team": "unit", "unit": "unit",
	"期間": "period", "日付": "period", "date": "period", "period": "period",
	"から": "from", "以降": "from", "from": "from", "after": "from", "since": "from",
	"まで": "to", "以前": "to", "to": "to", "before": "to", "until": "to",
}

// Parse reads a query: words that must all be there; "some words" as they
// stand; -word for what must not be there; A OR B (または, |) for one of them;
// and filters: 担当:鈴木 owner:suzuki, 書いた人: author:, 種類: type:, 契約: in:,
// チーム: team:, 期間:2024-01..2024-03 date:, から: from:, まで: to:. Colons,
// quotes, signs and digits may be full width. Whatever is typed means
// something; the error is of a text that is too long or a day that cannot be
// read (search.err.too_long, .date).
func Parse(q string, today cal.Date) (Ask, error) {
	var a Ask
	q = text.Line(q)
	if utf8.RuneCountInString(q) > MaxQuery {
		return a, errs.Field("q", "err.too_long", "Max", MaxQuery)
	}
	either, terms := false, 0
	for _, w := range split(q) {
		if !w.quoted && isOr(w.text) {
			either = len(a.All) > 0
			continue
		}
		if w.filter != "" {
			if err := a.filter(w.filter, w.text, today); err != nil {
				return a, err
			}
			either = false
			continue
		}
		if term := (Term{w.text, text.FoldSearch(w.text), w.quoted}); term.Folded != "" && terms < maxTerms {
			terms++
			a.add(term, w.not, either)
		}
		either = false
	}
	return a, nil
}

// add takes a term that must not be there, one that may stand in the place of the
// last, or one that must be there.
func (a *Ask) add(t Term, not, either bool) {
	switch {
	case not:
		a.None = append(a.None, t)
	case either:
		a.All[len(a.All)-1] = append(a.All[len(a.All)-1], t)
	default:
		a.All = append(a.All, []Term{t})
	}
}

// Words are the words looked for, folded: what a hit marks.
func (a Ask) Words() []string {
	var out []string
	for _, g := range a.All {
		for _, t := range g {
			out = append(out, t.Folded)
		}
	}
	return out
}

func isOr(s string) bool {
	return s == "OR" || s == "ＯＲ" || s == "|" || s == "｜" || s == "または"
}

// word is a word of a query as it was typed.
type word struct {
	text        string
	quoted, not bool
	filter      string
}

// quotes open and close a phrase.
var quotes = map[rune]rune{'"': '"', '“': '”', '”': '”', '＂': '＂', '「': '」', '『': '』'}

// split cuts a query at its spaces, but not within quotes. Quotes that never
// close are only marks.
func split(q string) []word {
	var out []word
	r := []rune(q)
	for i := 0; i < len(r); {
		if r[i] == ' ' {
			i++
			continue
		}
		var w word
		if (r[i] == '-' || r[i] == '−' || r[i] == '－') && i+1 < len(r) && r[i+1] != ' ' {
			w.not = true
			i++
		}
		if name, n := filterAt(r[i:]); n > 0 && !w.not {
			w.filter = name
			i += n
		}
		n := 0
		if w.text, n = phraseAt(r[i:]); n > 0 {
			w.quoted = true
			i += n
		} else {
			end := i
			for end < len(r) && r[end] != ' ' {
				end++
			}
			w.text = string(r[i:end])
			i = end
		}
		out = append(out, w)
	}
	return out
}

// filterAt reads the name of a filter and its colon.
func filterAt(r []rune) (name string, n int) {
	for i, c := range r {
		if c == ' ' || i > 12 {
			return "", 0
		}
		if c == ':' || c == '：' {
			name = filters[text.Fold(string(r[:i]))]
			if name == "" || i+1 >= len(r) || r[i+1] == ' ' {
				return "", 0
			}
			return name, i + 1
		}
	}
	return "", 0
}

// phraseAt reads a phrase in quotes.
func phraseAt(r []rune) (string, int) {
	if len(r) == 0 || quotes[r[0]] == 0 {
		return "", 0
	}
	for i := 1; i < len(r); i++ {
		if r[i] == quotes[r[0]] {
			return string(r[1:i]), i + 1
		}
	}
	return "", 0
}

func (a *Ask) filter(name, value string, today cal.Date) error {
	var err error
	switch name {
	case "kind":
		a.Kinds = append(a.Kinds, value)
	case "owner":
		a.Owners = append(a.Owners, value)
	case "author":
		a.Authors = append(a.Authors, value)
	case "contract":
		a.Contracts = append(a.Contracts, value)
	case "unit":
		a.Units = append(a.Units, value)
	case "period":
		a.From, a.To, err = period(value, today)
	case "from":
		a.From, _, err = span(value, today)
	case "to":
		_, a.To, err = span(value, today)
	}
	return err
}

// period reads a day, a month, a year, or two with .. or 〜 between them, of
// which one may be missing.
func period(s string, today cal.Date) (from, to cal.Date, err error) {
	for _, sep := range []string{"..", "…", "〜", "～", "~"} {
		left, right, ok := strings.Cut(s, sep)
		if !ok {
			continue
		}
		if left != "" {
			if from, _, err = span(left, today); err != nil {
				return "", "", err
			}
		}
		if right = strings.TrimLeft(right, "."); right != "" {
			_, to, err = span(right, today)
		}
		return from, to, err
	}
	return span(s, today)
}

// span reads a day, a month or a year and gives its first and last day.
func span(s string, today cal.Date) (from, to cal.Date, err error) {
	f := strings.TrimSuffix(strings.NewReplacer("年", "-", "/", "-", ".", "-").Replace(text.Fold(s)), "-")
	y, rest, cut := strings.Cut(strings.TrimSuffix(f, "月"), "-")
	year, bad := strconv.Atoi(y)
	if bad == nil && len(y) == 4 {
		if !cut {
			first, ok1 := cal.New(year, 1, 1)
			last, ok2 := cal.New(year, 12, 31)
			if ok1 && ok2 {
				return first, last, nil
			}
		}
		if month, bad := strconv.Atoi(rest); bad == nil && len(rest) <= 2 {
			if first, ok := cal.New(year, month, 1); ok {
				return first, first.AddMonths(1).AddDays(-1), nil
			}
		}
	}
	if strings.HasSuffix(f, "月") && bad == nil && today.Valid() { // 3月: the last one
		if first, ok := cal.New(today.Year(), year, 1); ok {
			if first > today {
				first = first.AddMonths(-12)
			}
			return first, first.AddMonths(1).AddDays(-1), nil
		}
	}
	d, bad := cal.ParseLoose(s, today)
	if bad != nil {
		return "", "", errs.Field("q", "search.err.date", "Value", s)
	}
	return d, d, nil
}

// Holds tells of the words of a thing, folded, whether they meet the query: for
// what waits to be indexed.
func (a Ask) Holds(title, body string) bool {
	has := func(t Term) bool { return strings.Contains(title, t.Folded) || strings.Contains(body, t.Folded) }
	for _, g := range a.All {
		if !slices.ContainsFunc(g, has) {
			return false
		}
	}
	return !slices.ContainsFunc(a.None, has)
}
