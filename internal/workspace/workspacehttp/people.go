package workspacehttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// tokenLife is how long a token made on the page lives.
const tokenLife = 365 * 24 * time.Hour

func (h *Handlers) more(w http.ResponseWriter, r *http.Request) error {
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(r.Context(), "shell.place.more")}, morePage(web.MorePlaces(r.Context())))
}

func (h *Handlers) me(w http.ResponseWriter, r *http.Request) error {
	return h.showMe(w, r, http.StatusOK, mePage{})
}

func (h *Handlers) showMe(w http.ResponseWriter, r *http.Request, status int, p mePage) error {
	ctx := r.Context()
	p.actor = who.From(ctx)
	m, err := h.svc.Member(ctx, p.actor.Member)
	if err != nil {
		return err
	}
	p.member = m
	if p.Values == nil {
		p.Values = map[string][]string{"name": {m.Name}, "kana": {m.Kana}, "lang": {p.actor.Lang}, "zone": {p.actor.Location().String()},
			"theme": {p.actor.Theme}, "week": {weekOf(p.actor)}}
	}
	if p.workspaces, err = h.svc.Workspaces(ctx); err != nil {
		return err
	}
	if p.tokens, err = h.tokenRows(ctx); err != nil {
		return err
	}
	if p.sessions, err = h.svc.Sessions(ctx, web.SessionToken(r)); err != nil {
		return err
	}
	if p.totp, err = h.svc.TOTP.State(ctx); err != nil {
		return err
	}
	for _, part := range h.Mine {
		c, err := part(ctx)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, c)
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "workspace.me.title")}, p.view())
}

func (h *Handlers) tokenRows(ctx context.Context) ([]tokenRow, error) {
	tokens, err := h.svc.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	members, err := h.svc.Members(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]string{}
	for _, m := range members {
		byID[m.ID] = m.Name
	}
	now := web.Now(ctx)
	var rows []tokenRow
	for _, t := range tokens {
		row := tokenRow{Token: t, expires: ui.Due(ctx, cal.Of(t.Expires), cal.Of(now))}
		if t.Member != who.From(ctx).Member {
			row.owner = byID[t.Member]
		}
		if t.LastUsed.IsZero() {
			row.used = ui.When{Text: words.T(ctx, "workspace.tokens.never")}
		} else {
			row.used = ui.Ago(ctx, t.LastUsed, now)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// sunday is what the form calls weeks that begin on it.
const sunday = "sunday"

func weekOf(a who.Actor) string {
	if a.Sunday {
		return sunday
	}
	return "monday"
}

func lookOptions(ctx context.Context, kind string, values ...string) (out []ui.Option) {
	for _, v := range values {
		key := v
		if key == "" {
			key = "device"
		}
		out = append(out, ui.Option{Value: v, Label: words.T(ctx, "workspace."+kind+"."+key)})
	}
	return out
}

func (h *Handlers) saveMe(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	err = h.svc.Rename(ctx, who.From(ctx).Member, f.Line("name"), f.Line("kana"))
	if err == nil {
		err = h.svc.SetLanguage(ctx, f.Get("lang"))
	}
	if err == nil {
		err = h.svc.SetLook(ctx, f.Get("theme"), f.Get("week") == sunday)
	}
	// The form shows the workspace's zone to who has none: sent back as it was,
	// it must not become their own.
	if zone := f.Line("zone"); err == nil && zone != who.From(ctx).Location().String() {
		err = h.svc.SetZone(ctx, zone)
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showMe(w, r, http.StatusUnprocessableEntity, mePage{values: values{Form: f}.withError(ctx, err)})
	}
	return web.RedirectSaying(w, r, "/me", web.Toast{Text: words.T(ctx, "workspace.saved")})
}

func (h *Handlers) switchWorkspace(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ws, err := f.ID("workspace")
	if err != nil {
		return err
	}
	if err := h.svc.SwitchWorkspace(remember(r), web.SessionToken(r), ws); err != nil {
		return err
	}
	return web.Redirect(w, r, "/today")
}

// createToken shows the secret on the answer itself, this once: it is in no
// address and no cookie.
func (h *Handlers) createToken(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	me, err := h.svc.Member(ctx, who.From(ctx).Member)
	if err != nil {
		return err
	}
	secret, _, err := h.svc.CreateToken(ctx, me.Mail, f.Line("name"), workspace.Scope(f.Get("scope")), web.Now(ctx).Add(tokenLife))
	if err != nil && !web.IsInput(err) {
		return err
	}
	p := mePage{secret: secret}
	if err != nil {
		p.errors = map[string]string{"token": web.Sentence(ctx, errs.As(err))}
	}
	return h.showMe(w, r, status(err), p)
}

func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return web.Status(errs.As(err).Code)
}

func (h *Handlers) revokeToken(w http.ResponseWriter, r *http.Request) error {
	token, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := remember(r)
	if err := h.svc.RevokeToken(ctx, token); err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/me#tokens", web.Toast{Text: words.T(ctx, "workspace.tokens.revoked")})
}

func (h *Handlers) members(w http.ResponseWriter, r *http.Request) error {
	return h.showMembers(w, r, http.StatusOK, membersPage{})
}

func (h *Handlers) showMembers(w http.ResponseWriter, r *http.Request, status int, p membersPage) error {
	ctx := r.Context()
	p.actor = who.From(ctx)
	all, err := h.svc.Members(ctx)
	if err != nil {
		return err
	}
	if p.admin() {
		if p.totp, err = h.svc.WithTOTP(ctx); err != nil {
			return err
		}
	}
	byID := map[id.ID]workspace.Member{}
	for _, m := range all {
		byID[m.ID] = m
		if m.State != workspace.Left {
			p.members = append(p.members, m)
		}
	}
	units, err := h.svc.Units(ctx)
	if err != nil {
		return err
	}
	for _, u := range units {
		row := unitRow{Unit: u}
		for _, m := range u.Members {
			row.people = append(row.people, byID[m])
		}
		for _, m := range u.Leads {
			row.leads = append(row.leads, byID[m])
		}
		row.mayLead = p.actor.Leads(u.Parent) && len(row.people) > 0
		p.units = append(p.units, row)
	}
	if p.admin() {
		invites, err := h.svc.Invites(ctx)
		if err != nil {
			return err
		}
		for _, i := range invites {
			p.invites = append(p.invites, inviteRow{Invite: i, expires: ui.Due(ctx, cal.Of(i.Expires), cal.Of(web.Now(ctx)))})
		}
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "workspace.members.title"), Place: "/members"}, p.view())
}

func (h *Handlers) invite(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	placeholder, err := f.ID("placeholder")
	p := membersPage{values: values{Form: f}}
	if err == nil {
		var token string
		token, _, err = h.svc.Invite(ctx, f.Line("mail"), who.Role(f.Get("role")), placeholder)
		p.link = origin(r) + "/invite/" + token
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		p.link, p.values = "", p.withError(ctx, err)
	} else {
		p.Values = nil
		if h.svc.Mails() {
			p.mailed = words.T(ctx, "workspace.members.mailed")
		}
	}
	return h.showMembers(w, r, status(err), p)
}

// origin is the address people reach this server by.
func origin(r *http.Request) string {
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// member runs an act on the member of the path and goes back to the list.
func (h *Handlers) member(w http.ResponseWriter, r *http.Request, said string, act func(ctx context.Context, member id.ID) error) error {
	return h.then(w, r, "/members", said, act)
}

func (h *Handlers) then(w http.ResponseWriter, r *http.Request, to, said string, act func(ctx context.Context, ref id.ID) error) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := remember(r)
	if err := act(ctx, ref); err != nil {
		if !web.IsInput(err) {
			return err
		}
		return web.RedirectSaying(w, r, to, web.Toast{Text: web.Sentence(ctx, errs.As(err)), Bad: true})
	}
	return web.RedirectSaying(w, r, to, web.Toast{Text: words.T(ctx, said)})
}

func (h *Handlers) setRole(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return h.member(w, r, "workspace.saved", func(ctx context.Context, member id.ID) error {
		return h.svc.SetRole(ctx, member, who.Role(f.Get("role")))
	})
}

func (h *Handlers) remove(w http.ResponseWriter, r *http.Request) error {
	return h.member(w, r, "workspace.members.removed", h.svc.Remove)
}

func (h *Handlers) revokeInvite(w http.ResponseWriter, r *http.Request) error {
	return h.member(w, r, "workspace.members.revoked", h.svc.RevokeInvite)
}

func (h *Handlers) createUnit(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	if _, err := h.svc.CreateUnit(ctx, f.Line("unit"), 0); err != nil {
		if !web.IsInput(err) {
			return err
		}
		p := membersPage{values: values{Form: f, errors: map[string]string{"unit": web.Sentence(ctx, errs.As(err))}}}
		return h.showMembers(w, r, status(err), p)
	}
	return web.RedirectSaying(w, r, "/members#teams", web.Toast{Text: words.T(ctx, "workspace.saved")})
}

func (h *Handlers) saveUnit(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	people, err := f.IDs("member")
	if err != nil {
		return err
	}
	return h.then(w, r, "/members#teams", "workspace.saved", func(ctx context.Context, unit id.ID) error {
		if err := h.svc.RenameUnit(ctx, unit, f.Line("name")); err != nil {
			return err
		}
		return h.svc.SetUnitMembers(ctx, unit, people)
	})
}

func (h *Handlers) saveLeads(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	leads, err := f.IDs("lead")
	if err != nil {
		return err
	}
	return h.then(w, r, "/members#teams", "workspace.saved", func(ctx context.Context, unit id.ID) error {
		return h.svc.SetUnitLeads(ctx, unit, leads)
	})
}

func (h *Handlers) deleteUnit(w http.ResponseWriter, r *http.Request) error {
	return h.then(w, r, "/members#teams", "workspace.units.deleted", h.svc.DeleteUnit)
}

func languageOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "ja", Label: words.T(ctx, "workspace.language.ja")}, {Value: "en", Label: words.T(ctx, "workspace.language.en")}}
}

// roleOptions are the roles the actor may give.
func roleOptions(ctx context.Context, a who.Actor) []ui.Option {
	var out []ui.Option
	for _, role := range who.Roles() {
		if a.Role.Includes(role) {
			out = append(out, ui.Option{Value: string(role), Label: words.T(ctx, "workspace.role."+string(role))})
		}
	}
	return out
}

// placeholders are the owners an import named and nobody is yet.
func (p membersPage) placeholders(ctx context.Context) []ui.Option {
	out := []ui.Option{{Label: words.T(ctx, "workspace.members.new_person")}}
	for _, m := range p.members {
		if m.State == workspace.Placeholder {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name})
		}
	}
	return out
}

// choices are people of whom some are chosen.
func choices(offered, chosen []workspace.Member) []ui.Option {
	in := map[id.ID]bool{}
	for _, m := range chosen {
		in[m.ID] = true
	}
	var out []ui.Option
	for _, m := range offered {
		out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: in[m.ID]})
	}
	return out
}

// said is who is in a team, and who leads it.
func (u unitRow) said(ctx context.Context) string {
	switch {
	case len(u.people) == 0:
		return words.T(ctx, "workspace.units.empty")
	case len(u.leads) == 0:
		return names(ctx, u.people)
	}
	return names(ctx, u.people) + " " + words.T(ctx, "workspace.units.led_by", "Names", names(ctx, u.leads))
}

func names(ctx context.Context, people []workspace.Member) string {
	list := make([]string, len(people))
	for i, m := range people {
		list[i] = m.Name
	}
	return strings.Join(list, words.T(ctx, "workspace.comma"))
}
