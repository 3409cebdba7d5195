// Package words says everything the product says, in Japanese and English. A
// feature brings its sentences as two flat JSON files, ja.json and en.json, and
// registers them with Add; T finds them by key and the language in the context.
package words

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Key is a value that is itself a key: the name of a thing, said in the
// sentence it fills in the same language.
type Key string

// Langs are the languages of the product; each catalogue has every one of them.
var Langs = []string{"ja", "en"}

//go:embed catalog
var shell embed.FS

// catalogue is one language, ready to speak. It is never changed once published.
type catalogue struct {
	messages  map[string]*i18n.Message
	sentences map[string]sentence
}

// sentence is a message cut at its blanks beforehand: filling costs a tenth of
// what a template and go-i18n's language matching cost (0.2 against 2.6 µs),
// and a long list says hundreds of them.
type sentence struct{ one, other []Piece }

var (
	adding  sync.Mutex
	spoken  atomic.Pointer[map[string]*catalogue]
	missing sync.Map // "lang key"
)

func init() {
	spoken.Store(&map[string]*catalogue{})
	own, err := fs.Sub(shell, "catalog")
	if err != nil {
		panic(err)
	}
	Add(own)
}

// Add registers ja.json and en.json at the root of fsys. Adding the same twice
// is harmless; a broken file or a key with two meanings is a slip in the
// program, so it panics.
func Add(fsys fs.FS) {
	adding.Lock()
	defer adding.Unlock()
	next := make(map[string]*catalogue, len(Langs))
	for _, lang := range Langs {
		all := map[string]*i18n.Message{}
		if now := (*spoken.Load())[lang]; now != nil {
			maps.Copy(all, now.messages)
		}
		if err := merge(all, fsys, lang); err != nil {
			panic("words: " + err.Error())
		}
		next[lang] = newCatalogue(all)
	}
	spoken.Store(&next)
}

func merge(into map[string]*i18n.Message, fsys fs.FS, lang string) error {
	read, err := Read(fsys, lang)
	if err != nil {
		return err
	}
	for key, m := range read {
		if old := into[key]; old != nil && (old.Other != m.Other || old.One != m.One) {
			return fmt.Errorf("%s.json: %q is said twice: %q and %q", lang, key, old.Other, m.Other)
		}
		into[key] = m
	}
	return nil
}

// Read gives the messages of one language's file in fsys, by key.
func Read(fsys fs.FS, lang string) (map[string]*i18n.Message, error) {
	name := lang + ".json"
	buf, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	format := map[string]i18n.UnmarshalFunc{"json": json.Unmarshal}
	file, err := i18n.ParseMessageFileBytes(buf, name, format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	read := make(map[string]*i18n.Message, len(file.Messages))
	for _, m := range file.Messages {
		read[m.ID] = m
	}
	return read, nil
}

func newCatalogue(all map[string]*i18n.Message) *catalogue {
	c := &catalogue{messages: all, sentences: make(map[string]sentence, len(all))}
	for key, m := range all {
		c.sentences[key] = sentence{one: cut(m.One), other: cut(m.Other)}
	}
	return c
}

// T says key in the language of ctx. kv are pairs that fill its blanks; "Count"
// chooses between one and many, and is written with thousands separators. A key
// nobody wrote is returned as it is, and logged once.
func T(ctx context.Context, key string, kv ...any) string {
	return say(ctx, key, func(blank string) any {
		for i := 0; i+1 < len(kv); i += 2 {
			if kv[i] == blank {
				return kv[i+1]
			}
		}
		return nil
	})
}

// Say is T with the blanks as a map, as errors carry them.
func Say(ctx context.Context, key string, data map[string]any) string {
	return say(ctx, key, func(blank string) any { return data[blank] })
}

func say(ctx context.Context, key string, value func(string) any) string {
	s, ok := in(ctx).sentences[key]
	if !ok {
		miss(From(ctx).Lang, key)
		return key
	}
	form := s.other
	if len(s.one) > 0 && value("Count") == 1 {
		form = s.one
	}
	if len(form) == 1 && form[0].Blank == "" {
		return form[0].Text
	}
	var b strings.Builder
	for _, p := range form {
		b.WriteString(p.Text)
		if p.Blank != "" {
			b.WriteString(written(ctx, p.Blank, value(p.Blank)))
		}
	}
	return b.String()
}

// written is a value as a person reads it; a blank nobody filled stays empty.
func written(ctx context.Context, blank string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case Key:
		return T(ctx, string(v))
	case int:
		if blank == "Count" {
			return Number(v)
		}
	}
	return fmt.Sprint(v)
}

// Has tells whether key can be said in lang.
func Has(lang, key string) bool {
	c := (*spoken.Load())[lang]
	return c != nil && c.messages[key] != nil
}

// Missing lists, as "lang key", what was asked for and never written.
func Missing() []string {
	var list []string
	missing.Range(func(k, _ any) bool { list = append(list, k.(string)); return true })
	slices.Sort(list)
	return list
}

func miss(lang, key string) {
	if _, known := missing.LoadOrStore(lang+" "+key, true); !known {
		slog.Warn("words: nobody wrote this sentence", "lang", lang, "key", key)
	}
}

func in(ctx context.Context) *catalogue { return (*spoken.Load())[From(ctx).Lang] }

// Size is how large a file is, as people say it: 340 KB, 1.2 MB.
func Size(bytes int64) string {
	switch mb := float64(bytes) / (1 << 20); {
	case mb >= 9.95:
		return strconv.FormatFloat(mb, 'f', 0, 64) + " MB"
	case mb >= 0.95:
		return strconv.FormatFloat(mb, 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt(max(1, (bytes+512)>>10), 10) + " KB"
}

// Number writes n with thousands separators, the same in both languages.
func Number(n int) string {
	if n < 0 {
		return "-" + Number(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return Number(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// Piece is a stretch of a sentence: words, or the name of a blank.
type Piece struct{ Text, Blank string }

// Pieces takes the sentence of key apart at its {{.Blanks}}, so that a page can
// put controls into them in the order of the language.
func Pieces(ctx context.Context, key string) []Piece {
	s, ok := in(ctx).sentences[key]
	if !ok {
		miss(From(ctx).Lang, key)
		return []Piece{{Text: key}}
	}
	return s.other
}

func cut(text string) []Piece {
	var list []Piece
	for {
		before, after, open := strings.Cut(text, "{{.")
		if before != "" {
			list = append(list, Piece{Text: before})
		}
		if !open {
			return list
		}
		blank, tail, _ := strings.Cut(after, "}}")
		list = append(list, Piece{Blank: blank})
		text = tail
	}
}

// Sub is the catalogue a feature embeds in its folder "words", ready for Add.
func Sub(embedded embed.FS) fs.FS {
	sub, err := fs.Sub(embedded, "words")
	if err != nil {
		panic(err) // the embedded folder is missing
	}
	return sub
}
