package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// ListLogistics lists the logistics orders of an order.
func (a *Activities) ListLogistics(ctx context.Context, o protocol.OrderRef) ([]string, error) {
	ids, err := a.Shipper.Logistics(ctx, o.Store, o.Order)
	return ids, fail(ctx, "list the logistics orders", err)
}

// CreateLogistics has the label made, once, and tells what is known of it.
func (a *Activities) CreateLogistics(ctx context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	made, err := a.Shipper.CreateLogistics(ctx, r)
	return made, fail(ctx, "make the label", err)
}

// FetchWaybill fetches the waybill and keeps it under the logistics order's ID, for there may
// be no tracking number yet. The file itself never goes through a workflow.
func (a *Activities) FetchWaybill(ctx context.Context, r protocol.WaybillRequest) (protocol.Evidence, error) {
	pdf, err := a.Shipper.Waybill(ctx, r.Store, r.LogisticsID)
	if err != nil {
		return protocol.Evidence{}, fail(ctx, "fetch the waybill", err)
	}
	kept, err := a.Vault.Put(ctx, port.NewOriginal{
		Store: r.Store, Order: r.Order, TrackingNumber: r.LogisticsID, Kind: rules.EvidenceWaybill,
		Name: "waybill-" + r.LogisticsID + ".pdf", Source: port.SourcePlatform, By: rules.ByMachine,
	}, bytes.NewReader(pdf))
	return kept, fail(ctx, "keep the waybill", err)
}

// KeepEvidence puts originals that the vault holds at a parcel too, and records the fact of it, so
// that a claim whose papers are not fit looks again. A repeat brings no other fact.
func (a *Activities) KeepEvidence(ctx context.Context, e protocol.EvidenceOf) error {
	err := a.Vault.KeepEvidence(ctx, e.Store, e.Order, e.TrackingNumber, e.Originals)
	if err != nil || e.Now.IsZero() || len(e.Originals) == 0 {
		return fail(ctx, "keep evidence", err)
	}
	d := rules.EvidenceAdded{TrackingNumber: e.TrackingNumber, When: e.Now, By: rules.ByMachine}
	for _, o := range e.Originals {
		d.Originals = append(d.Originals, rules.Original{Kind: rules.EvidenceKind(o.Kind), SHA256: o.SHA256})
	}
	_, raw, err := protocol.CollectedFact(e.Store, e.Order, d)
	if err == nil {
		err = a.Inbox.Record(ctx, []json.RawMessage{raw})
	}
	return fail(ctx, "keep evidence", err)
}

// Declare puts a number on the platform, or another in its place. A no is an answer: a person
// must see to it.
func (a *Activities) Declare(ctx context.Context, r protocol.DeclareRequest) (protocol.Declared, error) {
	put := a.Shipper.Declare
	if r.OldNumber != "" {
		put = a.Shipper.Correct
	}
	done, err := put(ctx, r)
	if form, wrong := errors.AsType[*port.FormError](err); wrong {
		return protocol.Declared{Refused: &protocol.Refused{Code: rules.NoticeNumberForm, Reason: form.Pattern}}, nil
	}
	if errors.Is(err, port.ErrRefused) {
		return protocol.Declared{Refused: &protocol.Refused{Code: rules.NoticeNumberRefused, Reason: err.Error()}}, nil
	}
	return done, fail(ctx, "declare "+r.Number, err)
}
