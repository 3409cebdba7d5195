package digest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/digest"
	"kizuki/internal/errs"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/testkit/mailtest"
	"kizuki/internal/testkit/smtpsink"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/who"
)

var bg = context.Background()

const (
	tamura = "member@example.com"
	day    = 24 * time.Hour
)

// world is an app with a mail server, and a contract of 田村's.
type world struct {
	*apptest.App
	t    *testing.T
	mail *smtpsink.Sink
	c    contract.Contract
}

func each(t *testing.T, f func(w *world)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB, set ...func(*app.Config)) *world {
	s, on := mailtest.On(t)
	w := &world{App: apptest.New(t, d, append(set, on)...), t: t, mail: s}
	w.c = w.contract("みなと物流 本社契約")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) contract(name string) contract.Contract {
	w.t.Helper()
	c, err := w.Contracts.Create(w.Ctx, contract.Input{Key: name, Name: name, Organization: "株式会社みなと物流", Owner: w.Actors[who.Member].Member.String()})
	w.must(err)
	return c
}

func (w *world) task(title string) {
	w.t.Helper()
	_, err := w.Tasks.Create(w.Ctx, task.New{Contract: w.c.ID, Title: title, Owner: w.Actors[who.Member].Member, Due: "2026-02-17"})
	w.must(err)
}

func (w *world) say(role who.Role, body string, more ...func(*timeline.PostInput)) timeline.Note {
	w.t.Helper()
	w.Travel(time.Second)
	in := timeline.PostInput{Contract: w.c.ID, Body: body}
	for _, f := range more {
		f(&in)
	}
	n, err := w.Timeline.Post(w.As(role), in)
	w.must(err)
	return n
}

// morning is a quarter of an hour's tick and all that follows from it; it gives
// the letters to 田村 since the last one.
func (w *world) morning() []smtpsink.Letter {
	w.t.Helper()
	before := len(w.mail.To(tamura))
	w.must(w.Digest.Tick(bg))
	w.must(w.Jobs.Drain(bg))
	return w.mail.To(tamura)[before:]
}

func (w *world) one() smtpsink.Letter {
	w.t.Helper()
	list := w.morning()
	if len(list) != 1 {
		w.t.Fatalf("%d letters", len(list))
	}
	return list[0]
}

func (w *world) choose(role who.Role, change func(*digest.Choice)) {
	w.t.Helper()
	c, err := w.Digest.Choice(w.As(role))
	w.must(err)
	change(&c)
	w.must(w.Digest.Choose(w.As(role), c))
}

func (w *world) outcome(role who.Role) string {
	w.t.Helper()
	s, _, err := db.One(bg, w.DB, db.Value[string], "SELECT outcome FROM digest_sent WHERE member_id = $1 ORDER BY day DESC LIMIT 1", w.Actors[role].Member)
	w.must(err)
	return s
}

func TestTheMessage(t *testing.T) {
	each(t, func(w *world) {
		for i := range 4 {
			w.c = w.contract(fmt.Sprintf("第%d拠点", i+1))
			w.task(fmt.Sprintf("見積もり%d", i+1))
		}
		n := w.say(who.Owner, "@田村 健 <b>見て</b>ください\nBcc: x@example.com")
		l := w.one()
		if l.Subject != "今日は5件・約"+minutes(w)+"分" || l.From != "kizuki@example.com" || strings.Count(l.Text, "\n・") != 3 {
			w.t.Errorf("%q\n%s", l.Subject, l.Text)
		}
		if !strings.Contains(l.Text, "岡田 真帆さん（株式会社みなと物流 第4拠点）\n  「@田村 健 <b>見て</b>ください Bcc: x@example.com」\n  "+mailtest.URL+"/notes/"+n.ID.String()+"\n") ||
			strings.Count(l.Text, "/notes/") != 1 {
			w.t.Errorf("the words that called:\n%s", l.Text)
		}
		if !strings.Contains(l.HTML, "&lt;b&gt;見て&lt;/b&gt;") || !strings.Contains(l.Text, mailtest.URL+"/today?at=c") || !strings.Contains(l.Text, mailtest.URL+"/me/message") {
			w.t.Errorf("%s\n%s", l.Text, l.HTML)
		}
		if !strings.HasPrefix(l.ID, "<digest.") || !strings.HasSuffix(l.ID, ".2026-02-17@example.com>") {
			w.t.Error(l.ID)
		}
		if w.outcome(who.Member) != "sent" || w.outcome(who.Viewer) != "nothing" || len(w.mail.Letters()) != 1 {
			w.t.Error(w.outcome(who.Member), w.outcome(who.Viewer), len(w.mail.Letters()))
		}
		// Where the first three lines do not say it, what others wrote does.
		w.Travel(day)
		for i := range 3 {
			w.Travel(time.Minute)
			w.say(who.Owner, fmt.Sprintf("@田村 健 続き%d", i))
		}
		l = w.one()
		if !strings.Contains(l.Text, "あなたに書かれたこと") || strings.Count(l.Text, "続き") != 3 {
			w.t.Errorf("new words:\n%s", l.Text)
		}
	})
}

func minutes(w *world) string {
	w.t.Helper()
	q, err := w.Today.Queue(w.As(who.Member))
	w.must(err)
	return fmt.Sprint(q.Minutes)
}

func TestInOnesOwnLanguage(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.Workspace.SetLanguage(w.As(who.Member), "en"))
		w.task("quote")
		l := w.one()
		if l.Subject != "1 today, about "+minutes(w)+" minutes" || !strings.Contains(l.Text, "Open Today") || !strings.Contains(l.HTML, `lang="en"`) {
			w.t.Errorf("%q\n%s", l.Subject, l.Text)
		}
	})
}

// The message waits for its hour in the member's zone and for a business day;
// what was missed is sent the same day and no later.
func TestWhen(t *testing.T) {
	each(t, func(w *world) {
		w.task("見積もり")
		at := func(s string) {
			w.t.Helper()
			when, err := time.ParseInLocation("2006-01-02 15:04", s, time.FixedZone("JST", 9*3600))
			w.must(err)
			w.Travel(when.Sub(w.Now()))
		}
		for _, c := range []struct {
			when string
			want int
		}{
			{"2026-02-18 08:59", 0}, {"2026-02-18 09:00", 1}, {"2026-02-18 09:15", 0}, {"2026-02-18 18:00", 0},
			{"2026-02-19 11:31", 1},                          // the server was down at nine
			{"2026-02-20 22:00", 0}, {"2026-02-20 23:59", 0}, // and back only in the quiet hours
			{"2026-02-21 09:00", 0}, {"2026-02-22 09:00", 0}, // a weekend
			{"2026-02-23 09:00", 0}, // 天皇誕生日
			{"2026-02-24 09:00", 1}, {"2026-12-29 09:00", 0}, {"2027-01-03 09:00", 0}, {"2027-01-04 09:00", 1},
		} {
			at(c.when)
			if got := len(w.morning()); got != c.want {
				w.t.Errorf("%s: %d letters, want %d", c.when, got, c.want)
			}
		}
		w.must(w.Workspace.SetZone(w.As(who.Member), "Europe/Berlin"))
		w.choose(who.Member, func(c *digest.Choice) { c.Hour = 7 })
		at("2027-01-05 14:59") // 06:59 in Berlin
		if len(w.morning()) != 0 {
			w.t.Error("too early in Berlin")
		}
		at("2027-01-05 15:00")
		if l := w.one(); !strings.Contains(l.ID, "2027-01-05") {
			w.t.Error(l.ID)
		}
		w.choose(who.Member, func(c *digest.Choice) { c.Hour, c.QuietFrom, c.QuietTo = 7, 6, 12 })
		at("2027-01-06 19:59")
		if len(w.morning()) != 0 {
			w.t.Error("in the quiet hours")
		}
		at("2027-01-06 20:00") // noon in Berlin
		w.one()
	})
}

// What could not be sent on its day, or only in the quiet hours, is not sent
// the next.
func TestALateTryIsNotSent(t *testing.T) {
	each(t, func(w *world) {
		w.task("見積もり")
		w.must(w.Digest.Tick(bg))
		w.Travel(day)
		w.must(w.Jobs.Drain(bg))
		if len(w.mail.Letters()) != 0 || w.outcome(who.Member) != "late" {
			w.t.Error(len(w.mail.Letters()), w.outcome(who.Member))
		}
		w.one() // the new day's own
	})
}

func TestNothingToSay(t *testing.T) {
	each(t, func(w *world) {
		if len(w.morning()) != 0 || w.outcome(who.Member) != "nothing" {
			w.t.Error(w.outcome(who.Member))
		}
		w.say(who.Owner, "ひとりごと")
		w.Travel(day)
		if len(w.morning()) != 0 {
			w.t.Error("a note that calls nobody was sent")
		}
	})
}

// What was told is not told again while it waits, unless Today still has it.
func TestWordsAreToldOnce(t *testing.T) {
	each(t, func(w *world) {
		w.choose(who.Member, func(c *digest.Choice) { c.Kinds["mention"] = notices.Choice{Message: true} })
		w.say(who.Owner, "@田村 健 一度だけ")
		if l := w.one(); l.Subject != "新しいお知らせが1件" || !strings.Contains(l.Text, "一度だけ") {
			w.t.Errorf("%q %s", l.Subject, l.Text)
		}
		w.Travel(day)
		if got := w.morning(); len(got) != 0 {
			w.t.Errorf("told again: %s", got[0].Text)
		}
		n := w.say(who.Owner, "@田村 健 読んだもの")
		w.must(w.Timeline.MarkSeen(w.As(who.Member), n.ID))
		w.Travel(day)
		if got := w.morning(); len(got) != 0 {
			w.t.Errorf("what was read is told: %s", got[0].Text)
		}
	})
}

// Every kind is heard of where its member wants to.
func TestKinds(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.Timeline.Follow(w.As(who.Member), w.c.ID))
		mine := w.say(who.Member, "わたしのメモ")
		under := func(in *timeline.PostInput) { in.Parent = mine.ID }
		for _, c := range []struct {
			name           string
			set            map[string]notices.Choice
			inbox, message []string
		}{
			{"nothing chosen", nil, []string{"reply", "mention"}, []string{"呼ぶ", "返す"}},
			{"followed, too", map[string]notices.Choice{"follow": {Inbox: true, Message: true}}, []string{"follow", "reply", "mention"}, []string{"呼ぶ", "返す", "ひとりごと"}},
			{"the inbox alone", map[string]notices.Choice{"mention": {Inbox: true}, "reply": {Inbox: true}, "follow": {Inbox: true}}, []string{"follow", "reply", "mention"}, nil},
			{"the message alone", map[string]notices.Choice{"mention": {Message: true}, "reply": {Message: true}, "follow": {Message: true}}, nil, []string{"呼ぶ", "返す", "ひとりごと"}},
			{"nothing but replies", map[string]notices.Choice{"mention": {}, "follow": {}, "reply": {Inbox: true, Message: true}}, []string{"reply"}, []string{"返す"}},
			{"not called, but followed", map[string]notices.Choice{"mention": {}, "reply": {}, "follow": {Inbox: true, Message: true}}, []string{"follow", "follow", "follow"}, []string{"呼ぶ", "返す", "ひとりごと"}},
		} {
			w.must(w.Timeline.MarkRead(w.As(who.Member)))
			w.choose(who.Member, func(choice *digest.Choice) {
				for kind, k := range c.set {
					choice.Kinds[kind] = k
				}
			})
			w.say(who.Owner, "@田村 健 呼ぶ")
			w.say(who.Admin, "返す", under)
			w.say(who.Owner, "ひとりごと")
			list, _, err := w.Timeline.Inbox(w.As(who.Member), "", 0)
			w.must(err)
			var kinds []string
			for _, n := range list {
				if !n.Read {
					kinds = append(kinds, n.Kind)
				}
			}
			if unread, err := w.Timeline.Unread(w.As(who.Member)); !slices.Equal(kinds, c.inbox) || unread != len(c.inbox) || err != nil {
				w.t.Errorf("%s: inbox %v, %d %v", c.name, kinds, unread, err)
			}
			w.Travel(day)
			for w.Now().Weekday() == time.Saturday || w.Now().Weekday() == time.Sunday || w.Now().Day() == 23 {
				w.Travel(day)
			}
			said := ""
			if got := w.morning(); len(got) == 1 {
				said = got[0].Text
			}
			for _, body := range []string{"呼ぶ", "返す", "ひとりごと"} {
				if strings.Contains(said, body+"」") != slices.Contains(c.message, body) {
					w.t.Errorf("%s: the message says of %s:\n%s", c.name, body, said)
				}
			}
		}
	})
}

// A muted contract is heard of only by one's name.
func TestMuting(t *testing.T) {
	each(t, func(w *world) {
		w.choose(who.Member, func(c *digest.Choice) { c.Kinds["follow"] = notices.Choice{Inbox: true, Message: true} })
		mine := w.say(who.Member, "わたしのメモ")
		under := func(in *timeline.PostInput) { in.Parent = mine.ID }
		unread := func(want int) {
			w.t.Helper()
			w.say(who.Owner, "ひとりごと")
			w.say(who.Owner, "返す", under)
			w.say(who.Owner, "@田村 健 呼ぶ")
			n, err := w.Timeline.Unread(w.As(who.Member))
			w.must(err)
			if n != want {
				w.t.Errorf("%d unread, want %d", n, want)
			}
			w.must(w.Timeline.MarkRead(w.As(who.Member)))
		}
		unread(3)
		w.must(w.Timeline.Mute(w.As(who.Member), w.c.ID, true))
		unread(1)
		w.must(w.Timeline.Mute(w.As(who.Member), w.c.ID, false))
		unread(3)
	})
}

// Somebody who left, or wants none any more, gets none, though it was on its
// way.
func TestWhoIsGoneGetsNone(t *testing.T) {
	each(t, func(w *world) {
		w.task("見積もり")
		w.must(w.Digest.Tick(bg))
		w.must(w.Workspace.Remove(w.Ctx, w.Actors[who.Member].Member))
		w.must(w.Jobs.Drain(bg))
		if len(w.mail.Letters()) != 0 || w.outcome(who.Member) != "left" {
			w.t.Error(len(w.mail.Letters()), w.outcome(who.Member))
		}
		w.say(who.Admin, "@岡田 真帆 見て")
		w.Travel(day)
		w.must(w.Digest.Tick(bg))
		w.choose(who.Owner, func(c *digest.Choice) { c.Way = digest.None })
		w.must(w.Jobs.Drain(bg))
		if len(w.mail.Letters()) != 0 || w.outcome(who.Owner) != "off" {
			w.t.Error(len(w.mail.Letters()), w.outcome(who.Owner))
		}
	})
}

// Two nodes on one database send once.
func TestSeveralNodesSendOnce(t *testing.T) {
	d := testkit.Postgres(t)
	w := newWorld(t, d)
	w.task("見積もり")
	w.say(who.Member, "@岡田 真帆 見て")
	nodes := []*app.App{w.App.App, w.Twin()}
	var all sync.WaitGroup
	for _, node := range nodes {
		for range 3 {
			all.Go(func() {
				if err := node.Digest.Tick(bg); err != nil {
					t.Error(err)
				}
				if err := node.Jobs.Drain(bg); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for _, node := range nodes {
		w.must(node.Jobs.Drain(bg))
	}
	if got := w.mail.Wait(t, 2); got[0].To == got[1].To {
		t.Error("one got two")
	}
	for _, stmt := range []string{"SELECT count(*) FROM job WHERE kind = 'digest.send'", "SELECT count(*) FROM digest_sent"} {
		if n, _, err := db.One(bg, d, db.Value[int], stmt); n != 4 || err != nil {
			t.Errorf("%s: %d %v", stmt, n, err)
		}
	}
}

// A node that dies after the record leaves the sending to another; one whose
// answer was lost sends the same letter again, by the same name.
func TestCrashes(t *testing.T) {
	each(t, func(w *world) {
		w.task("見積もり")
		w.must(w.Digest.Tick(bg)) // and here the first node is gone
		other := w.Twin()
		w.must(other.Digest.Tick(bg))
		w.must(other.Jobs.Drain(bg))
		if got := w.mail.To(tamura); len(got) != 1 {
			w.t.Fatalf("%d letters", len(got))
		}
		w.Travel(day)
		w.mail.LoseAnswers(1)
		w.must(w.Digest.Tick(bg))
		w.must(w.Jobs.Drain(bg)) // the sender cannot know that it arrived
		if w.outcome(who.Member) != "" {
			w.t.Error("taken for sent:", w.outcome(who.Member))
		}
		w.must(w.DB.InTx(bg, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "UPDATE job SET run_at = 0 WHERE state = 'ready'") // the back-off is over
			return err
		}))
		w.must(other.Jobs.Drain(bg))
		got := w.mail.To(tamura)
		if len(got) != 3 || got[1].ID != got[2].ID || got[0].ID == got[1].ID || w.outcome(who.Member) != "sent" {
			w.t.Errorf("%d letters, %s", len(got), w.outcome(who.Member))
		}
		if len(w.morning()) != 0 {
			w.t.Error("and a third time")
		}
	})
}

// What may not be read any more when the letter leaves is not in it.
func TestTheLetterReadsAsItsReader(t *testing.T) {
	each(t, func(w *world) {
		n := w.say(who.Owner, "@田村 健 極秘の話")
		w.must(w.Digest.Tick(bg))
		_, err := w.Timeline.Limit(w.Ctx, n.ID, timeline.AuthorOnly, nil)
		w.must(err)
		w.must(w.Jobs.Drain(bg))
		if got := w.mail.Letters(); len(got) != 0 || w.outcome(who.Member) != "nothing" {
			w.t.Errorf("%+v %s", got, w.outcome(who.Member))
		}
	})
}

func TestChoosing(t *testing.T) {
	each(t, func(w *world) {
		c, err := w.Digest.Choice(w.As(who.Viewer))
		if err != nil || c.Way != digest.ByMail || c.Hour != 9 || !c.Kinds["mention"].Message || c.Kinds["follow"].Inbox || len(c.Kinds) != 4 {
			w.t.Errorf("%+v %v", c, err)
		}
		for field, change := range map[string]func(*digest.Choice){
			"hour":       func(c *digest.Choice) { c.Hour = 24 },
			"quiet_from": func(c *digest.Choice) { c.QuietFrom = -1 },
			"quiet_to":   func(c *digest.Choice) { c.QuietTo = 24 },
			"way":        func(c *digest.Choice) { c.Way = digest.BySlack }, // there is no bot
			"webhook":    func(c *digest.Choice) { c.Way, c.Webhook = digest.ByWebhook, "ftp://x" },
			"kinds":      func(c *digest.Choice) { c.Kinds = map[string]notices.Choice{"x": {}} },
		} {
			wrong := c
			change(&wrong)
			if err := w.Digest.Choose(w.As(who.Viewer), wrong); errs.As(err).Field != field {
				w.t.Errorf("%s: %v", field, err)
			}
		}
		reader := w.Actors[who.Viewer]
		reader.ReadOnly = true
		if err := w.Digest.Choose(who.With(bg, reader), c); !errs.Is(err, errs.Forbidden) {
			w.t.Error("a token that reads:", err)
		}
		if err := w.Digest.Choose(who.With(bg, who.System(reader.Workspace, nil)), c); !errs.Is(err, errs.Forbidden) {
			w.t.Error("the system:", err)
		}
		if _, err := w.Digest.Try(w.As(who.Member)); !errs.Is(err, errs.Forbidden) {
			w.t.Error("a member tries the mail:", err)
		}
		other := w.Other()
		theirs, err := w.Digest.Choice(other)
		w.must(err)
		theirs.Hour = 3
		w.must(w.Digest.Choose(other, theirs))
		if again, err := w.Digest.Choice(w.As(who.Viewer)); again.Hour != 9 || err != nil {
			w.t.Error("another workspace chose for us")
		}
	})
}
