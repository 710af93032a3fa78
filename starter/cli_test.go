package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var update = flag.Bool("update", false, "write golden files anew")

// starter runs a command line as a user would, in a clean environment.
func starter(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	for _, entry := range os.Environ() {
		key, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(key, "PARCELWARD_") || key == "DATABASE_URL" || key == "COLUMNS" {
			t.Setenv(key, "")
		}
	}
	return starterHere(t, in, args...)
}

// starterHere does so in the test's own environment.
func starterHere(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, streams{strings.NewReader(in), &o, &e})
	return status, o.String(), e.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the tests with -update to write it")
	assert.Equal(t, string(want), got)
}

func TestHelp(t *testing.T) {
	for _, command := range []string{"", "serve", "ingest", "confirm", "ship", "extend", "ticket", "status", "trace", "diagnose", "audit", "authorise", "dev", "statement", "bill import", "health", "health set", "evidence", "evidence add", "evidence import-outbound", "evidence list", "evidence pack", "evidence verify", "claim"} {
		t.Run("starter "+command, func(t *testing.T) {
			status, out, errs := starter(t, "", append(strings.Fields(command), "--help")...)
			assert.Equal(t, 0, status)
			assert.Empty(t, errs)
			golden(t, strings.TrimSpace("help "+command)+".golden", out)
		})
	}
}

func TestEnvListsVariables(t *testing.T) {
	status, out, _ := starter(t, "", "env")
	assert.Equal(t, 0, status)
	assert.Contains(t, out, "PARCELWARD_TEMPORAL_ADDRESS")
}

func TestWrongCommandLines(t *testing.T) {
	for line, says := range map[string]string{
		"":                                     "expected one of",
		"fly":                                  "unexpected argument fly",
		"confirm s 1":                          "expected \"<tracking>\"",
		"confirm s 1 LP --at tomorrow":         "--at",
		"status s":                             "expected \"<order>\"",
		"ingest no-such-file":                  "no such file",
		"diagnose s":                           "expected \"<number>\"",
		"diagnose s LP1":                       "no database",
		"trace x.json":                         "missing flags: --from",
		"trace --from dhl x.json":              "--from must be one of",
		"ingest - --speed -1":                  "",
		"ship s 1":                             "expected --service",
		"ship s 1 --number LP1 --replaces LP0": "expected --service",
		"ship s 1 --service X --order-param cli_test.go":               "expected JSON",
		"ship s 1 --service X --item LAMP:0":                           "expected SKU:N",
		"ship s 1 --service X --shipped-at sunday":                     "--shipped-at",
		"ingest - --server http://127.0.0.1:1 --database postgres://x": "can't be used together",
		"extend s/1":         "missing flags: --days",
		"extend s1 --days 7": "expected STORE/ORDER",
		"serve":              "no database",
		"serve --database postgres://127.0.0.1:1/x":                    "no place for evidence",
		"evidence add s/1 cli_test.go":                                 "missing flags: --kind",
		"evidence add s cli_test.go --kind waybill":                    "expected STORE/ORDER",
		"evidence add s/1 no-such-file --kind waybill":                 "no such file",
		"evidence list s":                                              "expected STORE/ORDER",
		"evidence pack s":                                              "expected STORE/ORDER",
		"evidence pack s/1 --out /no/such/folder":                      "no such file",
		"claim lost s/1 C-1":                                           "must be one of",
		"claim filed s C-1":                                            "expected STORE/ORDER",
		"evidence verify":                                              "no database",
		"evidence verify --database postgres://127.0.0.1:1/x":          "PARCELWARD_EVIDENCE_URL",
		"authorise demo-shop":                                          "expected \"<code>\"",
		"authorise demo-shop CODE":                                     "no database",
		"authorise demo/shop CODE --database postgres://127.0.0.1:1/x": "expected 1 to 64 characters",
		"audit": "no database",
		"audit --database postgres://127.0.0.1:1/x --sample 7": "expected 0 to 1",
		"dev --once":                              "expected --demo",
		"dev --demo --keep":                       "one of --demo and --keep",
		"dev --speed=-4 --demo":                   "above 0",
		"ingest - --refused /no/such/folder/file": "--refused",
	} {
		t.Run(line, func(t *testing.T) {
			status, out, errs := starter(t, "", strings.Fields(line)...)
			assert.Equal(t, exitUsage, status, errs)
			assert.Contains(t, errs, says)
			assert.Empty(t, out)
		})
	}
}

func TestWrongEnvironment(t *testing.T) {
	t.Setenv("PARCELWARD_LISTEN", "nowhere")
	t.Setenv("PARCELWARD_SPEDE", "1")
	var errs bytes.Buffer
	assert.Equal(t, exitUsage, run(t.Context(), []string{"serve"}, streams{nil, io.Discard, &errs}))
	assert.Contains(t, errs.String(), "PARCELWARD_LISTEN")
	assert.Contains(t, errs.String(), "PARCELWARD_SPEDE")
}

// paid is an event of order s/N.
func paid(n int, at string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"t","type":"order.paid","subject":"s/%d","time":%q,"data":{"paid_at":%q}}`, n, n, at, at)
}

// inbox is an API that takes every event, and notes batches and the time of their coming.
type inbox struct {
	*httptest.Server
	batches []int
	at      []time.Time
	seen    map[string]bool
	fail    int // so many requests first
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{seen: map[string]bool{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.fail > 0 {
			b.fail--
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var receipt api.Receipt
		lines := strings.Split(strings.TrimSpace(string(body)), "\n")
		for i, line := range lines {
			switch e, err := protocol.DecodeEvent([]byte(line)); {
			case err != nil:
				receipt.Refused = append(receipt.Refused, api.Refusal{Place: api.Place{Line: i + 1}, Expected: err.Error()})
			case b.seen[e.ID]:
				receipt.Repeated++
			default:
				b.seen[e.ID] = true
				receipt.Accepted++
			}
		}
		b.batches, b.at = append(b.batches, len(lines)), append(b.at, time.Now())
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(receipt)
	}))
	t.Cleanup(b.Close)
	return b
}

func TestIngest(t *testing.T) {
	b := newInbox(t)
	var lines []string
	for i := range 450 {
		lines = append(lines, paid(i, "2026-03-01T08:00:00Z"))
	}
	file := filepath.Join(t.TempDir(), "events.ndjson")
	require.NoError(t, os.WriteFile(file, []byte("\ufeff"+strings.Join(lines, "\r\n\r\n")), 0o600))
	status, out, errs := starter(t, "", "ingest", file, "--server", b.URL)
	assert.Equal(t, 0, status, errs)
	assert.Contains(t, out, "accepted 450, repeated 0, unknown type 0, refused 0")
	assert.Equal(t, []int{200, 200, 50}, b.batches)
	_, out, _ = starter(t, strings.Join(lines, "\n"), "ingest", "-", "--server", b.URL)
	assert.Contains(t, out, "accepted 0, repeated 450")
}

func TestIngestRefusesLinesAlone(t *testing.T) {
	b := newInbox(t)
	long := `{"x":"` + strings.Repeat("y", 10<<20) + `"}`
	bad := strings.Replace(paid(2, "2026-03-01T08:00:00Z"), "Z", "", 1)
	refused := filepath.Join(t.TempDir(), "refused.ndjson")
	in := strings.Join([]string{paid(1, "2026-03-01T08:00:00Z"), bad, "", long, "{", paid(3, "2026-03-01T08:00:00Z"), "\xff"}, "\n")
	status, out, errs := starter(t, in, "ingest", "-", "--server", b.URL, "--refused", refused)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, out, "accepted 2, repeated 0, unknown type 0, refused 4")
	assert.Contains(t, errs, "line 2 refused: time: expected an RFC 3339 time with offset")
	assert.Contains(t, errs, "line 4 refused: expected at most 1048576 bytes, got 10485768 bytes")
	assert.Contains(t, errs, "line 5 refused")
	assert.Contains(t, errs, "line 7 refused")
	kept, err := os.ReadFile(refused)
	require.NoError(t, err)
	assert.Len(t, kept, len(bad+"\n"+long+"\n{\n\xff\n"), "the refused lines can be mended and fed again")
}

func TestIngestWaitsForTheServer(t *testing.T) {
	b := newInbox(t)
	b.fail = 1
	status, out, errs := starter(t, paid(1, "2026-03-01T08:00:00Z"), "ingest", "-", "--server", b.URL)
	assert.Equal(t, 0, status)
	assert.Contains(t, errs, "trying again")
	assert.Contains(t, out, "accepted 1")
}

func TestIngestPlaysByTheClock(t *testing.T) {
	b := newInbox(t)
	in := strings.Join([]string{
		paid(1, "2026-03-01T08:00:00Z"), paid(2, "2026-03-01T08:00:00Z"), paid(3, "2026-03-01T09:00:00Z"), paid(4, "2026-03-01T08:30:00Z"),
	}, "\n")
	status, _, errs := starter(t, in, "ingest", "-", "--server", b.URL, "--speed", "7200") // an hour in half a second
	assert.Equal(t, 0, status, errs)
	assert.Equal(t, []int{2, 2}, b.batches)
	assert.GreaterOrEqual(t, b.at[1].Sub(b.at[0]), 450*time.Millisecond, "not before its virtual time")
}

func TestConfirm(t *testing.T) {
	var got protocol.Confirmation
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&got)
		if r.URL.Path != "/v1/orders/s/1/confirm" || got.TrackingNumber != "LP1" {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"status":409,"title":"Conflict","detail":"too late: it had to be by then"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(api.Confirmed{
			Status: api.StatusConfirmed, At: rules.Stamp(*got.At), Message: api.Words{ZH: "好", EN: "fine"},
			Confirmed: []rules.CaseID{{TrackingNumber: "LP1", Kind: rules.KindStall}},
		})
	}))
	t.Cleanup(srv.Close)
	status, out, errs := starter(t, "", "confirm", "s", "1", "LP1", "--by", "wang", "--kind", "stall", "--at", "2026-03-01T08:00:00+08:00", "--server", srv.URL)
	assert.Equal(t, 0, status, errs)
	assert.Contains(t, out, "s/1  LP1  物流停滞 tracking stalled  2026-03-01T00:00:00Z")
	assert.Equal(t, "wang", got.By)
	status, out, errs = starter(t, "", "confirm", "s", "1", "LP2", "--by", "wang", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, out)
	assert.Contains(t, errs, "not confirmed: too late")
}

func TestShip(t *testing.T) {
	var posted api.Shipment
	var put protocol.ShipNumber
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /v1/orders/s/1/shipments":
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&posted))
			_ = json.NewEncoder(w).Encode(api.Shipping{
				WorkflowID: "shipment/s/1/2", Due: rules.Stamp(time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)), Message: api.Words{ZH: "已受理", EN: "taken"},
				Findings: []api.Found{{Code: "uncertified-service", Words: api.Words{ZH: "不是认证渠道", EN: "not certified"}}},
			})
		case "PUT /v1/orders/s/1/shipments/2/number":
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&put))
			_ = json.NewEncoder(w).Encode(api.NumberGiven{Number: "LP2", Message: api.Words{ZH: "已收到", EN: "taken"}})
		default:
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"status":409,"title":"Conflict","detail":"校验位不对 · wrong check digit"}`)
		}
	}))
	t.Cleanup(srv.Close)
	param := filepath.Join(t.TempDir(), "param.json")
	require.NoError(t, os.WriteFile(param, []byte(`{"package_params":[]}`), 0o600))
	status, out, errs := starter(t, "", "ship", "s", "1", "--service", "CAINIAO_STANDARD", "--serial", "2", "--order-param", param, "--item", "LAMP:2", "--item", "DESK",
		"--number", "LP1", "--shipped-at", "2026-03-01T08:00:00+08:00", "--replaces", "LP0", "--server", srv.URL)
	assert.Equal(t, 0, status, errs)
	assert.Equal(t, "已受理 taken\n  shipment/s/1/2  2026-03-05T00:00:00Z\n  ! 不是认证渠道 not certified\n", out)
	assert.Equal(t, []rules.Item{{SKU: "LAMP", Quantity: 2}, {SKU: "DESK", Quantity: 1}}, posted.Items)
	assert.Equal(t, "LP0", posted.Replaces)
	assert.JSONEq(t, `{"package_params":[]}`, string(posted.OrderParam))
	assert.True(t, posted.ShippedAt.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	status, out, errs = starter(t, "", "ship", "s", "1", "--serial", "2", "--number", "lp 2", "--server", srv.URL)
	assert.Equal(t, 0, status, errs)
	assert.Equal(t, "已收到 taken\n  s/1  LP2\n", out)
	assert.Equal(t, "lp 2", put.Number)
	assert.Nil(t, put.ShippedAt)
	status, out, errs = starter(t, "", "ship", "s", "9", "--service", "X", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, out)
	assert.Contains(t, errs, "not taken: 校验位不对")
}

func TestStatus(t *testing.T) {
	stamp := rules.Stamp(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	order := api.Order{
		Store: "s", Order: "1", AsOf: stamp, Facts: 4, WebUI: "http://ui/x",
		Stage: &api.Words{ZH: "物流异常处理中", EN: "exception in progress"}, Waiting: &api.Words{ZH: "等确认。", EN: "Confirm it."},
		Assessment: &rules.Assessment{
			Deadlines: []rules.Deadline{{Kind: rules.DeadlineTrackingNumber, At: stamp, State: rules.Met}, {Kind: rules.DeadlineOnline, At: stamp, State: rules.Missed}},
			Cases:     []rules.Case{{Kind: rules.KindStall, TrackingNumber: "LP1", Status: rules.StatusOpen, NextDeadline: &rules.Deadline{Kind: rules.DeadlineConfirm, At: stamp}}},
			Claim:     &rules.Claim{Reasons: []string{rules.ReasonMissingTaxID}},
		},
		Timeline: []protocol.TimelineEntry{{At: stamp.Time(), ZH: "买家付款", EN: "order paid"}, {At: stamp.Time(), Future: true, ZH: "确认异常截止", EN: "confirm by"}},
	}
	golden(t, "status.golden", statusText(order))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(order) }))
	t.Cleanup(srv.Close)
	status, out, errs := starter(t, "", "status", "s", "1", "--json", "--server", srv.URL)
	assert.Equal(t, 0, status, errs)
	assert.True(t, json.Valid([]byte(out)))
	srv.Close()
	status, _, errs = starter(t, "", "status", "s", "1", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, srv.URL)
}

func TestIngestStops(t *testing.T) {
	b := newInbox(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	in := paid(1, "2026-03-01T08:00:00Z") + "\n" + paid(2, "2027-03-01T08:00:00Z")
	var out, errs bytes.Buffer
	start := time.Now()
	status := run(ctx, []string{"ingest", "-", "--server", b.URL, "--speed", "1"}, streams{strings.NewReader(in), &out, &errs})
	assert.Equal(t, exitFailed, status)
	assert.Less(t, time.Since(start), 5*time.Second)
	assert.Contains(t, out.String(), "accepted 1")
}
