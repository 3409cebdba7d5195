package demo

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kizuki/internal/cal"
)

func loaded(t *testing.T) world {
	t.Helper()
	w, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// spoken is one thing somebody said, wherever it stands.
type spoken struct {
	story, by, words, hunch string
	at                      moment
}

func (w world) spoken() (out []spoken) {
	for _, s := range w.stories {
		for _, e := range s.Trail {
			owner := e.By
			if e.For != "" {
				owner = e.For
			}
			for _, x := range []spoken{{s.ID, e.By, e.Say, e.Hunch, e.At}, {s.ID, owner, e.Words, "", e.settledAt()}, {s.ID, e.By, e.Why, "", e.At}} {
				if x.words != "" {
					out = append(out, x)
				}
			}
			for _, r := range e.Re {
				out = append(out, spoken{s.ID, r.By, r.Say, r.Hunch, r.At})
			}
		}
	}
	return out
}

func (e entry) settledAt() moment {
	if e.Done != nil {
		return *e.Done
	}
	if e.Skip != nil {
		return *e.Skip
	}
	return e.At
}

func TestReferencesResolve(t *testing.T) {
	w := loaded(t)
	people := map[string]person{}
	for _, p := range w.team.People {
		people[p.ID] = p
	}
	orgs := map[string]bool{}
	for _, o := range w.orgs {
		orgs[o.Name] = true
	}
	known := func(at string, names ...string) {
		for _, n := range names {
			if _, ok := people[n]; n != "" && !ok {
				t.Errorf("%s: nobody is called %s", at, n)
			}
		}
	}
	for _, u := range w.team.Units {
		known(u.Name, u.Members...)
	}
	ids, keys := map[string]bool{}, map[string]bool{}
	for _, s := range w.stories {
		if ids[s.ID] || keys[s.Key] || !strings.Contains(s.Key, "{Y}") {
			t.Errorf("%s: id or key twice, or a key without its year", s.ID)
		}
		ids[s.ID], keys[s.Key] = true, true
		if !orgs[s.Org] || s.Story == "" || s.Terms < 1 || !strings.HasSuffix(s.Domain, ".example") {
			t.Errorf("%s: organization %s, or no story, terms or domain", s.ID, s.Org)
		}
		known(s.ID, s.Owner, s.OwnerFirst)
		for _, f := range w.team.Fields {
			v, ok := s.Fields[f.Key]
			if f.Key != "first_use" && !ok {
				t.Errorf("%s: no %s", s.ID, f.Key)
			}
			if len(f.Options) > 0 && !strings.Contains(" "+strings.Join(f.Options, " ")+" ", " "+v+" ") {
				t.Errorf("%s: %s is no option of %s", s.ID, v, f.Key)
			}
		}
		for _, p := range s.People {
			if p.Name == "" || p.Title == "" || p.Role == "" || p.Mail != "" && !strings.HasSuffix(p.Mail, "@"+s.Domain) {
				t.Errorf("%s: %+v", s.ID, p)
			}
		}
		for _, e := range s.Trail {
			known(s.ID, e.By, e.For, e.Set["owner"])
			for _, r := range e.Re {
				known(s.ID, r.By)
			}
		}
	}
	for _, a := range w.rules.Answers {
		w.checkStep(t, a.Of)
	}
	for _, of := range w.rules.Open {
		w.checkStep(t, of)
	}
	for _, x := range w.spoken() {
		if p := people[x.by]; x.at.day < p.Joins {
			t.Errorf("%s: %s speaks before joining", x.story, x.by)
		}
		if x.hunch != "" && x.hunch != "bad" && x.hunch != "good" {
			t.Errorf("%s: hunch %s", x.story, x.hunch)
		}
		for rest := x.words; ; {
			_, after, found := strings.Cut(rest, "@")
			if rest = after; !found {
				break
			}
			if !mentioned(w, after) {
				t.Errorf("%s: nobody is meant by @%s", x.story, after)
			}
		}
	}
}

func (w world) checkStep(t *testing.T, of string) {
	key, step, _ := strings.Cut(of, "/")
	_, ok := w.storyOf(key)
	for _, r := range w.rules.Rules {
		for _, st := range r.Steps {
			if ok && st.ID == step {
				return
			}
		}
	}
	t.Errorf("no such step: %s", of)
}

func mentioned(w world, after string) bool {
	for _, p := range w.team.People {
		if strings.HasPrefix(after, p.Name) {
			return true
		}
	}
	return slices.ContainsFunc(w.team.Units, func(u unit) bool { return strings.HasPrefix(after, u.Name) })
}

func TestEachStoryIsInOrder(t *testing.T) {
	w := loaded(t)
	for _, s := range w.stories {
		prev := moment{day: -800}
		phase := s.value("phase", 1)
		for _, e := range s.Trail {
			if e.At.compare(prev) < 0 || e.At.day > 0 {
				t.Errorf("%s: %v comes after %v", s.ID, prev, e.At)
			}
			prev = e.At
			kinds := 0
			for _, given := range []bool{e.Say != "", e.Outlook != "", e.Phase != "", len(e.Set) > 0, e.Task != ""} {
				if given {
					kinds++
				}
			}
			if kinds != 1 {
				t.Errorf("%s %v: one thing at a time", s.ID, e.At)
			}
			if e.Phase != "" {
				phase = e.Phase
			}
			last := e.At
			for _, r := range e.Re {
				if r.At.compare(last) <= 0 || r.At.day > 0 {
					t.Errorf("%s: the reply at %v comes too early", s.ID, r.At)
				}
				last = r.At
			}
			for _, m := range []*moment{e.Done, e.Skip, e.Snooze} {
				if m != nil && (m.compare(e.At) <= 0 || m.day >= 0) {
					t.Errorf("%s: %q is settled before it is made, or today", s.ID, e.Task)
				}
			}
			if e.Skip != nil && e.Words == "" {
				t.Errorf("%s: %q is skipped without a word", s.ID, e.Task)
			}
		}
		if phase != s.Phase {
			t.Errorf("%s: the trail ends in %s, the contract in %s", s.ID, phase, s.Phase)
		}
	}
}

func TestNobodyRepeatsThemselves(t *testing.T) {
	w := loaded(t)
	seen := map[string]string{}
	say := func(at, words string) {
		for _, sentence := range strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune("。\n！", r) }) {
			sentence = strings.Trim(sentence, " 　「」-")
			if utf8.RuneCountInString(sentence) < 4 {
				continue
			}
			if before, ok := seen[sentence]; ok {
				t.Errorf("%s says again what %s says: %s", at, before, sentence)
			}
			seen[sentence] = at
		}
	}
	for _, x := range w.spoken() {
		say(x.story, x.words)
	}
	for _, a := range w.rules.Answers {
		say(a.Of, a.Words)
	}
}

func TestThereIsEnough(t *testing.T) {
	w := loaded(t)
	notes, hunches, mentions, replies := 0, map[string]int{}, 0, 0
	by := map[string]int{}
	short, long, oldest, newest := 99, 0, 0, -999
	for _, s := range w.stories {
		for _, e := range s.Trail {
			for _, n := range append([]entry{e}, e.Re...) {
				if n.Say == "" {
					continue
				}
				notes++
				by[n.By]++
				hunches[n.Hunch]++
				mentions += strings.Count(n.Say, "@")
				size := utf8.RuneCountInString(n.Say)
				short, long = min(short, size), max(long, size)
				oldest, newest = min(oldest, n.At.day), max(newest, n.At.day)
			}
			replies += len(e.Re)
		}
	}
	t.Logf("%d contracts, %d notes %v (%d replies, %d mentions), hunches %v, %d to %d characters", len(w.stories), notes, by, replies, mentions, hunches, short, long)
	if len(w.stories) < 32 || len(w.orgs) < 25 || notes < 220 || len(by) != 6 || hunches["bad"]+hunches["good"] < 30 ||
		hunches["good"] < 10 || mentions < 12 || replies < 40 || short > 8 || long < 90 || oldest > -700 || newest != 0 {
		t.Error("not enough")
	}
	for person, n := range by {
		if n < 15 {
			t.Errorf("%s says only %d things", person, n)
		}
	}
}

// Whatever day it is, everything happens on business days, in order, before
// now, and after the contract is there.
func TestAnyDayWillDo(t *testing.T) {
	w := loaded(t)
	tokyo := time.FixedZone("JST", 9*3600)
	for day := 0; day < 400; day += 3 {
		now := time.Date(2025, 12, 1+day, (day*7)%24, 30, 0, 0, tokyo)
		d := newDays(now, tokyo)
		f := &filler{world: w, days: d, now: now}
		f.plan()
		for _, s := range w.stories {
			born, _ := d.birth(s, opening)
			if len(s.Trail) > 0 && s.Imported == 0 && s.Trail[0].At.compare(born.after(10)) <= 0 {
				t.Fatalf("%s: %s is spoken of before it is there (%v)", d.today, s.ID, born)
			}
			for ago := range s.Terms {
				start, renewal := d.term(s, ago)
				if !start.Valid() || renewal != "" && renewal <= start {
					t.Fatalf("%s: %s runs from %s to %s", d.today, s.ID, start, renewal)
				}
			}
		}
		last := time.Time{}
		for _, m := range sorted(f.acts) {
			if at := d.instant(m); at.After(now) || !at.After(last) {
				t.Fatalf("%s: %v is at %v after %v, now is %v", d.today, m, at, last, now)
			} else {
				last = at
			}
		}
		if cal.Of(last) < cal.Japan().Add(d.today, -2) {
			t.Fatalf("%s: the last act is at %v", d.today, last)
		}
	}
}

func sorted(acts []act) (out []moment) {
	for _, a := range acts {
		out = append(out, a.at)
	}
	slices.SortStableFunc(out, moment.compare)
	return out
}
