package app

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/bulk"
	"kizuki/internal/bulk/bulkhttp"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/contract/held"
	"kizuki/internal/db"
	"kizuki/internal/digest"
	"kizuki/internal/digest/digesthttp"
	"kizuki/internal/everyone"
	"kizuki/internal/everyone/everyonehttp"
	"kizuki/internal/field"
	"kizuki/internal/field/fieldhttp"
	"kizuki/internal/file"
	"kizuki/internal/file/filehttp"
	"kizuki/internal/handover"
	"kizuki/internal/handover/handoverhttp"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/intake/intakehttp"
	"kizuki/internal/live"
	"kizuki/internal/org"
	"kizuki/internal/org/orghttp"
	"kizuki/internal/outbound"
	"kizuki/internal/renewal"
	"kizuki/internal/renewal/renewalhttp"
	"kizuki/internal/revenue"
	"kizuki/internal/revenue/revenuehttp"
	"kizuki/internal/rule"
	"kizuki/internal/rule/rulehttp"
	"kizuki/internal/search"
	"kizuki/internal/search/ground"
	"kizuki/internal/search/searchhttp"
	"kizuki/internal/slackout"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/timelinehttp"
	"kizuki/internal/today"
	"kizuki/internal/today/todayhttp"
	"kizuki/internal/view"
	"kizuki/internal/view/viewhttp"
	"kizuki/internal/web"
	"kizuki/internal/web/assets"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace/workspacehttp"
)

// features are the services above workspace, in the order they stand on each
// other.
type features struct {
	Fields    *field.Service
	Orgs      *org.Service
	Contracts *contract.Service
	Contacts  *contact.Service
	Renewals  *renewal.Service
	Revenue   *revenue.Service
	Timeline  *timeline.Service
	Files     *file.Service
	Tasks     *task.Service
	Rules     *rule.Service
	Handovers *handover.Service
	Imports   *intake.Service
	Today     *today.Service
	Everyone  *everyone.Service
	Digest    *digest.Service
	Live      *live.Hub
	Search    *search.Service
	Views     *view.Service
	Bulk      *bulk.Service
}

// build makes the features and connects their news. timeline hears it before
// those that look at the trail in the same transaction.
func (a *App) build() {
	a.Fields = field.New(a.DB, a.Bus)
	a.Orgs = org.New(a.DB, a.Bus)
	a.Contracts = contract.New(a.DB, a.Bus, a.Fields, a.Orgs)
	a.Contracts.Audit = a.Workspace.AuditIn
	a.Contracts.Views = views
	a.Contacts = contact.New(a.DB, a.Bus, a.Contracts)
	a.Renewals = renewal.New(a.DB, a.Bus, a.Contracts)
	a.Revenue = revenue.New(a.DB, a.Bus, a.Contracts)
	a.Timeline = timeline.New(a.DB, a.Bus)
	a.Timeline.Subscribe(a.Bus)
	a.Timeline.Record(renewal.Prefix, revenue.Prefix)
	a.Timeline.Audit = a.Workspace.AuditIn
	a.Files = file.New(a.DB, a.Bus, a.Blobs)
	a.Files.Audit = a.Workspace.AuditIn
	a.Timeline.Files = a.Files
	a.Renewals.SeesNote = a.seesNote
	a.Renewals.Schedule(a.Jobs, a.Workspace.EveryWorkspace)
	a.Tasks = task.NewService(a.DB, a.Bus, task.NotesFunc(a.noteOnTask))
	a.Handovers = handover.New(a.DB, a.Bus, handover.Parts{People: a.Workspace, Contracts: a.Contracts, Contacts: a.Contacts,
		Timeline: a.Timeline, Tasks: a.Tasks})
	a.Timeline.Record(handover.Prefix)
	a.Rules = rule.New(a.DB, a.Bus, a.Jobs, a.Workspace, a.Fields, a.Tasks)
	a.Imports = intake.New(a.DB, a.Bus, intake.Parts{People: a.Workspace, Fields: a.Fields, Orgs: a.Orgs,
		Contracts: a.Contracts, Contacts: a.Contacts, Notes: a.Timeline, Jobs: a.Jobs})
	a.Tasks.MadeBy = rule.Made
	a.Today = today.New(a.Tasks, a.Timeline, a.contractsByID)
	a.Today.Absences, a.Today.Covers, a.Today.Budget = a.absences, a.covered, a.Rules.Budget
	for kind, names := range map[string]timeline.Namer{"task": a.Tasks.Names, "rule": a.Rules.Names, "import": a.Imports.Names} {
		a.Timeline.Name(kind, names)
	}
	a.Everyone = everyone.New(a.DB, a.Timeline)
	a.Digest = digest.New(a.DB, digest.Parts{People: a.Workspace, Today: a.Today, Timeline: a.Timeline, Jobs: a.Jobs, Mail: a.Mail,
		Slack: slackout.New(outbound.Client(a.Private...), a.SlackToken, a.SlackAPI), Keeper: a.Keeper, URL: a.URL})
	a.Live = live.New(a.DB, a.Log)
	a.Live.Subscribe(a.Bus, timeline.NoteCreated, timeline.NoteChanged, timeline.NoteDeleted)
	a.Search = search.New(a.DB, a.Jobs)
	a.Search.Audit = a.Workspace.AuditIn
	a.Search.Register(a.Bus, ground.Kinds()...)
	a.Views = view.New(a.DB)
	a.Bulk = bulk.New(a.DB, a.Bus, bulk.Parts{People: a.Workspace, Contracts: a.Contracts, Tasks: a.Tasks, Jobs: a.Jobs,
		Audit: a.Workspace.AuditIn, ContractQuery: a.contractQuery, TaskQuery: a.taskQuery})
	a.clocks()
	a.housekeeping()
}

// clocks gives every feature the app's clock.
func (a *App) clocks() {
	a.Fields.Now, a.Orgs.Now, a.Contracts.Now, a.Timeline.Now = a.Now, a.Now, a.Now, a.Now
	a.Contacts.Now, a.Renewals.Now, a.Revenue.Now, a.Handovers.Now = a.Now, a.Now, a.Now, a.Now
	a.Tasks.Now, a.Rules.Now, a.Imports.Now, a.Today.Now, a.Everyone.Now, a.Search.Now, a.Views.Now = a.Now, a.Now, a.Now, a.Now, a.Now, a.Now, a.Now
	a.Digest.Now, a.Bulk.Now = a.Now, a.Now
	a.Files.Now = a.Now
}

func (a *App) noteOnTask(ctx context.Context, tx *db.Tx, contract id.ID, body, aboutKind string, about id.ID) error {
	_, err := a.Timeline.PostIn(ctx, tx, timeline.PostInput{Contract: contract, Body: body, AboutKind: aboutKind, AboutID: about})
	return err
}

func (a *App) contractsByID(ctx context.Context, ids []id.ID) (map[id.ID]contract.Contract, error) {
	return a.Contracts.Readable(ctx, a.DB, ids)
}

// feature is what a feature's http package offers.
type feature interface {
	Routes() []web.Route
	API(*api.API)
}

// pages makes the http packages and hands each what it needs of the others.
func (a *App) pages() []feature {
	trail := timelinehttp.New(a.Timeline, a.Workspace, a.Fields)
	files := filehttp.New(a.Files)
	trail.Files = timelinehttp.Files{Src: filehttp.Src, MaxForm: filehttp.MaxForm, Take: files.Take, Chips: files.Chips}
	tasks := taskhttp.New(a.Tasks, a.Workspace, a.Rules)
	money := revenuehttp.New(a.Revenue, a.Workspace)
	renewals := renewalhttp.New(a.Renewals, a.Contracts, renewalhttp.Parts{Signs: a.signs, Names: a.shortNames})
	handovers := handoverhttp.New(a.Handovers, a.Contracts, a.Workspace)
	saved := viewhttp.New(a.Views)
	tasks.With(taskhttp.ListParts{Phases: a.phases, Rules: a.taskRules,
		Views: func(ctx context.Context, q url.Values) ([]ui.Tab, templ.Component, error) {
			return saved.Strip(ctx, "tasks", q)
		}})
	contracts := contracthttp.New(a.Contracts, a.Contacts, a.Orgs, a.Fields, a.Workspace, contracthttp.Parts{
		Trail: func(ctx context.Context, c contract.Contract, r *http.Request) (templ.Component, error) {
			q := r.URL.Query()
			return trail.Column(ctx, c.ID, timelinehttp.PanelQuery{Show: timeline.Show(q.Get("show")), Cursor: q.Get("cursor"), Base: r.URL.RequestURI()})
		},
		NoteBox: func(ctx context.Context, c contract.Contract, r *http.Request) (templ.Component, error) {
			return trail.NoteBox(ctx, c, r.URL.RequestURI()), nil
		},
		Asides: []contracthttp.Panel{func(ctx context.Context, c contract.Contract, _ *http.Request) (templ.Component, error) {
			return tasks.Panel(ctx, c.ID)
		}, func(ctx context.Context, c contract.Contract, _ *http.Request) (templ.Component, error) {
			return renewals.Panel(ctx, c)
		}, func(ctx context.Context, c contract.Contract, _ *http.Request) (templ.Component, error) {
			return money.Panel(ctx, c)
		}},
		ByOwner: handovers.ByOwner,
		Origins: a.origins,
		History: a.history(trail),
		List: contracthttp.ListParts{LastWords: a.lastWords, Next: a.nextTasks, Hunches: a.hunches, Calendar: a.calendar, Sources: a.lastImport,
			Views: func(ctx context.Context, q url.Values) ([]ui.Tab, templ.Component, error) {
				return saved.Strip(ctx, "contracts", q)
			}},
		Post: func(ctx context.Context, contract id.ID, body string) error {
			_, err := a.Timeline.Post(ctx, timeline.PostInput{Contract: contract, Body: body})
			return err
		},
	})
	orgs := orghttp.New(a.Orgs)
	orgs.Contracts = a.contractsOf(money)
	people := workspacehttp.New(a.Workspace, a.Jobs)
	if a.Demo {
		people.Hint = demoHint()
	}
	message := digesthttp.New(a.Digest)
	people.Mine = append(people.Mine, message.Mine, handovers.Mine)
	day := todayhttp.New(a.Today, contracts.Sheet)
	day.Lead = leadOf(handovers)
	return []feature{people, fieldhttp.New(a.Fields, a.Workspace, held.Counts(a.DB)), orgs, contracts, renewals, money, trail, files, tasks,
		rulehttp.New(a.Rules, a.Workspace, a.Fields), handovers, day, everyonehttp.New(a.Everyone, a.Workspace, a.Live, trail.Feed), intakehttp.New(a.Imports),
		searchhttp.New(a.Search, commands()), saved, message,
		bulkhttp.New(a.Bulk, map[bulk.Target]bulkhttp.Shelf{bulk.Contracts: a.contractBook, bulk.Tasks: bulkhttp.Tasks(a.Workspace)})}
}

// leadOf lets Today open with what was handed over.
func leadOf(h *handoverhttp.Handlers) todayhttp.Lead {
	return todayhttp.Lead{Sheet: h.OnSheet, Lines: func(ctx context.Context) (out todayhttp.Lines, err error) {
		list, more, err := h.Lines(ctx)
		for _, l := range list {
			out.List = append(out.List, todayhttp.Line(l))
		}
		out.More = more
		return out, err
	}}
}

func init() {
	// The catalogues of all features; each is embedded in its http package.
	words.Add(workspacehttp.Words())
	words.Add(fieldhttp.Words())
	words.Add(orghttp.Words())
	words.Add(contracthttp.Words())
	words.Add(renewalhttp.Words())
	words.Add(revenuehttp.Words())
	words.Add(timelinehttp.Words())
	words.Add(filehttp.Words())
	words.Add(taskhttp.Words())
	words.Add(rulehttp.Words())
	words.Add(handoverhttp.Words())
	words.Add(todayhttp.Words())
	words.Add(everyonehttp.Words())
	words.Add(intakehttp.Words())
	words.Add(searchhttp.Words())
	words.Add(viewhttp.Words())
	words.Add(digesthttp.Words())
	words.Add(bulkhttp.Words())
}

// routes mounts every page and endpoint.
func (a *App) routes() http.Handler {
	a.Router = web.NewRouter(web.Config{
		Session: func(ctx context.Context, token string) (who.Actor, error) {
			actor, _, err := a.Workspace.Session(ctx, token)
			return actor, err
		},
		Fresh:  a.Workspace.Empty,
		Inbox:  a.Timeline.Unread,
		News:   a.news,
		Places: places,
		Search: "/search",
		Log:    a.Log, Secure: a.Secure, Demo: a.Demo, Now: a.Now,
	})
	a.REST = api.New(a.Version, a.Log, a.Workspace.Bearer)
	for _, f := range a.pages() {
		a.Router.Add(f.Routes()...)
		f.API(a.REST)
	}
	a.Router.Add(a.REST.Routes()...)
	a.Router.Mount("GET "+assets.Prefix, assets.Handler())
	a.Router.Mount(api.Prefix+"/", a.REST.Handler())
	a.Router.Mount("GET /healthz", a.health(false))
	a.Router.Mount("GET /readyz", a.health(true))
	return a.Router.Handler()
}

// commands are what the palette can do from anywhere.
func commands() (out []searchhttp.Command) {
	for _, p := range places {
		out = append(out, searchhttp.Command{Key: p.Key, Href: p.Href, Need: p.Need, Place: true})
	}
	return append(out, []searchhttp.Command{
		{Key: "inbox", Href: "/inbox", Need: who.Read},
		{Key: "search", Href: "/search", Need: who.Read},
		{Key: "board", Href: "/contracts?as=board", Need: who.Read},
		{Key: "calendar", Href: "/contracts?as=calendar", Need: who.Read},
		{Key: "task_board", Href: "/tasks?as=board", Need: who.Read},
		{Key: "add_contract", Href: "/contracts/new", Need: who.Write},
		{Key: "import", Href: "/import", Need: who.Write},
		{Key: "handover", Href: "/handover", Need: who.Write},
		{Key: "bulk", Href: "/bulk", Need: who.Read},
		{Key: "load", Href: "/load", Need: who.Read},
		{Key: "retention", Href: "/renewals/retention", Need: who.Read},
		{Key: "me", Href: "/me", Need: who.Read},
		{Key: "message", Href: "/me/message", Need: who.Self},
		{Key: "fields", Href: "/fields", Need: who.Read},
		{Key: "money", Href: "/settings/money", Need: who.Administer},
		{Key: "reasons", Href: "/settings/reasons", Need: who.Administer},
		{Key: "mail", Href: "/settings/mail", Need: who.Administer},
		{Key: "api", Href: "/api/docs", Need: who.Read},
		{Key: "signout", Href: "/signout", Need: who.Read, Post: true},
	}...)
}

// places are the rooms of the rail.
var places = []web.Place{
	{Key: "today", Href: "/today", Need: who.Read},
	{Key: "everyone", Href: "/everyone", Need: who.Read, More: true},
	{Key: "contracts", Href: "/contracts", Need: who.Read},
	{Key: "renewals", Href: "/renewals", Need: who.Read, More: true},
	{Key: "tasks", Href: "/tasks", Need: who.Read},
	{Key: "organizations", Href: "/organizations", Need: who.Read, More: true},
	{Key: "rules", Href: "/rules", Need: who.Read, More: true},
	{Key: "imports", Href: "/imports", Need: who.Write, More: true},
	{Key: "members", Href: "/members", Need: who.Read, More: true},
	{Key: "settings", Href: "/settings", Need: who.Administer, More: true},
}

// health answers 200 while the process lives, or while the database answers.
func (a *App) health(deep bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deep && a.DB.Ping(r.Context()) != nil {
			http.Error(w, "database", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
}
