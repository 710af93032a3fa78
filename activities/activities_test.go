package activities_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// ports answer with what they are given.
type ports struct {
	err      error
	service  string      // that answers; empty: none
	rows     []rules.Row // of its answer
	about    error       // the number alone
	learnt   []port.Answer
	recorded []json.RawMessage
	kept     []string // evidence
	declared []string
}

func (p *ports) Record(_ context.Context, events []json.RawMessage) error {
	p.recorded = append(p.recorded, events...)
	return p.err
}

func (p *ports) Load(context.Context, protocol.FactsQuery) (protocol.Facts, error) {
	return protocol.Facts{Events: []json.RawMessage{json.RawMessage(`{}`)}}, p.err
}

func (p *ports) Trace(_ context.Context, what port.Tracked, _ time.Time) (string, port.Answer, error) {
	return p.service, port.Answer{Number: what.Number, Rows: p.rows, Err: p.about}, p.err
}

func (p *ports) Learn(_ context.Context, _ string, answers []port.Answer) (port.Learnt, error) {
	p.learnt = append(p.learnt, answers...)
	return port.Learnt{Rows: len(answers)}, p.err
}

func (p *ports) KeepUnreadable(context.Context, string, string, []byte) error { return p.err }

func (p *ports) File(_ context.Context, r protocol.FilingRequest) (protocol.Filed, error) {
	return protocol.Filed{ClaimID: r.Key, At: r.Now}, p.err
}

func (p *ports) Appeal(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{ClaimID: r.ClaimID, At: r.Now}, p.err
}

func (p *ports) SendPapers(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{ClaimID: r.ClaimID, At: r.Now}, p.err
}

func (p *ports) AskProtection(_ context.Context, r protocol.ClaimRequest) (protocol.Filed, error) {
	return protocol.Filed{ClaimID: r.ClaimID, At: r.Now}, p.err
}

func (p *ports) Week(context.Context, string, rules.Week, time.Time) (rules.Health, error) {
	return rules.Health{}, p.err
}

func (p *ports) SetScores(context.Context, string, rules.Week, rules.HealthScores, string) error {
	return p.err
}

func (p *ports) Health(context.Context, string, time.Time) (rules.StoreHealth, error) {
	return rules.StoreHealth{Programmes: []string{"anxinda"}}, p.err
}

func (p *ports) Papers(context.Context, protocol.PapersRequest) (protocol.Papers, error) {
	return protocol.Papers{Evidence: []protocol.Evidence{{Kind: "waybill"}}}, p.err
}

func (p *ports) Evidence(context.Context, string, string, string) ([]protocol.Evidence, error) {
	return []protocol.Evidence{{Kind: "waybill"}}, p.err
}

func (p *ports) Parcel(context.Context, string, string) (port.Tracked, *rules.Facts, error) {
	return port.Tracked{}, nil, p.err
}

func (p *ports) KeepEvidence(_ context.Context, _, _, number string, originals []protocol.Evidence) error {
	for _, e := range originals {
		p.kept = append(p.kept, number+" "+e.Kind+" "+e.Name+" "+e.SHA256)
	}
	return p.err
}

func (p *ports) Put(_ context.Context, o port.NewOriginal, content io.Reader) (protocol.Evidence, error) {
	b, err := io.ReadAll(content)
	if err == nil {
		p.kept = append(p.kept, strings.Join([]string{o.Store, o.Order, o.TrackingNumber, string(o.Kind), o.Name, o.Source, o.By, string(b)}, " "))
	}
	return protocol.Evidence{Kind: string(o.Kind), Name: o.Name}, cmp.Or(p.err, err)
}

func (p *ports) Open(context.Context, string) (io.ReadCloser, error) { return nil, p.err }

func (p *ports) Logistics(context.Context, string, string) ([]string, error) {
	return []string{"L1"}, p.err
}

func (p *ports) CreateLogistics(_ context.Context, r protocol.LogisticsRequest) (protocol.Logistics, error) {
	return protocol.Logistics{ID: "L" + r.Key}, p.err
}

func (p *ports) Waybill(context.Context, string, string) ([]byte, error) {
	return []byte("%PDF-1.4"), p.err
}

func (p *ports) Declare(context.Context, protocol.DeclareRequest) (protocol.Declared, error) {
	p.declared = append(p.declared, "declare")
	return protocol.Declared{}, p.err
}

func (p *ports) Correct(context.Context, protocol.DeclareRequest) (protocol.Declared, error) {
	p.declared = append(p.declared, "correct")
	return protocol.Declared{}, p.err
}

func (p *ports) Notify(context.Context, protocol.Notice) error { return p.err }

func environment(p *ports) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.Activities{Inbox: p, Tracker: p, Traces: p, Filing: p, Shipper: p, Vault: p, Judge: p, Stores: p, Notifier: p, Calendar: "c7", Examiner: activities.Examiner{Parcels: p}})
	return env
}

var inputs = map[string]any{
	protocol.ActivityLoadFacts:   protocol.FactsQuery{Store: "s", Order: "o"},
	protocol.ActivityRecordFacts: []json.RawMessage{json.RawMessage(`{}`)},
	protocol.ActivityPollCarrier: protocol.PollRequest{Parcel: protocol.Parcel{TrackingNumber: "LP1", Carrier: "cainiao"}, Now: now},
	protocol.ActivityNotify:      protocol.Notice{Key: "k"},
	protocol.ActivityGather:      protocol.Parcel{TrackingNumber: "LP1"},
	protocol.ActivityFile:        protocol.FilingRequest{Key: "k", Now: now},
	protocol.ActivityAppeal: protocol.ClaimRequest{
		Key: "k", Now: now, Evidence: []protocol.Evidence{{SHA256: "old"}, {SHA256: "new"}}, Added: []rules.Original{{SHA256: "new"}},
	},
	protocol.ActivitySendPapers: protocol.ClaimRequest{Key: "k", Now: now},
	protocol.ActivityAskProtect: protocol.ClaimRequest{Key: "k", Now: now},
	protocol.ActivityPreflight:  protocol.PapersRequest{Store: "s", Now: now},
	protocol.ActivityStanding:   protocol.StandingQuery{Store: "s", Now: now},
	protocol.ActivityDiagnose:   protocol.DiagnoseRequest{Now: now},

	protocol.ActivityListLogistics:   protocol.OrderRef{Store: "s", Order: "o"},
	protocol.ActivityCreateLogistics: protocol.LogisticsRequest{Key: "k"},
	protocol.ActivityFetchWaybill:    protocol.WaybillRequest{Store: "s", Order: "o", LogisticsID: "700001"},
	protocol.ActivityKeepEvidence:    protocol.EvidenceOf{TrackingNumber: "LP1", Originals: []protocol.Evidence{{Kind: "waybill"}}},
	protocol.ActivityCollect:         protocol.CollectRequest{Store: "s", Order: "o"},
	protocol.ActivityDeclare:         protocol.DeclareRequest{Key: "k", Number: "LP1"},
}

// A definite no is not repeated, anything else is; both say what was being done, and the
// application error is outermost, or Temporal would repeat for ever.
func TestErrors(t *testing.T) {
	t.Parallel()
	for name, input := range inputs {
		if name == protocol.ActivityDeclare {
			continue // a no is an answer: see TestDeclare
		}
		for _, tc := range []struct {
			name   string
			err    error
			kind   string
			repeat bool
		}{
			{"refused", fmt.Errorf("no such order: %w", port.ErrRefused), protocol.ErrRefused, false},
			{"unavailable", errors.New("connection reset"), protocol.ErrUnavailable, true},
		} {
			t.Run(name+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				_, err := environment(&ports{err: tc.err}).ExecuteActivity(name, input)
				var failed *temporal.ApplicationError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, tc.kind, failed.Type())
				require.Equal(t, !tc.repeat, failed.NonRetryable())
				require.ErrorContains(t, err, tc.err.Error())
			})
		}
	}
}

func TestLoadFactsNamesTheCalendar(t *testing.T) {
	t.Parallel()
	value, err := environment(&ports{}).ExecuteActivity(protocol.ActivityLoadFacts, inputs[protocol.ActivityLoadFacts])
	require.NoError(t, err)
	var facts protocol.Facts
	require.NoError(t, value.Get(&facts))
	require.Equal(t, "c7", facts.Calendar)
	require.Len(t, facts.Events, 1)
}

// What a service says of the number is recorded; nobody to ask, and nothing said, is no error;
// a refusal of the number is not repeated.
func TestPollCarrier(t *testing.T) {
	t.Parallel()
	request := inputs[protocol.ActivityPollCarrier]
	rows := []rules.Row{{At: now, Milestone: rules.InTransit, Source: rules.FromCarrier}}
	for _, tc := range []struct {
		name   string
		ports  ports
		learnt int
		refuse bool
	}{
		{"told", ports{service: "cainiao", rows: rows}, 1, false},
		{"nothing said", ports{service: "cainiao"}, 0, false},
		{"nobody to ask", ports{rows: rows}, 0, false},
		{"refused", ports{service: "cainiao", about: fmt.Errorf("malformed: %w", port.ErrRefused)}, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := environment(&tc.ports).ExecuteActivity(protocol.ActivityPollCarrier, request)
			require.Len(t, tc.ports.learnt, tc.learnt)
			if !tc.refuse {
				require.NoError(t, err)
				return
			}
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.True(t, failed.NonRetryable())
		})
	}
}

func TestFileAndAppealPassOn(t *testing.T) {
	t.Parallel()
	env := environment(&ports{})
	for name, want := range map[string]string{protocol.ActivityFile: "k", protocol.ActivityAppeal: ""} {
		value, err := env.ExecuteActivity(name, inputs[name])
		require.NoError(t, err)
		var filed protocol.Filed
		require.NoError(t, value.Get(&filed))
		require.Equal(t, protocol.Filed{ClaimID: want, At: now}, filed)
	}
	value, err := env.ExecuteActivity(protocol.ActivityGather, inputs[protocol.ActivityGather])
	require.NoError(t, err)
	var held []protocol.Evidence
	require.NoError(t, value.Get(&held))
	require.Equal(t, []protocol.Evidence{{Kind: "waybill"}}, held)
}

func TestAssistedWaitsForAPerson(t *testing.T) {
	t.Parallel()
	filed, err := activities.Assisted{}.File(t.Context(), protocol.FilingRequest{})
	require.NoError(t, err)
	require.Equal(t, protocol.Filed{Pending: true}, filed)
	filed, err = activities.Assisted{}.Appeal(t.Context(), protocol.ClaimRequest{})
	require.NoError(t, err)
	require.True(t, filed.Pending)
}

// An appeal only adds: nothing is handed in without a new original, whatever a story asks for.
func TestAppealWithoutANewOriginal(t *testing.T) {
	t.Parallel()
	old, added := protocol.Evidence{SHA256: "old"}, protocol.Evidence{SHA256: "new"}
	for name, r := range map[string]protocol.ClaimRequest{
		"nothing added":          {Evidence: []protocol.Evidence{old}},
		"the added is not there": {Evidence: []protocol.Evidence{old}, Added: []rules.Original{{SHA256: "new"}}},
		"nothing at all":         {},
		"one was removed":        {Evidence: []protocol.Evidence{added}, Added: []rules.Original{{SHA256: "new"}}, HandedIn: []string{"old"}},
		"one was replaced":       {Evidence: []protocol.Evidence{{SHA256: "other"}, added}, Added: []rules.Original{{SHA256: "new"}, {SHA256: "other"}}, HandedIn: []string{"old"}},
		"it was handed in":       {Evidence: []protocol.Evidence{old}, Added: []rules.Original{{SHA256: "old"}}, HandedIn: []string{"old"}},
	} {
		r.Adds = true
		_, err := environment(&ports{}).ExecuteActivity(protocol.ActivityAppeal, r)
		failed, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok && failed.NonRetryable() && failed.Type() == protocol.ErrRefused, "%s: %v", name, err)
	}
	_, err := environment(&ports{}).ExecuteActivity(protocol.ActivityAppeal, protocol.ClaimRequest{})
	require.NoError(t, err, "of a story that does not know what was handed in")
	_, err = environment(&ports{}).ExecuteActivity(protocol.ActivityAppeal, protocol.ClaimRequest{
		Adds: true, Evidence: []protocol.Evidence{old, added}, Added: []rules.Original{{SHA256: "new"}}, HandedIn: []string{"old"},
	})
	require.NoError(t, err)
}

// An activity that is cancelled, or whose time is over, ends so, whatever a port has made of it
// meanwhile: else a cancelled workflow would hear that a service refuses or is away.
func TestCancelledActivitiesEndCancelled(t *testing.T) {
	t.Parallel()
	for what, because := range map[string]error{
		"refused": fmt.Errorf("no such thing: %w", port.ErrRefused), "away": &port.UnavailableError{Call: "svc", Detail: "gone"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := &ports{err: because}
		_, err := (&activities.Activities{Filing: p}).File(ctx, protocol.FilingRequest{})
		require.ErrorIs(t, err, context.Canceled, "by which the worker knows")
		for name, input := range inputs {
			if name == protocol.ActivityDeclare && what == "refused" {
				continue // a no is its answer
			}
			env := environment(p)
			env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
			_, err := env.ExecuteActivity(name, input)
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed, name)
			require.NotContains(t, []string{protocol.ErrRefused, protocol.ErrUnavailable}, failed.Type(), name)
			require.ErrorContains(t, err, context.Canceled.Error(), name)
		}
	}
}
