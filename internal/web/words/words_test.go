package words_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/web/words"
	"kizuki/internal/web/words/wordstest"
)

var (
	tokyo = time.FixedZone("JST", 9*3600)
	ja    = words.With(context.Background(), words.Locale{Lang: "ja", Zone: tokyo})
	en    = words.With(context.Background(), words.Locale{Lang: "en", Zone: tokyo})
)

func TestShellCatalogue(t *testing.T) {
	wordstest.CheckCatalogues(t, os.DirFS("catalog"))
	wordstest.CheckTempl(t, ".")
}

func TestT(t *testing.T) {
	for _, tt := range []struct {
		ctx  context.Context
		key  string
		kv   []any
		want string
	}{
		{ja, "shell.write", nil, "書く"},
		{en, "shell.write", nil, "Write"},
		{context.Background(), "shell.write", nil, "書く"},
		{ja, "shell.note.to", []any{"Name", "<みなと>"}, "<みなと>に書く"},
		{en, "when.in_days", []any{"Count", 1}, "in 1 day"},
		{en, "when.in_days", []any{"Count", 1234}, "in 1,234 days"},
		{ja, "when.in_days", []any{"Count", 1234}, "あと1,234日"},
		{ja, "test.nobody_wrote_it", nil, "test.nobody_wrote_it"},
	} {
		if got := words.T(tt.ctx, tt.key, tt.kv...); got != tt.want {
			t.Errorf("T(%s) = %q, want %q", tt.key, got, tt.want)
		}
	}
	if got := words.Missing(); !slices.Contains(got, "ja test.nobody_wrote_it") {
		t.Errorf("Missing() = %q", got)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "1 KB", 1: "1 KB", 1536: "2 KB", 340 << 10: "340 KB", 996147: "973 KB", 996148: "1.0 MB", 1 << 20: "1.0 MB", 1258291: "1.2 MB",
		10433331: "9.9 MB", 10433332: "10 MB", 20 << 20: "20 MB"} {
		if got := words.Size(bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
}

func TestAdd(t *testing.T) {
	mine := fstest.MapFS{
		"ja.json": {Data: []byte(`{"test.filter": "{{.Who}}が担当の契約を{{.Order}}に。"}`)},
		"en.json": {Data: []byte(`{"test.filter": "Contracts {{.Order}} of {{.Who}}"}`)},
	}
	words.Add(mine)
	words.Add(mine) // twice is harmless
	want := []words.Piece{{Blank: "Who"}, {Text: "が担当の契約を"}, {Blank: "Order"}, {Text: "に。"}}
	if got := words.Pieces(ja, "test.filter"); !slices.Equal(got, want) {
		t.Errorf("Pieces = %q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key with two meanings was accepted")
		}
	}()
	words.Add(fstest.MapFS{
		"ja.json": {Data: []byte(`{"test.filter": "別のこと"}`)}, "en.json": {Data: []byte(`{"test.filter": "else"}`)},
	})
}

func TestMatch(t *testing.T) {
	for accept, want := range map[string]string{
		"": "ja", "ja": "ja", "en-US,en;q=0.9,ja;q=0.5": "en", "ja-JP,en;q=0.5": "ja", "fr": "en", "zh-CN": "en", "fr,en;q=0.3": "en", "*!": "ja",
	} {
		if got := words.Match(accept); got != want {
			t.Errorf("Match(%q) = %q, want %q", accept, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	at := func(d, h, m int) time.Time { return time.Date(2026, 2, d, h, m, 0, 0, tokyo).UTC() }
	now := at(17, 15, 30)
	for _, tt := range []struct {
		t, now time.Time
		ja, en string
	}{
		{now.Add(time.Second), now, "たった今", "just now"},
		{now.Add(-5 * time.Minute), now, "5分前", "5 minutes ago"},
		{at(17, 12, 20), now, "3時間前", "3 hours ago"},
		{at(17, 5, 10), now, "けさ5:10", "this morning 5:10"},
		{at(17, 1, 10), now, "14時間前", "14 hours ago"},
		{at(16, 18, 42), now, "きのう", "yesterday"},
		{at(16, 23, 30), at(17, 1, 0), "1時間前", "1 hour ago"},
		{at(16, 9, 0), at(17, 1, 0), "きのう", "yesterday"},
		{at(14, 18, 42), now, "3日前", "3 days ago"},
		{at(10, 18, 42), now, "2/10 火", "Tue, Feb 10"},
		{time.Date(2025, 12, 11, 9, 0, 0, 0, tokyo), now, "2025/12/11", "Dec 11, 2025"},
	} {
		if got := words.Ago(ja, tt.t, tt.now); got != tt.ja {
			t.Errorf("Ago(%v) = %q, want %q", tt.t, got, tt.ja)
		}
		if got := words.Ago(en, tt.t, tt.now); got != tt.en {
			t.Errorf("Ago(%v) = %q, want %q", tt.t, got, tt.en)
		}
	}
}

func TestUntil(t *testing.T) {
	const today = cal.Date("2026-02-17")
	for _, tt := range []struct {
		d            cal.Date
		ja, en, soon string
	}{
		{"", "", "", ""},
		{"2026-02-17", "今日", "today", "soon"},
		{"2026-02-18", "明日", "tomorrow", "soon"},
		{"2026-03-19", "あと30日", "in 30 days", "soon"},
		{"2026-03-31", "あと42日", "in 42 days", ""},
		{"2026-02-16", "1日過ぎ", "1 day late", "late"},
		{"2026-02-14", "3日過ぎ", "3 days late", "late"},
	} {
		if got := [3]string{words.Until(ja, tt.d, today), words.Until(en, tt.d, today), words.Soon(tt.d, today)}; got != [3]string{tt.ja, tt.en, tt.soon} {
			t.Errorf("%s: got %q", tt.d, got)
		}
	}
}

func TestExactDays(t *testing.T) {
	moment := time.Date(2026, 2, 16, 9, 42, 0, 0, time.UTC)
	for want, got := range map[string]string{
		"3/31 火": words.DayShort(ja, "2026-03-31"), "Tue, Mar 31": words.DayShort(en, "2026-03-31"),
		"2026年3月31日（火）": words.DayLong(ja, "2026-03-31"), "Tue, Mar 31, 2026": words.DayLong(en, "2026-03-31"),
		"2026年2月16日（月）18:42": words.Stamp(ja, moment), "Mon, Feb 16, 2026, 18:42": words.Stamp(en, moment),
		"18:42": words.Clock(ja, moment), "2026-02-16T18:42:00+09:00": words.ISO(ja, moment),
		"2027/3/31": words.DayNear(ja, "2027-03-31", "2026-02-17"), "3月": words.MonthName(ja, 3), "March": words.MonthName(en, 3),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func BenchmarkT(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			words.T(ja, "shell.write")
		}
	})
	b.Run("filled", func(b *testing.B) {
		for b.Loop() {
			words.T(ja, "when.in_days", "Count", 42)
		}
	})
}
