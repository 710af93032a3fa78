package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/demo"
	"parcelward/internal/dispatch"
	"parcelward/internal/rules"
	"parcelward/starter/dev"
)

// Evidence, filing and what follows a claim, as the demo tells it: each story comes to what it
// promises, the books agree, and nothing was handed in twice.
func TestEvidenceAndWhatFollowsAClaim(t *testing.T) {
	play := demo.New(origin)
	s := start(t, dev.Options{Speed: demoSpeed, Fates: play.Fates, Parcels: play.Parcels})
	var watching sync.WaitGroup
	seen := map[rules.ComplaintStatus]time.Time{}
	watching.Go(func() { watchComplaint(t, s, "16-complaint-lost", seen) })
	require.NoError(t, s.Play(t.Context(), play))
	watching.Wait()

	verdicts, err := s.Judge(t.Context(), play)
	require.NoError(t, err)
	require.Len(t, verdicts, len(play.Expected))
	for i := range verdicts {
		assert.Emptyf(t, verdicts[i].Differences, "%s", verdicts[i].Order)
	}
	requireAudit(t, s)
	counted := s.Sandbox.Counters()
	for what, times := range map[string]map[string]int{
		"filed": counted.Cases, "appealed": counted.Appeals, "answered": counted.Papers, "protected": counted.Protections,
	} {
		assert.NotEmptyf(t, times, "nothing was %s", what)
		for name, n := range times {
			assert.Equalf(t, 1, n, "%s was %s %d times", name, what, n)
		}
	}

	db, err := pgx.Connect(t.Context(), s.Config.DatabaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	told := func(order, kind, like string) (n int) {
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM notices WHERE order_no = $1 AND kind = $2 AND en LIKE $3`, order, kind, like).Scan(&n))
		return n
	}
	t.Run("a blurred waybill is stopped and mended in time", func(t *testing.T) { requireMended(t, s, play, told) })
	t.Run("a freight complaint is lost at hour 25", func(t *testing.T) {
		assert.Contains(t, seen, rules.ComplaintLost)
		assert.Equal(t, 1, told("16-complaint-lost", rules.NoticeComplaintLost, "%"))
		assert.Zero(t, told("15-complaint-answered", rules.NoticeComplaintLost, "%"))
		requireAtHour25(t, s, map[string]rules.ComplaintStatus{
			"15-complaint-answered": rules.ComplaintAnswered, "16-complaint-lost": rules.ComplaintLost,
		})
	})
	t.Run("a ticket is escalated", func(t *testing.T) {
		// Each round asks a person for what the ticket lacks: first for the platform, then for the partner.
		var rounds int
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM notices
			WHERE order_no = '17-ticket-escalated' AND kind = $1 AND (key LIKE '%missing/1' OR key LIKE '%missing/2')`, rules.NoticeTicketMissing).Scan(&rounds))
		assert.Equal(t, 2, rounds)
	})
	t.Run("the statement equals the ledger", func(t *testing.T) { requireStatements(t, s, db) })
	t.Run("the vault is whole", func(t *testing.T) {
		report, err := s.Server.Vault.Verify(t.Context())
		require.NoError(t, err)
		assert.Empty(t, report.Broken)
		uploads := 0
		for i := range play.Events {
			if play.Events[i].Upload != nil {
				uploads++
			}
		}
		assert.GreaterOrEqual(t, int(report.Entries), uploads)
	})
}

// watchComplaint notes when the books first show each status of an order's complaint, until it is
// decided.
func watchComplaint(t *testing.T, s *dev.Stack, order string, seen map[rules.ComplaintStatus]time.Time) {
	t.Helper()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-t.Context().Done():
			return
		case <-tick.C:
		}
		list, err := s.Server.DB.Complaints(t.Context(), demo.Store, order)
		if err != nil || len(list) == 0 {
			continue
		}
		if _, known := seen[list[0].Status]; !known {
			seen[list[0].Status] = s.Now()
		}
		if !list[0].Status.Live() {
			tick.Stop()
			return
		}
	}
}

// requireMended requires that people were told of the blurred waybill, and that the claim was
// filed once the sharp one was there, before the time was over.
func requireMended(t *testing.T, s *dev.Stack, play demo.Scenario, told func(order, kind, like string) int) {
	t.Helper()
	const order = "12-blurred-waybill"
	assert.NotZero(t, told(order, rules.NoticeUnready, "%waybill-blurred.png%"))
	var mended time.Time
	for i := range play.Events {
		if u := play.Events[i].Upload; u != nil && u.Order == order && u.Name == "waybill-sharp.png" {
			mended = play.Events[i].At
		}
	}
	_, k, err := dispatch.Known(t.Context(), s.Server.DB, demo.Store, order)
	require.NoError(t, err)
	filed := false
	for e := range k.All.Events() {
		if d, ok := e.Data.(*rules.ClaimFiled); ok {
			filed = true
			assert.Truef(t, d.When.After(mended), "filed at %s, before the sharp waybill of %s", d.When, mended)
			assert.True(t, d.When.Before(d.Case.FileBy))
		}
	}
	assert.True(t, filed)
}

// requireAtHour25 requires what the facts in the inbox say of complaints an hour after the time
// for an answer.
func requireAtHour25(t *testing.T, s *dev.Stack, want map[string]rules.ComplaintStatus) {
	t.Helper()
	for order, status := range want {
		o, k, err := dispatch.Known(t.Context(), s.Server.DB, demo.Store, order)
		require.NoError(t, err)
		rs, err := s.Server.Rules.For(k.All, o.Policy)
		require.NoError(t, err)
		recorded, err := s.Server.DB.Complaints(t.Context(), demo.Store, order)
		require.NoError(t, err)
		require.Len(t, recorded, 1)
		complaints, _ := rules.Contested(k.All, rs, recorded[0].OpenedAt.Time().Add(25*time.Hour))
		require.Len(t, complaints, 1)
		assert.Equal(t, status, complaints[0].Status, order)
	}
}

// requireStatements requires that the statement of every month of the play has the sums that the
// ledger has, of each kind and currency.
func requireStatements(t *testing.T, s *dev.Stack, db *pgx.Conn) {
	t.Helper()
	loc := time.FixedZone("UTC+8", 8*60*60)
	entries, kinds := 0, map[string]bool{}
	for month := time.Date(2026, 3, 1, 0, 0, 0, 0, loc); month.Before(origin.Add(demo.Span)); month = month.AddDate(0, 1, 0) {
		answer, err := http.Get(fmt.Sprintf("%s/v1/stores/%s/statements/%s?format=json", s.Server.URL, demo.Store, month.Format("2006-01")))
		require.NoError(t, err)
		raw, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, string(raw))
		var statement struct {
			Totals rules.StatementTotals `json:"totals"`
		}
		require.NoError(t, json.Unmarshal(raw, &statement))
		rows, err := db.Query(t.Context(), `SELECT kind, currency, count(*), sum(amount)::text FROM ledger
			WHERE store = $1 AND at >= $2 AND at < $3 GROUP BY kind, currency`, demo.Store, month, month.AddDate(0, 1, 0))
		require.NoError(t, err)
		booked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			var kind, currency, sum string
			var n int
			err := row.Scan(&kind, &currency, &n, &sum)
			entries += n
			kinds[kind] = true
			return fmt.Sprint(kind, " ", currency, " ", n, " ", sum), err
		})
		require.NoError(t, err)
		var stated []string
		for _, l := range statement.Totals.Ledger {
			stated = append(stated, fmt.Sprint(l.Kind, " ", l.Currency, " ", l.Entries, " ", l.Sum))
		}
		assert.ElementsMatch(t, booked, stated, month)
		t.Log(month.Format("2006-01"), booked)
	}
	assert.NotZero(t, entries)
	for _, kind := range []string{rules.LedgerProtectionAsked, rules.LedgerProtectionApproved, rules.LedgerProtectionPaid} {
		assert.True(t, kinds[kind], "the play has seller protection: %s", kind)
	}
}
