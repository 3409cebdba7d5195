package contract

import (
	"context"
	"strconv"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// exportStep is how many contracts an export reads at a time.
const exportStep = 1000

// exported are the built-in columns, under the names imports know.
var exported = []string{"key", "name", "organization", "corporate_number", "department", "owner", "status", "phase",
	"outlook", "outlook_why", "start_date", "renewal_date", "notice_date", "auto_renew", "term_type", "amount", "currency",
	"amount_basis", "domain", "ended_on", "archived_on"}

// Export yields the names of the columns, then every contract the actor may
// read, ended and archived ones too, in the order of their folded keys: the built-in
// attributes, then all fields in use as field:KEY. Texts read back to the same
// values (members are written as mail, else name). Guarding a spreadsheet
// against formulas is the caller's.
func (s *Service) Export(ctx context.Context, yield func(row []string) error) error {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return err
	}
	all, err := s.fields.Load(ctx, s.db, a.Workspace)
	if err != nil {
		return err
	}
	members, err := loadMembers(ctx, s.db, a.Workspace)
	if err != nil {
		return err
	}
	x := exporter{zone: a, members: memberTexts(members)}
	head := exported
	for _, f := range all {
		if !f.Retired() {
			x.fields = append(x.fields, f)
			head = append(head[:len(head):len(head)], f.Name())
		}
	}
	if err := yield(head); err != nil {
		return err
	}
	for after := ""; ; {
		var w db.Where
		w.And("c.workspace_id = ? AND c.key_fold > ?", a.Workspace, after)
		seen := audience.Contract(&w, a, "c")
		list, err := db.All(ctx, s.db, scan, selectContract+w.SQL()+" AND "+seen+" ORDER BY c.key_fold LIMIT "+w.Arg(exportStep), w.Args()...)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := s.exportPart(ctx, x, list, yield); err != nil {
			return err
		}
		after = text.Fold(list[len(list)-1].Key)
	}
}

type exporter struct {
	zone    who.Actor
	fields  []field.Field
	members map[string]string // id → how a file names the member
}

func (s *Service) exportPart(ctx context.Context, x exporter, list []Contract, yield func([]string) error) error {
	ids := make([]id.ID, len(list))
	for i, c := range list {
		ids[i] = c.OrgID
	}
	orgs, err := s.orgs.Load(ctx, s.db, x.zone.Workspace, ids)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := yield(x.row(&c, orgs[c.OrgID].CorporateNumber)); err != nil {
			return err
		}
	}
	return nil
}

func (x exporter) row(c *Contract, number string) []string {
	row := make([]string, 0, len(exported)+len(x.fields))
	for _, name := range exported {
		row = append(row, x.cell(c, name, number))
	}
	for _, f := range x.fields {
		v := c.Fields[f.Key]
		if m, ok := v.(string); ok && f.Type == field.Member {
			row = append(row, x.members[m])
			continue
		}
		row = append(row, f.Text(v))
	}
	return row
}

func (x exporter) cell(c *Contract, name, number string) string {
	switch name {
	case "organization":
		return c.OrgName
	case "corporate_number":
		return number
	case "owner":
		return x.members[c.OwnerID.String()]
	case "auto_renew":
		return strconv.FormatBool(c.AutoRenew)
	case "archived_on":
		if c.ArchivedAt.IsZero() {
			return ""
		}
		return string(cal.Of(c.ArchivedAt.In(x.zone.Location())))
	}
	s, _ := c.Value(name).(string)
	return s
}

// memberTexts writes each member so that lookup finds it again: by mail, by a
// name only one has, else by id.
func memberTexts(members []member) map[string]string {
	find := lookup(members)
	out := map[string]string{}
	for _, m := range members {
		word := m.mail
		if word == "" {
			word = m.name
		}
		if found, ok := find(word); !ok || found != m.id {
			word = m.id.String()
		}
		out[m.id.String()] = word
	}
	return out
}
