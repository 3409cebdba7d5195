package handover

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
)

// chunk is how many changes are answered with one set of statements.
const chunk = 500

// saying is what the act under way says of the handovers it brings about.
type saying struct {
	batch id.ID
	words string
}

type sayingKey struct{}

// move is a contract that changed hands; 0 is nobody.
type move struct{ contract, from, to id.ID }

// follow answers to contracts that change hands, however it came about: the new
// owner gets a handover, the former one stays a follower, a handover that
// waited for somebody else is closed. Rule-made tasks follow by themselves, see
// task. A contract that goes back while its handover still waits, or by an
// undo, leaves nothing behind.
func (s *Service) follow(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	said, _ := ctx.Value(sayingKey{}).(saying)
	switch by := changes[0].By; {
	case said.batch == 0 && by.Sliced():
		said.batch = by.ID
	case said.batch == 0:
		said.batch = id.New()
	}
	for ws, moves := range movesOf(changes) {
		for part := range slices.Chunk(moves, chunk) {
			h := &hearing{Service: s, ws: ws, tx: tx, said: said, by: changes[0].By}
			if err := h.answer(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// movesOf finds the changed owners, one move a contract.
func movesOf(changes []bus.Change) map[id.ID][]move {
	out := map[id.ID][]move{}
	at := map[id.ID]int{}
	for _, c := range changes {
		f, ok := c.Fields["owner"]
		if !ok {
			continue
		}
		m := move{c.Contract, idOf(f[0]), idOf(f[1])}
		list := out[c.Workspace]
		if i, twice := at[c.Contract]; twice {
			list[i].to = m.to
			continue
		}
		at[c.Contract] = len(list)
		out[c.Workspace] = append(list, m)
	}
	return out
}

// idOf reads a member as the history writes one.
func idOf(v any) id.ID {
	switch v := v.(type) {
	case id.ID:
		return v
	case string:
		i, _ := id.Parse(v)
		return i
	}
	return 0
}

// hearing answers one slice of moves with a fixed number of statements.
type hearing struct {
	*Service
	ws   id.ID
	tx   *db.Tx
	said saying
	by   bus.Cause

	gone, closed []id.ID // handovers
	followers    []timeline.Follower
	unfollow     []timeline.Follower
	made         []row
}

// undo reports whether an undo moves the contracts.
func (h *hearing) undo() bool { return strings.HasSuffix(h.by.Kind, "_undo") }

func (h *hearing) answer(ctx context.Context, moves []move) error {
	contracts := make([]id.ID, len(moves))
	var people []id.ID
	for i, m := range moves {
		contracts[i] = m.contract
		people = append(people, m.from, m.to)
	}
	last, err := newest(ctx, h.tx, h.ws, contracts)
	if err != nil {
		return err
	}
	here, err := present(ctx, h.tx, h.ws, unique(people))
	if err != nil {
		return err
	}
	for _, m := range moves {
		h.sort(m, last[m.contract], here)
	}
	return h.write(ctx)
}

// sort decides what becomes of one move.
func (h *hearing) sort(m move, last row, here map[id.ID]bool) {
	if m.from == m.to {
		return
	}
	waits := last.id != 0 && last.settled == 0
	if last.id != 0 && last.from == m.to && last.to == m.from && (waits || h.undo()) {
		h.gone = append(h.gone, last.id)
		if last.followed {
			h.unfollow = append(h.unfollow, timeline.Follower{Contract: m.contract, Member: last.from})
		}
		return
	}
	if waits {
		h.closed = append(h.closed, last.id)
	}
	if h.undo() {
		return
	}
	if here[m.from] {
		h.followers = append(h.followers, timeline.Follower{Contract: m.contract, Member: m.from})
	}
	if here[m.to] {
		by := id.ID(0)
		if h.by.ActorKind == "member" {
			by = h.by.ActorID
		}
		h.made = append(h.made, row{id: id.New(), batch: h.said.batch, contract: m.contract, from: m.from, to: m.to, by: by, words: h.said.words})
	}
}

func (h *hearing) write(ctx context.Context) error {
	if err := remove(ctx, h.tx, h.ws, h.gone); err != nil {
		return err
	}
	if err := settle(ctx, h.tx, h.ws, h.closed, db.Micros(h.Now())); err != nil {
		return err
	}
	if err := h.timeline.UnfollowIn(ctx, h.tx, h.ws, h.unfollow); err != nil {
		return err
	}
	fresh, err := h.timeline.FollowIn(ctx, h.tx, h.ws, h.followers)
	if err != nil {
		return err
	}
	for i := range h.made {
		r := &h.made[i]
		r.followed = slices.Contains(fresh, timeline.Follower{Contract: r.contract, Member: r.from})
	}
	return insert(ctx, h.tx, h.ws, h.made, db.Micros(h.Now()))
}

// subscribe makes the service hear what it answers to.
func (s *Service) subscribe(b *bus.Bus) {
	b.Subscribe(s.follow, contract.Changed)
	b.Subscribe(s.callDeputies, timeline.NoteCreated)
}
