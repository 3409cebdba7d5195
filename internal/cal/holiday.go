package cal

import (
	_ "embed"
	"strings"
	"sync"
	"time"
)

// The holidays as the Cabinet Office published them, one name a line with its
// days as YYYYMMDD. Made from testdata/syukujitsu-cp932.csv by
// `go test ./internal/cal -run TestHolidayTable -update`; once a year suffices.
//
//go:embed holidays_jp.csv
var holidaysCSV string

// HolidayJP returns the name of the public holiday of Japan on d, and whether it
// is one. Substitute and sandwiched holidays are called 休日, as in the source.
// Up to the last year of the published table (it begins in 1955) the table
// answers; later years are reckoned from the law as it stands, the equinoxes by
// the usual formula, which the government confirms each February for the next
// year. Before 1955 no holiday is known.
func HolidayJP(d Date) (name string, ok bool) {
	n, ok := d.num()
	if !ok {
		return "", false
	}
	name = holiday(n)
	return name, name != ""
}

func holiday(n int) string {
	t := published()
	if n > t.last {
		return lawful(n)
	}
	return t.names[n]
}

type holidayTable struct {
	names map[int]string // by day number
	last  int            // 12-31 of the last year published
}

var published = sync.OnceValue(func() holidayTable {
	t := holidayTable{names: map[int]string{}}
	for line := range strings.Lines(holidaysCSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), ",")
		for _, day := range f[1:] {
			n, _ := Date(day[:4] + "-" + day[4:6] + "-" + day[6:]).num() // tested against the source
			t.names[n] = f[0]
			y, _, _ := civil(n)
			t.last = max(t.last, dayNum(y, time.December, 31))
		}
	}
	return t
})

const restDay = "休日"

// lawful names the holiday of day n by 国民の祝日に関する法律 as of 2022: its
// article 2, or a 休日 by article 3.
func lawful(n int) string {
	if name := national(n); name != "" {
		return name
	}
	if national(n-1) != "" && national(n+1) != "" { // 3-3: between two
		return restDay
	}
	for p := n - 1; national(p) != ""; p-- { // 3-2: after one that fell on Sunday
		if weekday(p) == time.Sunday {
			return restDay
		}
	}
	return ""
}

// national names the 国民の祝日 of article 2 on day n, "" if none.
func national(n int) string {
	y, m, d := civil(n)
	if name := fixedHolidays[[2]int{m, d}]; name != "" {
		return name
	}
	switch {
	case m == 3 && d == equinox(20.8431, 21.8510, y):
		return "春分の日"
	case m == 9 && d == equinox(23.2488, 24.2488, y):
		return "秋分の日"
	case weekday(n) == time.Monday:
		return mondayHolidays[[2]int{m, (d + 6) / 7}]
	}
	return ""
}

var fixedHolidays = map[[2]int]string{
	{1, 1}: "元日", {2, 11}: "建国記念の日", {2, 23}: "天皇誕生日", {4, 29}: "昭和の日",
	{5, 3}: "憲法記念日", {5, 4}: "みどりの日", {5, 5}: "こどもの日", {8, 11}: "山の日",
	{11, 3}: "文化の日", {11, 23}: "勤労感謝の日",
}

// mondayHolidays is keyed by month and which Monday of it.
var mondayHolidays = map[[2]int]string{
	{1, 2}: "成人の日", {7, 3}: "海の日", {9, 3}: "敬老の日", {10, 2}: "スポーツの日",
}

// equinox returns the day of the month of an equinox in year y in Japan by the
// formula of the Hydrographic Department (新こよみ便利帳): base is for 1980 to 2099,
// late from 2100 (good to 2150).
func equinox(base, late float64, y int) int {
	if y >= 2100 {
		base = late
	}
	since := y - 1980
	return int(base+0.242194*float64(since)) - since/4
}
