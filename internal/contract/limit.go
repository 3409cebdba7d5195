package contract

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// News of who may read a contract.
const (
	LimitedTo bus.Kind = "contract.limited" // Data: names
	OpenedUp  bus.Kind = "contract.opened_up"
)

// Readers gives who may read a limited contract besides its owner.
func (s *Service) Readers(ctx context.Context, contractID id.ID) ([]audience.Reader, error) {
	c, err := s.Get(ctx, contractID)
	if err != nil || !c.Limited() {
		return nil, err
	}
	found, err := audience.Of(ctx, s.db, who.From(ctx).Workspace, audience.KindContract, []id.ID{c.ID})
	return found[c.ID], err
}

// Limit lets only the owner and the readers read a contract with everything on
// it; whoever does that stays among them. Without limit it is everybody's
// again. Errors: audience.err.nobody, .reader, .too_many.
func (s *Service) Limit(ctx context.Context, contractID id.ID, limit bool, readers []audience.Reader) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.forWrite(ctx, tx, contractID)
		if err != nil {
			return err
		}
		a := who.From(ctx)
		switch {
		case !limit:
			readers = nil
		case len(readers) == 0 && c.OwnerID == 0:
			return errs.Field("readers", "audience.err.nobody")
		case c.OwnerID != a.Member:
			readers = append(slices.Clone(readers), audience.Reader{Kind: "member", ID: a.Member})
		}
		if err := audience.SetIn(ctx, tx, a.Workspace, audience.KindContract, c.ID, readers); err != nil {
			return err
		}
		c.Visibility = audience.Everyone
		news := bus.Change{Kind: OpenedUp}
		if limit {
			found, err := audience.Of(ctx, tx, a.Workspace, audience.KindContract, []id.ID{c.ID})
			if err != nil {
				return err
			}
			c.Visibility = audience.Limited
			news = bus.Change{Kind: LimitedTo, Data: map[string]any{"names": names(found[c.ID])}}
		}
		if s.Audit != nil {
			if err := s.Audit(ctx, tx, string(news.Kind), "contract", c.ID, news.Data); err != nil {
				return err
			}
		}
		return s.publishSaved(ctx, tx, c, news)
	})
}

func names(readers []audience.Reader) string {
	list := make([]string, len(readers))
	for i, r := range readers {
		list[i] = r.Name
	}
	return strings.Join(list, "、")
}
