package handoverhttp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// coverForm names a deputy.
type coverForm struct {
	values  web.Form
	members []workspace.Member
	me      id.ID
	admin   bool // may name one for others, too
	back    string
	errors  map[string]string
}

// coversPage is who stands in for whom, now and later.
type coversPage struct {
	list []handover.Cover
	form *coverForm // nil for those who only read
}

func (h *Handlers) covers(w http.ResponseWriter, r *http.Request) error {
	return h.showCovers(w, r, http.StatusOK, web.Form{Values: url.Values{}}, nil)
}

func (h *Handlers) showCovers(w http.ResponseWriter, r *http.Request, status int, f web.Form, wrong error) error {
	ctx := r.Context()
	list, err := h.svc.Covers(ctx)
	if err != nil {
		return err
	}
	p := coversPage{list: list}
	if p.form, err = h.form(ctx, f, "/covers", true); err != nil {
		return err
	}
	if wrong != nil && p.form != nil {
		p.form.errors = web.FieldErrors(ctx, wrong)
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "handover.tab.covers"), Place: "/contracts"}, p.view())
}

// form is nil for those who may not.
func (h *Handlers) form(ctx context.Context, f web.Form, back string, others bool) (*coverForm, error) {
	a := who.From(ctx)
	if !a.May(who.Write) || a.Member == 0 {
		return nil, nil
	}
	members, err := h.people.Members(ctx)
	return &coverForm{values: f, members: members, me: a.Member, admin: others && a.May(who.Administer), back: back}, err
}

// Mine is the part of one's own page where a deputy is named.
func (h *Handlers) Mine(ctx context.Context) (templ.Component, error) {
	form, err := h.form(ctx, web.Form{Values: url.Values{}}, "/me", false)
	if err != nil || form == nil {
		return templ.NopComponent, err
	}
	all, err := h.svc.Covers(ctx)
	var own []handover.Cover
	for _, c := range all {
		if c.Member.ID == form.me || c.Deputy.ID == form.me {
			own = append(own, c)
		}
	}
	return mePart(own, form), err
}

func (h *Handlers) setCover(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	in := handover.CoverInput{From: f.Line("from"), To: f.Line("to"), Words: f.Text("words"), Form: true}
	if in.To == "" {
		in.To = in.From // one day
	}
	var bad []*errs.E
	for name, to := range map[string]*id.ID{"member": &in.Member, "deputy": &in.Deputy} {
		if *to, err = f.ID(name); err != nil {
			bad = append(bad, errs.As(err))
		}
	}
	ctx := r.Context()
	var c handover.Cover
	if err = errs.Join(bad...); err == nil {
		c, err = h.svc.SetCover(ctx, in)
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showCovers(w, r, web.Status(errs.As(err).Code), f, err)
	}
	return web.RedirectSaying(w, r, web.LocalPath(f.Get("back"), "/covers"), web.Toast{
		Text: words.T(ctx, "handover.cover_set", "Deputy", c.Deputy.Name, "Name", c.Member.Name, "Days", span(ctx, c)),
		Undo: "/covers/" + c.ID.String() + "/delete?back=" + url.QueryEscape(f.Get("back"))})
}

// changeCover runs one act on the cover of the path and goes back to where it
// was asked for.
func (h *Handlers) changeCover(w http.ResponseWriter, r *http.Request, fallback string, do func(ctx context.Context, ref id.ID) (web.Toast, error)) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	said, err := do(r.Context(), ref)
	if err != nil {
		return err
	}
	back := web.LocalPath(f.Get("back"), fallback)
	if web.IsFragment(r) && back == "/today" {
		web.Say(w, said)
		return web.Fragment(w, r, http.StatusOK, templ.NopComponent)
	}
	return web.RedirectSaying(w, r, back, said)
}

func (h *Handlers) endCover(w http.ResponseWriter, r *http.Request) error {
	return h.changeCover(w, r, "/covers", func(ctx context.Context, ref id.ID) (web.Toast, error) {
		c, gone, err := h.svc.EndCover(ctx, ref)
		if gone {
			return web.Toast{Text: words.T(ctx, "handover.cover_deleted", "Name", c.Member.Name)}, err
		}
		return web.Toast{Text: words.T(ctx, "handover.cover_ended", "Name", c.Member.Name)}, err
	})
}

func (h *Handlers) deleteCover(w http.ResponseWriter, r *http.Request) error {
	return h.changeCover(w, r, "/covers", func(ctx context.Context, ref id.ID) (web.Toast, error) {
		c, err := h.svc.DeleteCover(ctx, ref)
		return web.Toast{Text: words.T(ctx, "handover.cover_deleted", "Name", c.Member.Name)}, err
	})
}

func (h *Handlers) readCover(w http.ResponseWriter, r *http.Request) error {
	return h.changeCover(w, r, "/today", func(ctx context.Context, ref id.ID) (web.Toast, error) {
		_, err := h.svc.ReadCover(ctx, ref)
		return web.Toast{Text: words.T(ctx, "handover.cover_read"), Undo: "/covers/" + ref.String() + "/unread"}, err
	})
}

func (h *Handlers) unreadCover(w http.ResponseWriter, r *http.Request) error {
	return h.changeCover(w, r, "/today", func(ctx context.Context, ref id.ID) (web.Toast, error) {
		_, err := h.svc.UnreadCover(ctx, ref)
		return web.Toast{Text: words.T(ctx, "handover.cover_unread")}, err
	})
}

func (h *Handlers) meanwhile(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	m, err := h.svc.Meanwhile(ctx, ref)
	if err != nil {
		return err
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "handover.meanwhile"), Place: "/today"}, meanwhilePage(m))
}

// ByOwner stands beside the owner of a contract: who stands in for them today,
// and the way to hand the contract over.
func (h *Handlers) ByOwner(ctx context.Context, c contract.Contract, _ *http.Request) (templ.Component, error) {
	var cover handover.Cover
	if c.OwnerID != 0 {
		found, _, err := h.svc.CoverOf(ctx, c.OwnerID)
		if err != nil {
			return nil, err
		}
		cover = found
	}
	return byOwner(c, cover), nil
}

// mayEnd: one's own, or anyone's as an admin.
func mayEnd(ctx context.Context, c handover.Cover) bool {
	a := who.From(ctx)
	return a.May(who.Administer) || a.May(who.Write) && c.Member.ID == a.Member
}

// people are those who can be away, deputies those who can stand in.
func (f *coverForm) people() []ui.Option {
	chosen := f.values.Get("member")
	if chosen == "" {
		chosen = f.me.String()
	}
	var out []ui.Option
	for _, m := range f.members {
		if m.State == workspace.Active {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == chosen})
		}
	}
	return out
}

func (f *coverForm) deputies(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "handover.choose")}}
	for _, m := range f.members {
		if m.State == workspace.Active && m.Role != who.Viewer && (f.admin || m.ID != f.me) {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == f.values.Get("deputy")})
		}
	}
	return out
}
