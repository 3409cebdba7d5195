package ui

import (
	"context"

	"kizuki/internal/web/words"
)

func lineClass(kind string) string {
	if kind == "plan" {
		return "plan"
	}
	return "base"
}

func (p NoteBoxProps) label(ctx context.Context) string {
	if p.Reply {
		return words.T(ctx, "shell.note.reply")
	}
	return words.T(ctx, "shell.note.to", "Name", p.To)
}

func (p NoteBoxProps) placeholder(ctx context.Context) string {
	if p.Reply {
		return words.T(ctx, "shell.note.reply")
	}
	return words.T(ctx, "shell.note.hint")
}

func hunchOptions(ctx context.Context, chosen string) []Option {
	list := []Option{{Value: "", Label: words.T(ctx, "shell.hunch.none"), Selected: hunchIcons[chosen] == ""}}
	for _, kind := range []string{"bad", "good"} {
		list = append(list, Option{Value: kind, Label: words.T(ctx, "shell.hunch."+kind), Icon: hunchIcons[kind], Selected: kind == chosen})
	}
	return list
}
