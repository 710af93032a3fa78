package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// two is both sides of a parcel that order s/1 has recorded, as number LP1; it implements the
// ports of a diagnosis.
type two struct {
	fleet
	unrecorded bool
	tracker    string // service that is asked about the carrier; empty: none
	carrier    port.Answer
	carrierErr error
	platform   *fleet // nil: not configured
	recorded   []rules.Row
	notices    []protocol.Notice
	traced     int
	facts      []rules.Event // further ones
	tickets    []protocol.TicketInput
	ticketErr  error
}

func (w *two) Parcel(context.Context, string, string) (port.Tracked, *rules.Facts, error) {
	p := port.Tracked{Store: "s", Number: "LP1"}
	if w.unrecorded {
		return p, nil, w.err
	}
	p.Order, p.Carrier = "1", "CAINIAO"
	f := rules.NewFacts("s", "1")
	f.Add(rules.Event{
		ID: "1", Source: "shop", Time: now.Add(-99 * time.Hour), Type: rules.TypeShipmentRecorded, Store: "s", Order: "1",
		Data: &rules.ShipmentRecorded{TrackingNumber: "LP1", Carrier: "CAINIAO", RecordedAt: now.Add(-99 * time.Hour), ShippedAt: now.Add(-99 * time.Hour)},
	})
	for _, service := range []string{"17track", port.Platform} { // what the platform said is not the carrier's word
		rows := w.recorded
		if service == port.Platform {
			rows = []rules.Row{{At: now.Add(-50 * time.Hour), Milestone: rules.Lost, Source: rules.FromAggregator}}
		}
		f.Add(rules.Event{
			ID: service, Source: protocol.SourceOfTrace(service, "s"), Time: now.Add(-98 * time.Hour), Type: rules.TypeTrackingUpdated, Store: "s", Order: "1",
			Data: &rules.TrackingUpdated{TrackingNumber: "LP1", Rows: rows},
		})
	}
	for _, e := range w.facts {
		f.Add(e)
	}
	return p, f, w.err
}

func (w *two) OpenTicket(_ context.Context, in protocol.TicketInput) error {
	w.tickets = append(w.tickets, in)
	return w.ticketErr
}

func (w *two) Trace(context.Context, port.Tracked, time.Time) (string, port.Answer, error) {
	w.traced++
	return w.tracker, w.carrier, w.carrierErr
}

func (w *two) Service(name string) port.TrackingService {
	if name != port.Platform || w.platform == nil {
		return nil
	}
	return w.platform
}

func (w *two) Notify(_ context.Context, n protocol.Notice) error {
	w.notices = append(w.notices, n)
	return nil
}

func (w *two) examiner(t *testing.T) activities.Examiner {
	t.Helper()
	book, err := policy.Embedded()
	require.NoError(t, err)
	return activities.Examiner{Parcels: w, Tracker: w, Services: w, Book: book}
}

func scanned(before time.Duration) rules.Row {
	return rules.Row{At: now.Add(-before), Milestone: rules.InTransit, Source: rules.FromAggregator}
}

// showing is a platform that shows rows.
func showing(rows ...rules.Row) *fleet {
	return &fleet{answer: func(string) port.Answer { return port.Answer{Number: "LP1", Rows: rows} }}
}

func codes(d rules.Diagnosis) []rules.FindingCode {
	var all []rules.FindingCode
	for _, f := range d.Findings {
		all = append(all, f.Code)
	}
	return all
}

func TestExamine(t *testing.T) {
	t.Parallel()
	moved := port.Answer{Number: "LP1", Rows: []rules.Row{scanned(5 * time.Hour)}}
	broken := showing()
	broken.fail = func(int) error {
		return &port.UnavailableError{Call: "aliexpress: track", Status: 503, Detail: "try\nlater"}
	}
	refusing := &fleet{answer: func(string) port.Answer { return port.Answer{Err: errors.New("aliexpress: no trace: system error")} }}
	for name, tc := range map[string]struct {
		two    two
		told   string
		want   []rules.FindingCode
		detail string
	}{
		"in step":             {two{tracker: "17track", carrier: moved, platform: showing(moved.Rows...)}, "", []rules.FindingCode{rules.FindingNothing}, ""},
		"behind":              {two{tracker: "17track", carrier: moved, platform: showing()}, "", []rules.FindingCode{rules.FindingBehind}, ""},
		"nobody has it":       {two{unrecorded: true, tracker: "17track", carrier: moved, platform: showing()}, "", []rules.FindingCode{rules.FindingNotDeclared}, ""},
		"told just now":       {two{recorded: moved.Rows, platform: showing()}, "17track", []rules.FindingCode{rules.FindingBehind}, ""},
		"carrier away":        {two{tracker: "17track", carrierErr: errors.New("away"), recorded: moved.Rows, platform: showing()}, "", []rules.FindingCode{rules.FindingBehind, rules.FindingCarrierUnsaid}, "away"},
		"number refused":      {two{tracker: "17track", carrier: port.Answer{Err: errors.New("malformed")}, platform: showing()}, "", []rules.FindingCode{rules.FindingCarrierUnsaid}, "malformed"},
		"no tracker":          {two{recorded: moved.Rows, platform: showing(moved.Rows...)}, "", []rules.FindingCode{rules.FindingCarrierUnsaid}, ""},
		"no platform":         {two{tracker: "17track", carrier: moved}, "", []rules.FindingCode{rules.FindingPlatformUnsaid}, ""},
		"platform away":       {two{tracker: "17track", carrier: moved, platform: broken}, "", []rules.FindingCode{rules.FindingPlatformUnsaid}, "503 try later"},
		"platform in trouble": {two{tracker: "17track", carrier: moved, platform: refusing}, "", []rules.FindingCode{rules.FindingPlatformUnsaid}, "system error"},
		"the platform alone":  {two{tracker: port.Platform, carrier: moved, platform: broken}, "", []rules.FindingCode{rules.FindingCarrierUnsaid}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := tc.two.examiner(t).Examine(t.Context(), "s", "LP1", tc.told, now)
			require.NoError(t, err)
			require.Equal(t, tc.want, codes(x.Diagnosis))
			require.Contains(t, x.Findings[len(x.Findings)-1].Detail, tc.detail)
			if tc.told != "" || tc.two.unrecorded {
				require.Zero(t, tc.two.traced)
			}
			require.Equal(t, "Asia/Shanghai", x.Location.String())
		})
	}
}

func (w *two) diagnose(t *testing.T, r protocol.DiagnoseRequest) (protocol.DiagnoseResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Notifier: w, Tickets: w, Examiner: w.examiner(t)})
	value, err := env.ExecuteActivity(protocol.ActivityDiagnose, r)
	var out protocol.DiagnoseResult
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

// People are told where the platform is behind, by a key of the parcel and of the day in
// Beijing, and of nothing else.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC) // the day after, in Beijing
	parcel := protocol.Parcel{Store: "s", Order: "1", TrackingNumber: "LP1", Carrier: "CAINIAO"}
	w := &two{recorded: []rules.Row{scanned(5 * time.Hour)}, platform: showing()}
	for _, at := range []time.Time{now, late.Add(-time.Second), late} {
		out, err := w.diagnose(t, protocol.DiagnoseRequest{Parcel: parcel, Told: "17track", Now: at})
		require.NoError(t, err)
		require.Equal(t, protocol.DiagnoseResult{Findings: []rules.FindingCode{rules.FindingBehind}, Told: true}, out)
	}
	require.Equal(t, "trace-lag/s/LP1/2026-03-01", w.notices[0].Key)
	require.Equal(t, w.notices[0].Key, w.notices[1].Key)
	require.Equal(t, "trace-lag/s/LP1/2026-03-02", w.notices[2].Key)
	n := w.notices[0]
	require.Equal(t, []string{"s", "1", "trace-lag"}, []string{n.Store, n.Order, n.Kind})
	require.NotEmpty(t, n.WorkflowID)
	require.Contains(t, n.ZH, "平台已落后 5 小时")
	require.Contains(t, n.EN, "The platform is 5 h behind")

	w = &two{recorded: []rules.Row{scanned(5 * time.Hour)}, platform: showing(scanned(5 * time.Hour))}
	out, err := w.diagnose(t, protocol.DiagnoseRequest{Parcel: parcel, Told: "17track", Now: now})
	require.NoError(t, err)
	require.Equal(t, protocol.DiagnoseResult{Findings: []rules.FindingCode{rules.FindingNothing}}, out)
	require.Empty(t, w.notices)
}

// Where the platform is behind, a ticket to the carrier is opened once per parcel and day in
// Beijing, with the result; not while one that was filed waits for its answer.
func TestDiagnoseOpensATicket(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC) // the day after, in Beijing
	r := protocol.DiagnoseRequest{Parcel: protocol.Parcel{Store: "s", Order: "1", TrackingNumber: "LP1"}, Told: "17track", Now: late.Add(-time.Second)}
	w := &two{recorded: []rules.Row{scanned(5 * time.Hour)}, platform: showing()}
	for range 2 {
		_, err := w.diagnose(t, r)
		require.NoError(t, err)
	}
	r.Now = late
	_, err := w.diagnose(t, r)
	require.NoError(t, err)
	require.Equal(t, []string{"ticket/s/1/trace_behind/LP1-20260301", "ticket/s/1/trace_behind/LP1-20260301", "ticket/s/1/trace_behind/LP1-20260302"},
		[]string{w.tickets[0].ID(), w.tickets[1].ID(), w.tickets[2].ID()})
	in := w.tickets[2]
	require.Equal(t, "LP1", in.Number)
	require.Equal(t, "aliexpress-2024-04", in.Policy)
	require.Equal(t, late.Add(24*time.Hour), in.GiveUp)
	require.Contains(t, in.Detail.ZH, "3. 平台已落后")
	require.Contains(t, in.Detail.EN, "3. The platform is")

	report := func(kind rules.EventType) {
		w.facts = append(w.facts, rules.Event{Source: "x", ID: string(kind), Type: kind, Store: "s", Order: "1", Time: late, Data: &rules.Ticket{
			TicketID: "T1", When: late, About: w.tickets[0].ID(), Outcome: rules.TicketUnsolved,
		}})
	}
	report(rules.TypeTicketFiled)
	_, err = w.diagnose(t, r)
	require.NoError(t, err)
	require.Len(t, w.tickets, 3, "one is filed and not answered")
	report(rules.TypeTicketAnswered)
	_, err = w.diagnose(t, r)
	require.NoError(t, err)
	require.Len(t, w.tickets, 4)
	w.ticketErr = errors.New("connection refused")
	_, err = w.diagnose(t, r)
	require.ErrorContains(t, err, "open a ticket")
}

// A platform that does not answer is asked again, unless it said no.
func TestDiagnoseWhileThePlatformIsAway(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err    error
		repeat bool
	}{{&port.UnavailableError{Status: 503}, true}, {fmt.Errorf("wrong key: %w", port.ErrRefused), false}} {
		w := &two{recorded: []rules.Row{scanned(5 * time.Hour)}, platform: showing()}
		w.platform.fail = func(int) error { return tc.err }
		_, err := w.diagnose(t, protocol.DiagnoseRequest{Told: "17track", Now: now})
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, !tc.repeat, failed.NonRetryable())
		require.Empty(t, w.notices)
	}
}

// swept is a fleet beside the platform.
type swept struct{ *fleet }

func (f swept) Service(name string) port.TrackingService {
	if name == port.Platform {
		return showing(scanned(5 * time.Hour))
	}
	return f.fleet.Service(name)
}

// A parcel is picked once for each scan, when the platform must show it by now: at 2 h -1 s, 0,
// +1 s; for late news too; and no more than so many in a run.
func TestSweepPicksWhatToCompare(t *testing.T) {
	t.Parallel()
	lag := 2 * time.Hour
	for name, tc := range map[string]struct {
		age   time.Duration // of the scan
		asked time.Duration // before now; 0: never
		known bool          // the same answer came then
		want  bool
	}{
		"not yet due":         {lag - time.Second, 0, false, false},
		"just due":            {lag, 0, false, false},
		"due":                 {lag + time.Second, 0, false, true},
		"due since":           {lag + time.Hour, time.Hour + time.Second, true, true},
		"compared before":     {lag + time.Hour, time.Hour - time.Second, true, false},
		"news, of long since": {90 * time.Hour, time.Hour, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(1)
			f.answer = func(number string) port.Answer {
				return port.Answer{Number: number, Rows: []rules.Row{scanned(tc.age)}}
			}
			if tc.known { // the hash is the sweep's own
				_, err := f.sweep(t)
				require.NoError(t, err)
				f.due = append(f.due, port.Due{Tracked: f.finished[0].Tracked, Plan: f.finished[0].Plan, Hash: f.finished[0].Answer, WatchedBy: "svc"})
			}
			f.due[0].Store, f.due[0].Order, f.due[0].Carrier = "s", "1", "CAINIAO"
			if tc.asked > 0 {
				f.due[0].AskedAt = now.Add(-tc.asked)
			}
			out := sweptBeside(t, f, "svc")
			if !tc.want {
				require.Empty(t, out.Compare)
				return
			}
			require.Equal(t, []protocol.Parcel{{Store: "s", Order: "1", TrackingNumber: "N0", Carrier: "CAINIAO"}}, out.Compare)
		})
	}
	many := newFleet(protocol.MaxCompared + 5)
	many.answer = func(number string) port.Answer {
		return port.Answer{Number: number, Rows: []rules.Row{scanned(5 * time.Hour)}}
	}
	require.Len(t, sweptBeside(t, many, "svc").Compare, protocol.MaxCompared)
	own := newFleet(1)
	require.Equal(t, protocol.SweepResult{Asked: 1, Rows: 1}, sweptBeside(t, own, port.Platform), "the platform is not compared with itself")
}

// What a failed sweep picked to be compared is told all the same: it would not be picked again.
func TestFailedSweepTellsItsPicks(t *testing.T) {
	t.Parallel()
	f := newFleet(7)
	f.answer = func(number string) port.Answer {
		return port.Answer{Number: number, Rows: []rules.Row{scanned(5 * time.Hour)}}
	}
	f.fail = func(call int) error {
		if call > 3 {
			return fmt.Errorf("svc: wrong key: %w", port.ErrRefused)
		}
		return nil
	}
	_, err := sweepBeside(t, f, "svc")
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok)
	var out protocol.SweepResult
	require.NoError(t, failed.Details(&out))
	require.Len(t, out.Compare, 3)
}

func sweptBeside(t *testing.T, f *fleet, service string) protocol.SweepResult {
	t.Helper()
	value, err := sweepBeside(t, f, service)
	require.NoError(t, err)
	var out protocol.SweepResult
	require.NoError(t, value.Get(&out))
	return out
}

func sweepBeside(t *testing.T, f *fleet, service string) (converter.EncodedValue, error) {
	t.Helper()
	book, err := policy.Embedded()
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Traces: f, Services: swept{f}, Sweeps: f, Examiner: activities.Examiner{Book: book}})
	return env.ExecuteActivity(protocol.ActivitySweep, protocol.SweepInput{Service: service, Clock: protocol.Clock{Origin: now, Start: time.Now(), Speed: 1e-9}})
}
