// Package id makes the 64-bit, time-ordered ids of every row: 41 bits of
// milliseconds since 2024, 10 bits of node, 12 bits of sequence.
package id

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// ID names a row. In URLs and JSON it is a decimal string, because JavaScript
// numbers end at 53 bits. 0 is "none" and is stored as NULL.
type ID int64

const (
	epochMs  = 1704067200000 // 2024-01-01T00:00:00Z
	nodeBits = 10
	seqBits  = 12
	// Nodes is how many processes can make ids at once.
	Nodes = 1 << nodeBits
	// MaxMs is the last millisecond (Unix) an id can carry.
	MaxMs = epochMs + 1<<41 - 1
)

// ErrBad is returned by Parse for a text that is no id.
var ErrBad = errors.New("not an id")

// Parse reads the decimal form; it refuses signs, spaces and leading zeros so
// that an id has one spelling.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != s {
		return 0, ErrBad
	}
	return ID(n), nil
}

// String is the decimal form, "" for none.
func (i ID) String() string {
	if i == 0 {
		return ""
	}
	return strconv.FormatInt(int64(i), 10)
}

// Time is the moment the id was made, to the millisecond.
func (i ID) Time() time.Time { return time.UnixMilli(int64(i)>>(nodeBits+seqBits) + epochMs) }

// MarshalJSON writes a string, null for none.
func (i ID) MarshalJSON() ([]byte, error) {
	if i == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + i.String() + `"`), nil
}

// UnmarshalJSON reads a string or null.
func (i *ID) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return ErrBad
	}
	if s == nil || *s == "" {
		*i = 0
		return nil
	}
	v, err := Parse(*s)
	*i = v
	return err
}

// UnmarshalText lets ids be read from paths and flags.
func (i *ID) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	*i = v
	return err
}

// MarshalText is the decimal form; map keys use it.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// Value stores none as NULL.
func (i ID) Value() (driver.Value, error) {
	if i == 0 {
		return nil, nil
	}
	return int64(i), nil
}

// Scan reads NULL as none.
func (i *ID) Scan(v any) error {
	switch n := v.(type) {
	case nil:
		*i = 0
	case int64:
		*i = ID(n)
	default:
		return fmt.Errorf("id: cannot read %T", v)
	}
	return nil
}

// Source makes ids for one node. It never repeats one: within a process it
// only goes up, even if the clock goes back, and across processes it stays
// between the floor and the limit its lease reserved.
type Source struct {
	mu    sync.Mutex
	node  int64
	last  int64 // last millisecond used
	seq   int64
	limit int64 // milliseconds at or above this are not reserved
	now   func() int64
	sleep func(time.Duration)
}

// NewSource makes ids of a node (0..Nodes-1) for milliseconds in (floor, limit).
func NewSource(node int, floor, limit int64) *Source {
	return &Source{node: int64(node), last: max(floor, epochMs), limit: limit,
		now: func() int64 { return time.Now().UnixMilli() }, sleep: time.Sleep}
}

// Extend moves the limit as the lease is renewed.
func (s *Source) Extend(limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = max(s.limit, limit)
}

// leaseWait is how long New waits for a late renewal before it gives up.
const leaseWait = 5 * time.Second

// Last is the last millisecond used; a lease given back starts from there.
func (s *Source) Last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// New makes the next id. When the lease has run out and is not renewed within
// five seconds it panics: going on could repeat an id of the node's next holder.
func (s *Source) New() ID {
	for waited := time.Duration(0); ; waited += 5 * time.Millisecond {
		if v, ok := s.try(); ok {
			return v
		}
		if waited >= leaseWait {
			panic("id: the lease of this node number has run out")
		}
		s.sleep(5 * time.Millisecond)
	}
}

func (s *Source) try() (ID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms, seq := max(s.now(), s.last), int64(0)
	if ms == s.last {
		seq = s.seq + 1
	}
	if seq >= 1<<seqBits { // the millisecond is full: borrow the next one
		ms, seq = ms+1, 0
	}
	if ms >= s.limit {
		return 0, false
	}
	s.last, s.seq = ms, seq
	return ID((ms-epochMs)<<(nodeBits+seqBits) | s.node<<seqBits | seq), true
}

var (
	mu     sync.RWMutex
	source = NewSource(0, 0, 0)
)

// Use sets the process's source; a process holds one node lease.
func Use(s *Source) {
	mu.Lock()
	defer mu.Unlock()
	source = s
}

// New makes an id from the process's source.
func New() ID {
	mu.RLock()
	s := source
	mu.RUnlock()
	return s.New()
}
