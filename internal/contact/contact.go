// Package contact keeps the people at the customer: who they are, and which
// part each has in a contract.
package contact

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// News of contacts; Ref is the contact.
const (
	Added   bus.Kind = "contact.added" // Data: name, role
	Changed bus.Kind = "contact.changed"
	Removed bus.Kind = "contact.removed" // Data: name
)

// Contact is a person at the customer. Role is the stakeholder role in one
// contract, in the team's own words.
type Contact struct {
	ID    id.ID
	OrgID id.ID
	Name  string
	Kana  string
	Title string
	Mail  string
	Phone string
	Role  string
}

// Service offers the acts on contacts.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	contracts *contract.Service
	Now       func() time.Time
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, contracts *contract.Service) *Service {
	return &Service{db: d, bus: b, contracts: contracts, Now: time.Now}
}

// chunk is how many ids one IN list holds.
const chunk = 500

const selectLinked = `SELECT p.id, p.org_id, p.name, p.kana, p.title, p.mail, p.phone, l.role
	FROM contract_contact l JOIN contact p ON p.workspace_id = l.workspace_id AND p.id = l.contact_id
	WHERE l.workspace_id = $1 AND l.contract_id = $2`

func scan(r db.Row) (Contact, error) {
	var c Contact
	err := r.Scan(&c.ID, &c.OrgID, &c.Name, &c.Kana, &c.Title, &c.Mail, &c.Phone, &c.Role)
	return c, err
}

// Of gives the people of a contract, by when they were added.
func (s *Service) Of(ctx context.Context, contractID id.ID) ([]Contact, error) {
	if _, err := s.contracts.Get(ctx, contractID); err != nil {
		return nil, err
	}
	return db.All(ctx, s.db, scan, selectLinked+" ORDER BY p.id", who.From(ctx).Workspace, contractID)
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

// Add adds a person of the customer to a contract with a stakeholder
// role in the team's words. Somebody the organization already has (same mail,
// or same name where a mail is missing) is not doubled. Errors: err.required
// (name or mail), err.too_long, contract.err.mail, .contact_there (409).
func (s *Service) Add(ctx context.Context, contractID id.ID, p Contact, role string) (Contact, error) {
	p.Role = role
	if err := p.clean(); err != nil {
		return p, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.forWrite(ctx, tx, contractID)
		if err != nil {
			return err
		}
		links := []Link{{ContractID: c.ID, OrgID: c.OrgID, Contact: p}}
		if err := s.AddManyIn(ctx, tx, who.From(ctx).Workspace, links); err != nil {
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

// Link is a person an import brings to a contract. AddManyIn fills
// Contact.ID, and tells what it did for the undo.
type Link struct {
	ContractID id.ID
	OrgID      id.ID
	Contact    Contact
	Made       bool // the contact is new
	Linked     bool // the link to the contract is new
}

// AddManyIn adds people to contracts as Add does, in bulk. Each must
// have a name or a mail.
func (s *Service) AddManyIn(ctx context.Context, tx *db.Tx, ws id.ID, links []Link) error {
	have, err := s.known(ctx, tx, ws, links)
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
		if l.Contact.ID = have.find(l.OrgID, l.Contact); l.Contact.ID == 0 {
			l.Contact.ID, l.Contact.OrgID, l.Made = id.New(), l.OrgID, true
			have.add(l.Contact)
			people = append(people, l.Contact.row(ws, s))
		}
		pair := [2]id.ID{l.ContractID, l.Contact.ID}
		if have.linked[pair] {
			continue
		}
		have.linked[pair], l.Linked = true, true
		joins = append(joins, []any{ws, l.ContractID, l.Contact.ID, l.Contact.Role})
		news = append(news, bus.Change{Kind: Added, Workspace: ws, Contract: l.ContractID, Ref: l.Contact.ID,
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

// book finds the people organizations already have.
type book struct {
	byMail, byName map[string]id.ID // under organization and folded word
	linked         map[[2]id.ID]bool
}

func (b book) add(c Contact) {
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
func (b book) find(orgID id.ID, c Contact) id.ID {
	if c.Mail != "" {
		return b.byMail[orgID.String()+" "+text.Fold(c.Mail)]
	}
	return b.byName[orgID.String()+" "+text.Fold(c.Name)]
}

func (s *Service) known(ctx context.Context, q db.Queryer, ws id.ID, links []Link) (book, error) {
	b := book{map[string]id.ID{}, map[string]id.ID{}, map[[2]id.ID]bool{}}
	var orgs, contracts []id.ID
	for _, l := range links {
		orgs, contracts = append(orgs, l.OrgID), append(contracts, l.ContractID)
	}
	slices.Sort(orgs)
	for part := range slices.Chunk(slices.Compact(orgs), chunk) {
		var w db.Where
		w.And("p.workspace_id = ?", ws)
		db.In(&w, "p.org_id", part)
		people, err := db.All(ctx, q, scan, `SELECT p.id, p.org_id, p.name, p.kana, p.title, p.mail, p.phone, ''
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

// RemoveManyIn undoes AddManyIn: links it made go, and people it made
// whom nothing else refers to.
func (s *Service) RemoveManyIn(ctx context.Context, tx *db.Tx, ws id.ID, links []Link) error {
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
	for part := range slices.Chunk(made, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "id", part)
		if _, err := db.Exec(ctx, tx, "DELETE FROM contact WHERE "+w.SQL()+` AND NOT EXISTS (SELECT 1 FROM contract_contact l
			WHERE l.workspace_id = contact.workspace_id AND l.contact_id = contact.id)`, w.Args()...); err != nil {
			return err
		}
	}
	news := make([]bus.Change, 0, len(links))
	for _, l := range links { // without a contract: the trail does not tell of what was taken back
		news = append(news, bus.Change{Kind: Removed, Workspace: ws, Ref: l.Contact.ID})
	}
	return s.bus.Publish(ctx, tx, news...)
}

func (s *Service) contact(ctx context.Context, tx *db.Tx, contractID, contactID id.ID) (Contact, error) {
	if _, err := s.forWrite(ctx, tx, contractID); err != nil {
		return Contact{}, err
	}
	p, found, err := db.One(ctx, tx, scan, selectLinked+" AND l.contact_id = $3",
		who.From(ctx).Workspace, contractID, contactID)
	if err == nil && !found {
		err = errs.Missing("contact")
	}
	return p, err
}

// Update changes a person (in all contracts) and the role in this one.
func (s *Service) Update(ctx context.Context, contractID id.ID, p Contact) (Contact, error) {
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
		return s.bus.Publish(ctx, tx, bus.Change{Kind: Changed, Workspace: ws, Contract: contractID, Ref: p.ID,
			Fields: diff(old, p), Data: map[string]any{"name": p.Name}})
	})
	return p, err
}

func diff(a, b Contact) map[string][2]any {
	out := map[string][2]any{}
	for _, t := range []struct{ name, from, to string }{{"name", a.Name, b.Name}, {"kana", a.Kana, b.Kana},
		{"title", a.Title, b.Title}, {"mail", a.Mail, b.Mail}, {"phone", a.Phone, b.Phone}, {"role", a.Role, b.Role}} {
		if t.from != t.to {
			out[t.name] = [2]any{orNil(t.from), orNil(t.to)}
		}
	}
	return out
}

// Remove takes a person off a contract; one in no other contract goes
// altogether.
func (s *Service) Remove(ctx context.Context, contractID, contactID id.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.contact(ctx, tx, contractID, contactID)
		if err != nil {
			return err
		}
		ws := who.From(ctx).Workspace
		link := Link{ContractID: contractID, Contact: p, Made: true, Linked: true}
		if err := s.RemoveManyIn(ctx, tx, ws, []Link{link}); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: Removed, Workspace: ws, Contract: contractID,
			Ref: contactID, Data: map[string]any{"name": p.Name}})
	})
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// forWrite gives a contract the actor may work on.
func (s *Service) forWrite(ctx context.Context, tx *db.Tx, contractID id.ID) (contract.Contract, error) {
	if _, err := who.Check(ctx, who.Write); err != nil {
		return contract.Contract{}, err
	}
	found, err := s.contracts.Readable(ctx, tx, []id.ID{contractID})
	c, ok := found[contractID]
	if err == nil && !ok {
		err = errs.Missing("contract")
	}
	return c, err
}
