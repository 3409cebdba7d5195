package org

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// News of organizations; Ref is the organization.
const (
	Created bus.Kind = "organization.created"
	Changed bus.Kind = "organization.changed"
	Deleted bus.Kind = "organization.deleted" // by an undo
)

// Service offers the acts on organizations.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	Now func() time.Time
}

// New makes the service.
func New(d *db.DB, b *bus.Bus) *Service { return &Service{db: d, bus: b, Now: time.Now} }

// Create adds an organization; ID, Version and CreatedAt are made here.
func (s *Service) Create(ctx context.Context, o Organization) (out Organization, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = s.CreateIn(ctx, tx, o)
		return err
	})
	return out, err
}

// CreateIn adds an organization in the caller's transaction. Errors:
// err.required (name), err.too_long, org.err.number, .month, .parent, .taken
// (409: the same name and number).
func (s *Service) CreateIn(ctx context.Context, tx *db.Tx, o Organization) (Organization, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return o, err
	}
	if err := o.clean(); err != nil {
		return o, err
	}
	o.ID, o.Version, o.CreatedAt, o.SplitKey = id.New(), 1, s.Now(), ""
	if err := checkParent(ctx, tx, a.Workspace, o); err != nil {
		return o, err
	}
	if err := checkFree(ctx, tx, a.Workspace, o); err != nil {
		return o, err
	}
	return o, s.insert(ctx, tx, a.Workspace, []stored{{Organization: o}})
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, ws id.ID, list []stored) error {
	if err := insert(ctx, tx, ws, list); err != nil {
		return err
	}
	news := make([]bus.Change, len(list))
	for i, o := range list {
		news[i] = bus.Change{Kind: Created, Workspace: ws, Ref: o.ID, Data: map[string]any{"name": o.Name}}
	}
	return s.bus.Publish(ctx, tx, news...)
}

// Get gives one organization.
func (s *Service) Get(ctx context.Context, orgID id.ID) (Organization, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Organization{}, err
	}
	return one(ctx, s.db, a.Workspace, orgID)
}

// Load reads organizations by id for other services, which have checked the
// permission; missing ones are not in the map.
func (s *Service) Load(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]Organization, error) {
	return load(ctx, q, ws, ids)
}

// TakenKey is the error of a name and number that another organization has.
const TakenKey = "org.err.taken"

// Named finds the organization people mean by a name: the one spelled so, else
// the oldest whose spelling means the same.
func (s *Service) Named(ctx context.Context, name string) (o Organization, found bool, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return o, false, err
	}
	key := text.OrgKey(name)
	byKey, err := byKeys(ctx, s.db, a.Workspace, []string{key})
	list := byKey[key]
	if err != nil || len(list) == 0 {
		return o, false, err
	}
	at := slices.IndexFunc(list, func(o Organization) bool { return o.Name == text.Line(name) })
	return list[max(at, 0)], true, nil
}

// Update applies edits; unchanged ones are passed over. A stale Old is a
// Conflict org.err.changed with Args Field, Theirs and Yours; else the errors
// of CreateIn, org.err.cycle and org.err.text.
func (s *Service) Update(ctx context.Context, orgID id.ID, edits []Edit) (o Organization, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return o, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := one(ctx, tx, a.Workspace, orgID)
		if err != nil {
			return err
		}
		if o, err = old.edited(edits); err != nil {
			return err
		}
		changes := diff(old, o)
		if len(changes) == 0 {
			return nil
		}
		if err := settleParent(ctx, tx, a.Workspace, old, o); err != nil {
			return err
		}
		if err := checkFree(ctx, tx, a.Workspace, o); err != nil {
			return err
		}
		o.Version++
		if err := update(ctx, tx, a.Workspace, o); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: Changed, Workspace: a.Workspace, Ref: o.ID, Fields: changes})
	})
	return o, err
}

func (o Organization) edited(edits []Edit) (Organization, error) {
	old := o
	for _, e := range edits {
		was, ok := old.value(e.Field)
		if !ok {
			return o, errs.Field(e.Field, "err.unknown_field", "Field", e.Field)
		}
		if !fits(e) {
			return o, errs.Field(e.Field, "org.err.text")
		}
		now := text.Line(asText(e.New))
		if now == was {
			continue
		}
		if e.HasOld && text.Line(asText(e.Old)) != was {
			c := errs.New(errs.Conflict, "org.err.changed", "Field", e.Field, "Theirs", was, "Yours", now)
			c.Field = e.Field
			return o, c
		}
		if err := o.set(e.Field, now); err != nil {
			return o, err
		}
	}
	return o, o.clean()
}

// fits tells a text from what JSON may hold besides; whatever a closing month
// comes as, it is read as one.
func fits(e Edit) bool {
	_, isText := e.New.(string)
	return isText || e.New == nil || e.Field == "closing_month"
}

func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

func diff(a, b Organization) map[string][2]any {
	out := map[string][2]any{}
	for _, f := range []string{"name", "kana", "corporate_number", "parent", "closing_month"} {
		x, _ := a.value(f)
		y, _ := b.value(f)
		if x != y {
			out[f] = [2]any{orNil(x), orNil(y)}
		}
	}
	return out
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// settleParent checks the parent. Two moves at once each see the tree as it
// was and could tie a knot; the lock makes one of them begin again and see it.
func settleParent(ctx context.Context, tx *db.Tx, ws id.ID, old, o Organization) error {
	if o.ParentID != 0 && o.ParentID != old.ParentID {
		if err := lockTree(ctx, tx, ws); err != nil {
			return err
		}
	}
	return checkParent(ctx, tx, ws, o)
}

// checkParent refuses a parent that is not there and a chain that comes back.
func checkParent(ctx context.Context, q db.Queryer, ws id.ID, o Organization) error {
	if o.ParentID == 0 {
		return nil
	}
	above, err := ancestors(ctx, q, ws, o.ParentID)
	if err != nil {
		return err
	}
	if len(above) == 0 {
		return errs.Field("parent", "org.err.parent")
	}
	for _, p := range above {
		if p == o.ID {
			return errs.Field("parent", "org.err.cycle")
		}
	}
	return nil
}

// checkFree refuses a second organization of the same name and number; ones
// split off by hand are the exception.
func checkFree(ctx context.Context, q db.Queryer, ws id.ID, o Organization) error {
	byKey, err := byKeys(ctx, q, ws, []string{text.OrgKey(o.Name)})
	if err != nil {
		return err
	}
	for _, x := range byKey[text.OrgKey(o.Name)] {
		if x.ID != o.ID && x.CorporateNumber == o.CorporateNumber && x.SplitKey == "" && o.SplitKey == "" {
			e := errs.New(errs.Conflict, TakenKey, "Name", x.Name)
			e.Field = "name"
			return e
		}
	}
	return nil
}

// MaxPage is the most a page holds.
const MaxPage = 200

// List gives the organizations whose name or reading holds q, by name. limit is
// 1..200, 0 = 50. A cursor of elsewhere is Invalid err.cursor.
func (s *Service) List(ctx context.Context, q, cursor string, limit int) (Page, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Page{}, err
	}
	if limit < 1 {
		limit = 50
	}
	limit = min(limit, MaxPage)
	after, err := readCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	items, err := list(ctx, s.db, a.Workspace, q, after, limit+1)
	if err != nil || len(items) <= limit {
		return Page{Items: items}, err
	}
	last := items[limit-1]
	return Page{Items: items[:limit], Next: place{V: 1, Name: text.Fold(last.Name), ID: last.ID}.String()}, nil
}

// place is where a page ended.
type place struct {
	V    int    `json:"v"`
	Name string `json:"n"`
	ID   id.ID  `json:"i"`
}

func (p place) String() string {
	b, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(s string) (p place, err error) {
	if s == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.V != 1 || p.ID == 0 || p.Name != text.Clean(p.Name) {
		return p, errs.Field("cursor", "err.cursor")
	}
	return p, nil
}

// ResolveIn finds or makes the organization of each name, index by index.
// Names of one text.OrgKey are one organization unless their corporate numbers
// differ. The names must not be blank.
func (s *Service) ResolveIn(ctx context.Context, tx *db.Tx, ws id.ID, names []Name) ([]Resolved, error) {
	byKey, err := byKeys(ctx, tx, ws, keysOf(names))
	if err != nil {
		return nil, err
	}
	out := plan(names, byKey, id.New)
	var made []stored
	for i, r := range out {
		if r.Created {
			made = append(made, stored{Organization: Organization{ID: r.ID, Name: r.Name,
				CorporateNumber: names[i].CorporateNumber, Version: 1, CreatedAt: s.Now()}})
		}
	}
	if err := s.insert(ctx, tx, ws, made); err != nil {
		return nil, err
	}
	return out, s.number(ctx, tx, ws, names, out)
}

// number gives organizations the corporate numbers that rows brought.
func (s *Service) number(ctx context.Context, tx *db.Tx, ws id.ID, names []Name, out []Resolved) error {
	var news []bus.Change
	for i, r := range out {
		if !r.Numbered {
			continue
		}
		n := names[i].CorporateNumber
		if err := setNumber(ctx, tx, ws, r.ID, n); err != nil {
			return err
		}
		news = append(news, bus.Change{Kind: Changed, Workspace: ws, Ref: r.ID,
			Fields: map[string][2]any{"corporate_number": {nil, n}}})
	}
	return s.bus.Publish(ctx, tx, news...)
}

// Lookup is ResolveIn for a dry run: it writes nothing. An organization that
// would be made has ID 0, and Created at the first of its names.
func (s *Service) Lookup(ctx context.Context, q db.Queryer, ws id.ID, names []Name) ([]Resolved, error) {
	byKey, err := byKeys(ctx, q, ws, keysOf(names))
	if err != nil {
		return nil, err
	}
	return plan(names, byKey, func() id.ID { return 0 }), nil
}

func keysOf(names []Name) []string {
	seen := map[string]bool{}
	var keys []string
	for _, n := range names {
		if k := text.OrgKey(n.Name); !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// SplitIn makes an organization of its own for contracts that were joined to
// from by mistake. It may bear the same name; imports that bring from's name
// leave its contracts where they are (see Answers). name "" takes from's.
func (s *Service) SplitIn(ctx context.Context, tx *db.Tx, from id.ID, name string) (Organization, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Organization{}, err
	}
	old, err := one(ctx, tx, a.Workspace, from)
	if err != nil {
		return old, err
	}
	if name == "" {
		name = old.Name
	}
	o := Organization{ID: id.New(), Name: name, Version: 1, CreatedAt: s.Now()}
	if err := o.clean(); err != nil {
		return o, err
	}
	if o.SplitKey = old.SplitKey; o.SplitKey == "" {
		o.SplitKey = text.OrgKey(old.Name)
	}
	no, err := nextSplit(ctx, tx, a.Workspace, text.OrgKey(o.Name))
	if err != nil {
		return o, err
	}
	return o, s.insert(ctx, tx, a.Workspace, []stored{{o, no}})
}

// ForgetIn undoes ResolveIn: organizations it made go if nothing refers to
// them by now, and those it numbered lose the number.
func (s *Service) ForgetIn(ctx context.Context, tx *db.Tx, ws id.ID, created, numbered []id.ID) error {
	for _, o := range numbered {
		if err := setNumber(ctx, tx, ws, o, ""); err != nil {
			return err
		}
	}
	gone, err := removeUnused(ctx, tx, ws, created)
	if err != nil {
		return err
	}
	news := make([]bus.Change, len(gone))
	for i, o := range gone {
		news[i] = bus.Change{Kind: Deleted, Workspace: ws, Ref: o}
	}
	return s.bus.Publish(ctx, tx, news...)
}
