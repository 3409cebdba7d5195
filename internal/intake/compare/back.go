package compare

import (
	"slices"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

// Meant is what the references of changed rows meant when they were applied:
// organizations by OrgRef.Key, owners by their text.
type Meant struct {
	Orgs   map[string]id.ID `json:"orgs,omitempty"`
	Owners map[string]id.ID `json:"owners,omitempty"`
}

// Key tells the references of one import apart.
func (o OrgRef) Key() string { return o.Number + " " + o.Name }

// OfTerm tells the attributes a term shares with its contract.
func OfTerm(name string) bool {
	return slices.Contains([]string{"start_date", "renewal_date", "amount", "currency", "amount_basis"}, name)
}

// Back is the contract without what the row wrote, as far as it still stands;
// later are the attributes somebody has changed since.
func (r Row) Back(c contract.Contract, m Meant) (back contract.Contract, later []string, err error) {
	written, err := r.After.Attributes()
	if err != nil {
		return c, nil, err
	}
	now, err := r.After.FieldValues()
	if err != nil {
		return c, nil, err
	}
	for _, name := range written {
		to := r.After.Values[name]
		if key, ok := CutField(name); ok {
			to = now[key]
		}
		if !(field.Field{}).Equal(c.Value(name), to) {
			later = append(later, name)
		}
	}
	later = together(later, written, r.After.Term > 0 && (c.TermNo != r.After.Term || c.EndedOn != ""))
	back = c.Clone()
	restored, err := r.Before.Without(later)
	if err != nil {
		return c, nil, err
	}
	if err := restored.Write(&back); err != nil {
		return c, nil, err
	}
	return back, r.references(c, &back, m, later), nil
}

// together: values that only make sense with each other stay together. That
// is an amount and its currency, and the dates and amounts of a term that the
// row opened and that cannot be taken away any more.
func together(later, written []string, termMoved bool) []string {
	whole := func(name string) bool { return name == "amount" || name == "currency" }
	if termMoved || slices.ContainsFunc(later, OfTerm) {
		whole = OfTerm
	}
	if termMoved || slices.ContainsFunc(later, whole) {
		for _, name := range written {
			if whole(name) && !slices.Contains(later, name) {
				later = append(later, name)
			}
		}
	}
	slices.Sort(later)
	return later
}

func (r Row) references(c contract.Contract, back *contract.Contract, m Meant, later []string) []string {
	if o := r.After.Org; o != nil && r.Before.Org != nil {
		switch c.OrgID {
		case r.Before.Org.ID:
		case m.Orgs[o.Key()]:
			back.OrgID, back.OrgName = r.Before.Org.ID, r.Before.Org.Name
		default:
			later = append(later, "organization")
		}
	}
	if o := r.After.Owner; o != nil {
		if c.OwnerID == m.Owners[o.Text] {
			back.OwnerID, back.OwnerName = 0, ""
			if b := r.Before.Owner; b != nil {
				back.OwnerID, back.OwnerName = b.ID, b.Text
			}
		} else {
			later = append(later, "owner")
		}
	}
	return later
}
