package workspace

import (
	"testing"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/who"
)

// One sees one's own browsers, ends one of them or all the others, and nobody
// else's.
func TestWhereOneIsSignedIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.workspace("a"), w.workspace("b")
		var tokens []string
		for _, agent := range []string{"Firefox/1 Linux", "Chrome/1 Windows", "Safari/1 iPhone"} {
			token, _, err := w.s.SignIn(ctx, mailA, goodPassword, agent, "192.0.2.7")
			ok(t, err)
			tokens = append(tokens, token)
			w.pass(time.Minute)
		}
		me := who.With(ctx, a)
		list, err := w.s.Sessions(me, tokens[0])
		ok(t, err)
		names := ""
		for _, s := range list {
			names += s.Name()
			if s.Here {
				names += "*"
			}
			names += "|"
			for _, token := range tokens {
				if s.Ref == token {
					t.Error("a token is given away")
				}
			}
		}
		equal(t, "the last used first", names, "Safari, iPhone|Chrome, Windows|Firefox, Linux*|")
		wants(t, w.s.EndSession(who.With(ctx, b), list[0].Ref), errs.NotFound, "err.not_found")
		for _, ref := range []string{"", "x", "%", "________________"} {
			wants(t, w.s.EndSession(me, ref), errs.NotFound, "err.not_found")
		}
		ok(t, w.s.EndSession(me, list[0].Ref))
		wants(t, w.s.EndSession(me, list[0].Ref), errs.NotFound, "err.not_found")
		_, _, err = w.s.Session(ctx, tokens[2])
		wants(t, err, errs.Unauthorized, "err.unauthorized")
		n, err := w.s.EndOtherSessions(me, tokens[0])
		ok(t, err)
		equal(t, "ended", n, 1)
		_, _, err = w.s.Session(ctx, tokens[0])
		ok(t, err)
		n, err = w.s.EndOtherSessions(me, tokens[0])
		ok(t, err)
		equal(t, "nothing left to end", n, 0)
		read := a
		read.ReadOnly = true
		wants(t, w.s.EndSession(who.With(ctx, read), list[1].Ref), errs.Forbidden, "err.token_reads_only")
		equal(t, "audit", w.acts(a.Workspace), "sign_in sign_in sign_in session.ended session.ended")
	})
}
