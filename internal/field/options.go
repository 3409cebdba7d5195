package field

import (
	"context"
	"maps"
	"slices"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// RenameOption gives an option another name; what contracts hold follows. The old
// name is still understood, so that a file that goes on with it brings no second
// option. Errors: those of CreateIn about options, Missing.
func (s *Service) RenameOption(ctx context.Context, fieldID id.ID, from, to string) (Field, error) {
	return s.edit(ctx, fieldID, func(_ context.Context, _ *db.Tx, _ who.Actor, f Field) (Field, error) {
		at, to := slices.Index(f.Options, from), text.Line(to)
		switch {
		case at < 0:
			return f, errs.Missing("option")
		case to == "":
			return f, errs.Field("options", "err.required")
		case to == from:
			return f, nil
		}
		f.Options, f.PutAway, f.Renamed = slices.Clone(f.Options), slices.Clone(f.PutAway), maps.Clone(f.Renamed)
		f.Options[at] = to
		if i := slices.Index(f.PutAway, from); i >= 0 {
			f.PutAway[i] = to
		}
		if f.Renamed == nil {
			f.Renamed = map[string]string{}
		}
		for was, now := range f.Renamed {
			if now == from {
				f.Renamed[was] = to
			}
		}
		f.Renamed[from] = to
		delete(f.Renamed, to)
		return f, errs.Join(checkOptions(f))
	})
}

// PutOptionAway lets an option be offered no more, or again; contracts keep it.
func (s *Service) PutOptionAway(ctx context.Context, fieldID id.ID, option string, away bool) (Field, error) {
	return s.edit(ctx, fieldID, func(_ context.Context, _ *db.Tx, _ who.Actor, f Field) (Field, error) {
		if !slices.Contains(f.Options, option) {
			return f, errs.Missing("option")
		}
		f.PutAway = slices.DeleteFunc(slices.Clone(f.PutAway), func(o string) bool { return o == option })
		if away {
			f.PutAway = append(f.PutAway, option)
		}
		return f, nil
	})
}

// Today is a stored value with the names its options have now, and whether that
// is another value.
func (f Field) Today(v any) (any, bool) {
	switch v := plain(v).(type) {
	case string:
		if now, ok := f.Renamed[v]; ok && f.Type == Choice {
			return now, true
		}
	case []string:
		changed := false
		out := slices.Clone(v)
		for i, o := range out {
			if now, ok := f.Renamed[o]; ok && f.Type == Choices {
				out[i], changed = now, true
			}
		}
		return out, changed
	}
	return v, false
}
