package walk

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// cursor is what a page's Next carries: the place behind which to go on, and
// the order it is a place in.
type cursor struct {
	V     int    `json:"v"`
	Sort  string `json:"s"`
	Phase int    `json:"p"`
	Value string `json:"k"`
	ID    id.ID  `json:"i"`
}

const cursorVersion = 1

func (o Order) sort() string {
	if o.Desc {
		return "-" + o.Attr
	}
	return o.Attr
}

// write makes the opaque cursor of a place.
func (o Order) write(at place) string {
	c := cursor{V: cursorVersion, Sort: o.sort(), Phase: at.phase, ID: at.id}
	switch v := at.value.(type) {
	case string:
		c.Value = v
	case int64:
		c.Value = strconv.FormatInt(v, 10)
	case []byte:
		c.Value = hex.EncodeToString(v)
	}
	b, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b)
}

// read takes a cursor of the same order; "" is the beginning.
func (o Order) read(s string) (place, error) {
	if s == "" {
		return place{}, nil
	}
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.V != cursorVersion || c.Sort != o.sort() || c.Phase < 0 || c.Phase > 1 || c.ID == 0 ||
		c.Phase == 1 && o.unset == nil {
		return place{}, errs.Field("cursor", "err.cursor")
	}
	at := place{phase: c.Phase, id: c.ID}
	if c.Phase == 1 {
		return at, nil
	}
	switch {
	case o.FieldID != 0:
		at.value, err = hex.DecodeString(c.Value)
	case o.number:
		at.value, err = strconv.ParseInt(c.Value, 10, 64)
	default:
		at.value = text.Clean(c.Value) // a forged one must not reach the database with NUL
	}
	if err != nil {
		return place{}, errs.Field("cursor", "err.cursor")
	}
	return at, nil
}
