package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/who"
)

// Event is one message of a live stream.
type Event struct {
	Name string
	Data any // as JSON
}

// heartbeat is how often a stream says that it lives, and asks whether its
// reader still may listen.
const heartbeat = 25 * time.Second

// Stream sends events to a browser until it goes away, its session ends, its
// member's role changes, or next tells that there is no more. next waits for
// events until its context ends, which is a heartbeat at most.
func Stream(w http.ResponseWriter, r *http.Request, next func(context.Context) (list []Event, open bool, err error)) error {
	ctx := r.Context()
	out := http.NewResponseController(w)
	if err := out.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	fmt.Fprint(w, "retry: 2000\n: hello\n\n")
	for out.Flush() == nil {
		wait, cancel := context.WithTimeout(ctx, heartbeat)
		list, open, err := next(wait)
		quiet := wait.Err() != nil
		cancel()
		if ctx.Err() != nil || err != nil && !quiet {
			return nil // the browser comes again
		}
		for _, e := range list {
			raw, err := json.Marshal(e.Data)
			if err != nil {
				return nil
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, raw)
		}
		if quiet {
			if !stillThere(r) {
				fmt.Fprint(w, "event: over\ndata: {}\n\n")
				_ = out.Flush()
				return nil
			}
			fmt.Fprint(w, ": alive\n\n")
		}
		if !open {
			return nil
		}
	}
	return nil
}

// stillThere asks for the session anew: signed in, and the same role.
func stillThere(r *http.Request) bool {
	rt := routerOf(r.Context())
	now, err := rt.Session(r.Context(), SessionToken(r))
	then := who.From(r.Context())
	return err == nil && now.Member == then.Member && now.Role == then.Role || errs.Is(err, errs.Internal)
}
