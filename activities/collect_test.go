package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"gocloud.dev/blob/memblob"

	"parcelward/activities"
	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

const of = "LP00123456789012"

// sources answer with originals, or with errors.
type sources struct {
	mu     sync.Mutex
	fail   map[rules.EvidenceKind]error
	times  int // how often they fail; 0: each time
	asked  map[rules.EvidenceKind]int
	vault  *evidence.Vault
	broken error // of the vault
	text   string
	taken  time.Time // when the papers end; zero: they do not tell
	since  time.Time // of the request
	inbox  *ports
}

func (s *sources) paper(kind rules.EvidenceKind) (port.Paper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[kind]++
	if err := s.fail[kind]; err != nil && (s.times == 0 || s.asked[kind] <= s.times) {
		return port.Paper{}, err
	}
	return port.Paper{Name: string(kind) + ".json", Content: []byte(s.text + " " + string(kind) + "\n"), TakenAt: s.taken}, nil
}

func (s *sources) Messages(context.Context, string, string) (port.Paper, error) {
	return s.paper(rules.EvidenceMessages)
}

func (s *sources) OrderDetail(context.Context, string, string) (port.Paper, error) {
	return s.paper(rules.EvidenceOrderDetail)
}

func (s *sources) Outbound(context.Context, string, string, string) (port.Paper, error) {
	return s.paper(rules.EvidenceOutbound)
}

func (s *sources) Trace(_ context.Context, p port.Tracked, _ time.Time) (string, port.Answer, error) {
	_, err := s.paper(rules.EvidenceCarrierProof)
	return "17track", port.Answer{Number: p.Number, Rows: []rules.Row{{At: now, Milestone: rules.InTransit, Code: "10", Source: rules.FromCarrier}}}, err
}

// put is the vault, which may be broken.
type put struct {
	*evidence.Vault
	s *sources
}

func (p put) Put(ctx context.Context, o port.NewOriginal, content io.Reader) (protocol.Evidence, error) {
	if p.s.broken != nil {
		return protocol.Evidence{}, p.s.broken
	}
	return p.Vault.Put(ctx, o, content)
}

func newSources(t *testing.T) *sources {
	t.Helper()
	return &sources{
		fail: map[rules.EvidenceKind]error{}, asked: map[rules.EvidenceKind]int{}, text: "as it was", inbox: new(ports),
		vault: evidence.New(memblob.OpenBucket(nil), new(porttest.EvidenceIndex), t.TempDir()),
	}
}

func (s *sources) collect(t *testing.T, kinds ...rules.EvidenceKind) (out protocol.Collected, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	activities.Register(env, &activities.Activities{Inbox: s.inbox, Tracker: s, Traces: s.inbox, Vault: put{s.vault, s}, Judge: s.inbox, Papers: s, Warehouse: s})
	if kinds == nil {
		kinds = rules.Collectable()
	}
	done, err := env.ExecuteActivity(protocol.ActivityCollect, protocol.CollectRequest{
		Store: "s", Order: "1", TrackingNumber: of, Carrier: "CAINIAO", Kinds: kinds, Since: s.since, Now: now,
	})
	if err != nil {
		return out, err
	}
	return out, done.Get(&out)
}

// facts are the facts recorded, by ID, as the inbox keeps them.
func (s *sources) facts(t *testing.T) []*rules.EvidenceAdded {
	t.Helper()
	var facts []*rules.EvidenceAdded
	known := map[string]bool{}
	for _, raw := range s.inbox.recorded {
		e, err := protocol.DecodeEvent([]byte(raw))
		require.NoError(t, err)
		require.Equal(t, "parcelward/collect/s/1", e.Source)
		if !known[e.ID] {
			known[e.ID] = true
			facts = append(facts, e.Data.(*rules.EvidenceAdded))
		}
	}
	return facts
}

func held(e []protocol.Evidence) (all []string) {
	for _, one := range e {
		all = append(all, one.Kind+" "+one.Source+" "+one.By)
	}
	slices.Sort(all)
	return all
}

// Everything comes into the vault once, with one fact; a repeat asks nobody and tells nothing new.
func TestCollect(t *testing.T) {
	t.Parallel()
	s := newSources(t)
	out, err := s.collect(t)
	require.NoError(t, err)
	want := []string{
		"buyer_messages platform parcelward", "carrier_proof carrier parcelward", "order_detail platform parcelward", "outbound_record warehouse parcelward",
	}
	require.Equal(t, want, held(out.Got))
	require.Empty(t, out.Failed)
	in, err := s.vault.Evidence(t.Context(), "s", "1", of)
	require.NoError(t, err)
	require.Equal(t, want, held(in))
	other, err := s.vault.Evidence(t.Context(), "s", "1", "LP00123456789013")
	require.NoError(t, err)
	require.Equal(t, []string{"buyer_messages platform parcelward", "order_detail platform parcelward"}, held(other), "the rest is of the one parcel")
	facts := s.facts(t)
	require.Len(t, facts, 1)
	require.Len(t, facts[0].Originals, 4)
	require.Equal(t, of, facts[0].TrackingNumber)
	require.True(t, now.Equal(facts[0].When))
	require.Len(t, s.inbox.learnt, 1, "the inbox knows what the proof says")

	s.text = "as it is now"
	again, err := s.collect(t)
	require.NoError(t, err)
	require.Empty(t, again.Got)
	require.Len(t, s.facts(t), 1)
	require.Equal(t, 1, s.asked[rules.EvidenceMessages])

	i := slices.IndexFunc(out.Got, func(e protocol.Evidence) bool { return e.Kind == string(rules.EvidenceCarrierProof) })
	content, err := s.vault.Open(t.Context(), out.Got[i].SHA256)
	require.NoError(t, err)
	raw, err := io.ReadAll(content)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	var proof map[string]any
	require.NoError(t, json.Unmarshal(raw, &proof))
	require.Equal(t, "17track", proof["service"])
	require.Equal(t, "10", proof["events"].([]any)[0].(map[string]any)["code"])
}

// A conversation, or a trace, that ends before what it must show is fetched again, and the new
// one is kept beside it; one that has not grown brings nothing; what a person brought stays.
func TestCollectRefreshes(t *testing.T) {
	t.Parallel()
	opened := now.Add(-time.Hour)
	for taken, again := range map[time.Time]int{
		opened.Add(-time.Second): 2, opened: 1, opened.Add(time.Second): 1, {}: 2,
	} {
		s := newSources(t)
		s.taken = taken
		kinds := []rules.EvidenceKind{rules.EvidenceMessages, rules.EvidenceOrderDetail, rules.EvidenceOutbound}
		_, err := s.collect(t, kinds...)
		require.NoError(t, err)
		s.since, s.text, s.taken = opened, "as it is now", opened.Add(time.Minute)
		out, err := s.collect(t, kinds...)
		require.NoError(t, err)
		require.Empty(t, out.Failed)
		require.Equal(t, again, s.asked[rules.EvidenceMessages], taken)
		require.Equal(t, 1, s.asked[rules.EvidenceOrderDetail], "it shows no event")
		require.Equal(t, 1, s.asked[rules.EvidenceOutbound])
		require.Len(t, out.Got, again-1)
		require.Len(t, s.facts(t), again)
		in, err := s.vault.Evidence(t.Context(), "s", "1", of)
		require.NoError(t, err)
		require.Len(t, in, 2+again, "the vault only ever adds")
	}

	s := newSources(t)
	s.taken, s.since = opened.Add(-time.Hour), opened
	_, err := s.collect(t, rules.EvidenceMessages)
	require.NoError(t, err)
	out, err := s.collect(t, rules.EvidenceMessages)
	require.NoError(t, err)
	require.Empty(t, out.Got, "it says nothing new")
	require.Equal(t, 2, s.asked[rules.EvidenceMessages])
	require.Len(t, s.facts(t), 1)
	s.fail[rules.EvidenceMessages] = fmt.Errorf("%w: %w", port.ErrUnauthorised, port.ErrRefused)
	out, err = s.collect(t, rules.EvidenceMessages)
	require.NoError(t, err)
	require.Equal(t, []rules.Uncollected{{Kind: rules.EvidenceMessages, Why: rules.UncollectedUnauthorised}}, out.Failed)

	s = newSources(t)
	s.since = opened
	_, err = s.vault.Put(t.Context(), port.NewOriginal{Store: "s", Order: "1", Kind: rules.EvidenceMessages, Name: "x.txt", Source: port.SourceUpload, By: "LI"}, strings.NewReader("hello\n"))
	require.NoError(t, err)
	_, err = s.collect(t, rules.EvidenceMessages)
	require.NoError(t, err)
	require.Zero(t, s.asked[rules.EvidenceMessages])
}

// One source that fails spoils no other, and the answer says why.
func TestCollectWithoutASource(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err error
		why rules.UncollectedWhy
	}{
		"nothing":      {fmt.Errorf("%w: %w", port.ErrNothing, port.ErrRefused), rules.UncollectedNothing},
		"nobody":       {fmt.Errorf("%w: %w", port.ErrNobody, port.ErrRefused), rules.UncollectedNobody},
		"unauthorised": {fmt.Errorf("%w: %w", port.ErrUnauthorised, port.ErrRefused), rules.UncollectedUnauthorised},
		"refused":      {port.ErrRefused, rules.UncollectedRefused},
		"away":         {&port.UnavailableError{Call: "x", Status: 503, After: time.Hour}, rules.UncollectedUnavailable},
	} {
		for _, kind := range rules.Collectable() {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				s := newSources(t)
				s.fail[kind] = tc.err
				out, err := s.collect(t)
				require.NoError(t, err)
				require.Equal(t, []rules.Uncollected{{Kind: kind, Why: tc.why}}, out.Failed)
				require.Len(t, out.Got, 3)
				require.Len(t, s.facts(t)[0].Originals, 3)

				delete(s.fail, kind) // later it is there: another fact says so
				out, err = s.collect(t)
				require.NoError(t, err)
				require.Len(t, out.Got, 1)
				require.Len(t, s.facts(t), 2)
			})
		}
	}
}

// A source that is away for a moment is asked again.
func TestCollectIsPatient(t *testing.T) {
	t.Parallel()
	s := newSources(t)
	s.fail[rules.EvidenceOutbound], s.times = &port.UnavailableError{Call: "x", Status: 503}, 1
	out, err := s.collect(t, rules.EvidenceOutbound)
	require.NoError(t, err)
	require.Empty(t, out.Failed)
	require.Equal(t, 2, s.asked[rules.EvidenceOutbound])
}

// What the vault does not take is a reason; a vault that is away is worth a repeat, after which
// nothing is lost and nothing is told twice.
func TestCollectIntoTheVault(t *testing.T) {
	t.Parallel()
	s := newSources(t)
	s.text = "\x00\x01"
	out, err := s.collect(t, rules.EvidenceOutbound)
	require.NoError(t, err)
	require.Equal(t, []rules.Uncollected{{Kind: rules.EvidenceOutbound, Why: rules.UncollectedUnfit}}, out.Failed)
	require.Empty(t, s.inbox.recorded)

	s.text, s.broken = "text", errors.New("the bucket is away")
	_, err = s.collect(t, rules.EvidenceOutbound)
	require.ErrorContains(t, err, "the bucket is away")
	s.broken = nil
	s.inbox.err = errors.New("the inbox is away")
	_, err = s.collect(t, rules.EvidenceOutbound)
	require.ErrorContains(t, err, "the inbox is away")
	s.inbox = new(ports)
	out, err = s.collect(t, rules.EvidenceOutbound)
	require.NoError(t, err)
	require.Empty(t, out.Got, "it is there already")
	require.Len(t, s.facts(t), 1, "and told all the same")
}

// Where no source is configured a person is asked.
func TestCollectFromNobody(t *testing.T) {
	t.Parallel()
	env := environment(new(ports))
	done, err := env.ExecuteActivity(protocol.ActivityCollect, protocol.CollectRequest{Store: "s", Order: "1", TrackingNumber: of, Kinds: rules.Collectable(), Now: now})
	require.NoError(t, err)
	var out protocol.Collected
	require.NoError(t, done.Get(&out))
	assert.Len(t, out.Failed, 4)
	for _, f := range out.Failed {
		assert.Equal(t, rules.UncollectedNobody, f.Why, f.Kind)
	}
}
