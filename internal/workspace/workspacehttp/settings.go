package workspacehttp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

const auditPage = 50

func (h *Handlers) settings(w http.ResponseWriter, r *http.Request) error {
	ws, err := h.svc.Workspace(r.Context())
	if err != nil {
		return err
	}
	return h.showSettings(w, r, http.StatusOK, settingsPage{values: values{Form: web.Form{Values: map[string][]string{
		"name": {ws.Name}, "zone": {ws.Zone}, "currency": {ws.Currency}, "lang": {ws.Lang},
		"fiscal": {strconv.Itoa(ws.FiscalStartMonth)}}}}})
}

func (h *Handlers) showSettings(w http.ResponseWriter, r *http.Request, status int, p settingsPage) error {
	ctx := r.Context()
	var err error
	if p.dead, err = h.jobs.Dead(ctx); err != nil {
		return err
	}
	entries, next, err := h.svc.Audit(ctx, r.URL.Query().Get("audit"), auditPage)
	if err != nil {
		return err
	}
	if p.audit, err = h.auditRows(ctx, entries); err != nil {
		return err
	}
	p.next = next
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "shell.place.settings"), Place: "/settings"}, p.view())
}

func (h *Handlers) auditRows(ctx context.Context, entries []workspace.Entry) ([]auditRow, error) {
	members, err := h.svc.Members(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]string{}
	for _, m := range members {
		byID[m.ID] = m.Name
	}
	var rows []auditRow
	for _, e := range entries {
		row := auditRow{when: ui.Ago(ctx, e.At, web.Now(ctx)), who: byID[e.Member], act: words.T(ctx, "workspace.audit."+e.Act)}
		if row.who == "" {
			row.who = words.T(ctx, "workspace.audit.nobody")
		}
		for _, s := range details(ctx, e, byID) {
			row.act += words.T(ctx, "workspace.comma") + s
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// details say whom and what an act was about.
func details(ctx context.Context, e workspace.Entry, byID map[id.ID]string) []string {
	var out []string
	if e.Act == "member.role" {
		out = append(out, byID[e.Object])
	}
	for _, key := range []string{"name", "mail"} {
		if v, ok := e.Data[key]; ok {
			out = append(out, fmt.Sprint(v))
		}
	}
	switch role := e.Data["role"].(type) {
	case string:
		out = append(out, words.T(ctx, "workspace.role."+role))
	case []any: // from one to another
		var list []string
		for _, r := range role {
			list = append(list, words.T(ctx, "workspace.role."+fmt.Sprint(r)))
		}
		out = append(out, strings.Join(list, " → "))
	}
	return out
}

func (h *Handlers) saveSettings(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	month, err := strconv.Atoi(f.Get("fiscal"))
	if err != nil || month == 0 {
		month = -1 // the service would take 0 for "not said", and choose April
	}
	_, err = h.svc.UpdateWorkspace(ctx, workspace.WorkspaceInput{Name: f.Line("name"), Zone: f.Line("zone"),
		Currency: f.Line("currency"), Lang: f.Get("lang"), FiscalStartMonth: month})
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showSettings(w, r, status(err), settingsPage{values: values{Form: f}.withError(ctx, err)})
	}
	return web.RedirectSaying(w, r, "/settings", web.Toast{Text: words.T(ctx, "workspace.saved")})
}

func (h *Handlers) retryJob(w http.ResponseWriter, r *http.Request) error {
	return h.then(w, r, "/settings#jobs", "workspace.jobs.retried", h.jobs.Retry)
}

// settingsTabs leads to the rooms of the settings.
func settingsTabs(ctx context.Context, current string) []ui.Tab {
	return []ui.Tab{
		{Label: words.T(ctx, "workspace.settings.workspace"), Href: "/settings", Current: current == "/settings"},
		{Label: words.T(ctx, "shell.place.fields"), Href: "/fields", Current: current == "/fields"},
		{Label: words.T(ctx, "workspace.handover"), Href: "/handover", Current: current == "/handover"},
		{Label: words.T(ctx, "workspace.settings.money"), Href: "/settings/money"},
		{Label: words.T(ctx, "workspace.settings.reasons"), Href: "/settings/reasons"},
		{Label: words.T(ctx, "workspace.settings.mail"), Href: "/settings/mail"},
	}
}

func monthOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for m := 1; m <= 12; m++ {
		out = append(out, ui.Option{Value: strconv.Itoa(m), Label: words.T(ctx, "when.month_long."+strconv.Itoa(m))})
	}
	return out
}
