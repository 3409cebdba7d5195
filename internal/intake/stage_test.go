package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

var japanese = [][]string{
	{"契約ID", "契約名", "会社名", "法人番号", "担当CSM", "更新日", "月額", "先方担当", "メール", "経緯", "プラン"},
	{"K-1", "配車クラウド", "㈱アルファ", "", "岡田 真帆", "令和8年3月31日", "48万円", "小田切 修", "odagiri@alpha.example.jp", "2年前に紹介で\n始まった", "松"},
	{"K-2", "倉庫クラウド", "株式会社アルファ", "", "中野 翔太", "2026/4/30", "¥120,000", "", "", "", "竹"},
	{"K-3", "点呼クラウド", "アルファ株式会社", "", "中野 翔太", "2026-05-31", "", "", "", "", "松"},
}

func TestWhatAJapaneseListBecomes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		empty := w.whole()
		staged := w.stage(w.file(japanese...))
		if w.export() != strings.Split(empty, "SELECT")[0] {
			t.Error("staging wrote contracts")
		}
		if j := staged.Plan.Joinings; len(j) != 1 || j[0].Spelling != "株式会社アルファ" || j[0].Organization != "㈱アルファ" {
			t.Errorf("joined %+v", j)
		}
		if o := staged.Plan.Owners; !slices.Equal(o, []string{"中野 翔太"}) {
			t.Errorf("new owners %v", o)
		}
		if f := staged.Plan.NewFields; len(f) != 1 || f[0].Label != "プラン" {
			t.Errorf("new fields %+v", f)
		}
		imp := w.apply(staged)
		w.counts(imp, intake.Counts{Rows: 3, Created: 3})
		c := w.byKey("k-1")
		if c.Name != "配車クラウド" || c.OwnerID != w.actor.Member || c.RenewalDate != "2026-03-31" || *c.Amount != 480000 ||
			c.AmountBasis != "monthly" || c.Currency != "JPY" || c.LastImportID != imp.ID {
			t.Errorf("%+v", c)
		}
		if o := w.byKey("k-2"); o.OrgID != c.OrgID || o.OwnerName != "中野 翔太" {
			t.Errorf("%+v", o)
		}
		if o := w.byKey("k-3"); o.OrgID == c.OrgID || o.Amount != nil {
			t.Errorf("%+v", o)
		}
		people, err := contact.New(w.d, bus.New(), w.contracts).Of(w.ctx, c.ID)
		if err != nil || len(people) != 1 || people[0].Name != "小田切 修" || people[0].Mail != "odagiri@alpha.example.jp" {
			t.Errorf("%+v, %v", people, err)
		}
		if n := w.number("SELECT count(*) FROM note WHERE body LIKE '2年前%' AND contract_id = " + c.ID.String()); n != 1 {
			t.Errorf("%d notes", n)
		}
		w.counts(w.bring(w.file(japanese...)), intake.Counts{Rows: 3, Unchanged: 3, Known: 3})
		list, err := w.in.List(w.ctx, 0, 0, 10)
		if err != nil || len(list) != 2 {
			t.Fatal(len(list), err)
		}
		for _, i := range list {
			w.undo(i)
		}
		same(t, "undone", w.whole(), empty)
	})
}

func (w *world) number(q string) int {
	w.t.Helper()
	n, _, err := db.One(w.ctx, w.d, db.Value[int], q)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestInvalidRowsAreLeftOutWhole(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		imp := w.bring(w.file(
			[]string{"契約番号", "会社名", "更新日", "月額", "メール", "備考"},
			[]string{"A", "ひなた引越センター", "令和8年2月30日", "九万六千", "", "=cmd()"},
			[]string{"", "番号なし", "2026/3/1", "1000", "", ""},
			[]string{"B", "東雲パーツ", "2026/3/1", "1,000", "a@b.example.com", "-5"},
			[]string{"Ｂ", "東雲パーツ", "2026/3/1", "1,000", "", ""},
			[]string{"C", "港南リース", "", "", "bad mail", ""}))
		w.counts(imp, intake.Counts{Rows: 5, Created: 1, Invalid: 4, Errors: 5})
		res, err := w.in.Result(w.ctx, imp)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, p := range res.Problems {
			keys = append(keys, p.Column+" "+p.Key)
		}
		want := []string{"月額 err.money", "更新日 err.no_such_day", "契約番号 intake.err.blank_key", "契約番号 intake.err.duplicate_key", "メール contract.err.mail"}
		if !slices.Equal(keys, want) {
			t.Errorf("%q\nwant %q", keys, want)
		}
		if res.ID != imp.ID || w.byKey("a").ID != 0 || w.byKey("b").ID == 0 {
			t.Error("not whole")
		}
		var out bytes.Buffer
		err = w.in.ErrorFile(w.ctx, imp.ID, &out, [3]string{"行", "列", "理由"}, func(p intake.Problem) string { return p.Key })
		lines := strings.Split(strings.TrimSpace(out.String()), "\r\n")
		if err != nil || len(lines) != 5 || lines[0] != "\ufeff契約番号,会社名,更新日,月額,メール,備考,行,列,理由" ||
			!strings.Contains(lines[1], "'=cmd(),2,月額、更新日,") {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
}

func TestMapping(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	path := w.file([]string{"a", "b", "c"}, []string{"1", "x", "y"})
	try := func(rest string, columns ...string) *errs.E {
		t.Helper()
		m := &intake.Mapping{Columns: map[string]string{}, Rest: rest}
		for i := 0; i < len(columns); i += 2 {
			m.Columns[columns[i]] = columns[i+1]
		}
		imp, err := w.in.Stage(w.ctx, intake.Upload{Path: path, FileName: "x.csv", Mapping: m})
		if err == nil {
			return nil
		}
		if imp.State != intake.Failed || imp.Problem == nil || len(imp.Plan.Columns) != 3 {
			t.Errorf("the import is not kept: %+v", imp)
		}
		return errs.As(err)
	}
	for key, e := range map[string]*errs.E{
		"intake.err.no_key":       try("", "a", "name"),
		"intake.err.no_column":    try("", "a", "key", "z", "name"),
		"intake.err.target":       try("", "a", "key", "b", "sausage"),
		"intake.err.target_twice": try("", "a", "key", "b", "name", "c", "name"),
		"intake.err.rest":         try("all", "a", "key"),
	} {
		if e == nil || e.Code != errs.Invalid || e.Key != key || !strings.HasPrefix(e.Field, "mapping") {
			t.Errorf("want %s, got %v", key, e)
		}
	}
	if e := try("", "a", "key", "b", "field:status"); e == nil || e.Key != "intake.err.target" {
		t.Errorf("reserved: %v", e)
	}
	if e := try("ignore", "a", "key", "b", "field:plan", "c", "ignore"); e != nil {
		t.Errorf("%v", e)
	}
}

func TestMappingIsRemembered(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	first := w.file([]string{"x", "y"}, []string{"1", "アルファ"})
	w.bring(first, func(u *intake.Upload) {
		u.Mapping = &intake.Mapping{Columns: map[string]string{"x": "key", "y": "organization"}}
	})
	imp := w.stage(w.file([]string{"y", "x", "z"}, []string{"ベータ", "2", "新しい列"}), delta)
	if m := imp.Plan.Mapping().Columns; m["x"] != "key" || m["y"] != "organization" || !strings.HasPrefix(m["z"], "field:") {
		t.Errorf("%v", m)
	}
	other := w.stage(w.file([]string{"契約ID", "y"}, []string{"3", "ガンマ"}), delta)
	if m := other.Plan.Mapping().Columns; m["契約ID"] != "key" || m["y"] == "organization" {
		t.Errorf("%v", m)
	}
	// and staged again with another one
	again, err := w.in.Restage(w.ctx, other.ID, &intake.Mapping{Columns: map[string]string{"契約ID": "key", "y": "name"}}, "")
	if err != nil || again.State != intake.Staged || again.Counts.Created != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	if err := w.in.Drop(w.ctx, again.ID); err != nil {
		t.Error(err)
	}
	if _, err := w.in.Apply(w.ctx, again.ID, intake.ApplyOptions{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("applied what was dropped: %v", err)
	}
}

func TestUnreadableFilesChangeNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for name, content := range map[string]string{"empty": "", "broken": "PK\x03\x04rest", "quote": "a,b\n\"1,2\n3,4\n",
			"picture": "\x89PNG\r\n\x1a\n0000", "blank": "\n\n,,\n"} {
			imp, err := w.in.Stage(w.ctx, intake.Upload{Path: w.raw(content), FileName: name})
			if e := errs.As(err); e.Code != errs.Invalid && e.Code != errs.Unsupported {
				t.Errorf("%s: %v", name, err)
			}
			if imp.State == intake.Staged {
				t.Errorf("%s is staged", name)
			}
		}
		if n := w.number("SELECT count(*) FROM contract"); n != 0 {
			t.Errorf("%d contracts", n)
		}
	})
}

func TestOnlyMembersImport(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	imp := w.stage(w.file(japanese...))
	viewer := w.actor
	viewer.Role = who.Viewer
	stranger := w.actor
	stranger.Workspace = id.ID(42)
	for _, a := range []who.Actor{viewer, stranger} {
		ctx := who.With(context.Background(), a)
		want := errs.Forbidden
		if a.Workspace == 42 {
			want = errs.NotFound
		}
		_, err := w.in.Apply(ctx, imp.ID, intake.ApplyOptions{})
		_, _, err2 := w.in.Undo(ctx, imp.ID)
		for _, err := range []error{err, err2, w.in.Drop(ctx, imp.ID)} {
			if !errs.Is(err, want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
	member := w.actor
	member.Role = who.Member // makes custom fields by bringing them, though only admins add them by hand
	if _, err := w.in.Apply(who.With(context.Background(), member), imp.ID, intake.ApplyOptions{}); err != nil {
		t.Error(err)
	}
}

// Another sheet of a workbook can be read instead, from the file that was kept.
func TestExcelSheets(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		book := excelize.NewFile()
		defer book.Close()
		for name, rows := range map[string][][]any{"Sheet1": {{"契約ID", "会社名"}, {"E1", "アルファ"}},
			"二枚目": {{"契約ID", "会社名", "更新日"}, {"E2", "ベータ", "2026/3/31"}, {"E3", "ガンマ", 46112}}} {
			if i, _ := book.GetSheetIndex(name); i < 0 {
				if _, err := book.NewSheet(name); err != nil {
					t.Fatal(err)
				}
			}
			for i, row := range rows {
				if err := book.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
					t.Fatal(err)
				}
			}
		}
		path := filepath.Join(t.TempDir(), "list.xlsx")
		if err := book.SaveAs(path); err != nil {
			t.Fatal(err)
		}
		imp := w.stage(path)
		w.counts(imp, intake.Counts{Rows: 1, Created: 1})
		if !slices.Equal(imp.Plan.File.Sheets, []string{"Sheet1", "二枚目"}) {
			t.Errorf("%v", imp.Plan.File)
		}
		if err := os.Remove(path); err != nil { // any node can read it again
			t.Fatal(err)
		}
		if _, err := w.in.Restage(w.ctx, imp.ID, nil, "三枚目"); errs.As(err).Key != "intake.err.file.no_such_sheet" || errs.As(err).Field != "sheet" {
			t.Errorf("%v", err)
		}
		imp, err := w.in.Restage(w.ctx, imp.ID, nil, "二枚目")
		if err != nil {
			t.Fatal(err)
		}
		w.apply(imp)
		if c := w.byKey("e3"); c.RenewalDate != "2026-03-31" || w.byKey("e1").ID != 0 {
			t.Errorf("%+v", c)
		}
	})
}
