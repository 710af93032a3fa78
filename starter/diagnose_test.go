package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/activities"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/devstack"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/cainiao"
	"parcelward/internal/sandbox/world"
)

// The whole command, over Postgres and twins of both sides that show what they like.
func TestDiagnose(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Postgres")
	}
	stack, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: filepath.Join(t.TempDir(), "stack")})
	require.NoError(t, err)
	t.Cleanup(func() { _ = stack.Close() })
	url, err := stack.NewDatabase(t.Context(), "diagnose")
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), url))
	db, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)

	now := time.Now().UTC().Truncate(time.Minute)
	at := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	picked := rules.Row{At: at(70), Milestone: rules.PickedUp, Code: "PU_PICKUP_SUCCESS", Description: "Picked up", Location: "Hangzhou", Source: rules.FromCarrier}
	departed := rules.Row{At: at(5), Milestone: rules.DepartedOrigin, Code: "LH_DEPART", Description: "Departed", Source: rules.FromCarrier}
	carriers, platforms := world.New(protocol.Clock{}), world.New(protocol.Clock{})
	for number, shown := range map[string][]rules.Row{"LP00000000000001": {picked}, "LP00000000000002": {picked, departed}} {
		carriers.Add(world.Parcel{Number: number, Carrier: "CAINIAO", Rows: []rules.Row{picked, departed}})
		platforms.Add(world.Parcel{Number: number, Carrier: "CAINIAO", Rows: shown})
		record(t, db, "8190"+number[15:], number, at(80))
	}
	link := cainiao.New(carriers, cainiao.Options{ProviderID: "p", AppCode: "p", Secret: "k"})
	t.Cleanup(link.Close)
	carrier := httptest.NewServer(link.Handler())
	t.Cleanup(carrier.Close)
	top := aliexpress.New(platforms, aliexpress.Options{AppKey: "app", AppSecret: "secret"})
	platform := httptest.NewServer(top.Handler())
	t.Cleanup(platform.Close)
	services := config.Services{AliExpress: config.AliExpress{AppKey: "app", AppSecret: "secret", URL: platform.URL}}
	require.NoError(t, connect.Connect(&services, protocol.Clock{}, db, db).AliExpress.Authorise(t.Context(), "cn-1001", top.Code("cn-1001"), ""))

	diagnose := func(t *testing.T, both bool, args ...string) (int, string, string) {
		t.Helper()
		keys := map[string]string{"CAINIAO_PROVIDER_ID": "p", "CAINIAO_APP_CODE": "p", "CAINIAO_SECRET": "k", "CAINIAO_URL": carrier.URL}
		if both {
			keys["ALIEXPRESS_APP_KEY"], keys["ALIEXPRESS_APP_SECRET"], keys["ALIEXPRESS_URL"] = "app", "secret", platform.URL
		}
		for key, value := range keys {
			t.Setenv("PARCELWARD_"+key, value)
		}
		return starterHere(t, "", append([]string{"diagnose", "cn-1001", "--database", url}, args...)...)
	}
	t.Run("behind", func(t *testing.T) {
		status, out, errs := diagnose(t, true, "LP 0000 0000 0000 01")
		assert.Equal(t, exitFailed, status, errs)
		assert.Empty(t, errs)
		assert.Contains(t, out, "cn-1001/81901  LP00000000000001")
		assert.Contains(t, out, "The platform is 5 h")
		assert.Contains(t, out, "Submit a ticket to the carrier")
		t.Log(out)
	})
	t.Run("behind, as JSON", func(t *testing.T) {
		status, out, errs := diagnose(t, true, "LP00000000000001", "--json")
		assert.Equal(t, exitFailed, status, errs)
		var got diagnosis
		require.NoError(t, json.Unmarshal([]byte(out), &got))
		assert.Equal(t, "81901", got.Order)
		require.Len(t, got.Findings, 1)
		assert.Equal(t, rules.FindingBehind, got.Findings[0].Code)
		assert.Equal(t, rules.Shown{Service: "aliexpress", Scans: 1, Latest: rules.Stamp(at(70))}, got.Platform)
		assert.Len(t, got.Steps, 3)
		assert.Len(t, got.Next, 1)
	})
	t.Run("in step", func(t *testing.T) {
		status, out, errs := diagnose(t, true, "LP00000000000002")
		assert.Equal(t, 0, status, errs)
		assert.Contains(t, out, "两边轨迹一致")
		assert.NotContains(t, out, "What to do next")
	})
	t.Run("not declared", func(t *testing.T) {
		status, out, errs := diagnose(t, true, "LP00000000000003")
		assert.Equal(t, exitFailed, status, errs)
		assert.Contains(t, out, "no order has it recorded")
	})
	t.Run("one side without keys", func(t *testing.T) {
		status, out, errs := diagnose(t, false, "LP00000000000001")
		assert.Equal(t, exitUntold, status, errs)
		assert.Contains(t, out, "The platform cannot be asked")
		assert.Empty(t, errs)
	})
	t.Run("no database there", func(t *testing.T) {
		status, out, errs := starter(t, "", "diagnose", "s", "LP1", "--database", "postgres://127.0.0.1:1/x")
		assert.Equal(t, exitUntold, status)
		assert.Empty(t, out)
		assert.Contains(t, errs, "database")
	})
}

// record puts a number on an order.
func record(t *testing.T, db *postgres.DB, order, number string, at time.Time) {
	t.Helper()
	raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":"shipment.recorded","subject":"cn-1001/%s","time":%q,
		"data":{"tracking_number":%q,"carrier":"CAINIAO","service_code":"CAINIAO_STANDARD","recorded_at":%[3]q,"shipped_at":%[3]q,"trace_alert":true}}`,
		number, order, at.Format(time.RFC3339), number)
	e, err := protocol.DecodeEvent([]byte(raw))
	require.NoError(t, err)
	_, err = db.Accept(t.Context(), []postgres.Incoming{{Event: e, Raw: []byte(raw)}})
	require.NoError(t, err)
}

func TestDiagnosisText(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 10, hour, minute, 0, 0, time.UTC) }
	missing := rules.Row{At: at(3, 0), Milestone: rules.DepartedOrigin, Location: "杭州", Description: "Departed\n\x1b[31mfrom origin"}
	shifted := rules.Row{At: at(1, 0), Milestone: rules.PickedUp}
	beijing, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	x := activities.Examined{
		Tracked: port.Tracked{Store: "s", Order: "1", Number: "LP1"}, Location: beijing,
		Diagnosis: rules.Diagnosis{
			AsOf: rules.Stamp(at(8, 0)), Number: "LP1", DeclaredAt: rules.Stamp(at(0, 0)), ShippedAt: rules.Stamp(at(0, 30)),
			Carrier: rules.Shown{Service: "17track", Scans: 2, Latest: rules.Stamp(at(3, 0))}, Platform: rules.Shown{Service: "aliexpress", Scans: 1, Latest: rules.Stamp(at(2, 0))},
			Findings: []rules.Finding{
				{Code: rules.FindingBehind, Since: rules.Stamp(at(3, 0)), Behind: 5 * 3600, Scans: []rules.Difference{{Carrier: missing}}},
				{Code: rules.FindingRowsShifted, Since: rules.Stamp(at(1, 0)), Scans: []rules.Difference{{Carrier: shifted, Platform: &rules.Row{At: at(9, 0)}}}},
			},
		},
	}
	golden(t, "diagnose.golden", diagnosisText(&x))
	for range mostDifferences {
		x.Findings[0].Scans = append(x.Findings[0].Scans, rules.Difference{Carrier: missing})
	}
	assert.Contains(t, diagnosisText(&x), "2 more; --json shows all")
}
