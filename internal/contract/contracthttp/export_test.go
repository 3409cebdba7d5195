package contracthttp_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/testkit"
)

// shown gives the rows of the export the page offers, as CSV and as a workbook,
// which must say the same.
func (w *world) shown(path string) [][]string {
	w.t.Helper()
	links := w.get(path).want(w.t, 200).Find(`.tally a[download]`)
	if links.Length() != 2 {
		w.t.Fatalf("%d ways to export", links.Length())
	}
	asCSV, _ := links.First().Attr("href")
	p := w.get(asCSV).want(w.t, 200)
	body, ok := strings.CutPrefix(p.body, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || !ok || !strings.Contains(p.header.Get("Content-Disposition"), `"contracts-2026-02-17.csv"`) {
		w.t.Fatal(err, p.header)
	}
	asBook, _ := links.Last().Attr("href")
	p = w.get(asBook).want(w.t, 200)
	book, err := excelize.OpenReader(bytes.NewReader([]byte(p.body)))
	if err != nil || !strings.Contains(p.header.Get("Content-Disposition"), `"contracts-2026-02-17.xlsx"`) {
		w.t.Fatal(err, p.header)
	}
	same, err := book.GetRows(book.GetSheetName(0))
	if err != nil || len(same) != len(rows) {
		w.t.Fatalf("%d rows in the workbook, %d in the CSV: %v", len(same), len(rows), err)
	}
	for i, r := range rows {
		for j, c := range r {
			got := ""
			if j < len(same[i]) {
				got = same[i][j]
			}
			if got != strings.TrimPrefix(c, "'") { // a workbook knows texts from formulas
				w.t.Errorf("row %d, cell %d: %q in the workbook, %q in the CSV", i, j, got, c)
			}
		}
	}
	return rows
}

// What is written is what is shown: filter, order and columns, and nothing a
// spreadsheet would run.
func TestExportOfWhatIsShown(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "seats", Type: field.Number, Indexed: true})
		w.field(field.Input{Key: "memo", Type: field.Text})
		c := w.add(func(in *contract.Input) {
			in.Name, in.RenewalDate, in.Amount, in.AmountBasis, in.Outlook, in.Owner = "=SUM(A1)", "2026-03-31", "480000.5", "monthly", "watch", w.me.Member.String()
			in.Currency, in.Fields = "USD", map[string]any{"seats": "12", "memo": "+cmd|' /C calc'!A0"}
		})
		w.said[c.ID] = contracthttp.Said{Text: "@返信が短い", By: "田村 健", At: start}
		w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "あとのもの", "2026-12-31" })
		w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "先のもの", "2026-03-01" })
		got := w.shown("/contracts?within=90&sort=-renewal&col=seats&col=memo&col=contact&by=owner&as=board")
		want := [][]string{
			{"顧客企業", "契約の名前", "更新日", "最後の言葉", "見立て", "段階", "担当CSM", "金額", "通貨", "金額の数え方", "最後に書いた人", "seatsの名前", "memoの名前", "データ"},
			{"株式会社みなと物流", "'=SUM(A1)", "2026-03-31", "'@返信が短い", "気がかり", "", "岡田 真帆", "480000.5", "USD", "月額", "2026-02-17 田村 健", "12", "'+cmd|' /C calc'!A0", ""},
			{"株式会社みなと物流", "先のもの", "2026-03-01", "", "わからない", "", "", "", "JPY", "", "", "", "", ""},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, bad := range []string{"/contracts/shown.csv?within=soon", "/contracts/shown.xlsx?sort=nonsense"} {
			if p := w.get(bad); p.status != 422 {
				t.Errorf("%s: %d", bad, p.status)
			}
		}
		if p := w.send(httptest.NewRequest("GET", "/contracts/shown.csv", nil), ""); p.status == 200 {
			t.Error("nobody may export")
		}
	})
}

// All pages are written, in the order shown.
func TestExportOfMany(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.many(450)
	rows := w.shown("/contracts")
	if len(rows) != 451 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, r := range rows[1:] {
		if r[1] != fmt.Sprintf("契約%03d", i) {
			t.Fatalf("row %d is %s", i, r[1])
		}
	}
}
