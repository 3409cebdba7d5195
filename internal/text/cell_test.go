package text

import "testing"

func TestCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "アルファ": "アルファ", "-480": "-480", "+1,200.5": "+1,200.5", "=1+1": "'=1+1",
		"-1+cmd|x": "'-1+cmd|x", "@x": "'@x", "+81 3": "'+81 3", "\t=1": "'\t=1", "\r=1": "'\r=1", "a=1": "a=1"} {
		if got := Cell(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
