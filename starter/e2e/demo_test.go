package e2e_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
	"parcelward/starter/dev"
)

// A worker is killed and the Temporal server stopped in the middle of the play: every order
// comes to the outcome that its facts have, and that its story promised.
func TestDemoOrdersSurviveACrashAndAnOutage(t *testing.T) {
	play := demo.New(origin)
	s := start(t, dev.Options{Speed: demoSpeed, Fates: play.Fates, Parcels: play.Parcels})
	played := make(chan error, 1)
	go func() { played <- s.Play(t.Context(), play) }()

	until(t, s, origin.Add(20*day))
	s.Worker.Kill()
	require.NoError(t, s.StartWorker())
	until(t, s, origin.Add(34*day))
	require.NoError(t, s.Servers.StopTemporal())
	until(t, s, origin.Add(34*day+12*time.Hour))
	require.NoError(t, s.Servers.StartTemporal(t.Context()))
	s.Worker.Kill()
	require.NoError(t, s.StartWorker())

	require.NoError(t, <-played)
	end := origin.Add(play.Span)
	require.NoError(t, s.Server.Await(t.Context()))
	requireOutcomes(t, s, play, end)
	requireAudit(t, s)
	for name, n := range s.Sandbox.Counters().Cases {
		assert.Equalf(t, 1, n, "%s was filed %d times", name, n)
	}
}

// requireOutcomes requires that what each order's workflow says is what the rules say of its
// facts in the inbox, and what the play promised.
func requireOutcomes(t *testing.T, s *dev.Stack, play demo.Scenario, end time.Time) {
	t.Helper()
	for number, want := range play.Expected {
		a := requireAgreement(t, s, number, end)
		assert.Equalf(t, want.Stage, a.Stage, "%s: %s", number, want.Why)
		var statuses []rules.CaseStatus
		for i := range a.Cases {
			statuses = append(statuses, a.Cases[i].Status)
		}
		assert.Equalf(t, want.Cases, statuses, "%s: %s", number, want.Why)
		if a.Claim != nil {
			assert.ElementsMatchf(t, want.Reasons, a.Claim.Reasons, "%s: %s", number, want.Why)
		}
	}
}

// requireAgreement requires that an order's workflow says as of a moment what the rules say of
// its facts in the inbox, and returns it.
func requireAgreement(t *testing.T, s *dev.Stack, number string, asOf time.Time) rules.Assessment {
	t.Helper()
	order, err := s.Server.DB.Order(t.Context(), demo.Store, number)
	require.NoError(t, err)
	facts, err := s.Server.DB.Facts(t.Context(), &order)
	require.NoError(t, err)
	known := rules.NewFacts(demo.Store, number)
	for _, f := range facts {
		decoded, err := protocol.DecodeFact([]byte(f.Raw))
		require.NoError(t, err)
		known.Add(decoded.Event)
	}
	ruleset, err := s.Server.Rules.For(known, order.Policy)
	require.NoError(t, err)
	a, ok := rules.Assess(known, ruleset, asOf)
	require.True(t, ok)
	offline, err := json.Marshal(a)
	require.NoError(t, err)
	live, err := temporalclient.Orders{Client: s.Server.Temporal}.Assessment(t.Context(), demo.Store, number, asOf)
	require.NoError(t, err)
	assert.JSONEqf(t, string(offline), string(live), "%s: live and backtest", number)
	return a
}
