package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/workflows"
)

// bookkeeper answers the activities of a store's books, and keeps what people are told.
type bookkeeper struct {
	fails      []error // one each time, then none
	statement  protocol.StatementResult
	health     protocol.HealthResult
	asked      []protocol.StatementRequest
	askedWeeks []protocol.HealthRequest
	told       []protocol.Notice
}

func (b *bookkeeper) run(t *testing.T, workflow string, in any) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silence)
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(created)
	workflows.Register(env, stories(t))
	failing := func() error {
		if len(b.fails) == 0 {
			return nil
		}
		err := b.fails[0]
		b.fails = b.fails[1:]
		return err
	}
	register := func(name string, f any) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}) }
	register(protocol.ActivityKeepStatement, func(_ context.Context, r protocol.StatementRequest) (protocol.StatementResult, error) {
		b.asked = append(b.asked, r)
		return b.statement, failing()
	})
	register(protocol.ActivityStoreHealth, func(_ context.Context, r protocol.HealthRequest) (protocol.HealthResult, error) {
		b.askedWeeks = append(b.askedWeeks, r)
		return b.health, failing()
	})
	register(protocol.ActivityNotify, func(_ context.Context, n protocol.Notice) error {
		b.told = append(b.told, n)
		return failing()
	})
	env.ExecuteWorkflow(workflow, in)
	require.True(t, env.IsWorkflowCompleted())
	return env
}

// A statement that cannot be made for a while is made later, with the month that was meant.
func TestStatementTellsFinance(t *testing.T) {
	t.Parallel()
	away := errors.New("the database is away")
	b := &bookkeeper{fails: []error{away, away}, statement: protocol.StatementResult{Month: "2026-02", Serial: 2, SHA256: "ab", Orders: 12, Differences: 3, Changed: true}}
	clock := protocol.Clock{Origin: created.Add(1000 * time.Hour), Start: created, Speed: 1}
	env := b.run(t, protocol.WorkflowStatement, protocol.StatementInput{Store: "s", Clock: clock})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, b.asked, 3)
	require.Equal(t, b.asked[0], b.asked[2])
	require.WithinDuration(t, created.Add(1000*time.Hour), b.asked[0].Now, time.Second)
	require.Len(t, b.told, 1)
	n := b.told[0]
	require.Equal(t, "statement/s/2026-02/ab", n.Key)
	require.Contains(t, n.ZH, "12 个订单，3 处差异")
	require.Contains(t, n.EN, "starter statement --store s --month 2026-02")
	require.Contains(t, n.EN, "differs from the one kept before")
}

func TestStatementRefused(t *testing.T) {
	t.Parallel()
	b := &bookkeeper{fails: []error{temporal.NewNonRetryableApplicationError("month: expected", protocol.ErrRefused, nil)}}
	env := b.run(t, protocol.WorkflowStatement, protocol.StatementInput{Store: "s", Month: "x"})
	require.ErrorContains(t, env.GetWorkflowError(), "month: expected")
	require.Empty(t, b.told)
}

func TestHealthTellsPeople(t *testing.T) {
	t.Parallel()
	limit, value := *rules.Percent(8, 1000), *rules.Percent(9, 1000)
	for _, tc := range []struct {
		state   string
		manager bool
		says    string
	}{{rules.HealthFine, false, "all is fine"}, {rules.HealthMissing, false, "not entered"}, {rules.HealthNear, true, "the line is"}, {rules.HealthBreached, true, "over the line"}} {
		b := &bookkeeper{health: protocol.HealthResult{Week: "2026-W10", Measures: []rules.Measure{{Measure: rules.MeasureService, State: tc.state, Limit: &limit, Value: &value}}}}
		env := b.run(t, protocol.WorkflowHealth, protocol.HealthInput{Store: "s"})
		require.NoError(t, env.GetWorkflowError())
		require.Len(t, b.told, 1)
		require.Equal(t, "health/s/2026-W10", b.told[0].Key)
		require.Equal(t, tc.manager, b.told[0].Manager, tc.state)
		require.Contains(t, b.told[0].EN, tc.says)
		require.NotEmpty(t, b.told[0].ZH)
	}
}
