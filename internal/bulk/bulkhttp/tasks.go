package bulkhttp

import (
	"context"
	"strconv"

	"kizuki/internal/bulk"
	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

// taskBook says the values of tasks.
type taskBook struct{ members []workspace.Member }

// Tasks opens the book of tasks.
func Tasks(people *workspace.Service) Shelf {
	return func(ctx context.Context) (Book, []string, error) {
		members, err := people.Members(ctx)
		return taskBook{members}, bulk.TaskFields, err
	}
}

func (b taskBook) Label(ctx context.Context, name string) string {
	return words.T(ctx, "bulk.task."+name)
}

func (b taskBook) Said(ctx context.Context, name string, v any) string {
	s, _ := v.(string)
	switch {
	case s == "":
		return ""
	case name == "owner":
		for _, m := range b.members {
			if m.ID.String() == s {
				return m.Name
			}
		}
	case name == "due_date" && cal.Date(s).Valid():
		return words.DayLong(ctx, cal.Date(s))
	case name == "state" && task.State(s).Valid():
		return words.T(ctx, "bulk.task.state."+s)
	case name == "minutes", name == "move":
		if n, err := strconv.Atoi(s); err == nil {
			return words.T(ctx, "bulk.task."+name+"_n", "Count", n)
		}
	}
	return s
}

func (b taskBook) Input(ctx context.Context, name, value string) ui.FieldProps {
	in := ui.FieldProps{Name: name, Label: b.Label(ctx, name), Value: value}
	option := func(value, label string) { in.Options = append(in.Options, ui.Option{Value: value, Label: label}) }
	switch name {
	case "state":
		in.Type = "select"
		for _, s := range []task.State{task.StateDone, task.StateSkipped, task.StateOpen, task.StateClosed} {
			option(string(s), words.T(ctx, "bulk.task.to."+string(s)))
		}
	case "owner":
		in.Type = "select"
		option("", words.T(ctx, "bulk.task.nobody"))
		for _, m := range b.members {
			if m.State != workspace.Left {
				option(m.ID.String(), m.Name)
			}
		}
	case "move", "minutes":
		in.Attrs = ui.Attrs{"inputmode": "numeric", "size": "4"}
		in.Hint = words.T(ctx, "bulk.task."+name+"_hint")
	case "due_date":
		in.Hint = words.T(ctx, "bulk.task.due_hint")
	}
	return in
}
