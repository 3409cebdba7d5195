package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

type object = map[string]any

// desk is the whole app as programs meet it.
type desk struct {
	*apptest.App
	t                               *testing.T
	owner, member, viewer, readOnly *apptest.Program
	nobody, stranger                *apptest.Program
	there                           contract.Contract // of another workspace
}

func each(t *testing.T, f func(t *testing.T, d *desk)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, db *db.DB) {
		a := apptest.New(t, db)
		d := &desk{App: a, t: t, owner: a.Program(who.Owner, workspace.ScopeWrite), member: a.Program(who.Member, workspace.ScopeWrite),
			viewer: a.Program(who.Viewer, workspace.ScopeWrite), readOnly: a.Program(who.Member, workspace.ScopeRead)}
		nobody, stranger := *d.owner, *d.owner
		nobody.Token, stranger.Token = "", "kz_made_up"
		d.nobody, d.stranger = &nobody, &stranger
		for _, in := range []field.Input{{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true},
			{Key: "seats", Type: field.Number, Indexed: true}, {Key: "kickoff", Type: field.Date}, {Key: "memo", Type: field.Text}} {
			in.Labels = map[string]string{"ja": in.Key}
			_, err := a.Fields.Create(a.Ctx, in)
			must(t, err)
		}
		var err error
		d.there, err = a.Contracts.Create(a.Other(), contract.Input{Key: "K-1", Name: "よその契約", Organization: "よその会社"})
		must(t, err)
		f(t, d)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, a apptest.Answer, status int) apptest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %.400s", a.Status, status, a.Body)
	}
	return a
}

// add makes a contract by REST.
func (d *desk) add(body object) object {
	d.t.Helper()
	return want(d.t, d.owner.Do("POST", "/contracts", body), http.StatusCreated).JSON
}

// problem checks that an answer is an error as every program expects one.
func problem(t *testing.T, name string, a apptest.Answer, status int) {
	t.Helper()
	detail, _ := a.JSON["detail"].(string)
	code, _ := a.JSON["code"].(string)
	if a.Status != status || a.Header.Get("Content-Type") != "application/problem+json" || a.JSON["status"] != float64(status) ||
		detail == "" || code == "" {
		t.Errorf("%s: %d (want %d) %s %.300s", name, a.Status, status, a.Header.Get("Content-Type"), a.Body)
	}
}

// TestContract is the shape that programs outside rely on.
func TestContract(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		made := d.add(object{"key": "C-1", "name": "本社", "organization": "株式会社みなと物流", "owner": "member@example.com", "status": "契約中", "phase": "定着",
			"start_date": "2025-04-01", "renewal_date": "2026-03-31", "amount": "1234.50", "currency": "USD", "amount_basis": "yearly",
			"fields": object{"plan": "竹", "seats": 12, "kickoff": "2025-04-10", "memo": "二行\nめ"}})
		got := want(t, d.readOnly.Do("GET", "/contracts/"+made["id"].(string), nil), 200).JSON
		organization, owner := got["organization"].(object), got["owner"].(object)
		for name, v := range map[string]any{"id": got["id"], "organization.id": organization["id"], "owner.id": owner["id"]} {
			if s, ok := v.(string); !ok || s == "" {
				t.Errorf("%s is no string: %v", name, v)
			}
		}
		is := object{}
		for _, k := range []string{"key", "name", "status", "phase", "start_date", "renewal_date", "amount", "currency", "amount_basis", "fields"} {
			is[k] = got[k]
		}
		if diff := cmp.Diff(object{"key": "C-1", "name": "本社", "status": "契約中", "phase": "定着", "start_date": "2025-04-01",
			"renewal_date": "2026-03-31", "amount": "1234.50", "currency": "USD", "amount_basis": "yearly",
			"fields": object{"plan": "竹", "seats": 12.0, "kickoff": "2025-04-10", "memo": "二行\nめ"}}, is); diff != "" {
			t.Error(diff)
		}
		if organization["name"] != "株式会社みなと物流" || owner["name"] != "田村 健" {
			t.Error(organization, owner)
		}
		// The customer by its id, by its name, and one whose name is a number.
		for i, org := range []any{organization["id"], "株式会社みなと物流"} {
			if again := d.add(object{"key": fmt.Sprint("D-", i), "name": "二", "organization": org}); again["organization"].(object)["id"] != organization["id"] {
				t.Errorf("%v is another customer", org)
			}
		}
		if n := d.add(object{"key": "D-9", "name": "九", "organization": "109"}); n["organization"].(object)["name"] != "109" {
			t.Error(n["organization"])
		}
		list := want(t, d.viewer.Do("GET", "/contracts?cursor=&limit=200", nil), 200)
		if len(list.Items()) != 4 || list.JSON["next"] != "" {
			t.Errorf("%d items, next %q", len(list.Items()), list.JSON["next"])
		}
		if none := want(t, d.viewer.Do("GET", "/contracts?q=nothing", nil), 200); none.JSON["items"] == nil {
			t.Error("no items are null")
		}
	})
}

// TestList: what each question finds.
func TestList(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for _, b := range []object{
			{"key": "AB-1", "name": "Delivery Cloud", "organization": "みなと物流", "renewal_date": "2026-03-31", "status": "契約中", "amount": "300", "owner": "member@example.com"},
			{"key": "AB-2", "name": "ﾃﾞﾘﾊﾞﾘｰ", "organization": "ふたば商店", "renewal_date": "2026-04-01", "status": "解約", "amount": "1000"},
			{"key": "XAB", "name": "100%_受注", "organization": "ミナト興業", "status": "契約中", "amount": "20"},
			{"key": "z'; --", "name": `back\slash "q"`, "organization": "Ü & <b>", "renewal_date": "2025-12-31"},
		} {
			d.add(b)
		}
		ended := d.add(object{"key": "AB-3", "name": "終わった", "organization": "ふたば商店"})
		want(t, d.owner.Do("POST", "/contracts/"+ended["id"].(string)+"/end", object{"on": "2026-01-31"}), 200)
		hidden := d.add(object{"key": "AB-4", "name": "片づけた", "organization": "ふたば商店"})
		want(t, d.owner.Do("POST", "/contracts/"+hidden["id"].(string)+"/archive", nil), 200)
		for _, x := range []struct{ query, keys string }{
			{"sort=key", "AB-1 AB-2 XAB z'; --"},
			{"q=ab&sort=key", "AB-1 AB-2"}, // the beginning of a key, not its middle
			{"q=ＡＢ－１", "AB-1"},
			{"q=B-1", ""},
			{"q=cloud", "AB-1"},
			{"q=デリバリー", "AB-2"},
			{"q=みなと", "AB-1"}, {"q=ﾐﾅﾄ", "XAB"},
			{"q=興業", "XAB"},
			{"q=%25", "XAB"}, {"q=_", "XAB"}, {"q=100%25_", "XAB"}, {"q=1_0", ""},
			{"q=%27", ""}, {"q=z%27", "z'; --"}, {"q=" + url.QueryEscape(`\`), "z'; --"}, {"q=ü", "z'; --"}, {"q=" + url.QueryEscape("<b>"), "z'; --"},
			{"q=" + strings.Repeat("あ", 3000), ""},
			{"q=+&sort=key", "AB-1 AB-2 XAB z'; --"},
			{"owner=member@example.com", "AB-1"}, {"owner=" + url.QueryEscape("田村 健"), "AB-1"}, {"owner=none&sort=key", "AB-2 XAB z'; --"}, {"owner=me", ""},
			{"owner=" + d.Actors[who.Member].Member.String(), "AB-1"},
			{"status=契約中&sort=key", "AB-1 XAB"}, {"status=契約", ""}, {"status=契約中&q=ab", "AB-1"},
			{"renewal_before=2026-04-01&sort=renewal", "z'; -- AB-1"}, {"renewal_before=2025-12-31", ""},
			{"sort=renewal", "z'; -- AB-1 AB-2 XAB"}, {"sort=-renewal&limit=2", "AB-2 AB-1"},
			{"ended=true&q=ab&sort=key", "AB-1 AB-2 AB-3"},
			{"q=よその", ""},
		} {
			var keys []string
			for _, c := range want(t, d.viewer.Do("GET", "/contracts?"+x.query, nil), 200).Items() {
				keys = append(keys, c["key"].(string))
			}
			if got := strings.Join(keys, " "); got != x.keys {
				t.Errorf("%.60s: %q, want %q", x.query, got, x.keys)
			}
		}
		for _, sort := range []string{"renewal", "-renewal", "name", "-name", "key", "-key", "amount", "-amount", "field:seats", "-field:plan"} {
			seen := map[string]int{}
			query := url.Values{"limit": {"1"}, "sort": {sort}}
			for range 10 {
				a := want(t, d.viewer.Do("GET", "/contracts?"+query.Encode(), nil), 200)
				for _, c := range a.Items() {
					seen[c["key"].(string)]++
				}
				if query.Set("cursor", a.JSON["next"].(string)); a.JSON["next"] == "" {
					break
				}
			}
			if diff := cmp.Diff(map[string]int{"AB-1": 1, "AB-2": 1, "XAB": 1, "z'; --": 1}, seen); diff != "" {
				t.Errorf("%s, page by page: %s", sort, diff)
			}
		}
	})
}

// TestPatch: values with the ones they start from.
func TestPatch(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := d.add(object{"key": "C-1", "name": "本社", "organization": "みなと物流", "phase": "導入", "amount": "500", "renewal_date": "2026-03-31",
			"fields": object{"plan": "松", "seats": 3}})
		at := "/contracts/" + c["id"].(string)
		member := d.Actors[who.Member].Member.String()
		for _, x := range []struct {
			name         string
			set, was     object
			status       int
			field        string // in conflict
			theirs, mine any
		}{
			{"from what is there", object{"phase": "定着"}, object{"phase": "導入"}, 200, "", nil, nil},
			{"from what was there", object{"phase": "更新"}, object{"phase": "導入"}, 409, "phase", "定着", "更新"},
			{"without saying from what", object{"phase": "活用"}, nil, 200, "", nil, nil},
			{"an amount as it was given out", object{"amount": "600"}, object{"amount": "500"}, 200, "", nil, nil},
			{"another amount", object{"amount": "700"}, object{"amount": "500"}, 409, "amount", "600", "700"},
			{"a day", object{"renewal_date": "2026-06-30"}, object{"renewal_date": "2026-03-31"}, 200, "", nil, nil},
			{"another day", object{"renewal_date": nil}, object{"renewal_date": "2026-03-31"}, 409, "renewal_date", "2026-06-30", nil},
			{"no owner yet", object{"owner": member}, object{"owner": nil}, 200, "", nil, nil},
			{"an owner by now", object{"owner": nil}, object{"owner": nil}, 409, "owner", member, nil},
			{"a field", object{"fields": object{"plan": "竹"}}, object{"fields": object{"plan": "松"}}, 200, "", nil, nil},
			{"another value of a field", object{"fields": object{"plan": nil}}, object{"fields": object{"plan": "松"}}, 409, "field:plan", "竹", nil},
			{"a number", object{"field:seats": 4}, object{"field:seats": 3}, 200, "", nil, nil},
			{"another number", object{"field:seats": 5}, object{"field:seats": 3}, 409, "field:seats", 4.0, 5.0},
			{"nothing at all", object{}, object{"phase": "導入"}, 200, "", nil, nil},
		} {
			body := object{"set": x.set}
			if x.was != nil {
				body["was"] = x.was
			}
			before := want(t, d.owner.Do("GET", at, nil), 200).JSON["version"]
			a := d.member.Do("PATCH", at, body)
			if x.status == 200 {
				want(t, a, 200)
				continue
			}
			problem(t, x.name, a, x.status)
			list, _ := a.JSON["errors"].([]any)
			if len(list) != 1 {
				t.Errorf("%s: %s", x.name, a.Body)
				continue
			}
			told := list[0].(object)
			args, _ := told["args"].(object)
			if told["field"] != x.field || args["Theirs"] != x.theirs || args["Yours"] != x.mine {
				t.Errorf("%s: %v", x.name, told)
			}
			if after := want(t, d.owner.Do("GET", at, nil), 200).JSON["version"]; after != before {
				t.Errorf("%s: something was written", x.name)
			}
		}
	})
}

// TestRights: every endpoint, by whom it may be asked.
func TestRights(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := d.add(object{"key": "C-1", "name": "本社", "organization": "みなと物流"})
		mine, theirs := "/contracts/"+c["id"].(string), "/contracts/"+d.there.ID.String()
		whole := object{"key": "C-2", "name": "N", "organization": "O"}
		for _, x := range []struct {
			method, path string
			body         any
			writes, one  bool
		}{
			{"GET", "", nil, false, false},
			{"GET", "/export.csv", nil, false, false},
			{"POST", "", whole, true, false},
			{"GET", "", nil, false, true},
			{"GET", "/contacts", nil, false, true},
			{"GET", "/terms", nil, false, true},
			{"PATCH", "", object{"set": object{"name": "M"}}, true, true},
			{"POST", "/contacts", object{"name": "佐藤"}, true, true},
			{"POST", "/end", object{}, true, true},
			{"POST", "/reopen", nil, true, true},
			{"POST", "/archive", nil, true, true},
			{"POST", "/unarchive", nil, true, true},
			{"POST", "/split", object{"name": "分かれた会社"}, true, true},
		} {
			at := "/contracts" + x.path
			if x.one {
				at = mine + x.path
			}
			name := x.method + " " + at
			problem(t, name+" by nobody", d.nobody.Do(x.method, at, x.body), 401)
			problem(t, name+" by a stranger", d.stranger.Do(x.method, at, x.body), 401)
			for _, p := range []*apptest.Program{d.viewer, d.readOnly} {
				if a := p.Do(x.method, at, x.body); x.writes {
					problem(t, name+" by a reader", a, 403)
				} else {
					want(t, a, 200)
				}
			}
			if x.one { // foreign, made up, too long, negative, no id at all
				for _, ref := range []string{theirs, "/contracts/99", "/contracts/99999999999999999999999", "/contracts/-1", "/contracts/%00", "/contracts/%ff", "/contracts/あ"} {
					problem(t, x.method+" "+ref+x.path, d.owner.Do(x.method, ref+x.path, x.body), 404)
				}
			}
			if a := d.member.Do(x.method, at, x.body); a.Status >= 300 {
				t.Errorf("%s by a member: %d %.300s", name, a.Status, a.Body)
			}
		}
		for _, x := range []struct{ method, path, allow string }{{"DELETE", mine, "GET, PATCH"}, {"PUT", mine, "GET, PATCH"},
			{"DELETE", "/contracts", "GET, POST"}, {"GET", mine + "/end", "POST"}, {"PATCH", mine + "/contacts", "GET, POST"}} {
			a := d.owner.Do(x.method, x.path, nil)
			problem(t, x.method+" "+x.path, a, 405)
			if a.Header.Get("Allow") != x.allow {
				t.Errorf("%s %s: Allow %q", x.method, x.path, a.Header.Get("Allow"))
			}
		}
		if now, err := d.Contracts.Get(d.Ctx, d.there.ID); err == nil {
			t.Error("another workspace's contract is there:", now.Name)
		}
	})
}

// TestNeverOurFault: whatever is sent, the answer says what is wrong with it.
func TestNeverOurFault(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := d.add(object{"key": "taken", "name": "本社", "organization": "みなと物流"})
		at := "/contracts/" + c["id"].(string)
		deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
		with := func(name string, v any) object {
			b := object{"key": "K", "name": "N", "organization": "O"}
			b[name] = v
			return b
		}
		for _, x := range []struct {
			name, method, path string
			body               any
			status             []int
		}{
			{"half an object", "POST", "/contracts", `{"key": `, []int{400}},
			{"no object", "POST", "/contracts", `[]`, []int{422}},
			{"null", "POST", "/contracts", `null`, []int{422}},
			{"nothing", "POST", "/contracts", ``, []int{400, 422}},
			{"no UTF-8", "POST", "/contracts", "{\"key\": \"K\", \"name\": \"\xff\xfe\", \"organization\": 1}", []int{400, 422}},
			{"half a pair", "POST", "/contracts", `{"key": "\ud800", "name": 1, "organization": "O"}`, []int{422}},
			{"too much", "POST", "/contracts", `{"name": "` + strings.Repeat("x", 3<<20) + `"}`, []int{413}},
			{"too deep", "POST", "/contracts", `{"key":"K","name":"N","organization":"O","fields":` + deep + `}`, []int{400, 422}},
			{"too deep a change", "PATCH", at, `{"set":` + deep + `}`, []int{400, 422}},
			{"too long a name", "POST", "/contracts", with("name", strings.Repeat("長", 5000)), []int{422}},
			{"too long a key", "POST", "/contracts", with("key", strings.Repeat("k", 5000)), []int{422}},
			{"too long a customer", "POST", "/contracts", with("organization", strings.Repeat("社", 5000)), []int{422}},
			{"no customer", "POST", "/contracts", with("organization", "\u3000"), []int{422}},
			{"another's member", "POST", "/contracts", with("owner", "よその人"), []int{422}},
			{"a taken key, written otherwise", "POST", "/contracts", with("key", "ＴＡＫＥＮ"), []int{409}},
			{"key is a number", "POST", "/contracts", with("key", 1), []int{422}},
			{"amount without end", "POST", "/contracts", with("amount", strings.Repeat("9", 400)), []int{422}},
			{"amount beyond 64 bits", "POST", "/contracts", with("amount", "9223372036854775808"), []int{422}},
			{"amount with a power", "POST", "/contracts", with("amount", "1e400"), []int{422}},
			{"amount is no number", "POST", "/contracts", with("amount", "NaN"), []int{422}},
			{"half a yen", "POST", "/contracts", with("amount", "0.5"), []int{422}},
			{"no such money", "POST", "/contracts", with("currency", "ZZZZ"), []int{422}},
			{"no such basis", "POST", "/contracts", with("amount_basis", "hourly"), []int{422}},
			{"no such day", "POST", "/contracts", with("start_date", "2026-13-01"), []int{422}},
			{"a day far away", "POST", "/contracts", with("renewal_date", "99999-01-01"), []int{422}},
			{"fields is a list", "POST", "/contracts", with("fields", []int{1}), []int{422}},
			{"a field is an object", "POST", "/contracts", with("fields", object{"seats": object{"a": 1}}), []int{422}},
			{"a field is a list", "POST", "/contracts", with("fields", object{"plan": []string{"竹"}}), []int{422}},
			{"a field is no number", "POST", "/contracts", with("fields", object{"seats": "たくさん"}), []int{422}},
			{"a field beyond numbers", "POST", "/contracts", `{"key":"K","name":"N","organization":"O","fields":{"seats":1e999}}`, []int{400, 422}},
			{"a field is no choice", "POST", "/contracts", with("fields", object{"plan": "梅"}), []int{422}},
			{"a field of nobody", "POST", "/contracts", with("fields", object{"": 1}), []int{422}},
			{"set is a list", "PATCH", at, `{"set": []}`, []int{422}},
			{"set is null", "PATCH", at, `{"set": null}`, []int{422}},
			{"an id is changed", "PATCH", at, object{"set": object{"id": "1"}}, []int{422}},
			{"a version is changed", "PATCH", at, object{"set": object{"version": 9}}, []int{422}},
			{"a name is a list", "PATCH", at, object{"set": object{"name": []int{1}}}, []int{422}},
			{"a name is an object", "PATCH", at, object{"set": object{"name": object{"a": 1}}}, []int{422}},
			{"no name", "PATCH", at, object{"set": object{"name": nil}}, []int{422}},
			{"an amount is a truth", "PATCH", at, object{"set": object{"amount": true}}, []int{422}},
			{"auto_renew is a word", "PATCH", at, object{"set": object{"auto_renew": "maybe"}}, []int{422}},
			{"was is odd", "PATCH", at, object{"set": object{"name": "x"}, "was": object{"name": []int{1}}}, []int{409, 422}},
			{"was of fields is odd", "PATCH", at, object{"set": object{"name": "x"}, "was": object{"fields": 1}}, []int{422}},
			{"an owner without id", "PATCH", at, object{"set": object{"owner": object{}}}, []int{422, 200}},
			{"an end that is a list", "POST", at + "/end", `[1]`, []int{422}},
			{"a person without a name", "POST", at + "/contacts", object{"role": "x"}, []int{422}},
			{"no mail", "POST", at + "/contacts", object{"name": "x", "mail": "not a mail"}, []int{422}},
			{"a part that is too long", "POST", at + "/split", object{"name": strings.Repeat("社", 5000)}, []int{422}},
			{"the only contract of its customer", "POST", at + "/split", object{"name": ""}, []int{200, 409, 422}},
			{"limit 0", "GET", "/contracts?limit=0", nil, []int{422}},
			{"limit 201", "GET", "/contracts?limit=201", nil, []int{422}},
			{"limit -1", "GET", "/contracts?limit=-1", nil, []int{422}},
			{"limit beyond numbers", "GET", "/contracts?limit=99999999999999999999", nil, []int{422}},
			{"a cursor of nobody", "GET", "/contracts?cursor=AAAA", nil, []int{422}},
			{"a cursor of bytes", "GET", "/contracts?cursor=%00%ff", nil, []int{422}},
			{"sort by a field of nobody", "GET", "/contracts?sort=field:nope", nil, []int{422}},
			{"sort by a statement", "GET", "/contracts?sort=" + url.QueryEscape("key; DROP TABLE contract"), nil, []int{422}},
			{"renewal before soon", "GET", "/contracts?renewal_before=soon", nil, []int{422}},
			{"renewal before bytes", "GET", "/contracts?renewal_before=%00", nil, []int{422}},
			{"an owner of bytes", "GET", "/contracts?owner=%00%ff", nil, []int{422}},
			{"another's owner", "GET", "/contracts?owner=" + url.QueryEscape("よその人"), nil, []int{422}},
			{"an op of nobody", "GET", "/contracts?field.seats.around=1", nil, []int{422}},
			{"a number that is none", "GET", "/contracts?field.seats.from=x", nil, []int{422}},
			{"ended maybe", "GET", "/contracts?ended=maybe", nil, []int{422}},
			// These are odd, and yet nothing is wrong with them.
			{"q of bytes", "GET", "/contracts?q=%00%ff", nil, []int{200, 422}},
			{"status of bytes", "GET", "/contracts?status=%00%ff&phase=%00", nil, []int{200, 422}},
			{"outlook of bytes", "GET", "/contracts?outlook=%00", nil, []int{200, 422}},
			{"a field of bytes", "GET", "/contracts?field.memo=%00%ff", nil, []int{200, 422}},
			{"a field of bytes within", "GET", "/contracts?field.memo.has=%00%ff&field.plan=%00", nil, []int{200, 422}},
			{"half an escape", "GET", "/contracts?q=%zz;x", nil, []int{200, 400, 422}},
			{"NUL in texts", "POST", "/contracts", object{"key": "n\x00", "name": "a\x00b", "organization": "o\x00", "status": "\x00", "phase": "\x00", "domain": "\x00",
				"fields": object{"memo": "\x00", "plan": "竹\x00"}}, []int{201, 422}},
			{"NUL in a change", "PATCH", at, object{"set": object{"name": "a\x00b", "outlook_why": "\x00", "field:memo": "x\x00y"}}, []int{200, 422}},
			{"NUL in a name of a field", "PATCH", at, object{"set": object{"field:\x00": "x", "\x00": 1}}, []int{422}},
			{"NUL in a person", "POST", at + "/contacts", object{"name": "a\x00b", "title": "\x00", "phone": "\x00", "role": "\x00"}, []int{201, 422}},
			{"NUL at the end", "POST", at + "/end", object{"on": "2026-02-01", "words": "a\x00b"}, []int{200, 422}},
			{"a number as text", "PATCH", at, object{"set": object{"field:seats": " １２ "}}, []int{200, 422}},
		} {
			a := d.owner.Do(x.method, x.path, x.body)
			switch {
			case !slices.Contains(x.status, a.Status):
				t.Errorf("%s: %d, want %v: %.300s", x.name, a.Status, x.status, a.Body)
			case a.Status >= 400:
				problem(t, x.name, a, a.Status)
			}
		}
		r, err := http.NewRequest("POST", d.Server.URL+"/api/v1/contracts", strings.NewReader("key=K&name=N"))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := d.owner.Send(r); a.Status != 415 && a.Status != 422 && a.Status != 400 {
			t.Errorf("a form: %d %s", a.Status, a.Body)
		}
	})
}

// Another workspace's ids are no ids here, neither a customer's nor a member's.
func TestForeignIDs(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ref := d.there.OrgID.String()
		c := d.add(object{"key": "C-1", "name": "本社", "organization": "みなと物流"})
		problem(t, "a customer", d.owner.Do("POST", "/contracts", object{"key": "C-3", "name": "N", "organization": ref}), 422)
		problem(t, "a customer, set", d.owner.Do("PATCH", "/contracts/"+c["id"].(string), object{"set": object{"organization": object{"id": ref, "name": "よその会社"}}}), 422)
		theirs := d.there.ID.String()
		problem(t, "an owner", d.owner.Do("POST", "/contracts", object{"key": "C-2", "name": "N", "organization": "O", "owner": theirs}), 422)
		problem(t, "an owner, asked for", d.owner.Do("GET", "/contracts?owner=x"+theirs, nil), 422)
		for _, query := range []string{"organization=" + ref, "owner=" + theirs} {
			if a := d.owner.Do("GET", "/contracts?"+query, nil); a.Status >= 500 || len(a.Items()) > 0 {
				t.Errorf("%s: %d %s", query, a.Status, a.Body)
			}
		}
	})
}

// TestSplit takes one contract out of a customer that others share.
func TestSplit(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		one := d.add(object{"key": "C-1", "name": "一", "organization": "みなと物流"})
		two := d.add(object{"key": "C-2", "name": "二", "organization": "みなと物流"})
		out := want(t, d.member.Do("POST", "/contracts/"+two["id"].(string)+"/split", object{"name": "みなと興業"}), 200).JSON["organization"].(object)
		kept := want(t, d.viewer.Do("GET", "/contracts/"+one["id"].(string), nil), 200).JSON["organization"].(object)
		if out["name"] != "みなと興業" || out["id"] == kept["id"] || kept["id"] != one["organization"].(object)["id"] {
			t.Error(out, kept)
		}
	})
}

// TestAtOnce: of programs that do the same at one moment, one is first and the
// others are told.
func TestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		const programs = 8
		all := func(do func(i int) apptest.Answer) (codes map[int]int) {
			answers := make([]apptest.Answer, programs)
			var wg sync.WaitGroup
			for i := range programs {
				wg.Go(func() { answers[i] = do(i) })
			}
			wg.Wait()
			codes = map[int]int{}
			for _, a := range answers {
				if codes[a.Status]++; a.Status >= 400 {
					problem(t, "at once", a, 409)
				}
			}
			return codes
		}
		same := func(int) apptest.Answer {
			return d.owner.Do("POST", "/contracts", object{"key": "C-1", "name": "本社", "organization": "みなと物流"})
		}
		if diff := cmp.Diff(map[int]int{201: 1, 409: programs - 1}, all(same)); diff != "" {
			t.Error("one key:", diff)
		}
		one := func(i int) apptest.Answer {
			return d.owner.Do("POST", "/contracts", object{"key": fmt.Sprint("D-", i), "name": "支社", "organization": "新しい会社"})
		}
		if diff := cmp.Diff(map[int]int{201: programs}, all(one)); diff != "" {
			t.Error("one new customer:", diff)
		}
		list := want(t, d.viewer.Do("GET", "/contracts?q=d-", nil), 200).Items()
		move := func(i int) apptest.Answer {
			return d.member.Do("PATCH", "/contracts/"+list[i]["id"].(string), object{"set": object{"organization": "もっと新しい会社"}})
		}
		if diff := cmp.Diff(map[int]int{200: programs}, all(move)); diff != "" {
			t.Error("moved to one new customer:", diff)
		}
		customers := map[any]bool{}
		for _, c := range want(t, d.viewer.Do("GET", "/contracts?q=d-", nil), 200).Items() {
			customers[c["organization"].(object)["id"]] = true
		}
		if len(customers) != 1 {
			t.Errorf("%d customers of one name", len(customers))
		}
		at := "/contracts/" + want(t, d.viewer.Do("GET", "/contracts?q=c-1", nil), 200).Items()[0]["id"].(string)
		change := func(i int) apptest.Answer {
			return d.member.Do("PATCH", at, object{"set": object{"phase": fmt.Sprint("段階", i)}, "was": object{"phase": ""}})
		}
		if diff := cmp.Diff(map[int]int{200: 1, 409: programs - 1}, all(change)); diff != "" {
			t.Error("one value:", diff)
		}
	})
}
