package asked_test

import (
	"net/url"
	"testing"

	"kizuki/internal/web/asked"
)

func TestAddresses(t *testing.T) {
	got := asked.Read(url.Values{"q": {" ａ\x00 "}, "empty": {" "}, "col": {"b", "", "a"}})
	if got.Encode() != "col=b&col=a&q=%EF%BD%81" {
		t.Error(got.Encode())
	}
	with := asked.With(got, "q", "x", "col")
	if with.Encode() != "q=x" || got.Get("q") == "x" {
		t.Errorf("%v, and %v is as it was", with, got)
	}
	if p := asked.Path("/tasks", asked.With(with, "q", "")); p != "/tasks" {
		t.Error(p)
	}
	if p := asked.Path("/tasks", with); p != "/tasks?q=x" {
		t.Error(p)
	}
}
