package timelinehttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

var island = []string{"mention", "attach"}

func (v panelView) link(s timeline.Show) string {
	u, err := url.Parse(v.query.Base)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set("show", string(s))
	u.RawQuery = q.Encode()
	return u.String()
}

func (v panelView) fragment(s timeline.Show, cursor string) string {
	q := url.Values{"show": {string(s)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if own := "/contracts/" + v.contract.String(); v.query.Base != own {
		q.Set("base", v.query.Base)
	}
	return "/contracts/" + v.contract.String() + "/trail?" + q.Encode()
}

func hunches(ctx context.Context, chosen timeline.Hunch) []ui.Option {
	return []ui.Option{
		{Value: "", Label: words.T(ctx, "shell.hunch.none"), Selected: chosen == ""},
		{Value: "bad", Label: words.T(ctx, "shell.hunch.bad"), Icon: "sesame", Selected: chosen == timeline.Bad},
		{Value: "good", Label: words.T(ctx, "shell.hunch.good"), Icon: "sesame-open", Selected: chosen == timeline.Good},
	}
}

func (h *Handlers) trail(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	return h.showTrail(w, r, http.StatusOK, contractID, PanelQuery{Show: timeline.Show(q.Get("show")), Cursor: q.Get("cursor"),
		Base: web.LocalPath(q.Get("base"), "")}, nil)
}

// showTrail answers the panel, for htmx, or the trail as a page of its own,
// with the box as it was filled if that is what went wrong.
func (h *Handlers) showTrail(w http.ResponseWriter, r *http.Request, status int, contractID id.ID, q PanelQuery, filled *ui.NoteBoxProps) error {
	ctx := r.Context()
	panel, err := h.Panel(ctx, contractID, q)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Fragment(w, r, status, panel)
	}
	page, err := h.svc.Trail(ctx, contractID, timeline.Words, "", 1)
	if err != nil {
		return err
	}
	box := h.NoteBox(ctx, contract.Contract{ID: contractID, Name: page.Contract.Name, OrgName: page.Contract.Org}, "")
	if filled != nil {
		box = noteBox(*filled)
	}
	return web.Page(w, r, status, web.Meta{Title: fullName(page.Contract.Org, page.Contract.Name), Place: "/contracts", Islands: island}, trailPage(page.Contract, panel, box))
}

func (h *Handlers) post(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	in := timeline.PostInput{Contract: contractID, Body: f.Text("body"), Hunch: timeline.Hunch(f.Get("hunch")), AboutKind: f.Line("about_kind")}
	in.Visibility, in.Readers = chosen(f)
	if in.Parent, err = f.ID("parent"); err != nil {
		return err
	}
	if in.AboutID, err = f.ID("about_id"); err != nil {
		return err
	}
	n, err := h.postWithFiles(f, r, &in)
	switch {
	case err != nil && web.IsInput(err):
		return h.again(w, r, f, in, err)
	case err != nil:
		return err
	case !web.IsFragment(r):
		return web.Redirect(w, r, web.LocalPath(f.Get("back"), "/contracts/"+contractID.String())+"#note-"+n.ID.String())
	case n.Parent != 0:
		return h.answerEntry(w, r, n)
	}
	show := timeline.Show(f.Get("show"))
	if show == timeline.Hunches && n.Hunch == "" {
		show = timeline.All // what was just written is seen at once
	}
	panel, err := h.Panel(r.Context(), contractID, PanelQuery{Show: show, Base: web.LocalPath(f.Get("base"), "")})
	if err != nil {
		return err
	}
	box := h.boxProps(r.Context(), contractID, f.Line("to"), f.Get("back"))
	box.Attrs["hx-swap-oob"] = "morph"
	return web.Fragment(w, r, http.StatusOK, posted(panel, noteBox(box)))
}

// postWithFiles keeps what came with the form first: what is refused for its words
// has its files already when it is posted again.
func (h *Handlers) postWithFiles(f web.Form, r *http.Request, in *timeline.PostInput) (n timeline.Note, err error) {
	if h.Files.Take != nil {
		if in.Files, err = h.Files.Take(f, r); err != nil {
			return n, err
		}
	}
	return h.svc.Post(r.Context(), *in)
}

// again shows the box as it was filled, with what is wrong.
func (h *Handlers) again(w http.ResponseWriter, r *http.Request, f web.Form, in timeline.PostInput, err error) error {
	box := h.boxProps(r.Context(), in.Contract, f.Line("to"), f.Get("back"))
	target := "#note-box"
	if in.Parent != 0 {
		box = h.replyBox(r.Context(), in.Contract, in.Parent)
		target = "#" + box.Attrs["id"].(string)
	}
	box.Value, box.Hunch = in.Body, string(in.Hunch)
	if in.Parent == 0 {
		box.Readers = h.readers(r.Context(), timeline.Note{Visibility: in.Visibility, Readers: in.Readers})
	}
	for _, text := range web.FieldErrors(r.Context(), err) {
		box.Error += text
	}
	if box.Attach != nil {
		if box.Attach.Chips, err = h.Files.Chips(r.Context(), in.Files); err != nil {
			return err
		}
	}
	switch {
	case web.IsFragment(r):
	case in.Parent != 0:
		n, err := h.svc.Get(r.Context(), in.Parent)
		if err != nil {
			return err
		}
		return h.showReply(w, r, http.StatusUnprocessableEntity, n, box)
	default:
		return h.showTrail(w, r, http.StatusUnprocessableEntity, in.Contract, PanelQuery{}, &box)
	}
	retarget(w, target)
	return web.Fragment(w, r, http.StatusUnprocessableEntity, noteBox(box))
}

func retarget(w http.ResponseWriter, target string) {
	w.Header().Set("HX-Retarget", target)
	w.Header().Set("HX-Reswap", "morph:outerHTML")
}

// replyBox is the small box under a note.
func (h *Handlers) replyBox(ctx context.Context, contractID, top id.ID) ui.NoteBoxProps {
	action := "/contracts/" + contractID.String() + "/notes"
	return ui.NoteBoxProps{Action: action, ID: "answer-" + top.String(), MentionSrc: "/people", Reply: true, Attach: h.attach(ctx, contractID, top),
		Hidden: []ui.Option{{Value: "parent", Label: top.String()}},
		Attrs:  ui.Attrs{"id": "answering-" + top.String(), "hx-post": action, "hx-target": "#note-" + top.String(), "hx-swap": "morph:outerHTML"}}
}

func (h *Handlers) reply(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	box := h.replyBox(r.Context(), n.Contract, n.ID)
	if web.IsFragment(r) {
		return web.Fragment(w, r, http.StatusOK, noteBox(box))
	}
	return h.showReply(w, r, http.StatusOK, n, box)
}

// showReply is the small box on a page of its own. There is no trail here that
// htmx could change, so the form is a plain one.
func (h *Handlers) showReply(w http.ResponseWriter, r *http.Request, status int, n timeline.Note, box ui.NoteBoxProps) error {
	box.Attrs = ui.Attrs{"id": box.Attrs["id"]}
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "timeline.reply_title"), Place: "/contracts", Islands: island}, replyPage(n, box))
}

func (h *Handlers) fromPath(r *http.Request) (timeline.Note, error) {
	noteID, err := web.PathID(r, "id")
	if err != nil {
		return timeline.Note{}, err
	}
	return h.svc.Get(r.Context(), noteID)
}

// answerEntry draws the one entry a note stands in again; without JavaScript
// it leads back to the note.
func (h *Handlers) answerEntry(w http.ResponseWriter, r *http.Request, n timeline.Note) error {
	if !web.IsFragment(r) {
		return web.Redirect(w, r, "/notes/"+n.ID.String())
	}
	top := n
	var err error
	if n.Parent != 0 {
		if top, err = h.svc.Top(r.Context(), n); err != nil {
			return err
		}
	}
	c, err := h.entryOf(r.Context(), top)
	if errs.Is(err, errs.NotFound) { // it went, and nobody had answered it
		w.Header().Set("HX-Retarget", "#note-"+top.ID.String())
		w.Header().Set("HX-Reswap", "delete")
		return web.Fragment(w, r, http.StatusOK, templ.NopComponent)
	}
	if err != nil {
		return err
	}
	retarget(w, "#note-"+top.ID.String())
	return web.Fragment(w, r, http.StatusOK, c)
}

func (h *Handlers) entryOf(ctx context.Context, top timeline.Note) (templ.Component, error) {
	page, err := h.svc.One(ctx, top)
	if err != nil {
		return nil, err
	}
	d, err := h.drawing(ctx, page)
	if err != nil {
		return nil, err
	}
	return entry(d.entries(page, true)[0]), nil
}

// note is the permanent address of a note: the trail it stands on, at its
// place. Whoever opens it has seen what waited about it.
func (h *Handlers) note(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return h.answerEntry(w, r, n)
	}
	if err := h.svc.MarkSeen(r.Context(), n.ID); err != nil && !errs.Is(err, errs.Forbidden) {
		return err
	}
	top, onFirst, err := h.svc.Find(r.Context(), n.ID, pageSize)
	if err != nil {
		return err
	}
	to := "/contracts/" + n.Contract.String()
	if !onFirst {
		to += "?cursor=" + timeline.CursorAt(top)
	}
	return web.Redirect(w, r, to+"#note-"+n.ID.String())
}

func (h *Handlers) history(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	revisions, err := h.svc.Revisions(ctx, n.ID)
	if err != nil {
		return err
	}
	list := []saying{{body: n.Body, name: n.Author.Name, now: true}}
	for _, v := range revisions {
		list = append(list, saying{body: v.Body, name: v.By.Name, when: ui.Ago(ctx, v.At, h.svc.Now())})
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "timeline.history"), Place: "/contracts"}, historyPage(n, list))
}

func (h *Handlers) editPage(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	return h.showEdit(w, r, http.StatusOK, editView{note: n, body: n.Body, version: n.Version, hunch: n.Hunch})
}

func (h *Handlers) showEdit(w http.ResponseWriter, r *http.Request, status int, v editView) error {
	v.open, v.alone = v.note.HunchOpen(h.svc.Now()), !web.IsFragment(r)
	if web.IsFragment(r) {
		retarget(w, "#words-"+v.note.ID.String())
		return web.Fragment(w, r, status, editForm(v))
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "timeline.edit_label"), Place: "/contracts", Islands: island}, editPage(v))
}

func (h *Handlers) edit(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil {
		return errs.Field("version", "err.choice")
	}
	in := timeline.EditInput{Body: f.Text("body"), Version: version}
	if _, chosen := f.Values["hunch"]; chosen {
		hunch := timeline.Hunch(f.Get("hunch"))
		in.Hunch = &hunch
	}
	saved, err := h.svc.Edit(r.Context(), n.ID, in)
	if err != nil && web.IsInput(err) {
		return h.editAgain(w, r, n, in, err)
	}
	if err != nil {
		return err
	}
	return h.answerEntry(w, r, saved)
}

// editAgain shows the form as it was filled, with what is wrong, and beside it
// the words somebody's other window saved meanwhile.
func (h *Handlers) editAgain(w http.ResponseWriter, r *http.Request, n timeline.Note, in timeline.EditInput, err error) error {
	e := errs.As(err)
	v := editView{note: n, body: in.Body, version: in.Version, hunch: n.Hunch, errors: web.FieldErrors(r.Context(), err)}
	if in.Hunch != nil {
		v.hunch = *in.Hunch
	}
	if theirs, ok := e.Args["Theirs"].(string); ok { // saving once more means it
		v.theirs = theirs
		v.version, _ = e.Args["Version"].(int64)
	}
	return h.showEdit(w, r, web.Status(e.Code), v)
}

func (h *Handlers) hunch(w http.ResponseWriter, r *http.Request) error {
	noteID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	n, err := h.svc.SetHunch(r.Context(), noteID, timeline.Hunch(f.Get("hunch")))
	if err != nil {
		return err
	}
	return h.answerEntry(w, r, n)
}

func (h *Handlers) pin(w http.ResponseWriter, r *http.Request) error { return h.setPin(w, r, true) }

func (h *Handlers) unpin(w http.ResponseWriter, r *http.Request) error { return h.setPin(w, r, false) }

// setPin answers with the entry; what stands above the trail is there when the
// page is opened again.
func (h *Handlers) setPin(w http.ResponseWriter, r *http.Request, on bool) error {
	noteID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	n, err := h.svc.Pin(r.Context(), noteID, on)
	if err != nil {
		return err
	}
	return h.answerEntry(w, r, n)
}

func (h *Handlers) remove(w http.ResponseWriter, r *http.Request) error {
	noteID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	n, err := h.svc.Delete(r.Context(), noteID)
	if err != nil {
		return err
	}
	said := web.Toast{Text: words.T(r.Context(), "timeline.deleted"), Undo: "/notes/" + n.ID.String() + "/restore"}
	if !web.IsFragment(r) {
		return web.RedirectSaying(w, r, "/contracts/"+n.Contract.String(), said)
	}
	web.Say(w, said)
	return h.answerEntry(w, r, n)
}

// restore brings a note back where the trail shows it; the toast that asks for
// it has no place of its own on the page.
func (h *Handlers) restore(w http.ResponseWriter, r *http.Request) error {
	noteID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	n, err := h.svc.Restore(r.Context(), noteID)
	if err != nil {
		return err
	}
	if !web.IsFragment(r) {
		return web.Redirect(w, r, "/notes/"+n.ID.String())
	}
	// Another contract may be open by now; its trail is left alone.
	retarget(w, `#trail-panel[data-contract="`+n.Contract.String()+`"]`)
	return h.showTrail(w, r, http.StatusOK, n.Contract, PanelQuery{}, nil)
}

func (h *Handlers) follow(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	switch f.Get("follow") {
	case "":
		err = h.svc.Unfollow(ctx, contractID)
	case "mute", "aloud":
		err = h.svc.Mute(ctx, contractID, f.Get("follow") == "mute")
	default:
		err = h.svc.Follow(ctx, contractID)
	}
	if err != nil {
		return err
	}
	if !web.IsFragment(r) {
		return web.Redirect(w, r, "/contracts/"+contractID.String())
	}
	part, err := h.Following(ctx, contractID)
	if err != nil {
		return err
	}
	return web.Fragment(w, r, http.StatusOK, part)
}

// offered is one name the mention island may put in.
type offered struct {
	ID       id.ID  `json:"id"`
	Name     string `json:"name"`
	Kana     string `json:"kana,omitempty"`
	Kind     string `json:"kind"`
	KindName string `json:"kindName,omitempty"`
}

func (h *Handlers) mention(w http.ResponseWriter, r *http.Request) error {
	people, err := h.people.Directory(r.Context(), r.URL.Query().Get("q"), 8)
	if err != nil {
		return err
	}
	list := make([]offered, len(people))
	for i, p := range people {
		list[i] = offered{ID: p.ID, Name: p.Name, Kana: p.Kana, Kind: p.Kind}
		if p.Kind == "unit" {
			list[i].KindName = words.T(r.Context(), "timeline.team")
		}
	}
	return web.JSON(w, list)
}

func (h *Handlers) inbox(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, next, err := h.svc.Inbox(ctx, r.URL.Query().Get("cursor"), pageSize)
	if err != nil {
		return err
	}
	unread, err := h.svc.Unread(ctx)
	if err != nil {
		return err
	}
	views := make([]noticeView, len(list))
	for i, n := range list {
		views[i] = noticeView{Notice: n, href: hrefOf(n), kind: kindOf(ctx, n), when: ui.Ago(ctx, n.At, h.svc.Now())}
	}
	if next != "" {
		next = "/inbox?cursor=" + url.QueryEscape(next)
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "timeline.inbox"), Place: "/inbox"}, inboxPage(views, next, unread))
}

func hrefOf(n timeline.Notice) string {
	switch {
	case n.CauseKind == "note":
		return "/notes/" + n.CauseID.String()
	case n.Contract != 0:
		return "/contracts/" + n.Contract.String()
	}
	return "/inbox"
}

// kindOf says what a notice is about; other features bring timeline.notice.KIND.
func kindOf(ctx context.Context, n timeline.Notice) string {
	if key := "timeline.notice." + n.Kind; words.Has(words.From(ctx).Lang, key) {
		return words.T(ctx, key)
	}
	return words.T(ctx, "timeline.notice")
}

func (h *Handlers) markRead(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ids, err := f.IDs("id")
	if err != nil {
		return err
	}
	if err := h.svc.MarkRead(r.Context(), ids...); err != nil {
		return err
	}
	return web.Redirect(w, r, "/inbox")
}
