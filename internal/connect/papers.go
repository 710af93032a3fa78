package connect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
)

// Papers fetches originals of the stores named from their platform; nil: none has its keys.
func (s Services) Papers(stores []string) port.Papers {
	if s.AliExpress == nil {
		return nil
	}
	return papers{s, stores}
}

// papersWait is how long the calls for an original wait for their turn, real.
const papersWait = 10 * time.Second

type papers struct {
	services Services
	stores   []string
}

// Messages implements [port.Papers].
func (p papers) Messages(ctx context.Context, store, order string) (port.Paper, error) {
	var talk aliexpress.Conversation
	err := p.call(ctx, store, func() (err error) {
		talk, err = p.services.AliExpress.Messages(ctx, store, order)
		return err
	})
	if err != nil {
		return port.Paper{}, err
	}
	raw, err := talk.JSON()
	if err != nil {
		return port.Paper{}, err
	}
	return port.Paper{Name: "messages-" + order + ".json", Content: raw, TakenAt: talk.Messages[len(talk.Messages)-1].At}, nil
}

// OrderDetail implements [port.Papers].
func (p papers) OrderDetail(ctx context.Context, store, order string) (paper port.Paper, err error) {
	err = p.call(ctx, store, func() error {
		raw, err := p.services.AliExpress.OrderDetail(ctx, store, order)
		paper = port.Paper{Name: "order-" + order + ".json", Content: raw}
		return err
	})
	return paper, err
}

// call calls the platform at its turn, which all that ask it share.
func (p papers) call(ctx context.Context, store string, do func() error) error {
	if !slices.Contains(p.stores, store) {
		return fmt.Errorf("%w: store %s is not one of PARCELWARD_ALIEXPRESS_STORES: %w", port.ErrNobody, store, port.ErrRefused)
	}
	s := p.services.Fleet.Service(port.Platform)
	if s == nil {
		return do()
	}
	if err := p.services.Fleet.Turn(ctx, s, papersWait); err != nil {
		return err
	}
	return p.services.Fleet.Note(ctx, s, do())
}
