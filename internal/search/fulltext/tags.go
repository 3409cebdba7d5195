package fulltext

import (
	"strconv"

	"kizuki/internal/id"
	"kizuki/internal/text/tokens"
)

// Tags say of a row what filters ask for, so that the index itself answers
// them.

// SpaceTag keeps the workspaces apart where several share one index.
func SpaceTag(ws id.ID) string { return tokens.Tag('W', ws.String()) }

// KindTag, ContractTag and AuthorTag say what a row is of.
func KindTag(kind string) string   { return tokens.Tag('K', kind) }
func ContractTag(ref id.ID) string { return tokens.Tag('C', ref.String()) }
func AuthorTag(ref id.ID) string   { return tokens.Tag('A', ref.String()) }

// LongTag is on the passages of things that have several.
var LongTag = tokens.Tag('L', "")

// Slots of time, of which PostgreSQL's rows are tagged with two: some 36 hours,
// and sixteen of those.
const (
	fineBits   = slotBits + 17
	coarseBits = fineBits + 4
	// mostSlots is how many a condition names; with more it is asked without.
	mostSlots = 48
)

func fineTag(slot int64) string   { return tokens.Tag('F', strconv.FormatInt(slot, 36)) }
func coarseTag(slot int64) string { return tokens.Tag('S', strconv.FormatInt(slot, 36)) }

// slotsOf are the tags of a row.
func slotsOf(row int64) []string {
	return []string{fineTag(row >> fineBits), coarseTag(row >> coarseBits)}
}

// cover gives tags that all rows of [from, to) have one of; nil if that would
// take too many. Rows beside have them, too.
func cover(from, to int64) (out []string) {
	const wide = 1 << (coarseBits - fineBits)
	last := (to - 1) >> fineBits
	for slot := from >> fineBits; slot <= last; {
		if len(out) == mostSlots {
			return nil
		}
		if slot%wide == 0 && slot+wide-1 <= last {
			out = append(out, coarseTag(slot/wide))
			slot += wide
			continue
		}
		out = append(out, fineTag(slot))
		slot++
	}
	return out
}
