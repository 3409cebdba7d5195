// Package ground makes the kinds of the features search stands on findable:
// notes, contracts, customers, contacts, tasks and files.
package ground

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/file"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/search"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Kinds are all of them; later features bring their own.
func Kinds() []search.Kind {
	return []search.Kind{notes(), contracts(), organizations(), contacts(), tasks(), files()}
}

// table reads things by one statement: id, title, body, contract, author,
// owner, at, limited.
type table struct {
	name, alias string
	columns     string
	joins       string
	alive       string
}

func (t table) load(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]search.Doc, error) {
	var w db.Where
	w.And(t.alias+".workspace_id = ?", ws)
	db.In(&w, t.alias+".id", refs)
	w.And(t.alive)
	return db.All(ctx, q, scanDoc, "SELECT "+t.alias+".id, "+t.columns+" FROM "+t.name+" "+t.alias+t.joins+" WHERE "+w.SQL(), w.Args()...)
}

func scanDoc(r db.Row) (d search.Doc, err error) {
	err = r.Scan(&d.Ref, &d.Title, &d.Body, &d.Contract, &d.Author, &d.Owner, (*db.Time)(&d.At), &d.Limited)
	return d, err
}

func (t table) each(ctx context.Context, q db.Queryer, ws, after id.ID, limit int) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], "SELECT id FROM "+t.name+" WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3",
		ws, int64(after), limit)
}

// there is the condition that a thing is there and what more is said of it.
func (t table) there(d, more string) string {
	return "EXISTS (SELECT 1 FROM " + t.name + " " + t.alias + " WHERE " + t.alias + ".workspace_id = " + d + ".workspace_id AND " +
		t.alias + ".id = " + d + ".ref_id AND " + t.alive + more + ")"
}

func notes() search.Kind {
	t := table{name: "note", alias: "n", alive: "n.deleted_at = 0",
		columns: "'', n.body, n.contract_id, n.author_id, NULL, n.at, n.visibility <> 'everyone'"}
	return search.Kind{Name: "note", Said: []string{"メモ", "気づき", "ひとりごと", "notes"},
		News: []bus.Kind{timeline.NoteCreated, timeline.NoteChanged, timeline.NoteDeleted},
		Load: t.load, Each: t.each,
		See: func(w *db.Where, a who.Actor, d string) string {
			return t.there(d, " AND "+audience.Note(w, a, "n")+" AND "+audience.OfContract(w, a, "n"))
		},
		URL: func(h search.Hit) string { return "/notes/" + h.ID.String() },
	}
}

func contracts() search.Kind {
	t := table{name: "contract", alias: "c", alive: "1 = 1", joins: " JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id"}
	return search.Kind{Name: "contract", Said: []string{"契約", "contracts"},
		News: []bus.Kind{contract.Created, contract.Changed, contract.Ended, contract.Reopened, contract.Archived, contract.Unarchived,
			contract.TermOpened, contract.TermDropped, contract.Deleted},
		Also: []search.Also{{News: []bus.Kind{org.Changed}, Refs: contractsOf}},
		Load: loadContracts, Each: t.each,
		See: func(w *db.Where, a who.Actor, d string) string {
			return t.there(d, " AND "+audience.Contract(w, a, "c"))
		},
		URL: func(h search.Hit) string { return "/contracts/" + h.ID.String() },
	}
}

// contractsOf are the contracts whose words change with their customer's name.
func contractsOf(ctx context.Context, q db.Queryer, ws id.ID, orgs []id.ID) ([]id.ID, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "org_id", orgs)
	return db.All(ctx, q, db.Value[id.ID], "SELECT id FROM contract WHERE "+w.SQL(), w.Args()...)
}

// loadContracts puts into a contract's words what a list shows of it, and the
// texts of its own fields.
func loadContracts(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]search.Doc, error) {
	var w db.Where
	w.And("c.workspace_id = ?", ws)
	db.In(&w, "c.id", refs)
	return db.All(ctx, q, func(r db.Row) (d search.Doc, err error) {
		var key, orgName, kana, department, status, phase, why, domain string
		var fields db.JSON[map[string]any]
		err = r.Scan(&d.Ref, &d.Title, &key, &orgName, &kana, &department, &status, &phase, &why, &domain, &fields, (*db.Time)(&d.At), &d.Limited)
		d.Contract = d.Ref
		d.Body = lines(append([]string{orgName, kana, key, department, status, phase, why, domain}, texts(fields.V)...)...)
		return d, err
	}, `SELECT c.id, c.name, c.key, o.name, o.kana, c.department, c.status, c.phase, c.outlook_why, c.domain, c.fields, c.created_at,
		c.visibility <> 'everyone' FROM contract c JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		WHERE `+w.SQL(), w.Args()...)
}

// texts are the values of custom fields that are words, by their keys' order.
func texts(fields map[string]any) []string {
	var out []string
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		switch v := fields[k].(type) {
		case string:
			out = append(out, v)
		case []any:
			raw, _ := json.Marshal(v)
			var list []string
			if json.Unmarshal(raw, &list) == nil {
				out = append(out, list...)
			}
		}
	}
	return out
}

// lines puts words on lines of their own, so that no phrase crosses them.
func lines(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "\n")
}

func organizations() search.Kind {
	t := table{name: "organization", alias: "o", alive: "1 = 1"}
	load := func(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]search.Doc, error) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "id", refs)
		return db.All(ctx, q, func(r db.Row) (d search.Doc, err error) {
			var kana, number string
			err = r.Scan(&d.Ref, &d.Title, &kana, &number, (*db.Time)(&d.At))
			d.Body = lines(kana, number)
			return d, err
		}, "SELECT id, name, kana, corporate_number, created_at FROM organization WHERE "+w.SQL(), w.Args()...)
	}
	return search.Kind{Name: "organization", Said: []string{"顧客", "customer", "customers", "organizations"},
		News: []bus.Kind{org.Created, org.Changed, org.Deleted}, Load: load, Each: t.each,
		See: func(_ *db.Where, _ who.Actor, d string) string { return t.there(d, "") },
		URL: func(h search.Hit) string { return "/organizations/" + h.ID.String() },
	}
}

func contacts() search.Kind {
	t := table{name: "contact", alias: "p", alive: "1 = 1"}
	return search.Kind{Name: "contact", Said: []string{"先方", "先方担当者", "contacts"},
		News: []bus.Kind{contact.Added, contact.Changed, contact.Removed}, Load: loadContacts, Each: t.each,
		See: func(w *db.Where, a who.Actor, d string) string {
			return "EXISTS (SELECT 1 FROM contract_contact l WHERE l.workspace_id = " + d + ".workspace_id AND l.contact_id = " + d + ".ref_id AND " +
				audience.OfContract(w, a, "l") + ")"
		},
		Place: func(ctx context.Context, q db.Queryer, a who.Actor, refs []id.ID) (map[id.ID]id.ID, error) {
			var w db.Where
			w.And("l.workspace_id = ?", a.Workspace)
			db.In(&w, "l.contact_id", refs)
			return linked(ctx, q, &w, audience.OfContract(&w, a, "l"))
		},
		URL: func(h search.Hit) string { return "/contracts/" + h.Contract.String() },
	}
}

type link struct{ contact, contract id.ID }

func links(ctx context.Context, q db.Queryer, w *db.Where, more string) ([]link, error) {
	return db.All(ctx, q, func(r db.Row) (l link, err error) {
		err = r.Scan(&l.contact, &l.contract)
		return l, err
	}, "SELECT l.contact_id, l.contract_id FROM contract_contact l WHERE "+w.SQL()+" AND "+more+" ORDER BY l.contract_id", w.Args()...)
}

// linked gives the newest contract of each contact.
func linked(ctx context.Context, q db.Queryer, w *db.Where, more string) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	list, err := links(ctx, q, w, more)
	for _, l := range list {
		out[l.contact] = l.contract
	}
	return out, err
}

func loadContacts(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]search.Doc, error) {
	var w db.Where
	w.And("p.workspace_id = ?", ws)
	db.In(&w, "p.id", refs)
	docs, err := db.All(ctx, q, func(r db.Row) (d search.Doc, err error) {
		var kana, title, mail, phone, orgName string
		err = r.Scan(&d.Ref, &d.Title, &kana, &title, &mail, &phone, &orgName, (*db.Time)(&d.At))
		d.Body = lines(kana, title, mail, phone, orgName)
		return d, err
	}, `SELECT p.id, p.name, p.kana, p.title, p.mail, p.phone, o.name, p.created_at FROM contact p
		JOIN organization o ON o.workspace_id = p.workspace_id AND o.id = p.org_id WHERE `+w.SQL(), w.Args()...)
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	var lw db.Where
	lw.And("l.workspace_id = ?", ws)
	db.In(&lw, "l.contact_id", refs)
	list, err := links(ctx, q, &lw, "1 = 1")
	on := map[id.ID][]id.ID{}
	for _, l := range list {
		on[l.contact] = append(on[l.contact], l.contract)
	}
	for i := range docs {
		docs[i].On = on[docs[i].Ref]
	}
	return docs, err
}

func tasks() search.Kind {
	t := table{name: "task", alias: "t", alive: "t.state <> 'closed'", // closed: it is as if it had never been
		columns: "t.title, t.why, t.contract_id, t.created_by, t.owner_id, t.created_at, t.title = ''"}
	return search.Kind{Name: "task", Said: []string{"タスク", "やること", "tasks", "todo"},
		News: []bus.Kind{task.Created, task.Done, task.Skipped, task.Reopened, task.Snoozed, task.Changed, task.Closed, task.Deleted},
		Also: []search.Also{{News: []bus.Kind{task.Changed}, Refs: partsOf}},
		Load: t.load, Each: t.each,
		See: func(w *db.Where, a who.Actor, d string) string { return t.there(d, " AND "+audience.OfRow(w, a, "t")) },
		URL: func(h search.Hit) string { return "/tasks/" + h.ID.String() },
	}
}

// partsOf are the subtasks, which move with their task from contract to
// contract.
func partsOf(ctx context.Context, q db.Queryer, ws id.ID, parents []id.ID) ([]id.ID, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "parent_id", parents)
	return db.All(ctx, q, db.Value[id.ID], "SELECT id FROM task WHERE "+w.SQL(), w.Args()...)
}

// files are found by their names, by those who may read the note they hang on.
func files() search.Kind {
	t := table{name: "file", alias: "f", joins: " JOIN note n ON n.workspace_id = f.workspace_id AND n.id = f.note_id",
		alive: "f.stored = TRUE AND f.deleted_at = 0 AND n.deleted_at = 0"}
	return search.Kind{Name: "file", Said: []string{"ファイル", "添付", "files", "attachments"},
		News: []bus.Kind{file.Attached},
		Also: []search.Also{{News: []bus.Kind{timeline.NoteChanged, timeline.NoteDeleted}, Refs: filesOf}},
		Load: t.loadFiles, Each: t.each,
		See: func(w *db.Where, a who.Actor, d string) string {
			return "EXISTS (SELECT 1 FROM file f" + t.joins + " WHERE f.workspace_id = " + d + ".workspace_id AND f.id = " + d + ".ref_id AND " +
				t.alive + " AND " + audience.Note(w, a, "n") + " AND " + audience.OfContract(w, a, "n") + ")"
		},
		URL: func(h search.Hit) string { return "/files/" + h.ID.String() + "/note" },
	}
}

func (t table) loadFiles(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]search.Doc, error) {
	var w db.Where
	w.And("f.workspace_id = ?", ws)
	db.In(&w, "f.id", refs)
	w.And(t.alive)
	return db.All(ctx, q, func(r db.Row) (d search.Doc, err error) {
		err = r.Scan(&d.Ref, &d.Title, &d.Contract, &d.Author, (*db.Time)(&d.At), &d.Limited, &d.Note)
		return d, err
	}, "SELECT f.id, f.name, f.contract_id, f.created_by, n.at, n.visibility <> 'everyone', n.id FROM file f"+t.joins+" WHERE "+w.SQL(), w.Args()...)
}

func filesOf(ctx context.Context, q db.Queryer, ws id.ID, notes []id.ID) ([]id.ID, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "note_id", notes)
	return db.All(ctx, q, db.Value[id.ID], "SELECT id FROM file WHERE "+w.SQL(), w.Args()...)
}
