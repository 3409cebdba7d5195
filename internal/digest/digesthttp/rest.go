package digesthttp

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/digest"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/who"
)

// MessageJSON is how one's daily message comes. A webhook is taken and never
// given.
type MessageJSON struct {
	Way       string              `json:"way" enum:"mail,slack,webhook,none"`
	Hour      int                 `json:"hour" minimum:"0" maximum:"23" doc:"Of the member's own day"`
	QuietFrom int                 `json:"quiet_from" minimum:"0" maximum:"23"`
	QuietTo   int                 `json:"quiet_to" minimum:"0" maximum:"23" doc:"The same as quiet_from: no quiet hours"`
	Webhook   string              `json:"webhook,omitempty" doc:"Only written; left out, the one that is kept stays"`
	Kinds     map[string]KindJSON `json:"kinds" doc:"By kind of notice: mention, reply, cover, follow"`
}

// KindJSON is where a kind of notice is heard of.
type KindJSON struct {
	Inbox   bool `json:"inbox"`
	Message bool `json:"message"`
}

type messageBody struct{ Body MessageJSON }

func (h *Handlers) rest(a *api.API) {
	op := func(name, method, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/me/message", Summary: summary, Tags: []string{"People"}}
	}
	api.Add(a, who.Read, op("get-daily-message", "GET", "How one's daily message comes"), h.getMessage)
	api.Add(a, who.Self, op("set-daily-message", "PUT", "Choose how one's daily message comes"), h.setMessage)
}

func (h *Handlers) getMessage(ctx context.Context, _ *struct{}) (*messageBody, error) {
	c, err := h.svc.Choice(ctx)
	out := MessageJSON{Way: string(c.Way), Hour: c.Hour, QuietFrom: c.QuietFrom, QuietTo: c.QuietTo, Kinds: map[string]KindJSON{}}
	for kind, k := range c.Kinds {
		out.Kinds[kind] = KindJSON(k)
	}
	return &messageBody{out}, err
}

func (h *Handlers) setMessage(ctx context.Context, in *messageBody) (*messageBody, error) {
	old, err := h.svc.Choice(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	c := digest.Choice{Way: digest.Way(b.Way), Hour: b.Hour, QuietFrom: b.QuietFrom, QuietTo: b.QuietTo, Webhook: b.Webhook,
		Kinds: map[string]notices.Choice{}}
	if c.Webhook == "" && c.Way == digest.ByWebhook {
		c.Webhook = old.Webhook
	}
	for kind, k := range b.Kinds {
		c.Kinds[kind] = notices.Choice(k)
	}
	if err := h.svc.Choose(ctx, c); err != nil {
		return nil, err
	}
	return h.getMessage(ctx, nil)
}
