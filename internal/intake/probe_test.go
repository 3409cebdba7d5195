package intake_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"kizuki/internal/testkit"
)

func TestProbe(t *testing.T) {
	if os.Getenv("PROBE") == "" {
		t.Skip()
	}
	d := testkit.Postgres(t)
	t.Log(d.URL())
	w := newWorld(t, d)
	n, _ := strconv.Atoi(os.Getenv("PROBE"))
	path := w.file(list(n)...)
	start := time.Now()
	imp := w.stage(path)
	t.Log("staged", time.Since(start))
	start = time.Now()
	w.apply(imp)
	t.Log("applied", time.Since(start))
	start = time.Now()
	w.undo(imp)
	t.Log("undone", time.Since(start))
}
