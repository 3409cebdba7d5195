package rest

import (
	"context"

	"kizuki/internal/api"
	"kizuki/internal/audience"
)

// ReaderJSON is who may read something limited.
type ReaderJSON struct {
	Kind string `json:"kind" enum:"member,unit"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

type limitInput struct {
	IDInput
	Body struct {
		Limited bool     `json:"limited"`
		Readers []string `json:"readers,omitempty" doc:"member:ID or unit:ID"`
	}
}

func (h *Endpoints) readers(ctx context.Context, in *IDInput) (*api.List[ReaderJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	list, err := h.svc.Readers(ctx, ref)
	out := make([]ReaderJSON, len(list))
	for i, r := range list {
		out[i] = ReaderJSON{r.Kind, r.ID.String(), r.Name}
	}
	return api.NewList(out, ""), err
}

func (h *Endpoints) limit(ctx context.Context, in *limitInput) (*api.List[ReaderJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	if err := h.svc.Limit(ctx, ref, in.Body.Limited, audience.Parse(in.Body.Readers)); err != nil {
		return nil, err
	}
	return h.readers(ctx, &in.IDInput)
}
