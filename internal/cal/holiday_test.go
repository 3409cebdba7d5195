package cal

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
)

var update = flag.Bool("update", false, "rewrite holidays_jp.csv from the source file")

const licence = `# Public holidays of Japan, Cabinet Office data,
# by way of github.com/shogo82148/holidays-jp (MIT).
`

// source reads the Cabinet Office's file.
func source(t *testing.T) map[Date]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/syukujitsu-cp932.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(japanese.ShiftJIS.NewDecoder().Reader(bytes.NewReader(raw))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := map[Date]string{}
	for _, row := range rows[1:] {
		d, err := Parse(row[0])
		if err != nil {
			t.Fatal(err)
		}
		names[d] = row[1]
	}
	return names
}

func compact(names map[Date]string) string {
	byName := map[string][]string{}
	for d, name := range names {
		byName[name] = append(byName[name], strings.ReplaceAll(string(d), "-", ""))
	}
	var lines []string
	for name, days := range byName {
		slices.Sort(days)
		lines = append(lines, name+","+strings.Join(days, ",")+"\n")
	}
	slices.Sort(lines)
	return licence + strings.Join(lines, "")
}

func TestHolidayTable(t *testing.T) {
	want := source(t)
	if *update {
		if err := os.WriteFile("holidays_jp.csv", []byte(compact(want)), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; run again without -update")
	}
	if diff := cmp.Diff(compact(want), holidaysCSV); diff != "" {
		t.Errorf("holidays_jp.csv is not what -update writes:\n%s", diff)
	}
	got := map[Date]string{}
	for d := Date("1955-01-01"); d <= "2027-12-31"; d = d.AddDays(1) {
		if name, ok := HolidayJP(d); ok {
			got[d] = name
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The law of today must give the published days wherever it was in force as it
// is: from 2022, the Olympics having moved days in 2020 and 2021.
func TestLawMatchesTable(t *testing.T) {
	want := source(t)
	for d := Date("2022-01-01"); d <= "2027-12-31"; d = d.AddDays(1) {
		n, _ := d.num()
		if got := lawful(n); got != want[d] {
			t.Errorf("%s: by law %q, published %q", d, got, want[d])
		}
	}
}

// The equinox formula is older than that and has every published year to prove itself.
func TestEquinoxMatchesTable(t *testing.T) {
	for d, want := range source(t) {
		n, _ := d.num()
		if strings.HasSuffix(want, "分の日") && d > "1980" && national(n) != want {
			t.Errorf("%s: %q, want %q", d, national(n), want)
		}
	}
}

func TestHolidayJP(t *testing.T) {
	for d, want := range map[Date]string{
		"1954-01-01": "", // before the table
		"2019-05-02": "休日",
		"2026-09-22": "休日", // between 敬老の日 and 秋分の日
		"2028-01-10": "成人の日",
		"2028-03-20": "春分の日",
		"2029-02-12": "休日", // 建国記念の日 on Sunday
		"2032-09-21": "休日", // between 敬老の日 and 秋分の日
		"2033-05-06": "",
		"2030-05-06": "休日", // みどりの日, Saturday; こどもの日 on Sunday
		"2031-05-06": "休日", // 憲法記念日 on Saturday, みどりの日 on Sunday
		"2150-01-01": "元日",
		"":           "",
		"2028-02-30": "",
	} {
		name, ok := HolidayJP(d)
		if name != want || ok != (want != "") {
			t.Errorf("HolidayJP(%q) = %q, %v, want %q", d, name, ok, want)
		}
	}
}
