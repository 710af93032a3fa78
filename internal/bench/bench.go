// Package bench measures what Parcelward costs and how fast it is, on the servers that its
// caller has started.
//
// Invariants: events, bytes and actions of an order do not depend on the machine, so their
// limits are hard; rates do, so each is a median of several rounds and stands beside its
// limit.
package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"parcelward/internal/api"
	"parcelward/internal/demo"
	"parcelward/internal/demo/player"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox"
	"parcelward/internal/sandbox/world"
)

// Figure is one measured figure beside its limit.
type Figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Limit  float64 `json:"limit"`
	Better string  `json:"better"` // less or more
}

// Holds tells whether the figure keeps its limit.
func (f Figure) Holds() bool {
	if f.Better == "less" {
		return f.Value <= f.Limit
	}
	return f.Value >= f.Limit
}

// Env is a running Parcelward: API, dispatcher, worker, sandbox.
type Env struct {
	API      string // base URL
	Temporal client.Client
	Clock    protocol.Clock
	Sandbox  *sandbox.Sandbox

	// What the measures of tracking need beside.
	World     *world.World // of the twins
	Database  string       // URL
	WorkerPID int
	PushKey   string // signs 17TRACK's pushes
}

const less, more = "less", "more"

// orders is how many orders of one kind live side by side in a measurement.
const orders = 5

// Run measures what only names (empty: everything) and writes a figure a line. It returns
// an error that names the figures that miss their limits.
func Run(ctx context.Context, env Env, only string, out io.Writer) error {
	measures := []struct {
		names   []string
		measure func(context.Context, Env) ([]Figure, error)
	}{
		{[]string{"events_delivered_order", "bytes_delivered_order", "actions_delivered_order"}, delivered},
		{[]string{"events_claimed_order"}, claimed},
		{[]string{"backtest_orders_per_second"}, backtestRate},
		{[]string{"inbox_events_per_second"}, inboxRate},
		{[]string{"webhook_pushes_per_second", "webhook_median", "webhook_p99"}, webhookRate},
		{[]string{"sweep_numbers_per_second", "sweep_worker_growth"}, sweepRate},
	}
	var missed []error
	known := false
	for _, m := range measures {
		if only != "" && !slices.Contains(m.names, only) {
			continue
		}
		known = true
		figures, err := m.measure(ctx, env)
		if err != nil {
			return fmt.Errorf("measure %s: %w", m.names[0], err)
		}
		for _, f := range figures {
			if only != "" && f.Name != only {
				continue
			}
			if err := json.NewEncoder(out).Encode(f); err != nil {
				return err
			}
			if !f.Holds() {
				missed = append(missed, fmt.Errorf("%s is %g %s, limit %g (%s is better)", f.Name, f.Value, f.Unit, f.Limit, f.Better))
			}
		}
	}
	if !known {
		return fmt.Errorf("no figure is called %q", only)
	}
	return errors.Join(missed...)
}

// Costs measures what orders cost in events, bytes and actions.
func Costs(ctx context.Context, env Env) ([]Figure, error) {
	happy, err := delivered(ctx, env)
	if err != nil {
		return nil, err
	}
	paid, err := claimed(ctx, env)
	return append(happy, paid...), err
}

// delivered lets some delivered orders of the budget live and takes the dearest.
func delivered(ctx context.Context, env Env) ([]Figure, error) {
	cost, err := dearest(ctx, env, "delivered", func(order string, at time.Time) ([]demo.Sent, *sandbox.Fate) {
		return demo.DeliveredOrder(demo.Store, order, at), nil
	})
	return []Figure{
		{"events_delivered_order", float64(cost.Events), "events", 30, less},
		{"bytes_delivered_order", float64(cost.Bytes), "bytes", 8192, less},
		{"actions_delivered_order", float64(cost.Actions), "actions", 8, less},
	}, err
}

// claimed is the same for an order whose parcel stalls and whose claim is paid, over both
// workflows.
func claimed(ctx context.Context, env Env) ([]Figure, error) {
	cost, err := dearest(ctx, env, "claimed", func(order string, at time.Time) ([]demo.Sent, *sandbox.Fate) {
		events, fate := demo.ClaimedOrder(demo.Store, order, at)
		return events, &fate
	})
	return []Figure{{"events_claimed_order", float64(cost.Events), "events", 120, less}}, err
}

// dearest lets orders live side by side to their end and returns the dearest one's cost,
// its claims included.
func dearest(ctx context.Context, env Env, name string, tell func(order string, at time.Time) ([]demo.Sent, *sandbox.Fate)) (Cost, error) {
	var worst Cost
	costs := make([]Cost, orders)
	group, ctx := errgroup.WithContext(ctx)
	for i := range orders {
		order := fmt.Sprintf("bench-%s-%d-%d", name, i, time.Now().UnixNano())
		events, fate := tell(order, env.Clock.Virtual(time.Now()).Add(time.Hour))
		if fate != nil {
			env.Sandbox.AddFates(*fate)
		}
		group.Go(func() error {
			if err := Play(ctx, env, events); err != nil {
				return err
			}
			var err error
			costs[i], err = lived(ctx, env, order)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return worst, err
	}
	for _, c := range costs {
		if c.Events > worst.Events {
			worst = c
		}
	}
	return worst, nil
}

// lived waits for the end of an order and of its claims, and adds their costs up.
func lived(ctx context.Context, env Env, order string) (Cost, error) {
	id := protocol.OrderWorkflowID(demo.Store, order)
	if err := env.Temporal.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return Cost{}, fmt.Errorf("%s: %w", id, err)
	}
	total, err := CostOf(ctx, env.Temporal, id)
	if err != nil {
		return Cost{}, err
	}
	answer, err := env.Temporal.QueryWorkflow(ctx, id, "", protocol.QueryAssess, protocol.AsOf{})
	if err != nil {
		return Cost{}, fmt.Errorf("query %s: %w", id, err)
	}
	var a rules.Assessment
	if err := answer.Get(&a); err != nil {
		return Cost{}, err
	}
	for i := range a.Cases {
		claim, err := CostOf(ctx, env.Temporal, protocol.ClaimWorkflowID(demo.Store, order, a.Cases[i].ID()))
		if err != nil {
			return Cost{}, err
		}
		total = total.Add(claim)
	}
	return total, nil
}

// Play sends events to the API, those of one moment in one batch, and originals, each at its
// virtual time.
func Play(ctx context.Context, env Env, events []demo.Sent) error {
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].At.Equal(events[0].At) && events[n].Event != nil && events[0].Event != nil {
			n++
		}
		wait := env.Clock.Real(events[0].At.Sub(env.Clock.Virtual(time.Now())))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if events[0].Event == nil {
			if err := player.Act(ctx, api.Client{Base: env.API}, &events[0]); err != nil {
				return err
			}
			events = events[1:]
			continue
		}
		batch := make([]json.RawMessage, n)
		for i := range n {
			batch[i] = json.RawMessage(events[i].Event)
		}
		if err := Post(ctx, env.API, batch); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

// Post sends a batch and returns when it is accepted durably.
func Post(ctx context.Context, api string, batch []json.RawMessage) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("events not accepted: %s: %s", response.Status, answer)
	}
	return nil
}
