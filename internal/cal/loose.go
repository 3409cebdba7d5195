package cal

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// ParseLoose reads a date as a person types it into a form on the day today:
// everything Parse reads, and words counted from today:
//
//   - 今日 明日 明後日 昨日 and their readings; today, tomorrow, yesterday;
//   - 3日後, 2週間後, 1か月後 (ヶ月, カ月, …), 1年後; in 3 days, in a week;
//   - 今週金曜, 来週月曜, 再来週の水曜日; next monday. Weeks begin on Monday, so next
//     monday is 来週月曜, tomorrow if today is Sunday;
//   - 今月末 来月末 再来月末, 来月10日; end of month, end of next month;
//   - 4/15, 4月15日, 3月末, Apr 15: the next to come, today included; 来年3月31日, 今年12月末.
//
// Errors are those of Parse. If today is unknown, only Parse's forms are read.
func ParseLoose(s string, today Date) (Date, error) {
	d, err := Parse(s)
	var e *ParseError
	if err == nil || !errors.As(err, &e) || e.Kind != NotADate || !today.Valid() {
		return d, err
	}
	body := strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
	if n, ok := nearDays[body]; ok {
		d, err := known(today.AddDays(n))
		return d, withInput(err, s)
	}
	// As typed first: the weekday of 来週月曜 is no tail.
	for _, text := range []string{body, strings.TrimSpace(tail.ReplaceAllString(body, ""))} {
		for _, f := range looseForms {
			if m := f.pattern.FindStringSubmatch(text); m != nil {
				d, err := f.read(m, today)
				return d, withInput(err, s)
			}
		}
	}
	return "", err
}

// known refuses what has left the calendar, such as the end of month in 9999-12
// plus one.
func known(d Date) (Date, error) {
	if d.IsZero() {
		return notADate()
	}
	return d, nil
}

var nearDays = map[string]int{
	"今日": 0, "本日": 0, "きょう": 0, "today": 0,
	"明日": 1, "あした": 1, "あす": 1, "tomorrow": 1,
	"明後日": 2, "あさって": 2,
	"昨日": -1, "きのう": -1, "yesterday": -1,
}

// looseForm is one way of saying a day from today; m[0] is the whole text.
type looseForm struct {
	pattern *regexp.Regexp
	read    func(m []string, today Date) (Date, error)
}

var looseForms = []looseForm{
	{whole(`(\d{1,4}) ?(日|週|か月|年)間?後`), later},
	{whole(`(\d{1,4}) ?[ヶカヵケ箇](月)間?後`), later},
	{whole(`in (an?|\d{1,4}) (day|week|month|year)s?`), later},
	{whole(`(今週|来週|再来週) ?の? ?([月火水木金土日])(?:曜日?)?`), dayOfWeek},
	{whole(`(next|this) ([a-z]{3,9})`), dayOfWeek},
	{whole(`(今月|来月|再来月) ?の?(?:末日?| ?(\d{1,2}) ?日)`), ofMonth},
	{whole(`end of (month|this month|the month|next month)()`), ofMonth},
	{whole(`(今年|来年|再来年) ?の? ?` + monthDay), ofYear},
	{whole(`(今年|来年|再来年) ?の? ?(\d{1,2}) ?/ ?(\d{1,2})`), ofYear},
	{whole(monthDay), toCome},
	{whole(`(\d{1,2}) ?/ ?(\d{1,2})`), toCome},
	{whole(englishMonthDay), englishToCome},
	{whole(englishDayMonth), func(m []string, today Date) (Date, error) {
		return englishToCome([]string{m[0], m[2], m[1]}, today)
	}},
}

// ahead tells how many weeks, months or years a word looks ahead.
var ahead = map[string]int{
	"今週": 0, "来週": 1, "再来週": 2, "this": 0, "next": 1,
	"今月": 0, "来月": 1, "再来月": 2, "month": 0, "this month": 0, "the month": 0, "next month": 1,
	"今年": 0, "来年": 1, "再来年": 2,
}

func later(m []string, today Date) (Date, error) {
	n := 1 // a, an
	if !strings.HasPrefix(m[1], "a") {
		n = num(m[1])
	}
	switch m[2] {
	case "日", "day":
		return known(today.AddDays(n))
	case "週", "week":
		return known(today.AddDays(7 * n))
	case "年", "year":
		return known(today.AddMonths(12 * n))
	}
	return known(today.AddMonths(n))
}

// dayOfWeek finds the weekday m[2] of the week that m[1] names.
func dayOfWeek(m []string, today Date) (Date, error) {
	for w := range 7 { // from Monday
		english := strings.ToLower(time.Weekday((w + 1) % 7).String())
		if strings.HasPrefix("月火水木金土日"[3*w:], m[2]) || strings.HasPrefix(english, m[2]) {
			sinceMonday := (int(today.Weekday()) + 6) % 7
			return known(today.AddDays(7*ahead[m[1]] + w - sinceMonday))
		}
	}
	return notADate()
}

// ofMonth finds the day m[2], or the last, of the month that m[1] names.
func ofMonth(m []string, today Date) (Date, error) {
	month := today.AddMonths(ahead[m[1]])
	return dayOrEnd(month.Year(), strconv.Itoa(month.Month()), m[2])
}

func ofYear(m []string, today Date) (Date, error) {
	return dayOrEnd(today.Year()+ahead[m[1]], m[2], m[3])
}

// toCome finds the next month m[1], day m[2] (the last, if empty), today included.
// Whether the day exists is asked of that one year: 2/29 typed in 2026 is rather
// a slip than a wish for 2028.
func toCome(m []string, today Date) (Date, error) {
	month, dayOfMonth := num(m[1]), num(m[2])
	if month < 1 || month > 12 {
		return notADate()
	}
	y := today.Year()
	if m[2] == "" {
		dayOfMonth = lastDay(y, month)
	}
	if format(y, month, dayOfMonth) < today {
		y++
	}
	return dayOrEnd(y, m[1], m[2])
}

func englishToCome(m []string, today Date) (Date, error) {
	return toCome([]string{m[0], strconv.Itoa(englishMonth(m[1])), m[2]}, today)
}
