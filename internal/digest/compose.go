package digest

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/id"
	"kizuki/internal/mail"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/today"
	"kizuki/internal/web/words"
)

const (
	firstLines = 3
	mostCalls  = 20
	saidLength = 60 // characters of somebody's words
)

// compose writes the message of the actor: the beginning of Today, and what
// others wrote to them since a moment and they have not read. False if there
// is neither.
func (s *Service) compose(ctx context.Context, since time.Time) (m mail.Message, any bool, err error) {
	q, err := s.Today.Queue(ctx)
	if err != nil {
		return m, false, err
	}
	calls, err := s.Timeline.Waiting(ctx, since, mostCalls+1)
	if err != nil {
		return m, false, err
	}
	if q.Count == 0 && len(calls) == 0 {
		return m, false, nil
	}
	choice, err := s.Choice(ctx)
	if err != nil {
		return m, false, err
	}
	m.Lang = words.From(ctx).Lang
	m.Subject = words.T(ctx, "digest.subject", "Number", words.Number(q.Count), "Count", max(q.Minutes, 1))
	if q.Count == 0 {
		m.Subject = words.T(ctx, "digest.subject_words", "Count", len(calls))
	}
	lines, shown := s.first(ctx, q, choice)
	if len(lines) > 0 {
		m.Parts = append(m.Parts, mail.Part{Text: words.T(ctx, "digest.today"), Lines: lines})
	}
	if said := s.said(ctx, calls, shown); len(said) > 0 {
		m.Parts = append(m.Parts, mail.Part{Text: words.T(ctx, "digest.called"), Lines: said})
	}
	m.Parts = append(m.Parts, mail.Part{Text: words.T(ctx, "digest.open"), Href: s.URL + "/today"},
		mail.Part{Text: words.T(ctx, "digest.change"), Href: s.URL + "/me/message", Small: true})
	return m, true, nil
}

// first are the first lines of the queue, and the notices among them: they are
// not said again. A kind the member does not want in the message is not said.
func (s *Service) first(ctx context.Context, q today.Queue, c Choice) (lines []mail.Line, shown map[id.ID]bool) {
	shown = map[id.ID]bool{}
	for _, matter := range q.Matters {
		if len(lines) == firstLines {
			break
		}
		if matter.Folded || matter.Kind == today.Called && !wants(c, matter.Notice.Kind) {
			continue
		}
		shown[matter.Notice.ID] = true
		lines = append(lines, s.line(ctx, matter))
	}
	return lines, shown
}

func wants(c Choice, kind string) bool {
	choice, ok := c.Kinds[kind]
	return choice.Message || !ok && notices.Default(kind).Message
}

// line is a matter of Today.
func (s *Service) line(ctx context.Context, m today.Matter) mail.Line {
	if m.Kind == today.Called {
		return s.call(ctx, m.Notice)
	}
	out := mail.Line{Text: strings.TrimSpace(m.Org + " " + m.Name), Href: s.URL + "/today?at=" + m.Key}
	if m.Contract == 0 {
		out.Text = words.T(ctx, "digest.free")
	}
	switch {
	case m.Kind == today.Absent:
		out.More = words.T(ctx, "digest.absent")
	case len(m.Tasks) > 1:
		out.More = words.T(ctx, "digest.and_more", "Title", m.Tasks[0].Title, "Count", len(m.Tasks)-1)
	default:
		out.More = m.Tasks[0].Title
	}
	if m.For.ID != 0 {
		out.More = words.T(ctx, "digest.for", "Name", m.For.Name, "What", out.More)
	}
	return out
}

// said are the calls that are not among the lines of Today.
func (s *Service) said(ctx context.Context, calls []timeline.Notice, shown map[id.ID]bool) (out []mail.Line) {
	for i, n := range calls {
		switch {
		case i == mostCalls:
			out = append(out, mail.Line{Text: words.T(ctx, "digest.more"), Href: s.URL + "/inbox"})
		case !shown[n.ID]:
			out = append(out, s.call(ctx, n))
		}
	}
	return out
}

// call says who wrote, where and how it begins; it leads to the very note.
func (s *Service) call(ctx context.Context, n timeline.Notice) mail.Line {
	out := mail.Line{Text: words.T(ctx, "digest.from", "Name", n.Author.Name, "Contract", strings.TrimSpace(n.Org+" "+n.Name)),
		Href: s.URL + "/inbox"}
	if n.CauseKind == "note" {
		out.Href = s.URL + "/notes/" + n.CauseID.String()
	}
	if said := text.Excerpt(n.Text, saidLength); said != "" {
		out.More = words.T(ctx, "digest.quote", "Words", said)
	} else if n.Hunch != "" {
		out.More = words.T(ctx, "shell.hunch."+string(n.Hunch))
	}
	return out
}
