package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestWhichAddressesAreReached(t *testing.T) {
	for address, open := range map[string]bool{
		"93.184.216.34:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:80": false, "10.1.2.3:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false, "169.254.169.254:80": false,
		"100.64.0.1:80": false, "0.0.0.0:80": false, "255.255.255.255:80": false, "224.0.0.1:80": false, "198.18.0.1:80": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1%eth0]:80": false, "[fd00::1]:80": false, "[::ffff:127.0.0.1]:80": false,
		"[::ffff:169.254.169.254]:80": false, "[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "[::7f00:1]:80": false,
		"localhost:80": false, "": false,
	} {
		if err := check(address, nil); (err == nil) != open {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := check("10.1.2.3:80", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); err != nil {
		t.Error(err)
	}
	if err := check("[::ffff:10.1.2.3]:80", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); err != nil {
		t.Error("mapped", err)
	}
}

func TestNetworks(t *testing.T) {
	got, err := Networks([]string{"10.1.2.3/8", "127.0.0.1", "fd00::/8"})
	if err != nil || len(got) != 3 || got[0].String() != "10.0.0.0/8" || got[1].String() != "127.0.0.1/32" {
		t.Error(got, err)
	}
	if _, err := Networks([]string{"inside"}); err == nil {
		t.Error("a word is a network")
	}
}

// Names and redirects lead nowhere that the address itself would not.
func TestNamesAndRedirectsAreChecked(t *testing.T) {
	var hits int
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer inner.Close()
	port := inner.URL[strings.LastIndex(inner.URL, ":"):]
	for _, url := range []string{inner.URL, "http://localhost" + port, "http://[::ffff:127.0.0.1]" + port, "http://2130706433" + port} {
		if _, err := Client().Get(url); err == nil {
			t.Errorf("%s was reached", url)
		}
	}
	if _, err := Client().Get("http://localhost" + port); !errors.Is(err, ErrPrivate) {
		t.Error("a name:", err)
	}
	// A server that may be reached leads to one that may not: the redirect goes
	// by name to the other loopback address.
	outer := httptest.NewServer(http.RedirectHandler("http://127.0.0.2"+port, http.StatusTemporaryRedirect))
	defer outer.Close()
	only := Client(netip.MustParsePrefix("127.0.0.1/32"))
	if _, err := only.Post(outer.URL, "text/plain", strings.NewReader("x")); !errors.Is(err, ErrPrivate) {
		t.Error("a redirect:", err)
	}
	if hits != 0 {
		t.Errorf("%d requests arrived", hits)
	}
	res, err := only.Get(inner.URL)
	if err != nil || hits != 1 {
		t.Fatal("what is allowed:", err)
	}
	res.Body.Close()
}
