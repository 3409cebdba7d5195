// Package wordstest holds the checks that keep the catalogues whole: nothing
// said in one language only, no key without a sentence, no sentence outside the
// catalogues.
package wordstest

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/web/words"
)

// CheckCatalogues fails for every key of a folder's ja.json and en.json that
// only one language has, that fills different blanks, or that is empty.
func CheckCatalogues(t testing.TB, dirs ...fs.FS) {
	t.Helper()
	for _, dir := range dirs {
		for _, slip := range catalogueSlips(t, dir) {
			t.Error(slip)
		}
	}
}

// CheckTempl fails for every sentence under root that is written into a page
// instead of the catalogues, and for every key used there (words.T, words.Say,
// words.Pieces, errs.New, errs.Field, errs.E) that is not registered: call the
// features' words.Add before.
func CheckTempl(t testing.TB, root string) {
	t.Helper()
	found, err := scan(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, lit := range found.literals {
		t.Errorf("%s: %q is written into the page; put it into the catalogues", lit.place, lit.text)
	}
	for _, use := range found.keys {
		for _, lang := range words.Langs {
			if !words.Has(lang, use.text) {
				t.Errorf("%s: the key %q has no sentence in %s.json", use.place, use.text, lang)
			}
		}
	}
}

func catalogueSlips(t testing.TB, dir fs.FS) []string {
	byLang := map[string]map[string]string{}
	for _, lang := range words.Langs {
		read, err := words.Read(dir, lang)
		if err != nil {
			t.Fatal(err)
		}
		byLang[lang] = map[string]string{}
		for key, m := range read {
			byLang[lang][key] = m.Other
		}
	}
	return compare(byLang)
}

func compare(byLang map[string]map[string]string) []string {
	var slips []string
	for _, lang := range words.Langs {
		for _, other := range words.Langs {
			for _, key := range slices.Sorted(maps.Keys(byLang[lang])) {
				if s := slip(key, lang, other, byLang); s != "" {
					slips = append(slips, s)
				}
			}
		}
	}
	return slips
}

func slip(key, lang, other string, byLang map[string]map[string]string) string {
	said := byLang[lang][key]
	there, ok := byLang[other][key]
	switch {
	case lang == other && strings.TrimSpace(said) == "":
		return key + " is empty in " + lang + ".json"
	case lang == other && strings.Contains(blank.ReplaceAllString(said, ""), "{{"):
		return key + " has more than plain {{.Blanks}} in " + lang + ".json"
	case lang == other:
		return ""
	case !ok:
		return key + " is in " + lang + ".json, but not in " + other + ".json"
	case lang < other && !slices.Equal(blanks(said), blanks(there)):
		return key + " fills other blanks in " + lang + ".json than in " + other + ".json"
	}
	return ""
}

var blank = regexp.MustCompile(`{{\.(\w+)}}`)

// Dates are put together from different parts in each language; all of them
// are always given.
var dateParts = []string{"Year", "Month", "Day", "Name", "Weekday"}

func blanks(s string) []string {
	var names []string
	for _, m := range blank.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	if slices.Contains(names, "Day") {
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(dateParts, n) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}
