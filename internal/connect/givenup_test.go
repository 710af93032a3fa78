package connect_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"parcelward/activities"
	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

// A number that 17TRACK gives up while its push of that is lost is found within a day, and watched
// anew by the sweep after.
func TestANumberGivenUpInSilenceIsWatchedAnew(t *testing.T) {
	db, _ := postgrestest.Open(t)
	sim := twin.New(world.New(protocol.Clock{}), twin.Options{Key: "key"})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	services := connect.Connect(&config.Services{Track17: config.Track17{Key: "key", URL: server.URL}}, protocol.Clock{}, db, unlimited{})
	require.Empty(t, services.Problems)
	client := services.Fleet.Service("17track").(*seventeentrack.Client)

	const number = "LP00123456789012"
	raw := `{"specversion":"1.0","id":"1","source":"test","type":"shipment.recorded","subject":"shop/a","time":"2026-03-02T00:00:00Z","data":{"tracking_number":"` + number + `",
		"carrier":"cainiao","service_code":"CAINIAO_STANDARD","recorded_at":"2026-03-02T00:00:00Z","shipped_at":"2026-03-02T00:00:00Z","trace_alert":true}}`
	e, err := protocol.DecodeEvent([]byte(raw))
	require.NoError(t, err)
	_, err = db.Accept(t.Context(), []postgres.Incoming{{Event: e, Raw: []byte(raw)}})
	require.NoError(t, err)
	o, err := db.Order(t.Context(), shop, "a")
	require.NoError(t, err)
	polls := map[string]rules.Poll{number: {Plan: rules.PollPlan{{From: began, Every: 6 * time.Hour}}}}
	saved, err := db.SaveHanding(t.Context(), &o, &postgres.Handing{Upto: o.Latest, Polls: polls, JudgedAt: began})
	require.NoError(t, err)
	require.True(t, saved)

	sweep := func(after time.Duration) {
		t.Helper()
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		activities.Register(env, &activities.Activities{Traces: db, Services: services.Fleet, Sweeps: db, Notifier: &notices{}})
		_, err := env.ExecuteActivity(protocol.ActivitySweep, protocol.SweepInput{Service: "17track", Clock: protocol.Clock{Origin: began.Add(after), Start: time.Now(), Speed: 1e-9}})
		require.NoError(t, err)
	}
	status := func() seventeentrack.TrackingStatus {
		t.Helper()
		list, err := client.List(t.Context(), seventeentrack.ListQuery{Numbers: []string{number}})
		require.NoError(t, err)
		require.Len(t, list.Numbers, 1)
		return list.Numbers[0].TrackingStatus
	}
	sweep(0)
	require.Equal(t, seventeentrack.Tracking, status())
	require.NoError(t, sim.GiveUp(number))
	sweep(7 * time.Hour)
	require.Equal(t, seventeentrack.Stopped, status(), "the look is a daily one")
	sweep(25 * time.Hour)
	require.Equal(t, seventeentrack.Stopped, status(), "found, and left to the next sweep")
	sweep(32 * time.Hour)
	require.Equal(t, seventeentrack.Tracking, status())
}
