package app_test

import (
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

func TestSmoke(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		for _, path := range []string{"/me", "/members", "/settings"} {
			if p := a.Browser(who.Owner).Get(path); p.Status != 200 {
				t.Errorf("%s: %d %s", path, p.Status, p.Body)
			}
		}
	})
}
