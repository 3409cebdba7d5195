package handoverhttp

import (
	"context"

	"kizuki/internal/handover"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// giver is whose words came with the contract.
func (v cardView) giver() string {
	if v.By.Name != "" {
		return v.By.Name
	}
	return v.From.Name
}

func (v cardView) when(ctx context.Context) ui.When { return ui.Ago(ctx, v.At, web.Now(ctx)) }

func (v cardView) offeredText(ctx context.Context) string {
	if v.From.ID == 0 {
		return words.T(ctx, "handover.offered_new")
	}
	return words.T(ctx, "handover.offered_text", "Name", v.From.Name)
}

// labelled names a button whose word alone does not say of what.
func labelled(name string) ui.Attrs {
	if name == "" {
		return nil
	}
	return ui.Attrs{"aria-label": name}
}

func dueOf(ctx context.Context, t task.Task) ui.When { return ui.Due(ctx, t.Day(), today(ctx)) }

// plain is a moment without the colour that stands around it.
func plain(w ui.When) ui.When {
	w.Class = ""
	return w
}

// span says the days of a cover.
func span(ctx context.Context, c handover.Cover) string {
	from, to := words.DayNear(ctx, c.From, today(ctx)), words.DayNear(ctx, c.To, today(ctx))
	if c.From == c.To {
		return from
	}
	return words.T(ctx, "handover.days", "From", from, "To", to)
}
