package intake

import (
	"cmp"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/text"
)

// known is what the database knows about the keys of some lines.
type known struct {
	contracts map[string]contract.Contract // by folded key
	seen      map[string]seenKey           // by folded key
	orgs      map[id.ID]org.Organization   // of the contracts whose organization is in doubt
	today     cal.Date
}

// compare says what the import does with a line.
func (r *reader) compare(l line, k known) (row, error) {
	old, exists := k.contracts[l.keyFold]
	seen := k.seen[l.keyFold]
	out := row{line: l.no, keyFold: l.keyFold, seen: seen, brought: l.brought(seen.brought)}
	next, number := r.next(&l, old, exists, k)
	if len(l.problems) > 0 {
		out = row{line: l.no, keyFold: l.keyFold, outcome: Invalid, after: side{Cells: l.cells}, problems: l.problems}
		return out, out.encode()
	}
	from := old
	if !exists {
		from = contract.Contract{Currency: r.currency}
	}
	var err error
	if out.before, out.after, err = sides(contract.Diff(from, next)); err != nil {
		return out, err
	}
	out.contract, out.wasImport, out.wasAt = next.ID, old.LastImportID, db.Micros(old.DataAt)
	r.references(&out, l, old, next, number)
	if exists {
		if old.Renews(next, k.today) {
			out.after.Term = old.TermNo + 1
		}
	} else {
		out.after.set("currency", next.Currency)
	}
	out.extras(l)
	switch out.before.Version = old.Version; {
	case !exists:
		out.outcome, out.before = Created, side{}
	case seen.absent > 0:
		out.outcome = Reappeared
	case out.after.empty():
		out.outcome, out.before = Unchanged, side{}
	default:
		out.outcome = Updated
	}
	return out, out.encode()
}

// next is the contract as the line wants it. Its organization has ID 0 while
// it is to be made.
func (r *reader) next(l *line, old contract.Contract, exists bool, k known) (next contract.Contract, number bool) {
	if !exists {
		next = contract.Contract{ID: id.New(), Currency: r.currency}
		l.values["key"] = l.key
		r.names(l)
	} else {
		next = old.Clone()
	}
	r.assign(l, &next)
	if l.org.Name != "" && len(l.problems) == 0 {
		number = r.moveTo(l, &next, exists, k)
	}
	return next, number
}

// names fills in what a new contract must have: see the rules of the package.
func (r *reader) names(l *line) {
	name, _ := l.values["name"].(string)
	if l.org.Name == "" {
		l.org.Name = cmp.Or(text.Line(name), l.key)
		r.problem(l, r.plan.column("name"), l.org.Name, checkOrg(l.org.Name))
	}
	if name == "" {
		l.values["name"] = l.org.Name
	}
}

// moveTo finds the organization of the line. One that a person split off goes
// on answering to the name it was split from.
func (r *reader) moveTo(l *line, c *contract.Contract, exists bool, k known) (takesNumber bool) {
	found, ok := r.orgs[l.org]
	if ok && exists && found.ID != c.OrgID {
		if k.orgs[c.OrgID].Answers(l.org) {
			return false
		}
	}
	c.OrgID, c.OrgName = found.ID, found.Name
	if found.Numbered { // the first row that brings the number shows it
		found.Numbered = false
		r.orgs[l.org] = found
		return true
	}
	return false
}

// references adds organization and owner to both sides.
func (r *reader) references(out *row, l line, old, next contract.Contract, number bool) {
	exists := old.ID != 0
	if l.org.Name != "" && (!exists || next.OrgID != old.OrgID || number) {
		out.after.Org, out.after.Number = &orgRef{Name: l.org.Name, Number: l.org.CorporateNumber}, number
		if exists {
			out.before.Org = &orgRef{ID: old.OrgID, Name: old.OrgName}
		}
		if exists && next.OrgID == old.OrgID { // only the number is news
			out.before.Org.Name = l.org.Name
		}
		r.joined(l, next.OrgID)
	}
	if l.owner != "" && (!exists || r.owners.Found[l.owner] != old.OwnerID || old.OwnerID == 0) {
		out.after.Owner = &ownerRef{Text: l.owner}
		if old.OwnerID != 0 {
			out.before.Owner = &ownerRef{ID: old.OwnerID, Text: old.OwnerName}
		}
		if r.owners.Found[l.owner] == 0 && !slices.Contains(r.plan.Owners, l.owner) {
			r.plan.Owners = append(r.plan.Owners, l.owner)
		}
	}
}

// joined notes that the line's organization is spelled otherwise than the one
// it was taken for.
func (r *reader) joined(l line, to id.ID) {
	found := r.orgs[l.org]
	if !found.Joined || r.told[l.org] || len(r.plan.Joinings) >= MaxProblems {
		return
	}
	r.told[l.org] = true
	r.plan.Joinings = append(r.plan.Joinings, Joining{Spelling: l.org.Name, Organization: found.Name, ID: to, Line: l.no})
}

// extras adds the note and the contact, if they are not those of the last time.
func (out *row) extras(l line) {
	was, now := strings.Split(out.seen.brought+".", "."), strings.Split(out.brought+".", ".")
	if l.note != "" && was[0] != now[0] {
		out.after.Note = l.note
	}
	if l.contact != (contact{}) && was[1] != now[1] {
		c := l.contact
		out.after.Contact = &c
	}
}
