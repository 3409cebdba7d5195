package words

import (
	"context"
	"time"

	"golang.org/x/text/language"
)

// Locale is how one reader reads: language "ja" or "en", and the zone of clocks.
type Locale struct {
	Lang string
	Zone *time.Location
}

type localeKey struct{}

// Most readers are here; a workspace or a member may say otherwise. Fixed,
// because a bare machine may lack the zone files, and Japan has no summer time.
var home = Locale{Lang: "ja", Zone: time.FixedZone("JST", 9*60*60)}

// With puts the reader's locale into ctx; what is unknown becomes Japanese and
// Japan's time.
func With(ctx context.Context, l Locale) context.Context {
	if l.Lang != "ja" && l.Lang != "en" {
		l.Lang = home.Lang
	}
	if l.Zone == nil {
		l.Zone = home.Zone
	}
	return context.WithValue(ctx, localeKey{}, l)
}

// From gives the reader's locale, Japanese in Japan if nobody set one.
func From(ctx context.Context) Locale {
	if l, ok := ctx.Value(localeKey{}).(Locale); ok {
		return l
	}
	return home
}

var matcher = language.NewMatcher([]language.Tag{language.Japanese, language.English})

// Match chooses the language for a browser's Accept-Language: Japanese if it
// says nothing, English for those who read neither.
func Match(acceptLanguage string) string {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return home.Lang
	}
	_, i, sure := matcher.Match(tags...)
	if sure == language.No {
		return "en"
	}
	return Langs[i]
}
