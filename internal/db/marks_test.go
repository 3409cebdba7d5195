package db

import (
	"strconv"
	"strings"
	"testing"
)

func TestAnonymousMarks(t *testing.T) {
	var list []string
	for i := range 20 {
		list = append(list, "$"+strconv.Itoa(i+1))
	}
	in := "SELECT 'it''s $5' WHERE x IN (" + strings.Join(list, ", ") + ")"
	want := "SELECT 'it''s $5' WHERE x IN (" + strings.TrimSuffix(strings.Repeat("?, ", 20), ", ") + ")"
	if got := anonymous(in, 20); got != want {
		t.Errorf("got %s", got)
	}
	for _, same := range []string{in + " AND y = $1", strings.Replace(in, "$3", "$4", 1), in + " '"} {
		if got := anonymous(same, 20); got != same {
			t.Errorf("%s became %s", same, got)
		}
	}
	if got := anonymous(in, 21); got != in {
		t.Error("an argument would be left over")
	}
	if few := "a = $1"; anonymous(few, 1) != few {
		t.Error("few marks need no help")
	}
}
