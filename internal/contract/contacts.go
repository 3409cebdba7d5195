package contract

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

const selectContact = `SELECT p.id, p.org_id, p.name, p.kana, p.title, p.mail, p.phone, l.role
	FROM contract_contact l JOIN contact p ON p.workspace_id = l.workspace_id AND p.id = l.contact_id
	WHERE l.workspace_id = $1 AND l.contract_id = $2`

func scanContact(r db.Row) (Contact, error) {
	var c Contact
	err := r.Scan(&c.ID, &c.OrgID, &c.Name, &c.Kana, &c.Title, &c.Mail, &c.Phone, &c.Role)
	return c, err
}

// Contacts gives the people of a contract, by when they were added.
func (s *Service) Contacts(ctx context.Context, contractID id.ID) ([]Contact, error) {
	if _, err := s.Get(ctx, contractID); err != nil {
		return nil, err
	}
	return db.All(ctx, s.db, scanContact, selectContact+" ORDER BY p.id", who.From(ctx).Workspace, contractID)
}

// clean makes the texts fit to store.
func (c *Contact) clean() error {
	var bad []*errs.E
	for _, t := range []struct {
		name string
		to   *string
		most int
	}{{"name", &c.Name, 100}, {"kana", &c.Kana, 100}, {"title", &c.Title, 100}, {"mail", &c.Mail, 254},
		{"phone", &c.Phone, 40}, {"role", &c.Role, 100}} {
		*t.to = text.Line(*t.to)
		if utf8.RuneCountInString(*t.to) > t.most {
			bad = append(bad, errs.Field(t.name, "err.too_long", "Max", t.most))
		}
	}
	if c.Name == "" && c.Mail == "" {
		bad = append(bad, errs.Field("name", "err.required"))
	}
	if c.Mail != "" && !mailLike(c.Mail) {
		bad = append(bad, errs.Field("mail", "contract.err.mail"))
	}
	if c.Name == "" {
		c.Name = c.Mail
	}
	return errs.Join(bad...)
}

func mailLike(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " ,;<>")
}

// AddContact adds a person of the customer to a contract with a stakeholder
// role in the team's words. Somebody the organization already has (same mail,
// or same name where a mail is missing) is not doubled. Errors: err.required
// (name or mail), err.too_long, contract.err.mail, .contact_there (409).
func (s *Service) AddContact(ctx context.Context, contractID id.ID, p Contact, role string) (Contact, error) {
	p.Role = role
	if err := p.clean(); err != nil {
		return p, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.forWrite(ctx, tx, contractID)
		if err != nil {
			return err
		}
		links := []ContactLink{{ContractID: c.ID, OrgID: c.OrgID, Contact: p}}
		if err := s.AddContactsIn(ctx, tx, who.From(ctx).Workspace, links); err != nil {
			return err
		}
		if !links[0].Linked {
			return errs.New(errs.Conflict, "contract.err.contact_there", "Name", p.Name)
		}
		p = links[0].Contact
		return nil
	})
	return p, err
}

// ContactLink is a person an import brings to a contract. AddContactsIn fills
// Contact.ID, and tells what it did for the undo.
type ContactLink struct {
	ContractID id.ID
	OrgID      id.ID
	Contact    Contact
	Made       bool // the contact is new
	Linked     bool // the link to the contract is new
}

// AddContactsIn adds people to contracts as AddContact does, in bulk. Each must
// have a name or a mail.
func (s *Service) AddContactsIn(ctx context.Context, tx *db.Tx, ws id.ID, links []ContactLink) error {
	known, err := s.knownContacts(ctx, tx, ws, links)
	if err != nil {
		return err
	}
	var people, joins [][]any
	var news []bus.Change
	for i := range links {
		l := &links[i]
		if err := l.Contact.clean(); err != nil {
			return err
		}
		if l.Contact.ID = known.find(l.OrgID, l.Contact); l.Contact.ID == 0 {
			l.Contact.ID, l.Contact.OrgID, l.Made = id.New(), l.OrgID, true
			known.add(l.Contact)
			people = append(people, l.Contact.row(ws, s))
		}
		pair := [2]id.ID{l.ContractID, l.Contact.ID}
		if known.linked[pair] {
			continue
		}
		known.linked[pair], l.Linked = true, true
		joins = append(joins, []any{ws, l.ContractID, l.Contact.ID, l.Contact.Role})
		news = append(news, bus.Change{Kind: ContactAdded, Workspace: ws, Contract: l.ContractID, Ref: l.Contact.ID,
			Data: map[string]any{"name": l.Contact.Name, "role": l.Contact.Role}})
	}
	if err := db.Bulk(ctx, tx, `INSERT INTO contact (workspace_id, id, org_id, name, name_fold, kana, title, mail,
		mail_fold, phone, created_at)`, "", people); err != nil {
		return err
	}
	if err := db.Bulk(ctx, tx, `INSERT INTO contract_contact (workspace_id, contract_id, contact_id, role)`, "", joins); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news...)
}

func (c Contact) row(ws id.ID, s *Service) []any {
	return []any{ws, c.ID, c.OrgID, c.Name, text.Fold(c.Name), c.Kana, c.Title, c.Mail, text.Fold(c.Mail), c.Phone,
		db.Micros(s.Now())}
}

// contactBook finds the people organizations already have.
type contactBook struct {
	byMail, byName map[string]id.ID // under organization and folded word
	linked         map[[2]id.ID]bool
}

func (b contactBook) add(c Contact) {
	for _, e := range []struct {
		book map[string]id.ID
		word string
	}{{b.byMail, c.Mail}, {b.byName, c.Name}} {
		key := c.OrgID.String() + " " + text.Fold(e.word)
		if _, there := e.book[key]; e.word != "" && !there {
			e.book[key] = c.ID
		}
	}
}

// find: a mail decides; without one on this side the name does.
func (b contactBook) find(orgID id.ID, c Contact) id.ID {
	if c.Mail != "" {
		return b.byMail[orgID.String()+" "+text.Fold(c.Mail)]
	}
	return b.byName[orgID.String()+" "+text.Fold(c.Name)]
}

func (s *Service) knownContacts(ctx context.Context, q db.Queryer, ws id.ID, links []ContactLink) (contactBook, error) {
	b := contactBook{map[string]id.ID{}, map[string]id.ID{}, map[[2]id.ID]bool{}}
	var orgs, contracts []id.ID
	for _, l := range links {
		orgs, contracts = append(orgs, l.OrgID), append(contracts, l.ContractID)
	}
	slices.Sort(orgs)
	for part := range slices.Chunk(slices.Compact(orgs), chunk) {
		var w db.Where
		w.And("p.workspace_id = ?", ws)
		db.In(&w, "p.org_id", part)
		people, err := db.All(ctx, q, scanContact, `SELECT p.id, p.org_id, p.name, p.kana, p.title, p.mail, p.phone, ''
			FROM contact p WHERE `+w.SQL()+` ORDER BY p.id`, w.Args()...)
		if err != nil {
			return b, err
		}
		for _, p := range people {
			b.add(p)
		}
	}
	slices.Sort(contracts)
	for part := range slices.Chunk(slices.Compact(contracts), chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "contract_id", part)
		pairs, err := db.All(ctx, q, func(r db.Row) (p [2]id.ID, err error) { err = r.Scan(&p[0], &p[1]); return p, err },
			`SELECT contract_id, contact_id FROM contract_contact WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return b, err
		}
		for _, p := range pairs {
			b.linked[p] = true
		}
	}
	return b, nil
}

// RemoveContactsIn undoes AddContactsIn: links it made go, and people it made
// whom nothing else refers to.
func (s *Service) RemoveContactsIn(ctx context.Context, tx *db.Tx, ws id.ID, links []ContactLink) error {
	var made []id.ID
	for _, l := range links {
		if l.Made {
			made = append(made, l.Contact.ID)
		}
		if !l.Linked {
			continue
		}
		if _, err := db.Exec(ctx, tx, `DELETE FROM contract_contact WHERE workspace_id = $1 AND contract_id = $2
			AND contact_id = $3`, ws, l.ContractID, l.Contact.ID); err != nil {
			return err
		}
	}
	return inIDs(ctx, tx, "DELETE FROM contact WHERE workspace_id = $1 AND ", []any{ws}, "id", made,
		` AND NOT EXISTS (SELECT 1 FROM contract_contact l WHERE l.workspace_id = contact.workspace_id
			AND l.contact_id = contact.id)`)
}

func (s *Service) contact(ctx context.Context, tx *db.Tx, contractID, contactID id.ID) (Contact, error) {
	if _, err := s.forWrite(ctx, tx, contractID); err != nil {
		return Contact{}, err
	}
	p, found, err := db.One(ctx, tx, scanContact, selectContact+" AND l.contact_id = $3",
		who.From(ctx).Workspace, contractID, contactID)
	if err == nil && !found {
		err = errs.Missing("contact")
	}
	return p, err
}

// UpdateContact changes a person (in all contracts) and the role in this one.
func (s *Service) UpdateContact(ctx context.Context, contractID id.ID, p Contact) (Contact, error) {
	if err := p.clean(); err != nil {
		return p, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := s.contact(ctx, tx, contractID, p.ID)
		if err != nil {
			return err
		}
		if p.OrgID = old.OrgID; p == old {
			return nil
		}
		ws := who.From(ctx).Workspace
		if _, err := db.Exec(ctx, tx, `UPDATE contact SET name = $3, name_fold = $4, kana = $5, title = $6, mail = $7,
			mail_fold = $8, phone = $9 WHERE workspace_id = $1 AND id = $2`,
			ws, p.ID, p.Name, text.Fold(p.Name), p.Kana, p.Title, p.Mail, text.Fold(p.Mail), p.Phone); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, tx, `UPDATE contract_contact SET role = $4 WHERE workspace_id = $1
			AND contract_id = $2 AND contact_id = $3`, ws, contractID, p.ID, p.Role); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: ContactChanged, Workspace: ws, Contract: contractID, Ref: p.ID,
			Fields: contactDiff(old, p), Data: map[string]any{"name": p.Name}})
	})
	return p, err
}

func contactDiff(a, b Contact) map[string][2]any {
	out := map[string][2]any{}
	for _, t := range []struct{ name, from, to string }{{"name", a.Name, b.Name}, {"kana", a.Kana, b.Kana},
		{"title", a.Title, b.Title}, {"mail", a.Mail, b.Mail}, {"phone", a.Phone, b.Phone}, {"role", a.Role, b.Role}} {
		if t.from != t.to {
			out[t.name] = [2]any{orNil(t.from), orNil(t.to)}
		}
	}
	return out
}

// RemoveContact takes a person off a contract; one in no other contract goes
// altogether.
func (s *Service) RemoveContact(ctx context.Context, contractID, contactID id.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.contact(ctx, tx, contractID, contactID)
		if err != nil {
			return err
		}
		ws := who.From(ctx).Workspace
		link := ContactLink{ContractID: contractID, Contact: p, Made: true, Linked: true}
		if err := s.RemoveContactsIn(ctx, tx, ws, []ContactLink{link}); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: ContactRemoved, Workspace: ws, Contract: contractID,
			Ref: contactID, Data: map[string]any{"name": p.Name}})
	})
}
