package intake

import (
	"context"
	"maps"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/intake/succession"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// succeed puts the contracts that somebody chose in the place of rows whose key
// is new.
func (st *stager) succeed(ctx context.Context, k *compare.Known, keys []string) error {
	var ids []id.ID
	for _, key := range keys {
		if c, ok := st.imp.Succeeds[key]; ok && k.Contracts[key].ID == 0 {
			ids = append(ids, c)
		}
	}
	found, err := st.contracts.Load(ctx, st.db, st.actor.Workspace, ids)
	k.Succeeds = map[string]bool{}
	for _, key := range keys {
		if c, ok := found[st.imp.Succeeds[key]]; ok && k.Contracts[key].ID == 0 {
			k.Contracts[key], k.Succeeds[key] = c, true
		}
	}
	return err
}

// refuse leaves out rows of contracts that the member may not read, and rows of
// terms that are over.
func (st *stager) refuse(ctx context.Context, k *compare.Known, lines []compare.Line, keys []string) error {
	var ids []id.ID
	for _, c := range k.Contracts {
		ids = append(ids, c.ID)
	}
	seen, err := audience.SeesContracts(ctx, st.db, st.actor, ids)
	if err != nil {
		return err
	}
	over, err := sources.Superseded(ctx, st.db, st.actor.Workspace, st.imp.SourceID, keys)
	if err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		switch c, there := k.Contracts[l.KeyFold]; {
		case there && !seen[c.ID]:
			st.reader.Refuse(l, "intake.err.limited")
			delete(k.Contracts, l.KeyFold)
		case over[l.KeyFold] && len(l.Problems) == 0:
			st.reader.Refuse(l, "intake.err.superseded")
			delete(k.Contracts, l.KeyFold)
		}
	}
	return nil
}

// maxOffers is how many vanished and new rows are looked at for renewals.
const maxOffers = 2000

// Offers finds rows of a staged snapshot that may be the next term of contracts
// which vanished from it: those of the same customer and department.
func (s *Service) Offers(ctx context.Context, importID id.ID) ([]succession.Offer, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	imp, err := oneImport(ctx, s.db, a.Workspace, importID)
	if err != nil || imp.State != Staged || imp.Counts.Absent == 0 || imp.Counts.Created == 0 {
		return nil, err
	}
	gone, err := staged.Read(ctx, s.db, a.Workspace, importID, -1<<31, maxOffers, Absent)
	if err != nil {
		return nil, err
	}
	fresh, err := staged.Read(ctx, s.db, a.Workspace, importID, 0, maxOffers, Created)
	if err != nil {
		return nil, err
	}
	old, err := s.vanished(ctx, gone)
	if err != nil {
		return nil, err
	}
	rows, err := s.arrived(ctx, a, fresh)
	return succession.Offers(old, rows), err
}

func (s *Service) vanished(ctx context.Context, gone []compare.Row) ([]succession.Old, error) {
	ids := make([]id.ID, len(gone))
	for i, r := range gone {
		ids[i] = r.Contract
	}
	found, err := s.contracts.Readable(ctx, s.db, ids)
	var out []succession.Old
	for _, i := range ids {
		if c, ok := found[i]; ok && c.EndedOn == "" {
			out = append(out, succession.Old{Contract: c.ID, Key: c.Key, Name: c.Name, Org: c.OrgID, Department: c.Department,
				Owner: c.OwnerID, Renews: c.RenewalDate, Amount: word(c.Value("amount"))})
		}
	}
	return out, err
}

func (s *Service) arrived(ctx context.Context, a who.Actor, fresh []compare.Row) ([]succession.New, error) {
	var names []org.Name
	var owners []string
	for _, r := range fresh {
		var n org.Name
		if r.After.Org != nil {
			n = r.After.Org.OrgName()
		}
		names = append(names, n)
		if r.After.Owner != nil {
			owners = append(owners, r.After.Owner.Text)
		}
	}
	orgs, err := s.orgs.Lookup(ctx, s.db, a.Workspace, names)
	if err != nil {
		return nil, err
	}
	people, err := s.people.LookupOwners(ctx, s.db, a.Workspace, owners)
	var out []succession.New
	for i, r := range fresh {
		v := r.After.Values
		n := succession.New{Line: r.Line, Key: word(v["key"]), Name: word(v["name"]), Org: orgs[i].ID, Department: word(v["department"]),
			Starts: cal.Date(word(v["start_date"])), Renews: cal.Date(word(v["renewal_date"])), Amount: word(v["amount"])}
		if r.After.Owner != nil {
			n.Owner = people.Found[r.After.Owner.Text]
		}
		out = append(out, n)
	}
	return out, err
}

// Succeed chooses, for rows of a staged import by line, the contracts they go on
// with (0 = none: a contract of its own), and compares the file anew. Errors:
// intake.err.succession for a row or contract that was not offered, or one
// chosen twice, intake.err.not_staged.
func (s *Service) Succeed(ctx context.Context, importID id.ID, chosen map[int]id.ID) (Import, error) {
	a, imp, err := s.one(ctx, who.Write, importID)
	if err != nil {
		return imp, err
	}
	offers, err := s.Offers(ctx, importID)
	if err != nil {
		return imp, err
	}
	keeps := map[string]id.ID{}
	maps.Copy(keeps, imp.Succeeds)
	taken := map[id.ID]bool{}
	for line, c := range chosen {
		if c == 0 {
			continue
		}
		at := slices.IndexFunc(offers, func(o succession.Offer) bool {
			return o.New.Line == line && slices.ContainsFunc(o.Old, func(x succession.Old) bool { return x.Contract == c })
		})
		if at < 0 || taken[c] {
			return imp, errs.Field("successions", "intake.err.succession")
		}
		taken[c] = true
		keeps[text.Fold(offers[at].New.Key)] = c
	}
	return s.choose(ctx, a, imp, keeps)
}

// Unsucceed takes all choices of Succeed back.
func (s *Service) Unsucceed(ctx context.Context, importID id.ID) (Import, error) {
	a, imp, err := s.one(ctx, who.Write, importID)
	if err != nil {
		return imp, err
	}
	return s.choose(ctx, a, imp, map[string]id.ID{})
}

// choose stores which keys go on with which contracts, and compares the file anew.
func (s *Service) choose(ctx context.Context, a who.Actor, imp Import, keeps map[string]id.ID) (Import, error) {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return setImport(ctx, tx, a.Workspace, imp.ID, "successions", db.AsJSON(keeps))
	})
	if err != nil {
		return imp, err
	}
	return s.Restage(ctx, imp.ID, &imp.Mapping, imp.Sheet)
}
