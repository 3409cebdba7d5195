// Package units knows how teams stand in their tree: who belongs to one and the
// ones below it, and who leads it. What belongs to a team belongs, so to speak,
// to all teams below it, too.
package units

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Unit is a team; teams stand in a tree.
type Unit struct {
	ID      id.ID
	Parent  id.ID // 0 at the top
	Name    string
	Members []id.ID
	Leads   []id.ID // those of the members who arrange things for the team
}

// All lists the teams of a workspace, without their members.
func All(ctx context.Context, q db.Queryer, ws id.ID) ([]Unit, error) {
	return db.All(ctx, q, func(r db.Row) (u Unit, err error) {
		err = r.Scan(&u.ID, &u.Parent, &u.Name)
		return u, err
	}, "SELECT id, parent_id, name FROM unit WHERE workspace_id = $1", ws)
}

// Get gives one team, without its members. Errors: Missing.
func Get(ctx context.Context, q db.Queryer, ws, unit id.ID) (Unit, error) {
	u, found, err := db.One(ctx, q, func(r db.Row) (u Unit, err error) {
		err = r.Scan(&u.ID, &u.Parent, &u.Name)
		return u, err
	}, "SELECT id, parent_id, name FROM unit WHERE workspace_id = $1 AND id = $2", ws, unit)
	if err == nil && !found {
		err = errs.Missing("unit")
	}
	return u, err
}

// Fill puts members and leads to teams.
func Fill(ctx context.Context, q db.Queryer, ws id.ID, list []Unit) error {
	type place struct {
		unit, member id.ID
		lead         bool
	}
	places, err := db.All(ctx, q, func(r db.Row) (p place, err error) {
		err = r.Scan(&p.unit, &p.member, &p.lead)
		return p, err
	}, "SELECT unit_id, member_id, lead FROM unit_member WHERE workspace_id = $1 ORDER BY unit_id, member_id", ws)
	at := make(map[id.ID]*Unit, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	for _, p := range places {
		u := at[p.unit]
		if u == nil {
			continue
		}
		if u.Members = append(u.Members, p.member); p.lead {
			u.Leads = append(u.Leads, p.member)
		}
	}
	return err
}

// SetMembers makes exactly these the members of a team; who led it and stays
// goes on leading it.
func SetMembers(ctx context.Context, tx *db.Tx, ws, unit id.ID, members []id.ID) error {
	list := []Unit{{ID: unit}}
	if err := Fill(ctx, tx, ws, list); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, tx, "DELETE FROM unit_member WHERE workspace_id = $1 AND unit_id = $2", ws, unit); err != nil {
		return err
	}
	rows := make([][]any, len(members))
	for i, m := range members {
		rows[i] = []any{ws, unit, m}
	}
	if err := db.Bulk(ctx, tx, "INSERT INTO unit_member (workspace_id, unit_id, member_id)", "", rows); err != nil {
		return err
	}
	return SetLeads(ctx, tx, ws, unit, list[0].Leads)
}

// SetLeads makes exactly these of the members of a team its leads.
func SetLeads(ctx context.Context, tx *db.Tx, ws, unit id.ID, leads []id.ID) error {
	if _, err := db.Exec(ctx, tx, "UPDATE unit_member SET lead = FALSE WHERE workspace_id = $1 AND unit_id = $2 AND lead = TRUE", ws, unit); err != nil || len(leads) == 0 {
		return err
	}
	var w db.Where
	w.And("workspace_id = ? AND unit_id = ?", ws, unit)
	db.In(&w, "member_id", leads)
	_, err := db.Exec(ctx, tx, "UPDATE unit_member SET lead = TRUE WHERE "+w.SQL(), w.Args()...)
	return err
}

// Led is the column of a query about a member m: the teams the member leads and
// those below them.
const Led = `COALESCE((WITH RECURSIVE led (id) AS (
		SELECT um.unit_id FROM unit_member um WHERE um.workspace_id = m.workspace_id AND um.member_id = m.id AND um.lead = TRUE
		UNION SELECT u.id FROM unit u JOIN led ON u.parent_id = led.id WHERE u.workspace_id = m.workspace_id)
	SELECT string_agg(CAST(led.id AS TEXT), ',') FROM led), '')`

// Below are the ids of a team and all below it, for "IN".
func Below(w *db.Where, ws, unit id.ID) string {
	at := w.Arg(ws)
	return `(WITH RECURSIVE below (id) AS (SELECT CAST(` + w.Arg(unit) + ` AS BIGINT)
		UNION SELECT u.id FROM unit u JOIN below ON u.parent_id = below.id WHERE u.workspace_id = ` + at + `) SELECT id FROM below)`
}

// People are the ids of the members of a team and of all below it, for "IN".
func People(w *db.Where, ws, unit id.ID) string {
	return "(SELECT um.member_id FROM unit_member um WHERE um.workspace_id = " + w.Arg(ws) + " AND um.unit_id IN " + Below(w, ws, unit) + ")"
}

// above are the teams of a member and all above them, for "IN".
func above(w *db.Where, ws, member id.ID) string {
	at := w.Arg(ws)
	return `(WITH RECURSIVE above (id) AS (SELECT um.unit_id FROM unit_member um WHERE um.workspace_id = ` + at + ` AND um.member_id = ` + w.Arg(member) + `
		UNION SELECT u.parent_id FROM unit u JOIN above ON u.id = above.id WHERE u.workspace_id = ` + at + ` AND u.parent_id IS NOT NULL) SELECT id FROM above)`
}

// Reached is the condition that something of the team in a column is for the
// actor: a member of it or of a team below it, or who leads it.
func Reached(w *db.Where, a who.Actor, column string) string {
	in := column + " IN " + above(w, a.Workspace, a.Member)
	led := a.Led.List()
	if len(led) == 0 {
		return in
	}
	marks := make([]string, len(led))
	for i, unit := range led {
		marks[i] = w.Arg(unit)
	}
	return "(" + in + " OR " + column + " IN (" + strings.Join(marks, ", ") + "))"
}

// Around are the teams of a member and all above them.
func Around(all []Unit, member id.ID) map[id.ID]bool {
	above, in := map[id.ID]id.ID{}, map[id.ID]bool{}
	for _, u := range all {
		above[u.ID] = u.Parent
	}
	for _, u := range all {
		if member == 0 || !slices.Contains(u.Members, member) {
			continue
		}
		for at := u.ID; at != 0 && !in[at]; at = above[at] {
			in[at] = true
		}
	}
	return in
}

// Offered are those of the teams that the actor is in or leads: something can be
// shared with them.
func Offered(a who.Actor, all []Unit) []Unit {
	return slices.DeleteFunc(slices.Clone(all), func(u Unit) bool { return !slices.Contains(u.Members, a.Member) && !a.Leads(u.ID) })
}
