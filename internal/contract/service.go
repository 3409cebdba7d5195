package contract

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract/held"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// News of contracts. Contract and Ref are the contract.
const (
	Created       bus.Kind = "contract.created" // Data: key, name
	Changed       bus.Kind = "contract.changed" // Fields as Diff gives them
	Ended         bus.Kind = "contract.ended"   // Fields: ended_on; Data: words
	Reopened      bus.Kind = "contract.reopened"
	Archived      bus.Kind = "contract.archived"
	Unarchived    bus.Kind = "contract.unarchived"
	TermOpened    bus.Kind = "term.opened"      // Data: no, starts, renews
	TermAmended   bus.Kind = "term.amended"     // Data: effective, amount (as people read it), words
	TermUnamended bus.Kind = "term.unamended"   // TermAmended taken back; Data: effective
	Deleted       bus.Kind = "contract.deleted" // by an undo, for good: Ref alone, since there is no trail left
	TermDropped   bus.Kind = "term.dropped"     // TermOpened taken back; Data: no, of the term that runs again
)

// Service offers the acts on contracts.
type Service struct {
	db     *db.DB
	bus    *bus.Bus
	fields *field.Service
	orgs   *org.Service
	limits walk.Limits
	Now    func() time.Time
	// Audit writes down who reads limited contracts, and who limits them; app
	// hands it in.
	Audit audience.Audit
	// Views are conditions that other features know, by name; app hands them in.
	Views map[string]func(a who.Actor, now time.Time) walk.Cond
}

// New makes the service. It listens on the bus for fields whose index is
// switched on or off, or whose options have other names.
func New(d *db.DB, b *bus.Bus, fields *field.Service, orgs *org.Service) *Service {
	s := &Service{db: d, bus: b, fields: fields, orgs: orgs, limits: walk.Usual, Now: time.Now}
	b.Subscribe(held.Follow(fields), field.Changed)
	b.Subscribe(s.reindex, field.Changed)
	return s
}

// Get gives one contract.
func (s *Service) Get(ctx context.Context, contractID id.ID) (Contract, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Contract{}, err
	}
	c, err := get(ctx, s.db, a, contractID)
	if err == nil && c.Limited() && c.OwnerID != a.Member {
		err = audience.Witness(ctx, s.db, a, audience.KindContract, []id.ID{c.ID}, s.today(ctx), s.Audit)
	}
	return c, err
}

// Load reads contracts by id for other services, whoever may read them: it is
// for what happens to contracts. What a person is shown comes from Readable.
// Missing ones are not in the map.
func (s *Service) Load(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]Contract, error) {
	return byID(load(ctx, q, who.System(ws, nil), "c.id", ids))
}

// Readable gives those of the contracts that the actor may read.
func (s *Service) Readable(ctx context.Context, q db.Queryer, ids []id.ID) (map[id.ID]Contract, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return byID(load(ctx, q, a, "c.id", ids))
}

func byID(list []Contract, err error) (map[id.ID]Contract, error) {
	out := make(map[id.ID]Contract, len(list))
	for _, c := range list {
		out[c.ID] = c
	}
	return out, err
}

// Siblings gives the other contracts of the same organization, oldest first, at
// most 200; archived ones are left out.
func (s *Service) Siblings(ctx context.Context, contractID id.ID) ([]Contract, error) {
	c, err := s.Get(ctx, contractID)
	if err != nil {
		return nil, err
	}
	return siblingsOf(ctx, s.db, who.From(ctx), c)
}

// Setter prepares one for the fields, members and currency of the actor's
// workspace.
func (s *Service) Setter(ctx context.Context, q db.Queryer) (Setter, error) {
	ws := who.From(ctx).Workspace
	fields, err := s.fields.Load(ctx, q, ws)
	if err != nil {
		return Setter{}, err
	}
	members, err := loadMembers(ctx, q, ws)
	if err != nil {
		return Setter{}, err
	}
	currency, err := workspaceCurrency(ctx, q, ws)
	return Setter{Fields: keyed(fields), Parse: field.ParseCtx{Currency: currency, Member: lookup(members)}}, err
}

// today is the day it is for the actor.
func (s *Service) today(ctx context.Context) cal.Date {
	return cal.Of(s.Now().In(who.From(ctx).Location()))
}

// inTx runs f once more when somebody made the same new customer at the same
// moment: the second time it is there.
func (s *Service) inTx(ctx context.Context, f func(ctx context.Context, tx *db.Tx) error) error {
	err := s.db.InTx(ctx, f)
	if errs.Is(err, errs.Conflict) && errs.As(err).Key == org.TakenKey {
		err = s.db.InTx(ctx, f)
	}
	return err
}

// Create adds a contract in a transaction of its own; see CreateIn.
func (s *Service) Create(ctx context.Context, in Input) (c Contract, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err = s.CreateIn(ctx, tx, in)
		return err
	})
	return c, err
}

// CreateIn adds a contract and opens its first term. Errors: err.required (name,
// organization), contract.err.key_taken (409), .owner, and those of Setter.Set,
// all inputs together.
func (s *Service) CreateIn(ctx context.Context, tx *db.Tx, in Input) (Contract, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Contract{}, err
	}
	set, err := s.Setter(ctx, tx)
	if err != nil {
		return Contract{}, err
	}
	if set.Form = in.Form; in.Form {
		set.Today = s.today(ctx)
	}
	c := Contract{ID: id.New(), Currency: set.Parse.Currency, CreatedAt: s.Now()}
	if in.Key == "" {
		in.Key = makeKey(c.ID)
	}
	bad := set.Apply(&c, in.values())
	bad = append(bad, s.setOwner(&c, set, in.Owner), checkOrg(in.Organization))
	if err := errs.Join(bad...); err != nil {
		return Contract{}, err
	}
	if err := s.keyFree(ctx, tx, a.Workspace, c); err != nil {
		return Contract{}, err
	}
	if err := s.setOrg(ctx, tx, &c, in.Organization); err != nil {
		return Contract{}, err
	}
	if c.Outlook != "" {
		c.OutlookBy, c.OutlookAt = a.Member, s.Now()
	}
	saves := []Save{{Contract: c, New: true}}
	if err := s.ApplyIn(ctx, tx, saves); err != nil {
		return Contract{}, err
	}
	return get(ctx, tx, a, c.ID)
}

func (in Input) values() map[string]any {
	v := map[string]any{"key": in.Key, "name": in.Name, "department": in.Department, "status": in.Status,
		"phase": in.Phase, "outlook": in.Outlook, "outlook_why": in.OutlookWhy, "start_date": in.StartDate,
		"renewal_date": in.RenewalDate, "notice_date": in.NoticeDate, "auto_renew": in.AutoRenew, "term_type": in.TermType,
		"amount": in.Amount, "currency": in.Currency, "amount_basis": in.AmountBasis, "domain": in.Domain}
	for key, value := range in.Fields {
		v[FieldPrefix+key] = value
	}
	return v
}

// makeKey makes a key from the id: its millisecond and, unless plain, the rest.
func makeKey(c id.ID) string {
	const rest = 22 // bits of node and sequence
	key := "K-" + strconv.FormatInt(int64(c)>>rest, 36)
	if low := int64(c) & (1<<rest - 1); low != 0 {
		key += strconv.FormatInt(low, 36)
	}
	return strings.ToUpper(key)
}

func (s *Service) keyFree(ctx context.Context, q db.Queryer, ws id.ID, c Contract) error {
	other, found, err := idByKey(ctx, q, ws, c.Key)
	if err == nil && found && other != c.ID {
		return keyTaken(c.Key)
	}
	return err
}

func (s *Service) setOwner(c *Contract, set Setter, word string) *errs.E {
	if word = text.Line(word); word == "" {
		c.OwnerID = 0
		return nil
	}
	m, ok := set.Parse.Member(word)
	if !ok {
		return errs.Field("owner", "contract.err.owner", "Value", word)
	}
	c.OwnerID = m
	return nil
}

func checkOrg(word string) *errs.E {
	if text.OrgKey(word) == "" {
		return errs.Field("organization", "err.required")
	}
	if utf8.RuneCountInString(word) > org.MaxName || len(text.Fold(word)) > 2000 {
		return errs.Field("organization", "err.too_long", "Max", org.MaxName)
	}
	return nil
}

// idDigits is the fewest digits of an id; no customer is called so.
const idDigits = 15

// setOrg takes the id of an organization or a name, which is made if it is new.
func (s *Service) setOrg(ctx context.Context, tx *db.Tx, c *Contract, word string) error {
	ws := who.From(ctx).Workspace
	if orgID, err := id.Parse(strings.TrimSpace(word)); err == nil {
		found, err := s.orgs.Load(ctx, tx, ws, []id.ID{orgID})
		if err != nil {
			return err
		}
		if o, ok := found[orgID]; ok {
			c.OrgID, c.OrgName = o.ID, o.Name
			return nil
		}
		if len(word) >= idDigits {
			return errs.Field("organization", "err.choice")
		}
	}
	r, err := s.orgs.ResolveIn(ctx, tx, ws, []org.Name{{Name: word}})
	if err != nil {
		return err
	}
	c.OrgID, c.OrgName = r[0].ID, r[0].Name
	return nil
}

// Update applies edits in one save: one event, one version. Edits that change
// nothing are passed over. A stale Old is a Conflict contract.err.changed with
// Args Field, Theirs and Yours (canonical values); else the errors of CreateIn.
// New dates may begin the next term, see NextTerm.
func (s *Service) Update(ctx context.Context, contractID id.ID, edits []Edit) (c Contract, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err = s.UpdateIn(ctx, tx, contractID, edits)
		return err
	})
	return c, err
}

// UpdateIn is Update in the caller's transaction.
func (s *Service) UpdateIn(ctx context.Context, tx *db.Tx, contractID id.ID, edits []Edit) (Contract, error) {
	return s.save(ctx, tx, contractID, edits, func(save *Save, before Contract) {
		save.NextTerm = before.Renews(save.Contract, s.today(ctx))
	})
}

// NextTermIn closes the open term as renewed and begins the next with edits,
// whatever the dates say.
func (s *Service) NextTermIn(ctx context.Context, tx *db.Tx, contractID id.ID, edits []Edit) (Contract, error) {
	return s.save(ctx, tx, contractID, edits, func(save *Save, _ Contract) { save.NextTerm = true })
}

// DropTermIn takes NextTermIn back: the term before is open again; edits say
// what the contract was then.
func (s *Service) DropTermIn(ctx context.Context, tx *db.Tx, contractID id.ID, edits []Edit) error {
	_, err := s.save(ctx, tx, contractID, edits, func(save *Save, _ Contract) { save.DropTerm = true })
	return err
}

// save applies edits in one event and version; term says what happens to the
// open term. What changes nothing is passed over.
func (s *Service) save(ctx context.Context, tx *db.Tx, contractID id.ID, edits []Edit, term func(*Save, Contract)) (Contract, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Contract{}, err
	}
	before, err := get(ctx, tx, a, contractID)
	if err != nil {
		return Contract{}, err
	}
	set, err := s.Setter(ctx, tx)
	if err != nil {
		return Contract{}, err
	}
	after, err := s.Edited(ctx, tx, before, edits, set)
	if err != nil {
		return Contract{}, err
	}
	changes := Diff(before, after)
	save := Save{Contract: after, Changes: changes}
	if term(&save, before); len(changes) == 0 && !save.NextTerm && !save.DropTerm {
		return before, nil
	}
	if _, ok := changes["outlook"]; ok {
		save.Contract.OutlookBy, save.Contract.OutlookAt = a.Member, s.Now()
	}
	if _, ok := changes["key"]; ok {
		if err := s.keyFree(ctx, tx, a.Workspace, after); err != nil {
			return Contract{}, err
		}
	}
	if err := s.ApplyIn(ctx, tx, []Save{save}); err != nil {
		return Contract{}, err
	}
	return get(ctx, tx, a, contractID)
}

// Edited gives the contract after the edits, which are not stored. The why of an outlook belongs to
// that outlook: another one without a why of its own clears it.
func (s *Service) Edited(ctx context.Context, tx *db.Tx, before Contract, edits []Edit, set Setter) (Contract, error) {
	news, olds := map[string]any{}, map[string]any{}
	for _, e := range edits {
		news[e.Field] = e.New
		if e.HasOld {
			olds[e.Field] = e.Old
		}
		set.Form = set.Form || e.Form
	}
	if set.Form {
		set.Today = s.today(ctx)
	}
	after := before.Clone()
	if err := s.assign(ctx, tx, &after, news, set); err != nil {
		return after, err
	}
	for _, e := range edits {
		same := (field.Field{}).Equal(before.Value(e.Field), after.Value(e.Field))
		if same || !e.HasOld || s.stands(before, e, set) {
			continue
		}
		c := errs.New(errs.Conflict, "contract.err.changed", "Field", e.Field,
			"Theirs", before.Value(e.Field), "Yours", after.Value(e.Field))
		c.Field = e.Field
		return after, c
	}
	if _, ok := news["outlook_why"]; !ok && after.Outlook != before.Outlook {
		after.OutlookWhy = ""
	}
	return after, nil
}

// assign sets attributes, references too.
func (s *Service) assign(ctx context.Context, tx *db.Tx, c *Contract, values map[string]any, set Setter) error {
	bad := set.Apply(c, values)
	if v, ok := values["owner"]; ok {
		word, _ := v.(string)
		bad = append(bad, s.setOwner(c, set, word))
	}
	v, ok := values["organization"]
	word, _ := v.(string)
	if ok {
		bad = append(bad, checkOrg(word))
	}
	if err := errs.Join(bad...); err != nil || !ok {
		return err
	}
	return s.setOrg(ctx, tx, c, word)
}

// stands reports whether the value an edit started from is still there.
func (s *Service) stands(before Contract, e Edit, set Setter) bool {
	switch e.Field {
	case "organization":
		word, _ := e.Old.(string)
		return word == before.OrgID.String() || text.OrgKey(word) == text.OrgKey(before.OrgName)
	case "owner":
		old := before.Clone()
		word, _ := e.Old.(string)
		return s.setOwner(&old, set, word) == nil && old.OwnerID == before.OwnerID
	}
	old := before.Clone()
	if (e.Field == "key" || e.Field == "name") && (e.Old == nil || e.Old == "") {
		return false
	}
	if err := set.Set(&old, e.Field, e.Old); err != nil {
		return false
	}
	return (field.Field{}).Equal(old.Value(e.Field), before.Value(e.Field))
}

// Archive hides a contract from lists; everything is kept.
func (s *Service) Archive(ctx context.Context, contractID id.ID) error {
	return s.setArchived(ctx, contractID, Archived, s.Now())
}

// Unarchive brings a contract back.
func (s *Service) Unarchive(ctx context.Context, contractID id.ID) error {
	return s.setArchived(ctx, contractID, Unarchived, time.Time{})
}

func (s *Service) setArchived(ctx context.Context, contractID id.ID, kind bus.Kind, at time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.forWrite(ctx, tx, contractID)
		if err != nil || c.ArchivedAt.IsZero() == at.IsZero() {
			return err
		}
		c.ArchivedAt = at
		return s.publishSaved(ctx, tx, c, bus.Change{Kind: kind})
	})
}

func (s *Service) forWrite(ctx context.Context, tx *db.Tx, contractID id.ID) (Contract, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Contract{}, err
	}
	return get(ctx, tx, a, contractID)
}

// publishSaved writes a contract for an act that has news of its own.
func (s *Service) publishSaved(ctx context.Context, tx *db.Tx, c Contract, news bus.Change) error {
	if err := s.ApplyIn(ctx, tx, []Save{{Contract: c}}); err != nil {
		return err
	}
	news.Workspace, news.Contract, news.Ref = who.From(ctx).Workspace, c.ID, c.ID
	return s.bus.Publish(ctx, tx, news)
}

// End closes a contract as churned on a day, with words why; on "" is today.
// Errors: contract.err.ended (409), err.date, err.too_long.
func (s *Service) End(ctx context.Context, contractID id.ID, on cal.Date, words string) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.EndIn(ctx, tx, contractID, on, words)
	})
}

// maxWords is the most characters of the words with which a contract ends.
const maxWords = 2000

// EndIn is End in the caller's transaction.
func (s *Service) EndIn(ctx context.Context, tx *db.Tx, contractID id.ID, on cal.Date, words string) error {
	c, err := s.forWrite(ctx, tx, contractID)
	if err != nil {
		return err
	}
	if on == "" {
		on = s.today(ctx)
	}
	words = strings.TrimSpace(text.Clean(words))
	switch {
	case !on.Valid():
		return errs.Field("ended_on", "err.date", "Value", string(on))
	case utf8.RuneCountInString(words) > maxWords:
		return errs.Field("words", "err.too_long", "Max", maxWords)
	case c.EndedOn != "":
		return errs.New(errs.Conflict, "contract.err.ended")
	}
	to := c
	to.EndedOn = on
	return s.ApplyIn(ctx, tx, []Save{{Contract: to, Changes: Diff(c, to), Words: words}})
}

// Reopen undoes End: the churned term is open again. A contract that has not
// ended is contract.err.not_ended (409).
func (s *Service) Reopen(ctx context.Context, contractID id.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.ReopenIn(ctx, tx, contractID)
	})
}

// ReopenIn is Reopen in the caller's transaction.
func (s *Service) ReopenIn(ctx context.Context, tx *db.Tx, contractID id.ID) error {
	c, err := s.forWrite(ctx, tx, contractID)
	if err != nil {
		return err
	}
	if c.EndedOn == "" {
		return errs.New(errs.Conflict, "contract.err.not_ended")
	}
	to := c
	to.EndedOn = ""
	return s.ApplyIn(ctx, tx, []Save{{Contract: to, Changes: Diff(c, to)}})
}

// Split takes contracts out of the organization they were joined to into one of
// their own, which may bear the same name; each contract gets its event. They
// must be of one organization (contract.err.split).
func (s *Service) Split(ctx context.Context, contractIDs []id.ID, name string) (orgID id.ID, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return 0, err
	}
	if len(contractIDs) == 0 {
		return 0, errs.Field("contracts", "err.required")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := load(ctx, tx, a, "c.id", contractIDs)
		if err != nil {
			return err
		}
		if len(list) < len(contractIDs) {
			return errs.Missing("contract")
		}
		for _, c := range list {
			if c.OrgID != list[0].OrgID {
				return errs.Field("contracts", "contract.err.split")
			}
		}
		o, err := s.orgs.SplitIn(ctx, tx, list[0].OrgID, name)
		if err != nil {
			return err
		}
		orgID = o.ID
		saves := make([]Save, len(list))
		for i, c := range list {
			to := c
			to.OrgID, to.OrgName = o.ID, o.Name
			saves[i] = Save{Contract: to, Changes: Diff(c, to)}
		}
		return s.ApplyIn(ctx, tx, saves)
	})
	return orgID, err
}
