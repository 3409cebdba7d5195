package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"kizuki/internal/web/ui"
)

const flashCookie = "kizuki_said"

// RedirectSaying sends the browser on and says on the next page what
// happened: how a form without JavaScript answers.
func RedirectSaying(w http.ResponseWriter, r *http.Request, to string, t Toast) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: routerOf(r.Context()).Secure, MaxAge: 60})
	return Redirect(w, r, to)
}

// takeFlash reads what the page before wanted said, and forgets it.
func takeFlash(w http.ResponseWriter, r *http.Request) *ui.ToastProps {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	var t Toast
	if err != nil || json.Unmarshal(raw, &t) != nil {
		return nil
	}
	return &ui.ToastProps{Text: t.Text, UndoHref: LocalPath(t.Undo, ""), Bad: t.Bad}
}
