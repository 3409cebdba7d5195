package digest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/mail"
	"kizuki/internal/seal"
	"kizuki/internal/slackout"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/today"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

const (
	tickKind = "digest.tick"
	sendKind = "digest.send"
)

// chunk is how many messages are recorded in one transaction.
const chunk = 200

// Parts are what the message is made of and leaves by.
type Parts struct {
	People   *workspace.Service
	Today    *today.Service
	Timeline *timeline.Service
	Jobs     *job.Queue
	Mail     *mail.Sender // nil where mail is not set up
	Slack    *slackout.Client
	Keeper   *seal.Keeper
	URL      string // the public address, which links begin with
}

// Service sends the daily message.
type Service struct {
	Now func() time.Time // the clock; a test may stand on any day
	db  *db.DB
	Parts
	days *cal.Days
}

// New makes the service; every quarter of an hour somebody's nine o'clock may
// come.
func New(d *db.DB, p Parts) *Service {
	s := &Service{Now: time.Now, db: d, Parts: p, days: cal.Japan()}
	p.Jobs.Handle(tickKind, func(ctx context.Context, _ job.Job) error { return s.Tick(ctx) })
	p.Jobs.Handle(sendKind, s.deliver)
	p.Jobs.Cron(tickKind, "*/15 * * * *", time.UTC, tickKind)
	return s
}

// Ways are those by which a message can leave here.
func (s *Service) Ways() []Way {
	var list []Way
	if s.Mail != nil {
		list = append(list, ByMail)
	}
	if s.Slack.Bot() {
		list = append(list, BySlack)
	}
	return append(list, ByWebhook, None)
}

// standard is the choice of who made none: by mail where there is mail.
func (s *Service) standard() Choice {
	c := Choice{Way: None, Hour: defaultHour, QuietFrom: defaultQuietFrom, QuietTo: defaultQuietTo}
	if s.Mail != nil {
		c.Way = ByMail
	}
	return c
}

// Choice is how the actor gets the message, with every kind of notice.
func (s *Service) Choice(ctx context.Context) (Choice, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Choice{}, err
	}
	made, err := choicesOf(ctx, s.db, a.Workspace, a.Member)
	if err != nil {
		return Choice{}, err
	}
	c := s.of(made, a.Member)
	// Without the key it was sealed with the address is to be entered again.
	c.Webhook, _ = s.Keeper.Open(c.Webhook)
	if c.Kinds, err = notices.Choices(ctx, s.db, a.Workspace, a.Member); err != nil {
		return c, err
	}
	for _, kind := range Kinds {
		if _, ok := c.Kinds[kind]; !ok {
			c.Kinds[kind] = notices.Default(kind)
		}
	}
	return c, nil
}

// Choose sets all of it; viewers may, too.
func (s *Service) Choose(ctx context.Context, c Choice) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if !slices.Contains(s.Ways(), c.Way) {
		return errs.Field("way", "err.choice")
	}
	if c.Webhook, err = s.Keeper.Seal(c.Webhook); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := choose(ctx, tx, a.Workspace, a.Member, c); err != nil {
			return err
		}
		return notices.ChooseIn(ctx, tx, a.Workspace, a.Member, c.Kinds)
	})
}

// letter names the one message of a member's day.
type letter struct {
	Member id.ID    `json:"member"`
	Day    cal.Date `json:"day"`
}

// Tick records the messages whose hour has come, in every workspace. It may
// run as often and on as many nodes as one likes: a day has one message.
func (s *Service) Tick(ctx context.Context) error {
	list, err := s.People.EveryWorkspace(ctx)
	for _, w := range list {
		err = errors.Join(err, s.morning(who.With(ctx, who.System(w.ID, workspace.Location(w.Zone))), w.ID))
	}
	return err
}

func (s *Service) morning(ctx context.Context, ws id.ID) error {
	people, err := s.People.Recipients(ctx, 0)
	if err != nil {
		return err
	}
	made, err := choicesOf(ctx, s.db, ws, 0)
	if err != nil {
		return err
	}
	now := s.Now()
	var due []letter
	var days []cal.Date
	for _, p := range people {
		if local := now.In(p.Actor.Location()); s.of(made, p.Actor.Member).due(local, s.days) {
			due, days = append(due, letter{p.Actor.Member, cal.Of(local)}), append(days, cal.Of(local))
		}
	}
	slices.Sort(days)
	if days = slices.Compact(days); len(due) == 0 {
		return nil
	}
	there, err := recorded(ctx, s.db, ws, days)
	if err != nil {
		return err
	}
	due = slices.DeleteFunc(due, func(l letter) bool { return there[l] })
	for part := range slices.Chunk(due, chunk) {
		if err := s.record(ctx, ws, part, now); err != nil {
			return err
		}
	}
	return nil
}

// of is the choice of a member. A way that is there no more becomes that of who
// made no choice.
func (s *Service) of(made map[id.ID]Choice, member id.ID) Choice {
	c, ok := made[member]
	if !ok {
		return s.standard()
	}
	if !slices.Contains(s.Ways(), c.Way) {
		c.Way = s.standard().Way
	}
	return c
}

// record writes the messages down together with the jobs that send them.
func (s *Service) record(ctx context.Context, ws id.ID, list []letter, now time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range list {
			fresh, err := record(ctx, tx, ws, l, now)
			if err == nil && fresh {
				err = s.Jobs.AddIn(ctx, tx, job.Add{Workspace: ws, Kind: sendKind, Payload: l})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// What becomes of a message that was recorded.
const (
	sent    = "sent"
	nothing = "nothing" // there was nothing to say
	left    = "left"    // the member is gone
	late    = "late"    // its day, or its hours, went by
	off     = "off"     // the member wants none any more
)

// deliver sends one message. All is read as the member, at this moment: what
// was hidden or done meanwhile is not in it.
func (s *Service) deliver(ctx context.Context, j job.Job) error {
	var l letter
	if err := json.Unmarshal(j.Payload, &l); err != nil {
		return job.Never(err)
	}
	now := s.Now()
	outcome, err := s.send(ctx, l, now)
	if err != nil {
		if mail.Permanent(err) || slackout.Permanent(err) {
			err = job.Never(err)
		}
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := settle(ctx, tx, j.Workspace, l, outcome, now); err != nil {
			return err
		}
		return j.DoneIn(ctx, tx)
	})
}

func (s *Service) send(ctx context.Context, l letter, now time.Time) (outcome string, err error) {
	people, err := s.People.Recipients(ctx, l.Member)
	if err != nil || len(people) == 0 {
		return left, err
	}
	p := people[0]
	made, err := choicesOf(ctx, s.db, p.Actor.Workspace, l.Member)
	if err != nil {
		return "", err
	}
	c, local := s.of(made, l.Member), now.In(p.Actor.Location())
	switch {
	case c.Way == None:
		return off, nil
	case cal.Of(local) != l.Day || !c.due(local, s.days):
		return late, nil
	}
	since, err := lastUpto(ctx, s.db, p.Actor.Workspace, l.Member)
	if err != nil {
		return "", err
	}
	as := who.With(words.With(ctx, words.Locale{Lang: p.Actor.Lang, Zone: p.Actor.Location()}), p.Actor)
	m, any, err := s.compose(as, since)
	if err != nil || !any {
		return nothing, err
	}
	m.ID, m.To = "digest."+p.Actor.Workspace.String()+"."+l.Member.String()+"."+string(l.Day), p.Mail
	switch c.Way {
	case BySlack:
		err = s.Slack.Direct(ctx, p.Mail, m)
	case ByWebhook:
		var address string
		if address, err = s.Keeper.Open(c.Webhook); err == nil {
			err = s.Slack.Webhook(ctx, address, m)
		}
	default:
		err = s.Mail.Send(ctx, m)
	}
	return sent, err
}

// SealWebhooks seals the addresses that were stored before there was a key.
func (s *Service) SealWebhooks(ctx context.Context) error {
	plain, err := plainWebhooks(ctx, s.db)
	if err != nil || len(plain) == 0 {
		return err
	}
	sealed := make([]string, len(plain))
	for i, p := range plain {
		if sealed[i], err = s.Keeper.Seal(p); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i, p := range plain {
			if err := replaceWebhook(ctx, tx, p, sealed[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Try sends a letter to the actor alone, at once, so that an admin sees what
// the mail server says.
func (s *Service) Try(ctx context.Context) (to string, err error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return "", err
	}
	if s.Mail == nil {
		return "", errs.New(errs.Conflict, "digest.err.no_mail")
	}
	me, err := s.People.Member(ctx, a.Member)
	if err != nil {
		return "", err
	}
	return me.Mail, s.Mail.Send(ctx, mail.Message{ID: "try." + id.New().String(), To: me.Mail, Lang: words.From(ctx).Lang,
		Subject: words.T(ctx, "digest.try.subject"), Parts: []mail.Part{{Text: words.T(ctx, "digest.try.text")},
			{Text: words.T(ctx, "digest.open"), Href: s.URL + "/today"}}})
}
