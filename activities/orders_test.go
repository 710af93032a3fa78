package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// platform is a platform with a store, and the record of what was read there.
type platform struct {
	fleet
	windows  [][2]time.Time
	changes  []port.ChangedOrder // by time
	upto     time.Time
	waiting  map[string]port.UnreadOrder
	due      map[string]time.Time // of waiting; absent: read
	fetched  []string
	failing  map[string]error
	inboxErr error
	kept     []string
	told     []protocol.Notice
	auth     port.Authorisation
	authErr  error

	payouts     map[string][]port.Payout // by order
	abnormal    []port.AbnormalOrder
	lists       [][2]time.Time // of abnormal orders, that were asked for
	settlements []port.Settlement
	settling    [][2]time.Time
	settled     []port.Settlement
	marks       map[string]time.Time
}

func newPlatform(changes ...port.ChangedOrder) *platform {
	return &platform{
		changes: changes, marks: map[string]time.Time{}, waiting: map[string]port.UnreadOrder{}, due: map[string]time.Time{}, failing: map[string]error{},
		auth: port.Authorisation{Until: now.AddDate(0, 0, 20), RenewBy: now.AddDate(0, 0, 50)},
	}
}

func (p *platform) Name() string { return "svc" }

func (p *platform) Changed(_ context.Context, _ string, from, to time.Time) ([]port.ChangedOrder, error) {
	p.windows = append(p.windows, [2]time.Time{from, to})
	if err := p.failing["list"]; err != nil {
		return nil, err
	}
	var changed []port.ChangedOrder
	for _, c := range p.changes {
		if !c.Updated.Before(from) && !c.Updated.After(to) {
			changed = append(changed, c)
		}
	}
	return changed, nil
}

func (p *platform) Read(_ context.Context, store, order string) (port.OrderNews, error) {
	p.fetched = append(p.fetched, order)
	if err := p.failing[order]; err != nil {
		return port.OrderNews{}, err
	}
	event := rules.Event{Source: "svc/" + store, ID: order, Type: rules.TypeOrderPaid, Store: store, Order: order, Time: now, Data: &rules.OrderPaid{PaidAt: now}}
	if order != "half bad" {
		return port.OrderNews{Events: []rules.Event{event}, Payouts: p.payouts[order]}, nil
	}
	event.Order = "half"
	bad := event
	bad.ID = ""
	return port.OrderNews{Events: []rules.Event{event, bad}}, nil
}

func (p *platform) Abnormal(_ context.Context, _ string, from, to time.Time) ([]port.AbnormalOrder, error) {
	p.lists = append(p.lists, [2]time.Time{from, to})
	return p.abnormal, p.failing["abnormal"]
}

func (p *platform) Settlements(_ context.Context, _ string, from, to time.Time) ([]port.Settlement, error) {
	p.settling = append(p.settling, [2]time.Time{from, to})
	return slices.Clone(p.settlements), p.failing["settlements"]
}

func (p *platform) ListedUpto(_ context.Context, _, _, list string) (time.Time, error) {
	return p.marks[list], nil
}

func (p *platform) NoteListedUpto(_ context.Context, _, _, list string, upto time.Time) error {
	p.marks[list] = upto
	return nil
}

func (p *platform) KeepSettlements(_ context.Context, _, _ string, settled []port.Settlement, _ time.Time) error {
	p.settled = append(p.settled, settled...)
	return nil
}

func (p *platform) Renew(context.Context, string) (port.Authorisation, error) {
	return p.auth, p.authErr
}

func (p *platform) ReadUpto(context.Context, string, string) (time.Time, error) { return p.upto, nil }

func (p *platform) NoteListed(_ context.Context, _, _ string, changed []port.ChangedOrder, upto, at time.Time) error {
	p.upto = upto
	for _, c := range changed {
		if p.waiting[c.Order].ChangedOrder != c {
			p.waiting[c.Order], p.due[c.Order] = port.UnreadOrder{ChangedOrder: c}, at
		}
	}
	return nil
}

func (p *platform) Unread(_ context.Context, _, _ string, at time.Time, _ int) ([]port.UnreadOrder, error) {
	var due []port.UnreadOrder
	for order, next := range p.due {
		if !next.After(at) {
			due = append(due, p.waiting[order])
		}
	}
	slices.SortFunc(due, func(a, b port.UnreadOrder) int { return a.Updated.Compare(b.Updated) })
	return due, nil
}

func (p *platform) NoteRead(_ context.Context, _, _ string, r port.OrderRead) error {
	if delete(p.due, r.Order); !r.Next.IsZero() {
		p.due[r.Order] = r.Next
		r.Attempts++
		p.waiting[r.Order] = r.UnreadOrder
	}
	return nil
}

func (p *platform) CountUnread(context.Context, string, string) (int, error) { return len(p.due), nil }

func (p *platform) Record(_ context.Context, events []json.RawMessage) error {
	if p.inboxErr != nil {
		return p.inboxErr
	}
	p.recorded = append(p.recorded, events...)
	return nil
}

func (p *platform) KeepUnreadable(_ context.Context, _, reason string, _ []byte) error {
	p.kept = append(p.kept, reason)
	return nil
}

func (p *platform) Notify(_ context.Context, n protocol.Notice) error {
	p.told = append(p.told, n)
	return nil
}

func (p *platform) poll(t *testing.T, at time.Time, order string) (protocol.OrdersResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{
		Inbox: p, Traces: p, Services: p, Notifier: p, Reads: p, Orders: map[string]port.OrderSource{"svc": p},
	})
	value, err := env.ExecuteActivity(protocol.ActivityPollOrders, protocol.OrdersInput{
		Platform: "svc", Store: "s", Order: order, FirstDays: 1, Clock: protocol.Clock{Origin: at, Start: time.Now(), Speed: 1e-9},
	})
	var out protocol.OrdersResult
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

func change(order string, before time.Duration) port.ChangedOrder {
	return port.ChangedOrder{Order: order, Updated: now.Add(-before)}
}

// The first reading goes back as far as it is told, window by window; the next overlaps by ten
// minutes, and finds what the platform listed late without reading anything twice.
func TestPollOrdersWindows(t *testing.T) {
	t.Parallel()
	p := newPlatform(change("1", 24*time.Hour), change("2", 25*time.Hour), change("3", time.Minute))
	out, err := p.poll(t, now, "")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Listed: 2, Read: 2}, out)
	require.Len(t, p.windows, 4)
	end := now.Add(-5 * time.Second)
	require.WithinDuration(t, end.Add(-24*time.Hour), p.windows[0][0], time.Second)
	require.WithinDuration(t, end, p.windows[3][1], time.Second)
	for i := range 3 {
		require.Equal(t, p.windows[i][1], p.windows[i+1][0], "no gap")
	}
	p.changes = append(p.changes, change("late", 9*time.Minute), change("too late", 11*time.Minute))
	out, err = p.poll(t, now.Add(time.Minute), "")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Listed: 2, Read: 1}, out)
	require.Equal(t, []string{"1", "3", "late"}, p.fetched)
	require.WithinDuration(t, end.Add(-10*time.Minute), p.windows[4][0], time.Second)
}

// An order that cannot be read waits, the longer the oftener, and holds up no other. One that
// cannot be told is kept for inspection once; what is good of it goes in.
func TestPollOrdersPutsBadOnesOff(t *testing.T) {
	t.Parallel()
	p := newPlatform(change("away", 4*time.Minute), change("refused", 3*time.Minute), change("half bad", 2*time.Minute), change("good", time.Minute))
	p.failing["away"] = &port.UnavailableError{Call: "svc: order", Status: 500}
	p.failing["refused"] = fmt.Errorf("no such order: %w", port.ErrRefused)
	out, err := p.poll(t, now, "")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Listed: 4, Read: 1, Failed: 3}, out)
	require.Equal(t, []string{"away", "refused", "half bad", "good"}, p.fetched)
	require.Len(t, p.recorded, 2)
	require.Len(t, p.kept, 2)
	require.WithinDuration(t, now.Add(time.Minute), p.due["away"], time.Second)
	require.WithinDuration(t, now.Add(time.Hour), p.due["refused"], time.Second)
	require.WithinDuration(t, now.Add(time.Hour), p.due["half bad"], time.Second)

	out, err = p.poll(t, now.Add(2*time.Minute), "")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Listed: 4, Failed: 1}, out)
	require.WithinDuration(t, now.Add(4*time.Minute), p.due["away"], time.Second, "twice as long")
	_, err = p.poll(t, now.Add(time.Hour+time.Minute), "")
	require.NoError(t, err)
	require.Len(t, p.kept, 2, "kept once")
	delete(p.failing, "away")
	out, err = p.poll(t, now.Add(3*time.Hour), "")
	require.NoError(t, err)
	require.Equal(t, 1, out.Read)
}

// What is about more than one order stops the run, and leaves what was not read due.
func TestPollOrdersStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at     string // which fails
		err    error
		inbox  error
		busy   bool
		auth   error
		wait   time.Duration
		repeat bool
		told   string
	}{
		"limit":            {at: "1", err: &port.UnavailableError{Call: "svc", Status: 429, After: 7 * time.Second}, wait: 7 * time.Second, repeat: true},
		"limit of lists":   {at: "list", err: &port.UnavailableError{Call: "svc", Status: 200, After: time.Hour}, wait: time.Hour, repeat: true},
		"inbox away":       {inbox: errors.New("connection reset"), repeat: true},
		"not to be called": {busy: true, repeat: true},
		"token gone":       {auth: fmt.Errorf("authorise again: %w: %w", port.ErrUnauthorised, port.ErrRefused), told: "store-unauthorised"},
		"token goes":       {at: "1", err: fmt.Errorf("authorise again: %w: %w", port.ErrUnauthorised, port.ErrRefused), told: "store-unauthorised"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(change("1", 3*time.Minute), change("2", time.Minute))
			p.failing[c.at], p.inboxErr, p.busy, p.authErr = c.err, c.inbox, c.busy, c.auth
			_, err := p.poll(t, now, "")
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.repeat, !failed.NonRetryable())
			require.Equal(t, c.wait, failed.NextRetryDelay())
			require.Empty(t, p.recorded)
			if c.told == "" {
				require.Empty(t, p.told)
			} else {
				require.Equal(t, c.told, p.told[0].Kind)
				require.Equal(t, "orders/svc/s/"+c.told+"/2026-03-01", p.told[0].Key)
			}
			p.failing, p.inboxErr, p.busy, p.authErr = nil, nil, false, nil
			_, err = p.poll(t, now.Add(time.Second), "")
			require.NoError(t, err)
			require.Len(t, p.recorded, 2, "nothing is lost")
		})
	}
}

// An authorisation that ends for good is told of from seven days before on, in both languages.
func TestPollOrdersWatchesTheAuthorisation(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	for name, c := range map[string]struct {
		auth port.Authorisation
		told []string
	}{
		"in time":            {port.Authorisation{Until: now.Add(week), RenewBy: now.Add(week + time.Second)}, nil},
		"near":               {port.Authorisation{Until: now.Add(week), RenewBy: now.Add(week)}, []string{"store-authorisation-ends"}},
		"not told":           {port.Authorisation{Until: now.Add(time.Hour)}, nil},
		"fails":              {port.Authorisation{Until: now.Add(week), Failed: errors.New("away")}, []string{"store-renewal-fails"}},
		"fails near the end": {port.Authorisation{RenewBy: now.Add(time.Hour), Failed: errors.New("away")}, []string{"store-renewal-fails", "store-authorisation-ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform()
			p.auth = c.auth
			_, err := p.poll(t, now, "")
			require.NoError(t, err)
			var kinds []string
			for _, n := range p.told {
				kinds = append(kinds, n.Kind)
				require.NotEmpty(t, n.ZH)
				require.NotEmpty(t, n.EN)
				require.Equal(t, "s", n.Store)
			}
			require.Equal(t, c.told, kinds)
		})
	}
}

// One order is read whatever the windows say; a bad one is left to the next turn.
func TestPollOneOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	out, err := p.poll(t, now, "7")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Read: 1}, out)
	require.Empty(t, p.windows)
	p.failing["8"] = errors.New("order_amount: expected an amount")
	out, err = p.poll(t, now, "8")
	require.NoError(t, err)
	require.Equal(t, protocol.OrdersResult{Failed: 1}, out)
	p.failing["9"] = &port.UnavailableError{Call: "svc", Status: 503}
	_, err = p.poll(t, now, "9")
	require.Error(t, err)
}

// A platform that this worker lacks may be another's: the reading is not given up for good.
func TestPollOrdersOfAnotherWorkersPlatform(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Services: p})
	_, err := env.ExecuteActivity(protocol.ActivityPollOrders, protocol.OrdersInput{Platform: "elsewhere", Store: "s"})
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.NonRetryable())
	require.ErrorContains(t, err, `platform "elsewhere" is not configured at this worker`)
}
