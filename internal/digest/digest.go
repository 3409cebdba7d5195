// Package digest is the daily message: on business days one letter, by mail or
// to Slack, with the beginning of a member's Today and what others wrote to
// them since the last one.
package digest

import (
	"slices"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/slackout"
	"kizuki/internal/timeline/notices"
)

// Way is how the message comes.
type Way string

// The ways.
const (
	ByMail    Way = "mail"
	BySlack   Way = "slack"   // the workspace's bot writes to the member
	ByWebhook Way = "webhook" // an incoming webhook of the member's own
	None      Way = "none"
)

// Kinds are the kinds of notices a member chooses about.
var Kinds = []string{notices.Mention, notices.Reply, handover.NoticeKind, notices.Followed}

// Choice is how a member gets the message. Hours are of the member's own day.
type Choice struct {
	Way       Way
	Hour      int
	QuietFrom int // nothing is sent from here
	QuietTo   int // to here; the same hour is no quiet at all
	Webhook   string
	Kinds     map[string]notices.Choice
}

const (
	defaultHour      = 9
	defaultQuietFrom = 20
	defaultQuietTo   = 7
)

func (c Choice) check() error {
	var wrong []*errs.E
	hour := func(field string, h int) {
		if h < 0 || h > 23 {
			wrong = append(wrong, errs.Field(field, "err.choice"))
		}
	}
	hour("hour", c.Hour)
	hour("quiet_from", c.QuietFrom)
	hour("quiet_to", c.QuietTo)
	if !slices.Contains([]Way{ByMail, BySlack, ByWebhook, None}, c.Way) {
		wrong = append(wrong, errs.Field("way", "err.choice"))
	}
	switch {
	case c.Webhook != "" && !slackout.CheckWebhook(c.Webhook):
		wrong = append(wrong, errs.Field("webhook", "digest.err.webhook"))
	case c.Webhook == "" && c.Way == ByWebhook:
		wrong = append(wrong, errs.Field("webhook", "err.required"))
	}
	for kind := range c.Kinds {
		if !slices.Contains(Kinds, kind) {
			wrong = append(wrong, errs.Field("kinds", "err.choice"))
		}
	}
	return errs.Join(wrong...)
}

// due tells whether the message of the day may go out at a moment of the
// member's own clock.
func (c Choice) due(local time.Time, days *cal.Days) bool {
	return c.Way != None && days.Business(cal.Of(local)) && local.Hour() >= c.Hour && !c.quiet(local.Hour())
}

func (c Choice) quiet(hour int) bool {
	if c.QuietFrom <= c.QuietTo {
		return c.QuietFrom <= hour && hour < c.QuietTo
	}
	return hour >= c.QuietFrom || hour < c.QuietTo // over midnight
}
