package who_test

import (
	"context"
	"slices"
	"testing"

	"kizuki/internal/errs"
	"kizuki/internal/id"
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

// A lead arranges things for the teams led, as far as the role goes, and for no
// other; admins for all.
func TestLeads(t *testing.T) {
	lead := who.Actor{Workspace: 1, Member: 2, Role: who.Member, Led: "7,9"}
	viewer, reading, admin, plain := lead, lead, lead, lead
	viewer.Role, reading.ReadOnly, plain.Led = who.Viewer, true, ""
	admin.Role, admin.Led = who.Admin, ""
	for name, c := range map[string]struct {
		actor who.Actor
		may   bool
		leads []id.ID
	}{
		"lead": {lead, true, []id.ID{7, 9}}, "viewer": {viewer, false, nil}, "read token": {reading, false, nil},
		"admin": {admin, true, []id.ID{0, 7, 8, 9}}, "member": {plain, false, nil}, "nobody": {who.Actor{Led: "7"}, false, nil},
	} {
		if c.actor.May(who.Lead) != c.may {
			t.Errorf("%s may lead: %v", name, !c.may)
		}
		var leads []id.ID
		for _, unit := range []id.ID{0, 7, 8, 9} {
			if c.actor.Leads(unit) {
				leads = append(leads, unit)
			}
		}
		if !slices.Equal(leads, c.leads) {
			t.Errorf("%s leads %v", name, leads)
		}
	}
	if err := lead.MustLead(8); errs.As(err).Key != "err.not_lead" {
		t.Errorf("another's team: %v", err)
	}
	if err := lead.MustLead(0); errs.As(err).Key != "err.forbidden" {
		t.Errorf("everybody's: %v", err)
	}
	if _, err := who.Check(who.With(context.Background(), reading), who.Lead); errs.As(err).Key != "err.token_reads_only" {
		t.Errorf("a token that only reads: %v", err)
	}
}
