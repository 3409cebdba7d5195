package today_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/today"
	"kizuki/internal/who"
)

// scene is an app on Tuesday 17 February 2026, 10:00, with two contracts.
type scene struct {
	*apptest.App
	t                testing.TB
	minato, futaba   id.ID
	owner, me, other context.Context // me is the member "田村 健", other the admin
}

func newScene(t testing.TB, d *db.DB) *scene {
	t.Helper()
	a := apptest.New(t, d)
	s := &scene{App: a, t: t, owner: a.Ctx, me: a.As(who.Member), other: a.As(who.Admin)}
	s.minato, s.futaba = s.contract("M-1", "配車", "みなと物流", ""), s.contract("F-1", "受注", "ふたば商店", "")
	return s
}

func (s *scene) contract(key, name, org, owner string) id.ID {
	s.t.Helper()
	c, err := s.Contracts.Create(s.owner, contract.Input{Key: key, Name: name, Organization: org, Owner: owner, RenewalDate: "2026-03-31"})
	s.must(err)
	return c.ID
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// task makes one of ctx's own.
func (s *scene) task(ctx context.Context, c id.ID, title, due string, minutes int) id.ID {
	s.t.Helper()
	made, err := s.Tasks.Create(ctx, task.New{Contract: c, Title: title, Due: cal.Date(due), Minutes: minutes})
	s.must(err)
	return made.ID
}

func (s *scene) say(ctx context.Context, c, parent id.ID, body string) timeline.Note {
	s.t.Helper()
	n, err := s.Timeline.Post(ctx, timeline.PostInput{Contract: c, Parent: parent, Body: body})
	s.must(err)
	return n
}

// bring imports a list of contracts by key, each with its customer.
func (s *scene) bring(ctx context.Context, source string, keys ...string) {
	s.t.Helper()
	path := filepath.Join(s.t.(*testing.T).TempDir(), "list.csv")
	rows := "契約ID,会社名\n"
	for _, k := range keys {
		rows += k + ",会社" + k + "\n"
	}
	s.must(os.WriteFile(path, []byte(rows), 0o600))
	_, err := s.Imports.Bring(ctx, intake.Upload{Path: path, FileName: "list.csv", Source: source}, intake.ApplyOptions{ConfirmAbsent: true})
	s.must(err)
}

func (s *scene) queue(ctx context.Context) today.Queue {
	s.t.Helper()
	q, err := s.Today.Queue(ctx)
	s.must(err)
	if q.Count != len(q.Matters) {
		s.t.Errorf("%d matters are said to be %d", len(q.Matters), q.Count)
	}
	return q
}

// lines are the queue as a person reads it.
func lines(q today.Queue) string {
	var out []string
	for _, m := range q.Matters {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %s%s", m.Since[5:], m.Kind, m.Org, m.Name))
		for _, t := range m.Tasks {
			line += " " + t.Title
		}
		if m.Kind == today.Called {
			line += " " + m.Notice.Author.Name + ": " + m.Notice.Text
		}
		if m.Kind == today.Absent {
			line += " " + m.Absence.Source
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// TestQueue: what happens, and what "me" and "other" then have before them.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      func(s *scene)
		me      string
		minutes int
		other   string
	}{
		{"nothing to do", func(*scene) {}, "", 0, ""},
		{"due and overdue are one line a contract, the longest waiting first", func(s *scene) {
			s.task(s.me, s.minato, "今日", "2026-02-17", 0)
			s.task(s.me, s.futaba, "昨日", "2026-02-16", 20)
			s.task(s.me, s.minato, "先週", "2026-02-10", 10)
		}, "02-10 tasks みなと物流配車 先週 今日\n02-16 tasks ふたば商店受注 昨日", 35, ""},
		{"tasks without a contract are a line each", func(s *scene) {
			s.task(s.me, 0, "経費", "2026-02-16", 0)
			s.task(s.me, 0, "日報", "2026-02-16", 0)
		}, "02-16 tasks 経費\n02-16 tasks 日報", 10, ""},
		{"what is not due yet, or never, is not there", func(s *scene) {
			s.task(s.me, s.minato, "明日", "2026-02-18", 0)
			s.task(s.me, s.minato, "いつか", "", 0)
		}, "", 0, ""},
		{"what is settled is not there", func(s *scene) {
			_, err := s.Tasks.Done(s.me, s.task(s.me, s.minato, "済", "2026-02-17", 0), "", false)
			s.must(err)
			_, err = s.Tasks.Skip(s.me, s.task(s.me, s.minato, "見送り", "2026-02-17", 0), "不要")
			s.must(err)
			_, err = s.Tasks.Delete(s.me, s.task(s.me, s.minato, "間違い", "2026-02-17", 0), "")
			s.must(err)
		}, "", 0, ""},
		{"a task handed over is the other's", func(s *scene) {
			made := s.task(s.me, s.minato, "引き継ぎ", "2026-02-17", 0)
			s.task(s.me, s.minato, "残り", "2026-02-17", 0)
			_, err := s.Tasks.Update(s.me, made, []task.Edit{{Field: "owner", New: who.From(s.other).Member.String()}})
			s.must(err)
		}, "02-17 tasks みなと物流配車 残り", 5, "02-17 tasks みなと物流配車 引き継ぎ"},
		{"put off is hidden, with its minutes", func(s *scene) {
			_, err := s.Tasks.Snooze(s.me, s.task(s.me, s.minato, "あとで", "2026-02-10", 30), "2026-02-18")
			s.must(err)
			s.task(s.me, s.minato, "今日", "2026-02-17", 10)
		}, "02-17 tasks みなと物流配車 今日", 10, ""},
		{"back on its day it waits since then", func(s *scene) {
			_, err := s.Tasks.Snooze(s.me, s.task(s.me, s.minato, "あとで", "2026-02-10", 30), "2026-02-18")
			s.must(err)
			s.task(s.me, s.futaba, "次", "2026-02-17", 10)
			s.Travel(24 * time.Hour)
		}, "02-17 tasks ふたば商店受注 次\n02-18 tasks みなと物流配車 あとで", 40, ""},
		{"a line waits as long as the task of it that waits longest", func(s *scene) {
			_, err := s.Tasks.Snooze(s.me, s.task(s.me, s.minato, "延期", "2026-02-10", 0), "2026-02-17")
			s.must(err)
			s.task(s.me, s.minato, "催促", "2026-02-12", 0)
			s.task(s.me, s.futaba, "間", "2026-02-14", 0)
		}, "02-12 tasks みなと物流配車 延期 催促\n02-14 tasks ふたば商店受注 間", 15, ""},
		{"taken up before it is due", func(s *scene) {
			_, err := s.Tasks.Snooze(s.me, s.task(s.me, s.minato, "早めに", "2026-03-31", 0), "2026-02-17")
			s.must(err)
		}, "02-17 tasks みなと物流配車 早めに", 5, ""},
		{"the day changes at midnight where the team is", func(s *scene) {
			s.task(s.me, s.minato, "明日", "2026-02-18", 0)
			s.Travel(14*time.Hour + time.Minute) // 15:01 of the 17th in UTC
		}, "02-18 tasks みなと物流配車 明日", 5, ""},
		{"who is called, and who is answered", func(s *scene) {
			n := s.say(s.me, s.minato, 0, "@松井 里佳 見てください")
			s.say(s.other, s.minato, n.ID, "見ました")
		}, "02-17 called みなと物流配車 松井 里佳: 見ました", 1, "02-17 called みなと物流配車 田村 健: @松井 里佳 見てください"},
		{"what was read is not there", func(s *scene) {
			s.say(s.other, s.minato, 0, "@田村 健 一")
			s.must(s.Timeline.MarkRead(s.me))
			s.say(s.other, s.futaba, 0, "@田村 健 二")
		}, "02-17 called ふたば商店受注 松井 里佳: @田村 健 二", 1, ""},
		{"a word taken back calls nobody", func(s *scene) {
			_, err := s.Timeline.Delete(s.other, s.say(s.other, s.minato, 0, "@田村 健 間違い").ID)
			s.must(err)
		}, "", 0, ""},
		{"a word kept to oneself calls nobody", func(s *scene) {
			_, err := s.Timeline.Post(s.other, timeline.PostInput{Contract: s.minato, Body: "@田村 健 下書き", Visibility: timeline.AuthorOnly})
			s.must(err)
		}, "", 0, ""},
		{"an unread word does not sink under those that were read", func(s *scene) {
			first := s.say(s.other, s.minato, 0, "@田村 健 最初")
			s.Travel(time.Minute)
			for range 205 {
				s.say(s.other, s.minato, 0, "@田村 健 その後")
			}
			list, next, err := s.Timeline.Inbox(s.me, "", 200)
			s.must(err)
			more, _, err := s.Timeline.Inbox(s.me, next, 200)
			s.must(err)
			for _, n := range append(list, more...) {
				if n.CauseID != first.ID {
					s.must(s.Timeline.MarkRead(s.me, n.ID))
				}
			}
		}, "02-17 called みなと物流配車 松井 里佳: @田村 健 最初", 1, ""},
		{"a vanished row is for who brought the list and whose contract it is", func(s *scene) {
			s.contract("N2", "二", "会社N2", who.From(s.me).Member.String())
			s.bring(s.other, "名簿", "N1", "N2", "N3")
			s.Travel(24 * time.Hour)
			s.bring(s.other, "名簿", "N3")
		}, "02-18 absent 会社N2二 名簿", 1, "02-18 absent 会社N2二 名簿\n02-18 absent 会社N1会社N1 名簿"},
		{"one who brought the list of an own contract has one line", func(s *scene) {
			s.contract("N2", "二", "会社N2", who.From(s.me).Member.String())
			s.bring(s.me, "名簿", "N1", "N2", "N3")
			s.bring(s.me, "名簿", "N1", "N3")
		}, "02-17 absent 会社N2二 名簿", 1, ""},
		{"a vanished row that was decided is not there", func(s *scene) {
			s.bring(s.me, "名簿", "N1", "N2")
			s.bring(s.me, "名簿", "N1")
			open, err := s.Imports.AbsentForMe(s.me)
			s.must(err)
			s.must(s.Imports.Review(s.me, open[0].SourceID, open[0].ContractID, intake.Keep))
		}, "", 0, ""},
		{"on one day people come before tasks, and those before lists", func(s *scene) {
			s.bring(s.me, "名簿", "N1", "N2")
			s.bring(s.me, "名簿", "N1")
			s.task(s.me, s.minato, "今日", "2026-02-17", 7)
			s.say(s.other, s.minato, 0, "@田村 健 ねえ")
			s.task(s.me, s.futaba, "昨日", "2026-02-16", 0)
		}, "02-16 tasks ふたば商店受注 昨日\n02-17 called みなと物流配車 松井 里佳: @田村 健 ねえ\n02-17 tasks みなと物流配車 今日\n02-17 absent 会社N2会社N2 名簿", 14, ""},
		{"another workspace keeps to itself", func(s *scene) {
			there := s.Other()
			c, err := s.Contracts.Create(there, contract.Input{Key: "M-1", Name: "よその", Organization: "みなと物流"})
			s.must(err)
			s.task(there, c.ID, "よその仕事", "2026-02-10", 0)
			s.say(there, c.ID, 0, "@田村 健 @よその人 聞こえますか")
			s.bring(there, "名簿", "M-1", "F-1", "X-1")
			s.bring(there, "名簿", "M-1")
			if got := lines(s.queue(there)); !strings.HasPrefix(got, "02-10 tasks 会社M-1よその よその仕事\n02-17 absent") {
				s.t.Errorf("their own: %s", got)
			}
		}, "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, d *db.DB) {
				s := newScene(t, d)
				c.do(s)
				mine := s.queue(s.me)
				if diff := cmp.Diff(c.me, lines(mine)); diff != "" || mine.Minutes != c.minutes {
					t.Errorf("%d minutes, want %d %s", mine.Minutes, c.minutes, diff)
				}
				if diff := cmp.Diff(c.other, lines(s.queue(s.other))); diff != "" {
					t.Error("the other:", diff)
				}
				if got := lines(s.queue(s.As(who.Viewer))); got != "" {
					t.Error("a third has:", got)
				}
			})
		})
	}
}

// TestActs: who may do what with which matter.
func TestActs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		viewer := s.As(who.Viewer)
		reads := who.From(s.me)
		reads.ReadOnly = true
		first := s.task(s.me, s.minato, "先", "2026-02-10", 0)
		s.task(s.me, s.minato, "後", "2026-02-12", 0)
		s.say(s.other, s.futaba, 0, "@田村 健 @北原 光 ねえ")
		s.bring(s.me, "名簿", "N1", "N2")
		s.bring(s.me, "名簿", "N1")
		// A viewer has a task from the time before.
		theirs, err := s.Tasks.Create(s.other, task.New{Contract: s.futaba, Title: "昔の", Due: "2026-02-01", Owner: who.From(viewer).Member})
		s.must(err)

		keys := map[today.Kind]string{}
		for _, m := range s.queue(s.me).Matters {
			keys[m.Kind] = m.Key
		}
		called := s.queue(viewer).Matters[1].Key
		for _, x := range []struct {
			name string
			ctx  context.Context
			act  string
			key  string
			code errs.Code // "" if it is done
		}{
			{"nobody", context.Background(), "done", keys[today.Tasks], errs.Unauthorized},
			{"a token that reads", who.With(t.Context(), reads), "done", keys[today.Tasks], errs.Forbidden},
			{"a token that reads, read", who.With(t.Context(), reads), "done", keys[today.Called], errs.Forbidden},
			{"somebody else's", s.other, "done", keys[today.Tasks], errs.NotFound},
			{"somebody else's words", s.other, "done", keys[today.Called], errs.NotFound},
			{"somebody else's, later", s.other, "snooze", keys[today.Tasks], errs.NotFound},
			{"another workspace's", s.Other(), "done", keys[today.Tasks], errs.NotFound},
			{"no such matter", s.me, "done", "t123", errs.NotFound},
			{"words cannot be put off", s.me, "snooze", keys[today.Called], errs.Stopped},
			{"a vanished row asks for a decision", s.me, "done", keys[today.Absent], errs.Stopped},
			{"nor put off", s.me, "snooze", keys[today.Absent], errs.Stopped},
			{"a viewer settles no task", viewer, "done", "c" + s.futaba.String(), errs.Forbidden},
			{"nor puts it off", viewer, "snooze", "c" + s.futaba.String(), errs.Forbidden},
			{"but has read what was said", viewer, "done", called, ""},
			{"and it is gone", viewer, "done", called, errs.NotFound},
			{"the oldest task first", s.me, "done", keys[today.Tasks], ""},
			{"what is left is put off", s.me, "snooze", keys[today.Tasks], ""},
			{"read", s.me, "done", keys[today.Called], ""},
		} {
			var err error
			if x.act == "done" {
				_, err = s.Today.Done(x.ctx, x.key, "")
			} else {
				_, err = s.Today.Snooze(x.ctx, x.key, "2026-02-18")
			}
			if x.code == "" && err != nil || x.code != "" && !errs.Is(err, x.code) {
				t.Errorf("%s: %v, want %q", x.name, err, x.code)
			}
		}
		if got, err := s.Tasks.Get(s.me, first); err != nil || got.State != task.StateDone {
			t.Error("the oldest is open:", err)
		}
		if got, err := s.Tasks.Get(s.me, theirs.ID); err != nil || got.State != task.StateOpen {
			t.Error("a viewer has settled a task:", err)
		}
		if got := lines(s.queue(s.me)); got != "02-17 absent 会社N2会社N2 名簿" {
			t.Error("left:", got)
		}
	})
}

// What is more than the page holds is counted all the same.
func TestMoreThanIsShown(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		for i := range 60 {
			s.say(s.other, s.minato, 0, fmt.Sprint("@田村 健 ", i))
		}
		q, err := s.Today.Queue(s.me)
		if err != nil || len(q.Matters) != 50 || q.Count != 60 || q.Minutes != 60 || !strings.HasSuffix(q.Matters[0].Notice.Text, " 59") {
			t.Errorf("%d of %d, %d minutes: %v", len(q.Matters), q.Count, q.Minutes, err)
		}
	})
}

// Nobody and no workspace have no day.
func TestQueueAsksWhoIsThere(t *testing.T) {
	s := newScene(t, testkit.SQLite(t))
	if _, err := s.Today.Queue(context.Background()); !errs.Is(err, errs.Unauthorized) {
		t.Error(err)
	}
}
