package e2e_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/demo"
	"parcelward/internal/dispatch"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
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
		recorded, err := s.Server.DB.Complaints(t.Context(), demo.Store, "16-complaint-lost")
		require.NoError(t, err)
		require.Len(t, recorded, 1)
		require.Contains(t, seen, rules.ComplaintLost)
		opened, lost := recorded[0].OpenedAt.Time(), seen[rules.ComplaintLost]
		assert.Truef(t, lost.After(opened.Add(24*time.Hour)), "lost at %s, within 24 hours of %s", lost, opened)
		assert.Truef(t, lost.Before(opened.Add(25*time.Hour+demoSpeed*reportLag)), "lost at %s, opened at %s", lost, opened)
		assert.Equal(t, 1, told("16-complaint-lost", rules.NoticeComplaintLost, "%"))
		assert.Zero(t, told("15-complaint-answered", rules.NoticeComplaintLost, "%"))
		requireAtHour25(t, s, "15-complaint-answered", 23*time.Hour, rules.ComplaintAnswered)
		requireAtHour25(t, s, "16-complaint-lost", 25*time.Hour, rules.ComplaintLost)
	})
	t.Run("a ticket is escalated", func(t *testing.T) {
		// Each round asks a person for what the ticket lacks: first for the platform, then for the partner.
		var rounds int
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM notices
			WHERE order_no = '17-ticket-escalated' AND kind = $1 AND (key LIKE '%missing/1' OR key LIKE '%missing/2')`, rules.NoticeTicketMissing).Scan(&rounds))
		assert.Equal(t, 2, rounds)
		var zh, en string
		require.NoError(t, db.QueryRow(t.Context(), `SELECT zh, en FROM notices
			WHERE order_no = '17-ticket-escalated' AND kind = $1 AND key LIKE '%missing/2'`, rules.NoticeTicketMissing).Scan(&zh, &en))
		partner := wording.TicketChannel(rules.ChannelPartner)
		assert.Contains(t, zh, "改走"+partner.ZH)
		assert.Contains(t, en, "the next way is the "+partner.EN)
	})
	t.Run("seller protection pays 70 % of the loss", func(t *testing.T) { requireProtection(t, db) })
	t.Run("the statement equals the ledger", func(t *testing.T) { requireStatements(t, s, play, db) })
	t.Run("every line of a bill is matched, or listed with the reason", func(t *testing.T) { requireBill(t, s) })
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

// reportLag is how long after its time a status may stand in the books, real time.
const reportLag = 5 * time.Second

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

// requireAtHour25 requires what the facts in the inbox say of a complaint an hour after the time
// for an answer: when it was answered, and where it stands.
func requireAtHour25(t *testing.T, s *dev.Stack, order string, answered time.Duration, want rules.ComplaintStatus) {
	t.Helper()
	o, k, err := dispatch.Known(t.Context(), s.Server.DB, demo.Store, order)
	require.NoError(t, err)
	rs, err := s.Server.Rules.For(k.All, o.Policy)
	require.NoError(t, err)
	recorded, err := s.Server.DB.Complaints(t.Context(), demo.Store, order)
	require.NoError(t, err)
	require.Len(t, recorded, 1)
	opened := recorded[0].OpenedAt.Time()
	complaints, _ := rules.Contested(k.All, rs, opened.Add(25*time.Hour))
	require.Len(t, complaints, 1)
	assert.Equal(t, want, complaints[0].Status, order)
	for _, c := range []rules.FreightComplaint{complaints[0], recorded[0]} {
		if assert.NotNil(t, c.AnsweredAt, order) {
			assert.Equal(t, answered, c.AnsweredAt.Time().Sub(opened), order)
		}
	}
}
