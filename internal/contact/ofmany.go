package contact

import (
	"context"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// OfMany gives the people of several contracts the actor may read, by when
// they were added: one query.
func (s *Service) OfMany(ctx context.Context, q db.Queryer, contracts []id.ID) (map[id.ID][]Contact, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(contracts) == 0 {
		return map[id.ID][]Contact{}, err
	}
	type row struct {
		of id.ID
		Contact
	}
	var w db.Where
	w.And("l.workspace_id = ?", a.Workspace)
	db.In(&w, "l.contract_id", contracts)
	list, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		err = r.Scan(&v.of, &v.ID, &v.OrgID, &v.Name, &v.Kana, &v.Title, &v.Mail, &v.Phone, &v.Role)
		return v, err
	}, `SELECT l.contract_id, p.id, p.org_id, p.name, p.kana, p.title, p.mail, p.phone, l.role FROM contract_contact l
		JOIN contact p ON p.workspace_id = l.workspace_id AND p.id = l.contact_id
		JOIN contract c ON c.workspace_id = l.workspace_id AND c.id = l.contract_id
		WHERE `+w.SQL()+" AND "+audience.Contract(&w, a, "c")+" ORDER BY p.id", w.Args()...)
	out := make(map[id.ID][]Contact, len(contracts))
	for _, v := range list {
		out[v.of] = append(out[v.of], v.Contact)
	}
	return out, err
}
