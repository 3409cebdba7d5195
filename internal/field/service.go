package field

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/units"
)

// News of fields; Ref is the field. Changed carries Fields, among them
// "indexed" when that was switched.
const (
	Created  bus.Kind = "field.created"
	Changed  bus.Kind = "field.changed"
	Retired  bus.Kind = "field.retired"
	Restored bus.Kind = "field.restored"
)

// The limits, in characters and in number.
const (
	MaxLabel   = 60
	MaxOption  = 100
	MaxOptions = 500
)

// Reserved are the attributes every contract has, and what imports call their
// columns; no field may take their names.
var Reserved = strings.Fields(`id key name organization corporate_number department owner status phase
	outlook outlook_why start_date renewal_date notice_date auto_renew term_type amount currency amount_basis domain
	contact_name contact_mail note fields version ended_on`)

// Service offers the acts on fields.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	Now func() time.Time
}

// New makes the service.
func New(d *db.DB, b *bus.Bus) *Service {
	s := &Service{db: d, bus: b, Now: time.Now}
	b.Subscribe(keepUnits, workspace.UnitDeleted)
	return s
}

// keepUnits refuses that a team with fields goes: nobody but admins could see to
// them any more.
func keepUnits(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	for _, c := range changes {
		all, err := load(ctx, tx, c.Workspace)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(f Field) bool { return f.Unit == c.Ref }) {
			return errs.New(errs.Conflict, "field.err.unit_in_use")
		}
	}
	return nil
}

// Input describes a new field. Without a key one is made from the label.
type Input struct {
	Key     string
	Type    Type
	Labels  map[string]string
	Options []string
	Indexed bool
	Unit    id.ID // whose lead may add it, too; 0 for everybody's
}

// Patch changes a field; nil leaves a thing as it is.
type Patch struct {
	Labels   map[string]string
	Options  []string // all present ones and new ones, in the wanted order
	Position *int
	Indexed  *bool
	Unit     *id.ID // who moves it leads both
}

// List gives all fields, retired ones included, in their order.
func (s *Service) List(ctx context.Context) ([]Field, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return load(ctx, s.db, a.Workspace)
}

// Load reads all fields of a workspace for other services, which have checked
// the permission; q may be their transaction.
func (s *Service) Load(ctx context.Context, q db.Queryer, ws id.ID) ([]Field, error) {
	return load(ctx, q, ws)
}

// Get gives one field.
func (s *Service) Get(ctx context.Context, fieldID id.ID) (Field, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Field{}, err
	}
	return one(ctx, s.db, a.Workspace, fieldID)
}

// Create adds a field in a transaction of its own.
func (s *Service) Create(ctx context.Context, in Input) (f Field, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err = s.CreateIn(ctx, tx, in)
		return err
	})
	return f, err
}

// CreateIn adds a field, behind the others. Errors: err.required (type, label,
// options), err.too_long, field.err.key, .key_reserved, .key_taken, .type_unknown,
// .option_twice, .option_separator, .options_many.
func (s *Service) CreateIn(ctx context.Context, tx *db.Tx, in Input) (Field, error) {
	a, err := who.Check(ctx, who.Lead)
	if err != nil {
		return Field{}, err
	}
	if err := mustLead(ctx, tx, a, in.Unit); err != nil {
		return Field{}, err
	}
	all, err := load(ctx, tx, a.Workspace)
	if err != nil {
		return Field{}, err
	}
	f := Field{ID: id.New(), On: OnContract, Key: in.Key, Type: in.Type,
		Labels: cleanLabels(in.Labels), Options: cleanOptions(in.Options), Indexed: in.Indexed, Unit: in.Unit}
	if !f.Type.HasOptions() {
		f.Options = nil
	}
	if f.Key == "" {
		f.Key = makeKey(f.Labels, all)
	}
	if err := errs.Join(checkType(f), checkKey(f.Key, all), checkLabels(f.Labels), checkOptions(f)); err != nil {
		return Field{}, err
	}
	for _, o := range all {
		f.Position = max(f.Position, o.Position+1)
	}
	if err := insert(ctx, tx, a.Workspace, f, s.Now()); err != nil {
		return Field{}, err
	}
	return f, s.publish(ctx, tx, Created, f, nil)
}

// mustLead refuses who may not arrange what belongs to a team.
func mustLead(ctx context.Context, tx *db.Tx, a who.Actor, unit id.ID) error {
	if unit != 0 {
		if _, err := units.Get(ctx, tx, a.Workspace, unit); err != nil {
			return err
		}
	}
	return a.MustLead(unit)
}

// edit lets f say what a field becomes that the actor may arrange: an admin, or
// who leads the team it belongs to.
func (s *Service) edit(ctx context.Context, fieldID id.ID, f func(ctx context.Context, tx *db.Tx, a who.Actor, old Field) (Field, error)) (out Field, err error) {
	a, err := who.Check(ctx, who.Lead)
	if err != nil {
		return Field{}, err
	}
	return out, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := one(ctx, tx, a.Workspace, fieldID)
		if err != nil {
			return err
		}
		if err := a.MustLead(old.Unit); err != nil {
			return err
		}
		if out, err = f(ctx, tx, a, old); err != nil {
			return err
		}
		return s.save(ctx, tx, a.Workspace, old, out)
	})
}

// Update changes a field; what is as it was is no change. Errors are those of
// CreateIn and field.err.option_gone.
func (s *Service) Update(ctx context.Context, fieldID id.ID, p Patch) (f Field, err error) {
	return s.edit(ctx, fieldID, func(ctx context.Context, tx *db.Tx, a who.Actor, old Field) (Field, error) {
		if p.Unit != nil && *p.Unit != old.Unit {
			if err := mustLead(ctx, tx, a, *p.Unit); err != nil {
				return old, err
			}
		}
		return old.patched(p)
	})
}

// MoveUp puts a field before the one people see above it, among those of the same
// team; MoveDown behind the one below. The first and the last stay. Retired
// fields stand aside, and positions that programs made alike are counted anew.
func (s *Service) MoveUp(ctx context.Context, fieldID id.ID) error { return s.move(ctx, fieldID, -1) }

// MoveDown is MoveUp the other way.
func (s *Service) MoveDown(ctx context.Context, fieldID id.ID) error { return s.move(ctx, fieldID, 1) }

func (s *Service) move(ctx context.Context, fieldID id.ID, by int) error {
	_, err := s.edit(ctx, fieldID, func(ctx context.Context, tx *db.Tx, a who.Actor, f Field) (Field, error) {
		all, err := load(ctx, tx, a.Workspace)
		if err != nil {
			return f, err
		}
		at := slices.IndexFunc(all, func(o Field) bool { return o.ID == fieldID })
		to := at + by
		for to >= 0 && to < len(all) && (all[to].Retired() || all[to].Unit != f.Unit) {
			to += by
		}
		if to < 0 || to >= len(all) {
			return f, nil
		}
		moved := slices.Insert(slices.Delete(slices.Clone(all), at, at+1), to, f)
		for i, old := range moved {
			o := old
			if o.Position = i; o.ID == fieldID {
				f = o // edit saves it
			} else if err := s.save(ctx, tx, a.Workspace, old, o); err != nil {
				return f, err
			}
		}
		return f, nil
	})
	return err
}

func (f Field) patched(p Patch) (Field, error) {
	old := f
	if p.Labels != nil {
		f.Labels = cleanLabels(p.Labels)
	}
	if p.Options != nil && f.Type.HasOptions() {
		f.Options = cleanOptions(p.Options)
	}
	if p.Position != nil {
		f.Position = *p.Position
	}
	if p.Indexed != nil {
		f.Indexed = *p.Indexed
	}
	if p.Unit != nil {
		f.Unit = *p.Unit
	}
	// Who gives a new option an old name means it: the old one is no other's now.
	f.Renamed = maps.Clone(f.Renamed)
	maps.DeleteFunc(f.Renamed, func(was, _ string) bool { return slices.Contains(f.Options, was) })
	return f, errs.Join(checkLabels(f.Labels), checkOptions(f), checkKept(old, f))
}

// AddOptionsIn adds options an import brought, behind the present ones; those
// that are there already are passed over.
func (s *Service) AddOptionsIn(ctx context.Context, tx *db.Tx, fieldID id.ID, options []string) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	old, err := one(ctx, tx, a.Workspace, fieldID)
	if err != nil {
		return err
	}
	f := old
	f.Options = slices.Clone(old.Options)
	for _, o := range cleanOptions(options) {
		if _, err := f.option(o, ParseCtx{}); err != nil {
			f.Options = append(f.Options, o)
		}
	}
	if err := errs.Join(checkOptions(f)); err != nil {
		return err
	}
	return s.save(ctx, tx, a.Workspace, old, f)
}

// Retire puts a field away: it is no longer shown or imported, its values are
// kept and can be filtered on no more.
func (s *Service) Retire(ctx context.Context, fieldID id.ID) error {
	return s.setRetired(ctx, fieldID, Retired, s.Now())
}

// Restore brings a retired field back with its values.
func (s *Service) Restore(ctx context.Context, fieldID id.ID) error {
	return s.setRetired(ctx, fieldID, Restored, time.Time{})
}

func (s *Service) setRetired(ctx context.Context, fieldID id.ID, kind bus.Kind, at time.Time) error {
	a, err := who.Check(ctx, who.Lead)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err := one(ctx, tx, a.Workspace, fieldID)
		if err != nil {
			return err
		}
		if err := a.MustLead(f.Unit); err != nil || f.Retired() == !at.IsZero() {
			return err
		}
		f.RetiredAt = at
		if err := update(ctx, tx, a.Workspace, f); err != nil {
			return err
		}
		return s.publish(ctx, tx, kind, f, nil)
	})
}

// DeleteIn removes fields that an undone import had created. Their values must
// be gone from the contracts before.
func (s *Service) DeleteIn(ctx context.Context, tx *db.Tx, ids []id.ID) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	return remove(ctx, tx, a.Workspace, ids)
}

func (s *Service) save(ctx context.Context, tx *db.Tx, ws id.ID, old, f Field) error {
	changes := map[string][2]any{}
	if !maps.Equal(old.Labels, f.Labels) {
		changes["labels"] = [2]any{old.Labels, f.Labels}
	}
	if !slices.Equal(old.Options, f.Options) {
		changes["options"] = [2]any{old.Options, f.Options}
	}
	if old.Position != f.Position {
		changes["position"] = [2]any{old.Position, f.Position}
	}
	if old.Unit != f.Unit {
		changes["unit"] = [2]any{old.Unit, f.Unit}
	}
	if !slices.Equal(old.PutAway, f.PutAway) {
		changes["put_away"] = [2]any{old.PutAway, f.PutAway}
	}
	if !maps.Equal(old.Renamed, f.Renamed) {
		changes["renamed"] = [2]any{old.Renamed, f.Renamed}
	}
	if old.Indexed != f.Indexed {
		changes["indexed"] = [2]any{old.Indexed, f.Indexed}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := update(ctx, tx, ws, f); err != nil {
		return err
	}
	return s.publish(ctx, tx, Changed, f, changes)
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, kind bus.Kind, f Field, changes map[string][2]any) error {
	return s.bus.Publish(ctx, tx, bus.Change{Kind: kind, Workspace: who.From(ctx).Workspace, Ref: f.ID,
		Fields: changes, Data: map[string]any{"key": f.Key}})
}

var keyForm = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

func checkKey(key string, all []Field) *errs.E {
	switch {
	case !keyForm.MatchString(key):
		return errs.Field("key", "field.err.key")
	case slices.Contains(Reserved, key):
		return errs.Field("key", "field.err.key_reserved", "Key", key)
	case taken(key, all):
		e := errs.Field("key", "field.err.key_taken", "Key", key)
		e.Code = errs.Conflict
		return e
	}
	return nil
}

func taken(key string, all []Field) bool {
	return slices.ContainsFunc(all, func(f Field) bool { return f.Key == key })
}

// makeKey makes a key that is free: the Latin label as a slug, else field_N.
func makeKey(labels map[string]string, all []Field) string {
	base := slug(labels["en"])
	if base == "" {
		base = slug(labels["ja"])
	}
	key, n := base, 2
	if base == "" {
		base, n = "field", len(all)+1
		key = fmt.Sprintf("field_%d", n)
	}
	for ; slices.Contains(Reserved, key) || taken(key, all); n++ {
		key = fmt.Sprintf("%s_%d", base, n)
	}
	return key
}

// slug is "" for a label that is not Latin.
func slug(label string) string {
	label = strings.ToLower(norm.NFKC.String(label))
	if strings.ContainsFunc(label, func(r rune) bool { return r > 127 }) {
		return ""
	}
	words := strings.FieldsFunc(label, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	s := strings.Join(words, "_")
	return strings.TrimRight(s[:min(len(s), 36)], "_") // room for a number behind
}

func cleanLabels(labels map[string]string) map[string]string {
	out := map[string]string{}
	for lang, s := range labels {
		if s = text.Line(s); s != "" && (lang == "ja" || lang == "en") {
			out[lang] = s
		}
	}
	return out
}

func cleanOptions(options []string) []string {
	var out []string
	for _, o := range options {
		if o = text.Line(o); o != "" {
			out = append(out, o)
		}
	}
	return out
}

func checkType(f Field) *errs.E {
	if f.Type == "" {
		return errs.Field("type", "err.required")
	}
	if !f.Type.Valid() {
		return errs.Field("type", "field.err.type_unknown")
	}
	return nil
}

func checkLabels(labels map[string]string) *errs.E {
	if len(labels) == 0 {
		return errs.Field("labels", "err.required")
	}
	for _, s := range labels {
		if utf8.RuneCountInString(s) > MaxLabel {
			return errs.Field("labels", "err.too_long", "Max", MaxLabel)
		}
	}
	return nil
}

func checkOptions(f Field) *errs.E {
	if !f.Type.HasOptions() {
		return nil
	}
	if len(f.Options) == 0 {
		return errs.Field("options", "err.required")
	}
	if len(f.Options) > MaxOptions {
		return errs.Field("options", "field.err.options_many", "Max", MaxOptions)
	}
	seen := map[string]bool{}
	for _, o := range f.Options {
		switch {
		case utf8.RuneCountInString(o) > MaxOption:
			return errs.Field("options", "err.too_long", "Max", MaxOption)
		case seen[text.Fold(o)]:
			return errs.Field("options", "field.err.option_twice", "Value", o)
		case f.Type == Choices && strings.ContainsFunc(o, separator):
			return errs.Field("options", "field.err.option_separator", "Value", o)
		}
		seen[text.Fold(o)] = true
	}
	return nil
}

// checkKept refuses to lose an option, because contracts may hold it.
func checkKept(old, f Field) *errs.E {
	for _, o := range old.Options {
		if !slices.Contains(f.Options, o) {
			return errs.Field("options", "field.err.option_gone", "Value", o)
		}
	}
	return nil
}
