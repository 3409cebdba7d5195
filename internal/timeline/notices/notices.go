// Package notices keeps what members want to hear of, and puts notices into
// inboxes: of one cause one notice, of the strongest kind that is wanted.
package notices

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// The kinds of the trail itself, other features bring theirs. Followed is
// heard of only by those who chose it.
const (
	Mention  = "mention"
	Reply    = "reply"
	Followed = "follow"
)

// Input is a notice to be put into an inbox.
type Input struct {
	Member    id.ID
	Kind      string
	CauseKind string
	CauseID   id.ID
	Contract  id.ID
}

// strength orders the kinds a cause may have for one member; $K is the column.
const strength = "CASE $K WHEN '" + Mention + "' THEN 3 WHEN '" + Reply + "' THEN 2 WHEN '" + Followed + "' THEN 0 ELSE 1 END"

func strengthOf(kind string) int {
	switch kind {
	case Mention:
		return 3
	case Reply:
		return 2
	case Followed:
		return 0
	}
	return 1
}

// PutIn puts notices into inboxes: what a member does not want to hear of is
// left out, and so is what is said on contracts they muted, but for their own
// name. A cause that is there already takes the stronger kind; who only
// followed and is called now is told anew.
func PutIn(ctx context.Context, tx *db.Tx, ws id.ID, list []Input, at time.Time) error {
	list = slices.DeleteFunc(slices.Clone(list), func(n Input) bool { return n.Member == 0 })
	if len(list) == 0 {
		return nil
	}
	list, err := wanted(ctx, tx, ws, list)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b Input) int { return strengthOf(b.Kind) - strengthOf(a.Kind) })
	type cause struct {
		member id.ID
		kind   string
		id     id.ID
	}
	seen := map[cause]bool{}
	var rows [][]any
	for _, n := range list {
		if c := (cause{n.Member, n.CauseKind, n.CauseID}); !seen[c] {
			seen[c] = true
			rows = append(rows, []any{ws, id.New(), n.Member, n.CauseKind, n.CauseID, n.Contract, n.Kind, db.Micros(at)})
		}
	}
	return db.Bulk(ctx, tx, `INSERT INTO notice (workspace_id, id, member_id, cause_kind, cause_id, contract_id, kind, at)`,
		`ON CONFLICT (workspace_id, member_id, cause_kind, cause_id) DO UPDATE SET kind = excluded.kind,
		at = CASE WHEN notice.kind = '`+Followed+`' THEN excluded.at ELSE notice.at END,
		read_at = CASE WHEN notice.kind = '`+Followed+`' THEN 0 ELSE notice.read_at END
		WHERE `+strings.ReplaceAll(strength, "$K", "excluded.kind")+" > "+strings.ReplaceAll(strength, "$K", "notice.kind"), rows)
}

// wanted leaves out what its member does not want to hear of.
func wanted(ctx context.Context, q db.Queryer, ws id.ID, list []Input) ([]Input, error) {
	var members, contracts []id.ID
	for _, n := range list {
		members, contracts = append(members, n.Member), append(contracts, n.Contract)
	}
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "member_id", members)
	refused := map[id.ID][]string{}
	if err := pairs(ctx, q, "SELECT member_id, kind FROM notice_choice WHERE "+w.SQL()+" AND NOT inbox AND NOT message", w.Args(),
		func(m id.ID, kind string) { refused[m] = append(refused[m], kind) }); err != nil {
		return nil, err
	}
	db.In(&w, "contract_id", contracts)
	muted := map[[2]id.ID]bool{}
	if err := pairs(ctx, q, "SELECT member_id, contract_id FROM follower WHERE "+w.SQL()+" AND muted", w.Args(),
		func(m, contract id.ID) { muted[[2]id.ID{m, contract}] = true }); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(n Input) bool {
		return slices.Contains(refused[n.Member], n.Kind) || n.Kind != Mention && muted[[2]id.ID{n.Member, n.Contract}]
	}), nil
}

func pairs[B any](ctx context.Context, q db.Queryer, stmt string, args []any, each func(id.ID, B)) error {
	type pair struct {
		a id.ID
		b B
	}
	list, err := db.All(ctx, q, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.a, &p.b) }, stmt, args...)
	for _, p := range list {
		each(p.a, p.b)
	}
	return err
}

// Followers are those who chose to hear what others write on the contracts
// they follow, and have not muted this one.
func Followers(ctx context.Context, q db.Queryer, ws, contract id.ID) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT f.member_id FROM follower f
		JOIN notice_choice h ON h.workspace_id = f.workspace_id AND h.member_id = f.member_id AND h.kind = $3 AND (h.inbox OR h.message)
		JOIN member m ON m.workspace_id = f.workspace_id AND m.id = f.member_id AND m.state = 'active'
		WHERE f.workspace_id = $1 AND f.contract_id = $2 AND NOT f.muted ORDER BY f.member_id`, ws, contract, Followed)
}

// The places a notice may be heard in, as columns of a choice.
const (
	Inbox   = "inbox"
	Message = "message"
)

// In is the condition that a member hears of the notices of alias in a place.
func In(place, alias string) string {
	return "NOT EXISTS (SELECT 1 FROM notice_choice h WHERE h.workspace_id = " + alias + ".workspace_id AND h.member_id = " + alias +
		".member_id AND h.kind = " + alias + ".kind AND NOT h." + place + ")"
}

// Choice is where a member wants to hear of a kind.
type Choice struct{ Inbox, Message bool }

// Default is the choice of who made none.
func Default(kind string) Choice {
	return Choice{Inbox: kind != Followed, Message: kind != Followed}
}

// Choices are those the member made.
func Choices(ctx context.Context, q db.Queryer, ws, member id.ID) (map[string]Choice, error) {
	type row struct {
		kind string
		Choice
	}
	list, err := db.All(ctx, q, func(r db.Row) (x row, err error) { return x, r.Scan(&x.kind, &x.Inbox, &x.Message) },
		"SELECT kind, inbox, message FROM notice_choice WHERE workspace_id = $1 AND member_id = $2", ws, member)
	out := make(map[string]Choice, len(list))
	for _, x := range list {
		out[x.kind] = x.Choice
	}
	return out, err
}

// ChooseIn writes choices down.
func ChooseIn(ctx context.Context, tx *db.Tx, ws, member id.ID, choices map[string]Choice) error {
	var rows [][]any
	for kind, c := range choices {
		rows = append(rows, []any{ws, member, kind, c.Inbox, c.Message})
	}
	return db.Bulk(ctx, tx, "INSERT INTO notice_choice (workspace_id, member_id, kind, inbox, message)",
		"ON CONFLICT (workspace_id, member_id, kind) DO UPDATE SET inbox = excluded.inbox, message = excluded.message", rows)
}
