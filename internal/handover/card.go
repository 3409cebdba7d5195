package handover

import (
	"context"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// CardsPage is how many cards a page holds.
const CardsPage = 10

// Cards gives a page of what waits for the actor, the newest first, with all
// there is to know: a fixed number of queries for all of them.
func (s *Service) Cards(ctx context.Context, cursor string) (cards []Card, next string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 {
		return nil, "", err
	}
	list, next, err := s.List(ctx, Query{Open: true, To: a.Member, Limit: CardsPage, Cursor: cursor})
	if err != nil {
		return nil, "", err
	}
	cards, err = s.fill(ctx, a, list)
	return cards, next, err
}

// Card gives one handover to the actor with all there is to know. Errors:
// Missing, handover.err.not_yours (Forbidden).
func (s *Service) Card(ctx context.Context, ref id.ID) (Card, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Card{}, err
	}
	h, err := s.own(ctx, s.db, a, ref)
	if err != nil {
		return Card{}, err
	}
	cards, err := s.fill(ctx, a, []Handover{h})
	if err != nil {
		return Card{}, err
	}
	return cards[0], nil
}

// fill makes cards of handovers whose contracts the actor may read: four
// queries, one each for the contracts, what was said, the tasks and the people.
func (s *Service) fill(ctx context.Context, a who.Actor, list []Handover) ([]Card, error) {
	if len(list) == 0 {
		return nil, nil
	}
	refs := make([]id.ID, len(list))
	for i, h := range list {
		refs[i] = h.Contract
	}
	contracts, err := s.contracts.Readable(ctx, s.db, refs)
	if err != nil {
		return nil, err
	}
	words, err := saidOn(ctx, s.db, a, refs)
	if err == nil {
		err = s.witness(ctx, a, words)
	}
	if err != nil {
		return nil, err
	}
	tasks, err := s.tasks.OpenOf(ctx, s.db, refs)
	if err != nil {
		return nil, err
	}
	people, err := s.contacts.OfMany(ctx, s.db, refs)
	if err != nil {
		return nil, err
	}
	cards := make([]Card, len(list))
	for i, h := range list {
		cards[i] = newCard(h, contracts[h.Contract], words, tasks[h.Contract])
		cards[i].Contacts = people[h.Contract]
	}
	return cards, nil
}

// witness writes down that the actor has read limited notes of others.
func (s *Service) witness(ctx context.Context, a who.Actor, list []said) error {
	var foreign []id.ID
	for _, v := range list {
		if v.limited && v.Author.ID != a.Member {
			foreign = append(foreign, v.Note)
		}
	}
	return audience.Witness(ctx, s.db, a, audience.KindNote, foreign, cal.Of(s.Now().In(a.Location())), s.people.AuditIn)
}

func newCard(h Handover, c contract.Contract, words []said, tasks []task.Task) Card {
	card := Card{Handover: h, Terms: c}
	for _, v := range words {
		if v.contract != h.Contract {
			continue
		}
		switch v.kind {
		case "pinned":
			card.Pinned = append(card.Pinned, v.Words)
		case "hunch":
			card.Hunches = append(card.Hunches, v.Words)
		default:
			card.Last = append(card.Last, v.Words)
		}
	}
	whole := map[id.ID]bool{} // offered with its parts
	for _, t := range tasks {
		switch {
		case t.Owner == h.To.ID:
			card.Mine = append(card.Mine, t)
		case t.Owner == h.From.ID && t.OriginKind != task.RuleOrigin:
			whole[t.ID] = true
			card.Offered = append(card.Offered, t)
		}
	}
	own := card.Offered[:0]
	for _, t := range card.Offered {
		if !whole[t.Parent] {
			own = append(own, t)
		}
	}
	card.Offered = own
	return card
}

// Loads tells the team how much everybody has in hand: by name, in the order of
// its reading, those who own nothing included; last what nobody owns. Nothing
// tells what somebody finished, or how late.
func (s *Service) Loads(ctx context.Context) ([]Load, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	day, err := s.today(ctx, s.db, a.Workspace)
	if err != nil {
		return nil, err
	}
	contracts, err := held(ctx, s.db, a, day)
	if err != nil {
		return nil, err
	}
	tasks, err := toDo(ctx, s.db, a, day)
	if err != nil {
		return nil, err
	}
	members, err := s.people.Members(ctx)
	if err != nil {
		return nil, err
	}
	sum := map[id.ID]Load{}
	for _, l := range contracts {
		sum[l.ID] = l
	}
	for _, t := range tasks {
		l := sum[t.ID]
		l.Tasks, l.Minutes = t.Tasks, t.Minutes
		sum[t.ID] = l
	}
	var out []Load
	for _, m := range members {
		l := sum[m.ID]
		l.Person = Person{m.ID, m.Name}
		if works(m) || l.Contracts+l.Tasks > 0 {
			out = append(out, l)
		}
	}
	if nobody := sum[0]; nobody.Contracts+nobody.Tasks > 0 {
		out = append(out, nobody)
	}
	return out, nil
}
