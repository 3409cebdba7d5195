package fulltext

import (
	"math"
	"time"

	"kizuki/internal/id"
)

// Entry is one row of the index: a passage of a thing.
type Entry struct {
	Workspace   id.ID
	ID          int64 // the row's number: see FirstRow
	Kind        string
	Ref         id.ID
	Part, Parts int
	Contract    id.ID // 0 for none, as the next two
	Author      id.ID
	Owner       id.ID
	At          time.Time
	Tags        []string
	Tokens      []string
}

// The rows of all times.
const (
	EveryRow = int64(math.MinInt64)
	LastRow  = int64(math.MaxInt64)
)

// slotBits are how many bits of a row number tell things of one second apart.
// The numbers are kept that small because the index of SQLite stores, at every
// token, how far they are apart: with milliseconds and six bits more it was
// half as large again.
const slotBits = 10

// FirstRow is the row number from which on rows are not older than t, to the
// second.
func FirstRow(t time.Time) int64 {
	const most = int64(1) << 34 // seconds: five hundred years
	return max(-most, min(most, t.Unix()-id.ID(0).Time().Unix())) << slotBits
}

// LateRow is the last row of a second: where what waits stands.
func LateRow(t time.Time) int64 { return FirstRow(t) + 1<<slotBits - 1 }

// TimeOf is the moment of a row, to the second.
func TimeOf(r int64) time.Time { return time.Unix(r>>slotBits+id.ID(0).Time().Unix(), 0) }
