package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// How the sources of evidence are asked, real time.
const (
	collectCall     = 50 * time.Second // one call of one source
	collectPatience = 90 * time.Second // until a source that is away is given up
	collectAgain    = 2 * time.Second  // twice as long after each failure
	collectBeat     = 5 * time.Second  // of the heart
)

// errUnfit says that a source brought what the vault does not take.
var errUnfit = errors.New("unfit")

// Collect fetches the originals of the kinds wanted that the vault does not hold, or holds as they
// were too early, each from its source, puts them into the vault beside what is there, records one
// fact of them, and has all that is there judged. A source that fails spoils no other: the answer
// says why each kind is not there. A repeat brings no other fact.
func (a *Activities) Collect(ctx context.Context, r protocol.CollectRequest) (protocol.Collected, error) {
	var out protocol.Collected
	doing := "collect evidence of " + r.Store + "/" + r.Order
	held, err := a.Vault.Evidence(ctx, r.Store, r.Order, r.TrackingNumber)
	if err != nil {
		return out, fail(ctx, doing, err)
	}
	var wanted []rules.EvidenceKind
	for _, kind := range r.Kinds {
		if !slices.ContainsFunc(held, func(e protocol.Evidence) bool { return e.Kind == string(kind) && !outgrown(&e, &r) }) {
			wanted = append(wanted, kind)
		}
	}
	got := make([]protocol.Evidence, len(wanted))
	failed := make([]error, len(wanted))
	stop := beat(ctx)
	var asking sync.WaitGroup
	for i, kind := range wanted {
		asking.Go(func() { got[i], failed[i] = a.collect(ctx, kind, &r) })
	}
	asking.Wait()
	defer stop()
	var own error
	for i, kind := range wanted {
		why, ours := whyNot(failed[i])
		switch {
		case failed[i] == nil:
			if !slices.ContainsFunc(held, func(e protocol.Evidence) bool { return e.Kind == got[i].Kind && e.SHA256 == got[i].SHA256 }) {
				out.Got = append(out.Got, got[i])
			}
			continue
		case ours:
			own = errors.Join(own, failed[i])
		default:
			out.Failed = append(out.Failed, rules.Uncollected{Kind: kind, Why: why})
		}
		activity.GetLogger(ctx).Warn("evidence could not be collected", "store", r.Store, "order", r.Order, "kind", kind, "error", failed[i])
	}
	if err := a.tellCollected(ctx, &r); err != nil {
		own = errors.Join(own, err)
	}
	if own != nil {
		return out, fail(ctx, doing, own)
	}
	// In the same turn: it costs the story six events less.
	papers, err := a.Judge.Papers(ctx, protocol.PapersRequest{Store: r.Store, Order: r.Order, TrackingNumber: r.TrackingNumber, HandedIn: r.HandedIn, Now: r.Now})
	if err != nil {
		activity.GetLogger(ctx).Warn("the evidence cannot be judged yet", "store", r.Store, "order", r.Order, "error", err)
		return out, nil
	}
	out.Papers = &papers
	return out, nil
}

// outgrown tells whether an original that a machine collected ends before that which it must show,
// though its source may have grown since.
func outgrown(e *protocol.Evidence, r *protocol.CollectRequest) bool {
	kind := rules.EvidenceKind(e.Kind)
	return e.By == rules.ByMachine && (kind == rules.EvidenceMessages || kind == rules.EvidenceCarrierProof) && e.TakenAt.Before(r.Since)
}

// beat tells the server that an activity lives until stop is called, which waits for the last beat:
// one that is broken off counts for the SDK as one that failed, and it cancels the activity.
func beat(ctx context.Context) (stop func()) {
	over := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(collectBeat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			case <-over:
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { close(over); beating.Wait() }
}

// whyNot is why a kind was not collected. ours: not its source failed, but our own records, and
// a repeat may help.
func whyNot(err error) (why rules.UncollectedWhy, ours bool) {
	_, away := errors.AsType[*port.UnavailableError](err)
	switch {
	case errors.Is(err, errOwn):
		return "", true
	case errors.Is(err, errUnfit):
		return rules.UncollectedUnfit, false
	case errors.Is(err, port.ErrNobody):
		return rules.UncollectedNobody, false
	case errors.Is(err, port.ErrNothing):
		return rules.UncollectedNothing, false
	case errors.Is(err, port.ErrUnauthorised):
		return rules.UncollectedUnauthorised, false
	case away || errors.Is(err, port.ErrBusy) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return rules.UncollectedUnavailable, false
	}
	return rules.UncollectedRefused, false
}

// collect fetches one original, patiently, and puts it into the vault.
func (a *Activities) collect(ctx context.Context, kind rules.EvidenceKind, r *protocol.CollectRequest) (protocol.Evidence, error) {
	paper, source, err := a.fetchPatiently(ctx, kind, r)
	if err != nil {
		return protocol.Evidence{}, err
	}
	number := r.TrackingNumber
	if source == port.SourcePlatform {
		number = "" // of the order as a whole
	}
	kept, err := a.Vault.Put(ctx, port.NewOriginal{
		Store: r.Store, Order: r.Order, TrackingNumber: number, Kind: kind, Name: paper.Name, Source: source, By: rules.ByMachine, TakenAt: paper.TakenAt,
	}, bytes.NewReader(paper.Content))
	if errors.Is(err, port.ErrRefused) {
		return kept, fmt.Errorf("%w: %w", errUnfit, err)
	}
	if err != nil {
		return kept, fmt.Errorf("%w: %w", errOwn, err)
	}
	return kept, nil
}

// fetchPatiently asks a source that does not answer again, for half the time that there is and
// at most [collectPatience]: a person who must bring the original needs time, too.
func (a *Activities) fetchPatiently(ctx context.Context, kind rules.EvidenceKind, r *protocol.CollectRequest) (port.Paper, string, error) {
	begun := time.Now()
	patience := collectPatience
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	for wait := collectAgain; ; wait *= 2 {
		call, stop := context.WithTimeout(ctx, min(collectCall, patience))
		paper, source, err := a.fetch(call, kind, r)
		stop()
		if why, _ := whyNot(err); err == nil || why != rules.UncollectedUnavailable {
			return paper, source, err
		}
		pause := wait
		if away, ok := errors.AsType[*port.UnavailableError](err); ok {
			pause = max(pause, away.After)
		}
		if time.Since(begun)+pause > patience {
			return paper, source, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return paper, source, fmt.Errorf("collect %s: %w", kind, ctx.Err())
		}
	}
}

// fetch asks the source of a kind once.
func (a *Activities) fetch(ctx context.Context, kind rules.EvidenceKind, r *protocol.CollectRequest) (paper port.Paper, source string, err error) {
	nobody := fmt.Errorf("%w: %s of store %s: %w", port.ErrNobody, kind, r.Store, port.ErrRefused)
	switch kind {
	case rules.EvidenceMessages, rules.EvidenceOrderDetail:
		if a.Papers == nil {
			return paper, "", nobody
		}
		ask := a.Papers.Messages
		if kind == rules.EvidenceOrderDetail {
			ask = a.Papers.OrderDetail
		}
		paper, err = ask(ctx, r.Store, r.Order)
		return paper, port.SourcePlatform, err
	case rules.EvidenceOutbound:
		if a.Warehouse == nil {
			return paper, "", nobody
		}
		paper, err = a.Warehouse.Outbound(ctx, r.Store, r.Order, r.TrackingNumber)
		return paper, port.SourceWarehouse, err
	case rules.EvidenceCarrierProof:
		paper, err = a.carrierProof(ctx, r)
		return paper, port.SourceCarrier, err
	default:
		return paper, "", nobody
	}
}

// carrierProof is the whole answer of the service that tracks the parcel. What is new in it goes
// into the inbox, too: nothing must be handed in that the trace speaks against.
func (a *Activities) carrierProof(ctx context.Context, r *protocol.CollectRequest) (port.Paper, error) {
	service, answer, err := a.Tracker.Trace(ctx, port.Tracked{Store: r.Store, Order: r.Order, Number: r.TrackingNumber, Carrier: r.Carrier}, r.Now)
	if err == nil {
		err = answer.Err
	}
	switch {
	case err != nil:
		return port.Paper{}, err
	case service == "":
		return port.Paper{}, fmt.Errorf("%w: about parcels of %s: %w", port.ErrNobody, r.Carrier, port.ErrRefused)
	case len(answer.Rows)+len(answer.Unplaced) == 0:
		return port.Paper{}, fmt.Errorf("%w: %s knows nothing of %s: %w", port.ErrNothing, service, r.TrackingNumber, port.ErrRefused)
	}
	if _, err := a.Traces.Learn(ctx, service, []port.Answer{answer}); err != nil {
		return port.Paper{}, fmt.Errorf("%w: record the trace: %w", errOwn, err)
	}
	proof := struct {
		Service  string      `json:"service"`
		Carrier  string      `json:"carrier,omitempty"`
		Number   string      `json:"tracking_number"`
		Also     []string    `json:"also,omitempty"`
		Rows     []rules.Row `json:"events"`
		Unplaced []rules.Row `json:"events_without_time,omitempty"`
	}{service, r.Carrier, r.TrackingNumber, answer.Also, answer.Rows, answer.Unplaced}
	raw, err := json.MarshalIndent(proof, "", " ")
	if err != nil {
		return port.Paper{}, fmt.Errorf("the trace of %s: %w", r.TrackingNumber, err)
	}
	paper := port.Paper{Name: "trace-" + r.TrackingNumber + "-" + service + ".json", Content: raw}
	if len(answer.Rows) > 0 {
		paper.TakenAt = answer.Rows[len(answer.Rows)-1].At
	}
	return paper, nil
}

// tellCollected records the fact of all that machines have collected for the parcel. It is made
// of what the vault holds, so that an attempt that broke off before loses none.
func (a *Activities) tellCollected(ctx context.Context, r *protocol.CollectRequest) error {
	held, err := a.Vault.Evidence(ctx, r.Store, r.Order, r.TrackingNumber)
	if err != nil {
		return err
	}
	d := rules.EvidenceAdded{TrackingNumber: r.TrackingNumber, When: r.Now, By: rules.ByMachine}
	for _, e := range held {
		if kind := rules.EvidenceKind(e.Kind); e.By == rules.ByMachine && slices.Contains(r.Kinds, kind) {
			d.Originals = append(d.Originals, rules.Original{Kind: kind, SHA256: e.SHA256})
		}
	}
	if len(d.Originals) == 0 {
		return nil
	}
	_, raw, err := protocol.CollectedFact(r.Store, r.Order, d)
	if err != nil {
		return err
	}
	return a.Inbox.Record(ctx, []json.RawMessage{raw})
}
