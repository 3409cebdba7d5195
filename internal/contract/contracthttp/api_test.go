package contracthttp_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func TestRESTCreateAndRead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true})
		w.field(field.Input{Key: "seats", Type: field.Number, Indexed: true})
		made := w.call("owner", "POST", "", map[string]any{"key": "C-1", "name": "本社契約", "organization": "株式会社みなと物流", "owner": "a@example.com",
			"renewal_date": "2026-03-31", "amount": "480000", "amount_basis": "monthly", "outlook": "watch", "outlook_why": "静か",
			"auto_renew": true, "fields": map[string]any{"plan": "竹", "seats": 12}}).want(t, 201)
		if made.json["ages"] != nil || w.call("viewer", "GET", "", nil).want(t, 200).items()[0]["ages"] != nil {
			t.Error("ages are of a contract read alone")
		}
		w.origins = map[string]contracthttp.Origin{"amount": {At: start.Add(-5 * time.Hour), By: "契約管理", Import: true},
			"field:seats": {At: start.Add(-72 * time.Hour), By: "岡田 真帆", Member: w.me.Member}}
		got := w.call("viewer", "GET", "/"+made.json["id"].(string), nil).want(t, 200)
		organization := got.json["organization"].(map[string]any)
		want := map[string]any{"key": "C-1", "name": "本社契約", "organization": map[string]any{"id": organization["id"], "name": "株式会社みなと物流"},
			"owner": map[string]any{"id": w.me.Member.String(), "name": "岡田 真帆"}, "department": "", "status": "", "phase": "", "outlook": "watch", "outlook_why": "静か",
			"start_date": nil, "renewal_date": "2026-03-31", "notice_date": nil, "auto_renew": true, "term_type": "", "limited": false, "amount": "480000", "currency": "JPY", "amount_basis": "monthly",
			"domain": "", "fields": map[string]any{"plan": "竹", "seats": 12.0}, "term": 1.0, "ended_on": nil, "version": 1.0, "data_at": nil, "archived_at": nil,
			"id": made.json["id"], "created_at": made.json["created_at"],
			"ages": map[string]any{"amount": map[string]any{"at": "2026-02-16T20:00:00Z", "by": "", "source": "契約管理"},
				"field:seats": map[string]any{"at": "2026-02-14T01:00:00Z", "by": "岡田 真帆", "source": ""}}}
		delete(got.json, "$schema")
		if diff := cmp.Diff(want, got.json); diff != "" {
			t.Error(diff)
		}
		again := w.call("owner", "POST", "", map[string]any{"key": "C-2", "name": "二つめ", "organization": organization["id"]}).want(t, 201)
		if again.json["organization"].(map[string]any)["id"] != organization["id"] || again.json["owner"] != nil || again.json["amount"] != nil {
			t.Errorf("%v", again.json)
		}
		term := w.call("owner", "GET", "/"+made.json["id"].(string)+"/terms", nil).want(t, 200).items()[0]
		if term["no"] != 1.0 || term["renews"] != "2026-03-31" || term["amount"] != "480000" || term["outcome"] != "open" || term["closed_at"] != nil {
			t.Errorf("%v", term)
		}
	})
}

func TestRESTRefuses(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	c := w.add(func(in *contract.Input) { in.Key = "taken" })
	at := "/" + c.ID.String()
	whole := func(change string, v any) map[string]any {
		body := map[string]any{"key": "K", "name": "N", "organization": "O", change: v}
		if v == nil {
			delete(body, change)
		}
		return body
	}
	for _, x := range []struct {
		as, method, path string
		body             any
		status           int
		field            string
	}{
		{"", "GET", "", nil, 401, ""},
		{"stranger", "GET", "", nil, 401, ""},
		{"viewer", "POST", "", whole("", ""), 403, ""},
		{"viewer", "PATCH", at, map[string]any{"set": map[string]any{}}, 403, ""},
		{"other", "GET", at, nil, 404, ""},
		{"other", "PATCH", at, map[string]any{"set": map[string]any{"name": "x"}}, 404, ""},
		{"other", "GET", at + "/contacts", nil, 404, ""},
		{"other", "POST", at + "/end", map[string]any{}, 404, ""},
		{"owner", "GET", "/abc", nil, 404, ""},
		{"owner", "GET", "/99", nil, 404, ""},
		{"owner", "DELETE", at, nil, 405, ""},
		{"owner", "PUT", at, nil, 405, ""},
		{"owner", "POST", "", "{", 400, ""},
		{"owner", "POST", "", `{"key": "x", "name": "` + strings.Repeat("a", 2<<20) + `"}`, 413, ""},
		{"owner", "POST", "", whole("surprise", 1), 422, "body.surprise"},
		{"owner", "POST", "", whole("key", nil), 422, "body.key"},
		{"owner", "POST", "", whole("name", " "), 422, "name"},
		{"owner", "POST", "", whole("key", "taken"), 409, "key"},
		{"owner", "POST", "", whole("renewal_date", "2026-02-30"), 422, "renewal_date"},
		{"owner", "POST", "", whole("amount", "lots"), 422, "amount"},
		{"owner", "POST", "", whole("amount", 12), 422, "body.amount"},
		{"owner", "POST", "", whole("owner", "だれか"), 422, "owner"},
		{"owner", "POST", "", whole("outlook", "great"), 422, "outlook"},
		{"owner", "POST", "", whole("fields", map[string]any{"nope": 1}), 422, "field:nope"},
		{"owner", "GET", "?cursor=broken", nil, 422, "cursor"},
		{"owner", "GET", "?limit=0", nil, 422, "query.limit"},
		{"owner", "GET", "?limit=201", nil, 422, "query.limit"},
		{"owner", "GET", "?limit=x", nil, 422, "query.limit"},
		{"owner", "GET", "?owner=nobody-here", nil, 422, "owner"},
		{"owner", "GET", "?organization=x", nil, 422, "organization"},
		{"owner", "GET", "?renewal_before=soon", nil, 422, "renewal_before"},
		{"owner", "GET", "?sort=color", nil, 422, "sort"},
		{"owner", "GET", "?field.nope=1", nil, 422, "field:nope"},
		{"owner", "PATCH", at, map[string]any{}, 422, "body.set"},
		{"owner", "PATCH", at, map[string]any{"set": map[string]any{"color": "red"}}, 422, "color"},
		{"owner", "PATCH", at, map[string]any{"set": map[string]any{"owner": 12}}, 422, "owner"},
		{"owner", "PATCH", at, map[string]any{"set": map[string]any{"fields": "x"}}, 422, "fields"},
		{"owner", "PATCH", at, map[string]any{"set": map[string]any{"organization": nil}}, 422, "organization"},
		{"owner", "POST", at + "/end", map[string]any{"on": "soon-ish"}, 422, "on"},
		{"owner", "POST", at + "/reopen", nil, 409, ""},
		{"owner", "POST", at + "/contacts", map[string]any{"phone": "03"}, 422, "name"},
	} {
		a := w.call(x.as, x.method, x.path, x.body).want(t, x.status)
		var fields []string
		list, _ := a.json["errors"].([]any)
		for _, e := range list {
			fields = append(fields, e.(map[string]any)["field"].(string))
		}
		if x.field != "" && !slices.Contains(fields, x.field) {
			t.Errorf("%s %s: wrong inputs are %v, want %s", x.method, x.path, fields, x.field)
		}
	}
	if w.now(c).Version != c.Version {
		t.Error("something was changed")
	}
}

func TestRESTPatch(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}})
		w.field(field.Input{Key: "seats", Type: field.Number})
		c := w.add(func(in *contract.Input) { in.Phase, in.Owner = "導入", w.me.Member.String() })
		at := "/" + c.ID.String()
		got := w.call("member", "PATCH", at, map[string]any{
			"set": map[string]any{"phase": "定着", "owner": nil, "amount": "1200.5", "currency": "USD", "fields": map[string]any{"plan": "竹"}, "field:seats": "7"},
			"was": map[string]any{"phase": "導入", "owner": map[string]any{"id": c.OwnerID, "name": "x"}, "fields": map[string]any{"plan": nil}}}).want(t, 200)
		fields := got.json["fields"].(map[string]any)
		if got.json["phase"] != "定着" || got.json["owner"] != nil || got.json["amount"] != "1200.50" || fields["plan"] != "竹" || fields["seats"] != 7.0 || got.json["version"] != 2.0 {
			t.Errorf("%v", got.json)
		}
		stale := w.call("member", "PATCH", at, map[string]any{"set": map[string]any{"phase": "更新協議", "status": "x"}, "was": map[string]any{"phase": "導入"}}).want(t, 409)
		told := stale.json["errors"].([]any)[0].(map[string]any)
		args := told["args"].(map[string]any)
		if told["field"] != "phase" || args["Theirs"] != "定着" || args["Yours"] != "更新協議" || stale.json["code"] != "conflict" {
			t.Errorf("%v", stale.json)
		}
		same := w.call("member", "PATCH", at, map[string]any{"set": map[string]any{"phase": "定着"}, "was": map[string]any{"phase": "導入"}}).want(t, 200)
		if same.json["version"] != 2.0 {
			t.Error("the same value made a version")
		}
	})
}

func TestRESTList(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true})
		w.field(field.Input{Key: "seats", Type: field.Number, Indexed: true})
		w.many(7)
		c := w.add(func(in *contract.Input) {
			in.Key, in.Status, in.Outlook, in.Fields = "Z-9", "継続", "danger", map[string]any{"plan": "竹", "seats": "12"}
		})
		keys := func(query string) string {
			var out []string
			for _, item := range w.call("viewer", "GET", "?"+query, nil).want(t, 200).items() {
				out = append(out, item["key"].(string))
			}
			return strings.Join(out, " ")
		}
		for query, want := range map[string]string{
			"q=z-&cursor=": "Z-9", "q=" + url.QueryEscape("みなと"): "Z-9", "owner=none": "Z-9", "status=" + url.QueryEscape("継続"): "Z-9",
			"outlook=danger": "Z-9", "organization=" + c.OrgID.String(): "Z-9", "field.plan=" + url.QueryEscape("竹"): "Z-9",
			"field.seats.from=10&field.seats.to=20": "Z-9", "field.plan.unset=1&limit=2": "N-000 N-001",
			"renewal_from=2026-02-18&renewal_before=2026-02-20": "N-001 N-002", "sort=-key&limit=2": "Z-9 N-006",
			"owner=me&limit=1": "N-000", "owner=a@example.com&limit=1": "N-000", "owner=" + w.me.Member.String() + "&limit=1": "N-000",
		} {
			if got := keys(query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		var all []string
		for next := "start"; next != ""; {
			q := url.Values{"limit": {"3"}, "sort": {"renewal"}}
			if next != "start" {
				q.Set("cursor", next)
			}
			p := w.call("viewer", "GET", "?"+q.Encode(), nil).want(t, 200)
			for _, item := range p.items() {
				all = append(all, item["key"].(string))
			}
			next = p.json["next"].(string)
		}
		if got := strings.Join(all, " "); got != "N-000 N-001 N-002 N-003 N-004 N-005 N-006 Z-9" {
			t.Errorf("page by page: %s", got)
		}
	})
}

func TestRESTActsAndContacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		at := "/" + w.add(nil).ID.String()
		if got := w.call("owner", "POST", at+"/end", map[string]any{"on": "2026-02-10", "words": "予算"}).want(t, 200); got.json["ended_on"] != "2026-02-10" {
			t.Errorf("%v", got.json)
		}
		w.call("owner", "POST", at+"/end", map[string]any{}).want(t, 409)
		for act, check := range map[string]string{"reopen": "ended_on", "unarchive": "archived_at"} {
			if got := w.call("owner", "POST", at+"/"+act, nil).want(t, 200); got.json[check] != nil {
				t.Errorf("%s: %v", act, got.json)
			}
		}
		if got := w.call("owner", "POST", at+"/archive", nil).want(t, 200); got.json["archived_at"] == nil {
			t.Errorf("%v", got.json)
		}
		w.call("owner", "POST", at+"/contacts", map[string]any{"name": "佐藤 亮", "role": "推進役"}).want(t, 201)
		people := w.call("viewer", "GET", at+"/contacts", nil).want(t, 200).items()
		if len(people) != 1 || people[0]["name"] != "佐藤 亮" || people[0]["role"] != "推進役" {
			t.Errorf("%v", people)
		}
	})
}

func TestCSV(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "memo", Type: field.Text})
		for i, s := range []string{"=1+1", "+81-3", "-12.5", "@cmd", "普通、「値」\n二行", "+3"} {
			w.add(func(in *contract.Input) {
				in.Key, in.Fields = fmt.Sprint("C-", i), map[string]any{"memo": s}
			})
		}
		var b bytes.Buffer
		if err := contracthttp.WriteCSV(w.ctx, w.svc, &b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		memo := slices.Index(rows[0], "field:memo")
		var got []string
		for _, r := range rows[1:] {
			got = append(got, r[memo])
		}
		if diff := cmp.Diff([]string{"'=1+1", "'+81-3", "-12.5", "'@cmd", "普通、「値」\n二行", "+3"}, got); diff != "" || rows[0][0] != "key" {
			t.Error(diff, rows[0])
		}
		rest := w.call("viewer", "GET", "/export.csv", nil).want(t, 200)
		page := w.send(httptest.NewRequest("GET", "/contracts/export.csv", nil), "viewer").want(t, 200)
		if !strings.HasPrefix(rest.body, "key,") || page.body != "\ufeff"+rest.body || !strings.HasPrefix(rest.header.Get("Content-Type"), "text/csv") ||
			!strings.Contains(page.header.Get("Content-Disposition"), `"contracts-2026-02-17.csv"`) {
			t.Errorf("%v %.80s", page.header, page.body)
		}
		w.call("", "GET", "/export.csv", nil).want(t, 401)
		if err := contracthttp.WriteCSV(who.With(context.Background(), who.Actor{}), w.svc, &b); err == nil {
			t.Error("nobody may export")
		}
	})
}

// TestEveryRouteSaysWhatItNeeds: what reads is open to viewers, what shows a
// form or writes is not.
func TestEveryRouteSaysWhatItNeeds(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	reads := map[string]bool{"/contracts": true, "/contracts/export.csv": true, "/contracts/shown.csv": true, "/contracts/shown.xlsx": true, "/contracts/{id}": true, "/contracts/{id}/history": true}
	seen := map[string]bool{}
	for _, r := range w.pages.Routes() {
		if want := map[bool]who.Need{true: who.Read, false: who.Write}[r.Method == http.MethodGet && reads[r.Path]]; r.Need != want {
			t.Errorf("%s %s needs %s", r.Method, r.Path, r.Need)
		}
		seen[r.Path] = true
	}
	for path := range maps.Keys(reads) {
		if !seen[path] {
			t.Errorf("%s is gone", path)
		}
	}
}
