package who_test

import (
	"context"
	"testing"

	"kizuki/internal/errs"
	"kizuki/internal/who"
)

func TestMay(t *testing.T) {
	allowed := map[who.Role][]who.Need{
		who.Viewer: {who.Nothing, who.Read},
		who.Member: {who.Nothing, who.Read, who.Write},
		who.Admin:  {who.Nothing, who.Read, who.Write, who.Administer},
		who.Owner:  {who.Nothing, who.Read, who.Write, who.Administer, who.Own},
	}
	all := []who.Need{who.Nothing, who.Read, who.Write, who.Administer, who.Own}
	for role, may := range allowed {
		for i, n := range all {
			a := who.Actor{Workspace: 1, Role: role}
			if got, want := a.May(n), i < len(may); got != want {
				t.Errorf("%s may %s: %v", role, n, got)
			}
			a.ReadOnly = true
			if got, want := a.May(n), i < 2; got != want {
				t.Errorf("%s with a read token may %s: %v", role, n, got)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	cases := []struct {
		name  string
		actor who.Actor
		need  who.Need
		want  errs.Code
	}{
		{"nobody", who.Actor{}, who.Read, errs.Unauthorized},
		{"nobody, even as owner", who.Actor{Role: who.Owner}, who.Read, errs.Unauthorized},
		{"viewer writes", who.Actor{Workspace: 1, Role: who.Viewer}, who.Write, errs.Forbidden},
		{"read token writes", who.Actor{Workspace: 1, Role: who.Owner, ReadOnly: true}, who.Write, errs.Forbidden},
		{"unknown role", who.Actor{Workspace: 1, Role: "boss"}, who.Read, errs.Forbidden},
		{"member writes", who.Actor{Workspace: 1, Role: who.Member}, who.Write, ""},
		{"the system", who.System(1, nil), who.Own, ""},
		{"viewer's own", who.Actor{Workspace: 1, Member: 2, Role: who.Viewer}, who.Self, ""},
		{"read token's own", who.Actor{Workspace: 1, Member: 2, Role: who.Owner, ReadOnly: true}, who.Self, errs.Forbidden},
		{"the system has nothing of its own", who.System(1, nil), who.Self, errs.Forbidden},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := who.Check(who.With(context.Background(), c.actor), c.need)
			if c.want == "" && err != nil || c.want != "" && !errs.Is(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}
