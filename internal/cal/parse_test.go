package cal

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Date{
		"": "", " \u3000\n": "",
		"2024-04-01": "2024-04-01", "2024/4/1": "2024-04-01", "2024.4.1": "2024-04-01",
		"20240401": "2024-04-01", " 2024/ 4/ 1 ": "2024-04-01", "２０２４／４／１": "2024-04-01",
		"2024年4月15日": "2024-04-15", "2024年4月15日（月）": "2024-04-15", "2024年 4月15日 月曜日": "2024-04-15",
		"2024/4/29(月・祝)": "2024-04-29", "2024-04-01 (Mon)": "2024-04-01",
		"2024年3月末": "2024-03-31", "2024年2月末日": "2024-02-29", "令和7年2月末": "2025-02-28",
		"令和6年4月15日": "2024-04-15", "令和元年5月1日": "2019-05-01", "㋿元年５月１日": "2019-05-01",
		"平成31年4月30日": "2019-04-30", "平成31年5月1日": "2019-05-01", "平成36年3月31日": "2024-03-31",
		"昭和64年1月7日": "1989-01-07", "大正12年9月1日": "1923-09-01",
		"R6.4.15": "2024-04-15", "r6/4/15": "2024-04-15", "H31.4.30": "2019-04-30", "S.55-1-2": "1980-01-02",
		"2024/4/1 0:00": "2024-04-01", "2024-04-01T00:00:00Z": "2024-04-01",
		"2024/04/01 09:30:00": "2024-04-01", "2024-03-31T15:00:00.000+09:00": "2024-03-31",
		"2024年4月1日(月) 9:30": "2024-04-01", "4/15/2024 9:30 AM": "2024-04-15",
		"Apr 15, 2024": "2024-04-15", "15 Apr 2024": "2024-04-15", "April 15 2024": "2024-04-15",
		"Mon, 15 Apr 2024 00:00:00 GMT": "2024-04-15", "15-Apr-2024": "2024-04-15", "Sept. 1st, 2024": "2024-09-01",
		"45383": "2024-04-01", "45383.0": "2024-04-01", "45383.5": "2024-04-01",
		"20090": "1955-01-01", "73415": "2100-12-31",
		"4/15/2024": "2024-04-15", "15/4/2024": "2024-04-15", "15.04.2024": "2024-04-15", "4/4/2024": "2024-04-04",
	} {
		got, err := Parse(in)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, kind := range map[string]Kind{
		"4/5/2024": Ambiguous, "4-5-2024": Ambiguous,
		"2024年3月": NotADate, "2024/3": NotADate, "4/15": NotADate, "明日": NotADate,
		"24/4/1": NotADate, "2024/4-1": NotADate, "2024/13/1": NotADate, "0000-01-01": NotADate,
		"13/13/2024": NotADate, "令和0年1月1日": NotADate, "2024年13月末": NotADate, "Foo 1, 2024": NotADate,
		"1234": NotADate, "20089": NotADate, "73416": NotADate, "123456": NotADate, "12345678": NotADate,
		"2024/4/1〜2025/3/31": NotADate, "2024/4/1 25:00": NotADate, "未定": NotADate, "-": NotADate,
	} {
		got, err := Parse(in)
		var e *ParseError
		if !errors.As(err, &e) || got != "" || e.Kind != kind || e.Input != in {
			t.Errorf("Parse(%q) = %q, %v, want kind %d", in, got, err, kind)
		}
	}
}

func TestParseNoSuchDay(t *testing.T) {
	for in, want := range map[string]ParseError{
		"2026年2月30日":   {Year: 2026, Month: 2, Day: 30, LastDay: 28},
		"2024-02-30":   {Year: 2024, Month: 2, Day: 30, LastDay: 29},
		"R6.4.31":      {Year: 2024, Month: 4, Day: 31, LastDay: 30},
		"4/31/2024":    {Year: 2024, Month: 4, Day: 31, LastDay: 30},
		"20240400":     {Year: 2024, Month: 4, Day: 0, LastDay: 30},
		"Feb 30, 2024": {Year: 2024, Month: 2, Day: 30, LastDay: 29},
	} {
		want.Input, want.Kind = in, NoSuchDay
		_, err := Parse(in)
		var e *ParseError
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, *e); diff != "" {
			t.Error(diff)
		}
	}
}

func TestParseLoose(t *testing.T) {
	const today = Date("2026-04-15") // a Wednesday
	for in, want := range map[string]Date{
		"": "", "2024/4/1": "2024-04-01", "R8.5.1": "2026-05-01",
		"今日": "2026-04-15", "明日": "2026-04-16", "あした": "2026-04-16", "明後日": "2026-04-17",
		"あさって": "2026-04-17", "昨日": "2026-04-14", "Today": "2026-04-15", "tomorrow": "2026-04-16", "yesterday": "2026-04-14",
		"３日後": "2026-04-18", "2週間後": "2026-04-29", "1週後": "2026-04-22", "1か月後": "2026-05-15",
		"1ヶ月後": "2026-05-15", "2カ月後": "2026-06-15", "3ヵ月後": "2026-07-15", "1年後": "2027-04-15",
		"in 3 days": "2026-04-18", "in a week": "2026-04-22", "in 2 months": "2026-06-15", "in 1 year": "2027-04-15",
		"来週月曜": "2026-04-20", "来週の日曜日": "2026-04-26", "今週金曜": "2026-04-17", "再来週水": "2026-04-29",
		"next monday": "2026-04-20", "Next Sun": "2026-04-26", "this friday": "2026-04-17",
		"今月末": "2026-04-30", "来月末": "2026-05-31", "再来月末": "2026-06-30", "来月10日": "2026-05-10",
		"end of month": "2026-04-30", "end of next month": "2026-05-31", "end of this month": "2026-04-30",
		"3月末": "2027-03-31", "4月末": "2026-04-30", "2月末": "2027-02-28",
		"来年3月末": "2027-03-31", "来年3月31日": "2027-03-31", "今年3月31日": "2026-03-31", "来年3/31": "2027-03-31", "再来年2月末": "2028-02-29",
		"4/15": "2026-04-15", "4月15日": "2026-04-15", "4/14": "2027-04-14", "4/16(木)": "2026-04-16", "４月１６日（木）": "2026-04-16",
		"Apr 16": "2026-04-16", "14 April": "2027-04-14",
	} {
		got, err := ParseLoose(in, today)
		if err != nil || got != want {
			t.Errorf("ParseLoose(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestParseLooseRefuses(t *testing.T) {
	for _, c := range []struct {
		in    string
		today Date
		kind  Kind
	}{
		{"そのうち", "2026-04-15", NotADate},
		{"13/1", "2026-04-15", NotADate},
		{"4/0", "2026-04-15", NoSuchDay},
		{"2月30日", "2026-04-15", NoSuchDay},
		{"2/29", "2026-01-15", NoSuchDay},
		{"来月31日", "2026-05-15", NoSuchDay},
		{"4/5/2024", "2026-04-15", Ambiguous},
		{"明日", "", NotADate},
		{"9999年後", "2026-04-15", NotADate},
		{"来月末", "9999-12-31", NotADate},
		{"next month", "2026-04-15", NotADate},
		{"foo 12", "2026-04-15", NotADate},
	} {
		got, err := ParseLoose(c.in, c.today)
		var e *ParseError
		if !errors.As(err, &e) || got != "" || e.Kind != c.kind || e.Input != c.in {
			t.Errorf("ParseLoose(%q) = %q, %v, want kind %d", c.in, got, err, c.kind)
		}
	}
	if got, err := ParseLoose("2/29", "2027-03-01"); err != nil || got != "2028-02-29" {
		t.Error(got, err)
	}
}

// checkParsed holds for every text: a day or unknown without error, or a
// *ParseError that carries the text.
func checkParsed(t *testing.T, in string, d Date, err error) {
	t.Helper()
	var e *ParseError
	switch {
	case err == nil && (d.IsZero() || d.Valid()):
	case errors.As(err, &e) && e.Input == in && d.IsZero() && e.Error() != "":
	default:
		t.Fatalf("%q: %q, %v", in, d, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024年2月30日", "R6.4.15", "Apr 15, 2024", "45383.5", "4/5/2024", "2024/4/1 0:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		checkParsed(t, s, d, err)
	})
}

func FuzzParseLoose(f *testing.F) {
	for _, s := range []string{"来週月曜", "3月末", "2/29", "in 3 days", "end of month"} {
		f.Add(s, "2026-04-15")
	}
	f.Fuzz(func(t *testing.T, s, today string) {
		d, err := ParseLoose(s, Date(today))
		checkParsed(t, s, d, err)
	})
}
