package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Time stores an instant as BIGINT Unix microseconds UTC, because TIMESTAMPTZ
// compares wrongly on SQLite. The zero time is 0. Scan with (*db.Time)(&t).
type Time time.Time

// Value gives microseconds.
func (t Time) Value() (driver.Value, error) { return Micros(time.Time(t)), nil }

// Scan reads microseconds.
func (t *Time) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("db: an instant is stored as %T", v)
	}
	*t = Time(FromMicros(n))
	return nil
}

// Micros is the stored form of an instant; 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the instant of a stored form.
func FromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// JSON stores a value as JSON text; it goes in as a string, because SQLite
// takes bytes for its own binary JSON.
type JSON[T any] struct{ V T }

// AsJSON wraps v for storing.
func AsJSON[T any](v T) JSON[T] { return JSON[T]{v} }

// Value gives the JSON text.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// Scan reads JSON text; NULL leaves the zero value.
func (j *JSON[T]) Scan(v any) error {
	switch b := v.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(b), &j.V)
	case []byte:
		return json.Unmarshal(b, &j.V)
	}
	return fmt.Errorf("db: JSON is stored as %T", v)
}

// Where builds a condition with its arguments; Go builds it because
// "$1 IS NULL OR …" fails on one engine and plans badly on the other.
type Where struct {
	parts []string
	args  []any
}

// And adds a condition whose ? marks become the next $n.
func (w *Where) And(cond string, args ...any) {
	var b strings.Builder
	for _, r := range cond {
		if r == '?' {
			w.args = append(w.args, args[0])
			args = args[1:]
			b.WriteString("$" + strconv.Itoa(len(w.args)))
			continue
		}
		b.WriteRune(r)
	}
	w.parts = append(w.parts, b.String())
}

// In adds "col IN (…)"; an empty list matches nothing.
func In[T any](w *Where, col string, list []T) {
	if len(list) == 0 {
		w.And("1 = 0")
		return
	}
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	w.And(col+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(list)), ",")+")", args...)
}

// Arg adds an argument alone and gives its $n.
func (w *Where) Arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// SQL is the condition, "1 = 1" if there is none.
func (w *Where) SQL() string {
	if len(w.parts) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.parts, " AND ")
}

// Args are the arguments in the order of their numbers.
func (w *Where) Args() []any { return w.args }
