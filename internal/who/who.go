// Package who says on whose behalf a request or job runs. Services ask it
// before they act: permission is checked there and nowhere else.
package who

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/id"
)

// Role is what a member may do in a workspace; each includes the ones before.
type Role string

// The roles. A viewer reads, a member works, an admin arranges the workspace,
// an owner may also give and take the owner's role.
const (
	Viewer Role = "viewer"
	Member Role = "member"
	Admin  Role = "admin"
	Owner  Role = "owner"
)

var rank = map[Role]int{Viewer: 1, Member: 2, Admin: 3, Owner: 4}

// Roles lists them from the least to the most.
func Roles() []Role { return []Role{Viewer, Member, Admin, Owner} }

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return rank[r] > 0 }

// Includes reports whether r may do what other may.
func (r Role) Includes(other Role) bool { return r.Valid() && rank[r] >= rank[other] }

// Need is what an act or a route asks of the one who calls it.
type Need string

// The needs, from none to all.
const (
	Nothing    Need = "nothing"    // signed in or not
	Read       Need = "read"       // viewer and up
	Self       Need = "self"       // viewer and up, for what is a member's own; no token that only reads
	Write      Need = "write"      // member and up
	Lead       Need = "lead"       // who leads a team, admin and up; which team is the service's to ask
	Administer Need = "administer" // admin and up
	Own        Need = "own"        // the owner
)

var needs = map[Need]Role{Read: Viewer, Self: Viewer, Write: Member, Lead: Admin, Administer: Admin, Own: Owner}

// Valid reports whether n is one of the needs.
func (n Need) Valid() bool { return n == Nothing || needs[n] != "" }

// Actor is the one on whose behalf something is done.
type Actor struct {
	Workspace id.ID
	Member    id.ID // 0 for the system itself (jobs, rules)
	Account   id.ID
	Name      string
	Role      Role
	Led       Units // teams the member leads, with all below them
	ReadOnly  bool  // a token of scope read
	System    bool  // jobs and command-line acts of the operator: may do all
	Lang      string
	Zone      *time.Location
	Theme     string // light, dark; "" as the device does
	Sunday    bool   // weeks begin on it, not on Monday
}

// May reports whether the actor meets the need.
func (a Actor) May(n Need) bool {
	switch {
	case n == Nothing:
		return true
	case a.Workspace == 0:
		return false
	case n == Self && a.Member == 0:
		return false
	case a.System:
		return true
	case n != Read && a.ReadOnly:
		return false
	case n == Lead && a.Led != "" && a.Role.Includes(Member):
		return true
	}
	return a.Role.Includes(needs[n])
}

// Units is a list of teams, their ids with commas between them: as text, so that
// actors can be compared.
type Units string

// List are the ids of the teams.
func (u Units) List() []id.ID {
	var list []id.ID
	for one := range strings.SplitSeq(string(u), ",") {
		if unit, err := id.Parse(one); err == nil && unit != 0 {
			list = append(list, unit)
		}
	}
	return list
}

// Leads reports whether the actor arranges things for a team: its leads do, those
// of a team above it, and admins; what is everybody's (0) is the admins' alone.
func (a Actor) Leads(unit id.ID) bool {
	return a.May(Administer) || unit != 0 && a.May(Lead) && slices.Contains(a.Led.List(), unit)
}

// MustLead refuses who does not lead the team, in words that say who does.
func (a Actor) MustLead(unit id.ID) error {
	switch {
	case a.Leads(unit):
		return nil
	case a.Workspace != 0 && unit != 0 && !a.ReadOnly:
		return errs.New(errs.Forbidden, "err.not_lead")
	}
	return errs.New(errs.Forbidden, "err.forbidden")
}

// Location is the actor's time zone, UTC if none is known.
func (a Actor) Location() *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

type key struct{}

// With puts the actor into ctx.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From reads the actor; the zero Actor may nothing.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(key{}).(Actor)
	return a
}

// Check gives the actor if it meets the need, else Unauthorized or Forbidden.
// It is the first line of every service function.
func Check(ctx context.Context, n Need) (Actor, error) {
	a := From(ctx)
	switch {
	case a.May(n):
		return a, nil
	case a.Workspace == 0:
		return a, errs.New(errs.Unauthorized, "err.unauthorized")
	case a.ReadOnly && (a.Role.Includes(needs[n]) || n == Lead && a.Led != ""):
		return a, errs.New(errs.Forbidden, "err.token_reads_only")
	}
	return a, errs.New(errs.Forbidden, "err.forbidden")
}

// System is the actor of jobs and rules in a workspace.
func System(workspace id.ID, zone *time.Location) Actor {
	return Actor{Workspace: workspace, System: true, Role: Owner, Zone: zone}
}
