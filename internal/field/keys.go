package field

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/id"
	"kizuki/internal/text"
)

// maxKey is how many bytes of a folded text are in the index: two texts alike
// that far count as equal for filters and have no order between them.
const maxKey = 200

// Keys are the index bytes of a canonical value: compared byte by byte they
// order as the values do, on every database. None for unset; one, but for
// choices one for each. By type:
//
//	text, link, choice(s)  text.Fold, cut to 200 bytes on a rune border
//	number                 see numberKey
//	date                   the ten letters
//	member                 the id, 8 bytes, big end first
//	checkbox               0 or 1
//	money                  three letters of the currency, then as a number
func (f Field) Keys(v any) [][]byte {
	switch v := plain(v).(type) {
	case string:
		return [][]byte{f.stringKey(v)}
	case json.Number:
		return [][]byte{numberKey(v.String())}
	case bool:
		if v {
			return [][]byte{{1}}
		}
		return [][]byte{{0}}
	case []string:
		keys := make([][]byte, len(v))
		for i, s := range v {
			keys[i] = textKey(s)
		}
		slices.SortFunc(keys, bytes.Compare)
		return slices.CompactFunc(keys, bytes.Equal)
	case map[string]any:
		amount, _ := v["amount"].(string)
		currency, _ := v["currency"].(string)
		return [][]byte{append([]byte(currency), numberKey(shortest(amount))...)}
	}
	return nil
}

func (f Field) stringKey(s string) []byte {
	switch f.Type {
	case Date:
		return []byte(s)
	case Member:
		m, _ := id.Parse(s)
		return binary.BigEndian.AppendUint64(nil, uint64(m))
	}
	return textKey(s)
}

func textKey(s string) []byte {
	k := text.Fold(s)
	if len(k) > maxKey {
		end := maxKey
		for !utf8.RuneStart(k[end]) {
			end--
		}
		k = k[:end]
	}
	return []byte(k)
}

// Decode reads the stored values of a record, a JSON object by field key, into
// canonical Go values; numbers keep all their digits.
func Decode(raw []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	values := map[string]any{}
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	for k, v := range values {
		values[k] = plain(v)
	}
	return values, nil
}

// Guess tells what type a column of an import holds, with the options of a
// choice in the order they appear. It is sure of itself only when every sample
// that is not blank agrees; else the column is text. Numbers written with
// leading zeros are codes, hence text.
func Guess(samples []string) (Type, []string) {
	var kept []string
	for _, s := range samples {
		if s = strings.TrimSpace(text.Clean(s)); s != "" {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return Text, nil
	}
	if all(kept, func(s string) bool { _, ok := readNumber(s); return ok }) {
		if slices.ContainsFunc(kept, leadingZero) {
			return Text, nil
		}
		if !all(kept, compactDate) {
			return Number, nil
		}
	}
	for _, t := range []Type{Checkbox, Date, Link} {
		f := Field{Type: t}
		if all(kept, func(s string) bool { _, err := f.Parse(s, ParseCtx{}); return err == nil }) {
			return t, nil
		}
	}
	if options := fewOptions(kept); options != nil {
		return Choice, options
	}
	return Text, nil
}

func all(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

func leadingZero(s string) bool { return len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' }

// compactDate: 20240401 is rather a date than twenty million; five digits are
// rather a number than a date of Excel.
func compactDate(s string) bool {
	if _, err := strconv.Atoi(s); err != nil || len(s) != 8 {
		return false
	}
	_, err := Field{Type: Date}.Parse(s, ParseCtx{})
	return err == nil
}

// fewOptions gives the distinct values if they are few and repeat: at most 20
// short ones, three times each on the average.
func fewOptions(list []string) []string {
	var options []string
	seen := map[string]bool{}
	for _, s := range list {
		if utf8.RuneCountInString(s) > 40 || strings.Contains(s, "\n") {
			return nil
		}
		fold := text.Fold(s)
		if !seen[fold] {
			seen[fold] = true
			options = append(options, text.Line(s))
		}
	}
	if len(options) > 20 || len(options)*3 > len(list) {
		return nil
	}
	return options
}
