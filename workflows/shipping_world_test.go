package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/testsuite"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// shipping is the platform of a shipment: it declares what it is asked, once.
type shipping struct {
	made      protocol.Logistics // the label; zero: none, and a person makes it
	labels    []protocol.LogisticsRequest
	asked     []protocol.DeclareRequest
	declared  []string          // numbers that stand on the platform
	no        map[string]string // numbers that it refuses, and why
	byHand    bool              // a person declares
	keptUnder []string          // numbers and IDs under which evidence was kept
}

func (w *world) Logistics(context.Context, string, string) ([]string, error) {
	return []string{"L1"}, w.count("list labels")
}

func (w *world) CreateLogistics(_ context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	w.mu.Lock()
	w.shipping.labels = append(w.shipping.labels, r)
	made := w.shipping.made
	w.mu.Unlock()
	if err := w.count("label"); err != nil {
		return protocol.Logistics{}, err
	}
	made.Pending = made.ID == ""
	return made, nil
}

func (w *world) Waybill(context.Context, string, string) ([]byte, error) {
	return []byte("%PDF-1.4"), w.count("waybill")
}

func (w *world) Put(ctx context.Context, o port.NewOriginal, _ io.Reader) (protocol.Evidence, error) {
	kept := protocol.Evidence{Kind: string(o.Kind), Name: o.Name, SHA256: strings.Repeat("ab", 32)}
	return kept, w.KeepEvidence(ctx, o.Store, o.Order, o.TrackingNumber, []protocol.Evidence{kept})
}

func (*world) Open(context.Context, string) (io.ReadCloser, error) { return nil, port.ErrRefused }

func (w *world) KeepEvidence(_ context.Context, _, _, number string, _ []protocol.Evidence) error {
	w.mu.Lock()
	w.shipping.keptUnder = append(w.shipping.keptUnder, number)
	w.mu.Unlock()
	return w.count("keep evidence")
}

// Declare looks first, as every adapter does. What a test has done during the call comes after
// the platform has acted: an error is an answer that was lost.
func (w *world) Declare(_ context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	w.mu.Lock()
	s := &w.shipping
	s.asked = append(s.asked, r)
	old := ""
	for _, number := range r.Unsure {
		if at := slices.Index(s.declared, number); at >= 0 && s.declared[at] != r.Number {
			old, s.declared = number, slices.Delete(s.declared, at, at+1)
		}
	}
	why, refused := s.no[r.Number]
	if !refused && !s.byHand && !slices.Contains(s.declared, r.Number) {
		s.declared = append(s.declared, r.Number)
	}
	byHand := s.byHand
	w.mu.Unlock()
	if err := w.count("declare"); err != nil {
		return protocol.Declared{}, err
	}
	if refused {
		return protocol.Declared{}, fmt.Errorf("%s: %w", why, port.ErrRefused)
	}
	return protocol.Declared{Pending: byHand, Old: old}, nil
}

func (w *world) Correct(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	return w.Declare(ctx, r)
}

// ship runs a Shipment workflow of an order with these facts.
func (w *world) ship(in protocol.ShipmentInput, events ...rules.Event) {
	w.t.Helper()
	for _, e := range events {
		w.put(e)
	}
	in.Store, in.Order, in.Policy, in.Calendar = store, number, "aliexpress-2024-04", revision(w.t)
	in.Service, in.Carrier, in.TraceAlert, in.Due = "CAINIAO_STANDARD", "CAINIAO", true, created.Add(72*time.Hour)
	w.env.SetStartWorkflowOptions(startOptions(protocol.ShipmentWorkflowID(store, number, 1)))
	w.env.ExecuteWorkflow(protocol.WorkflowShipment, in)
}

func (w *world) shipped() protocol.ShipmentResult {
	w.t.Helper()
	var r protocol.ShipmentResult
	w.ended(&r)
	return r
}

// give sends a number at a virtual time, and notes why it is not taken.
func (w *world) give(at time.Time, number string) *error {
	why := new(error)
	w.at(at, func() {
		w.env.UpdateWorkflow(protocol.UpdateShip, at.String()+number, &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { *why = err },
			OnComplete: func(_ any, err error) {
				if err != nil {
					*why = errors.Join(*why, err)
				}
			},
		}, protocol.ShipNumber{Number: number})
	})
	return why
}

// recordings are the recordings in the inbox.
func (w *world) recordings() []*rules.ShipmentRecorded {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*rules.ShipmentRecorded
	for _, raw := range w.inbox {
		f, err := protocol.DecodeFact(raw)
		if d, ok := f.Data.(*rules.ShipmentRecorded); ok && err == nil {
			out = append(out, d)
		}
	}
	return out
}
