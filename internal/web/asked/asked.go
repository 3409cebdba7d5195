// Package asked reads and changes what a list is asked for by its address.
package asked

import (
	"net/url"
	"slices"

	"kizuki/internal/text"
)

// Read cleans the values of an address, without empty ones.
func Read(raw url.Values) url.Values {
	out := url.Values{}
	for name, list := range raw {
		for _, v := range list {
			if v = text.Line(v); v != "" {
				out.Add(name, v)
			}
		}
	}
	return out
}

// With is an address with one value changed, without those of some names; ""
// takes a value away.
func With(values url.Values, name, value string, without ...string) url.Values {
	out := url.Values{}
	for n, list := range values {
		if !slices.Contains(without, n) {
			out[n] = list
		}
	}
	out.Set(name, value)
	if value == "" {
		out.Del(name)
	}
	return out
}

// Path is the address of a list.
func Path(list string, values url.Values) string {
	if len(values) == 0 {
		return list
	}
	return list + "?" + values.Encode()
}
