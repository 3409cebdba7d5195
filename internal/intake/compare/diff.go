package compare

import (
	"cmp"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/org"
	"kizuki/internal/text"
)

// Known is what the database knows about the keys of some lines.
type Known struct {
	Contracts map[string]contract.Contract // by folded key
	Seen      map[string]Seen              // by folded key
	Orgs      map[id.ID]org.Organization   // of the contracts whose organization is in doubt
	Succeeds  map[string]bool              // keys under which a contract goes on as its next term
	Today     cal.Date
}

// compare says what the import does with a line.
func (r *Reader) Compare(l Line, k Known) (Row, error) {
	old, exists := k.Contracts[l.KeyFold]
	seen := k.Seen[l.KeyFold]
	out := Row{Line: l.No, KeyFold: l.KeyFold, Seen: seen, Brought: l.brought(seen.Brought)}
	next, number := r.next(&l, old, exists, k)
	if len(l.Problems) > 0 {
		out = Row{Line: l.No, KeyFold: l.KeyFold, Outcome: Invalid, After: Side{Cells: l.cells}, Problems: l.Problems}
		return out, out.Encode()
	}
	from := old
	if !exists {
		from = contract.Contract{Currency: r.currency}
	}
	var err error
	if out.Before, out.After, err = Sides(contract.Diff(from, next)); err != nil {
		return out, err
	}
	out.Contract, out.WasImport, out.WasAt = next.ID, old.LastImportID, db.Micros(old.DataAt)
	r.references(&out, l, old, next, number)
	if exists {
		if old.Renews(next, k.Today) || k.Succeeds[l.KeyFold] {
			out.After.Term = old.TermNo + 1
		}
	} else {
		out.After.set("currency", next.Currency)
	}
	out.extras(l)
	switch out.Before.Version = old.Version; {
	case !exists:
		out.Outcome, out.Before = Created, Side{}
	case seen.Absent > 0:
		out.Outcome = Reappeared
	case out.After.empty():
		out.Outcome, out.Before = Unchanged, Side{}
	default:
		out.Outcome = Updated
	}
	return out, out.Encode()
}

// next is the contract as the line wants it. Its organization has ID 0 while
// it is to be made.
func (r *Reader) next(l *Line, old contract.Contract, exists bool, k Known) (next contract.Contract, number bool) {
	if !exists {
		next = contract.Contract{ID: id.New(), Currency: r.currency}
		if l.KeyFold != "" {
			l.values["key"] = l.key
			r.names(l)
		}
	} else {
		next = old.Clone()
		if k.Succeeds[l.KeyFold] {
			l.values["key"] = l.key
		}
	}
	r.assign(l, &next)
	if l.Org.Name != "" && len(l.Problems) == 0 {
		number = r.moveTo(l, &next, exists, k)
	}
	return next, number
}

// names fills in what a new contract must have: see the rules of the package.
func (r *Reader) names(l *Line) {
	name, _ := l.values["name"].(string)
	if l.Org.Name == "" {
		l.Org.Name = cmp.Or(text.Line(name), l.key)
		r.problem(l, r.plan.Column("name"), l.Org.Name, CheckOrg(l.Org.Name))
	}
	if name == "" {
		l.values["name"] = l.Org.Name
	}
}

// moveTo finds the organization of the line. One that a person split off goes
// on answering to the name it was split from.
func (r *Reader) moveTo(l *Line, c *contract.Contract, exists bool, k Known) (takesNumber bool) {
	found, ok := r.Orgs[l.Org]
	if ok && exists && found.ID != c.OrgID {
		if k.Orgs[c.OrgID].Answers(l.Org) {
			return false
		}
	}
	c.OrgID, c.OrgName = found.ID, found.Name
	if found.Numbered { // the first row that brings the number shows it
		found.Numbered = false
		r.Orgs[l.Org] = found
		return true
	}
	return false
}

// references adds organization and owner to both sides.
func (r *Reader) references(out *Row, l Line, old, next contract.Contract, number bool) {
	exists := old.ID != 0
	if l.Org.Name != "" && (!exists || next.OrgID != old.OrgID || number) {
		out.After.Org, out.After.Number = &OrgRef{Name: l.Org.Name, Number: l.Org.CorporateNumber}, number
		if exists {
			out.Before.Org = &OrgRef{ID: old.OrgID, Name: old.OrgName}
		}
		if exists && next.OrgID == old.OrgID { // only the number is news
			out.Before.Org.Name = l.Org.Name
		}
		r.joined(l, next.OrgID)
	}
	if l.owner != "" && (!exists || r.Owners.Found[l.owner] != old.OwnerID || old.OwnerID == 0) {
		out.After.Owner = &OwnerRef{Text: l.owner}
		if old.OwnerID != 0 {
			out.Before.Owner = &OwnerRef{ID: old.OwnerID, Text: old.OwnerName}
		}
		if r.Owners.Found[l.owner] == 0 && !slices.Contains(r.plan.Owners, l.owner) {
			r.plan.Owners = append(r.plan.Owners, l.owner)
		}
	}
}

// joined notes that the line's organization is spelled otherwise than the one
// it was taken for.
func (r *Reader) joined(l Line, to id.ID) {
	found := r.Orgs[l.Org]
	if !found.Joined || r.told[l.Org] || len(r.plan.Joinings) >= MaxProblems {
		return
	}
	r.told[l.Org] = true
	r.plan.Joinings = append(r.plan.Joinings, columns.Joining{Spelling: l.Org.Name, Organization: found.Name, ID: to, Line: l.No})
}

// extras adds the note and the contact, if they are not those of the last time.
func (out *Row) extras(l Line) {
	was, now := strings.Split(out.Seen.Brought+".", "."), strings.Split(out.Brought+".", ".")
	if l.note != "" && was[0] != now[0] {
		out.After.Note = l.note
	}
	if l.contact != (Contact{}) && was[1] != now[1] {
		c := l.contact
		out.After.Contact = &c
	}
}
