package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/postgres/postgrestest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

var scanned = time.Date(2026, 1, 6, 8, 0, 0, 0, time.UTC)

func step(after time.Duration, m rules.Milestone) rules.Row {
	return rules.Row{At: scanned.Add(after), Milestone: m, Code: "C-" + string(m), Location: "杭州", Source: rules.FromCarrier}
}

func learn(tb testing.TB, db *postgres.DB, service string, answers ...port.Answer) port.Learnt {
	tb.Helper()
	learnt, err := db.Learn(tb.Context(), service, answers)
	require.NoError(tb, err)
	return learnt
}

// rowsOf are the rows of each trace event of an order, by position.
func rowsOf(tb testing.TB, db *postgres.DB, store, order string) [][]rules.Row {
	tb.Helper()
	o, err := db.Order(tb.Context(), store, order)
	require.NoError(tb, err)
	facts, err := db.Facts(tb.Context(), &o)
	require.NoError(tb, err)
	var rows [][]rules.Row
	for _, f := range facts {
		e, err := protocol.DecodeEvent([]byte(f.Raw))
		require.NoError(tb, err)
		if d, ok := e.Data.(*rules.TrackingUpdated); ok {
			require.Equal(tb, d.Rows[0].At, e.Time, "it exists from its first row on")
			rows = append(rows, d.Rows)
		}
	}
	return rows
}

// Services tell whole traces again and again: only what is new becomes a fact.
func TestLearnOnlyNews(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	first, second, third := step(0, rules.PickedUp), step(time.Hour, rules.InTransit), step(2*time.Hour, rules.Delivered)
	require.Equal(t, 2, learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{first, second}}).Rows)
	require.Zero(t, learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{first, second}}).Rows)
	translated := second
	translated.Description = "In transit, translated anew"
	require.Zero(t, learn(t, db, "kdniao", port.Answer{Number: "LP1", Rows: []rules.Row{translated, first}}).Rows)
	require.Equal(t, 1, learn(t, db, "kdniao", port.Answer{Number: "LP1", Rows: []rules.Row{first, second, third, third}}).Rows)
	require.Equal(t, [][]rules.Row{{first, second}, {third}}, rowsOf(t, db, "shop", "a"))
	trace, err := db.Trace(t.Context(), "shop", "LP1")
	require.NoError(t, err)
	require.Equal(t, []rules.Row{first, second, third}, trace)
}

// Two scans of one moment, code and place, in different words, are two: neither is lost, whether
// they come together or one after the other, and in other words they are still the same two.
func TestLearnScansThatDifferByTheirWords(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "b", "LP2"))
	in, out := step(0, rules.InTransit), step(0, rules.InTransit)
	in.Description, out.Description = "到达", "离开"
	require.Equal(t, 2, learn(t, db, "kdniao", port.Answer{Number: "LP1", Rows: []rules.Row{in, out}}).Rows)
	require.Equal(t, 1, learn(t, db, "kdniao", port.Answer{Number: "LP2", Rows: []rules.Row{out}}).Rows)
	require.Equal(t, 1, learn(t, db, "kdniao", port.Answer{Number: "LP2", Rows: []rules.Row{in, out}}).Rows)
	require.Equal(t, [][]rules.Row{{out}, {in}}, rowsOf(t, db, "shop", "b"))
	in.Description, out.Description = "Arrived", "Departed"
	require.Zero(t, learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{in, out}}, port.Answer{Number: "LP2", Rows: []rules.Row{in, out}}).Rows)
}

// A row that a person typed in counts for nothing, so the carrier's own is news.
func TestLearnBesideManualRows(t *testing.T) {
	db := open(t)
	row := step(0, rules.PickedUp)
	accept(t, db, recorded(t, "1", "a", "LP1"), event(t, "2", "tracking.updated", "a",
		`{"tracking_number":"LP1","events":[{"at":"2026-01-06T08:00:00Z","milestone":"picked_up","code":"C-picked_up","location":"杭州","source":"manual"}]}`))
	require.Equal(t, 1, learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{row}}).Rows)
}

// What is said of a number that nobody has recorded waits until somebody does, by either of
// the parcel's numbers.
func TestStraysAreAdopted(t *testing.T) {
	db := open(t)
	early := step(0, rules.PickedUp)
	require.Equal(t, port.Learnt{Strays: 1}, learn(t, db, "kdniao", port.Answer{Number: "LP9", Rows: []rules.Row{early}}))
	learn(t, db, "kdniao", port.Answer{Number: "LP9", Rows: []rules.Row{early}})
	adopted, err := db.AdoptStrays(t.Context())
	require.NoError(t, err)
	require.Zero(t, adopted)
	waiting, err := db.Strays(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, waiting, "the same push again is the same stray")
	accept(t, db, recorded(t, "1", "a", "ＬＰ 9"))
	adopted, err = db.AdoptStrays(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, adopted)
	require.Equal(t, [][]rules.Row{{early}}, rowsOf(t, db, "shop", "a"))
	waiting, err = db.Strays(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
}

// The last mile's number often differs from the declared one: both find the parcel.
func TestLastMileNumber(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1", "b"))
	first, last := step(0, rules.PickedUp), step(time.Hour, rules.OutForDelivery)
	learn(t, db, "cainiao", port.Answer{Number: "LP1", Rows: []rules.Row{first}, Also: []string{"3SDFC01", "LP1"}})
	require.Equal(t, port.Learnt{Rows: 1}, learn(t, db, "17track", port.Answer{Number: "3SDFC01", Rows: []rules.Row{last}}))
	for _, order := range []string{"a", "b"} {
		require.Equal(t, [][]rules.Row{{first}, {last}}, rowsOf(t, db, "shop", order), "order %s", order)
	}
}

// An answer with an error, or without a number, says nothing; one without rows neither.
func TestLearnNothing(t *testing.T) {
	db := open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	require.Zero(t, learn(t, db, "17track"))
	require.Zero(t, learn(t, db, "17track", port.Answer{Number: "LP1"}, port.Answer{Rows: []rules.Row{step(0, rules.Lost)}},
		port.Answer{Number: "LP1", Err: port.ErrUnwatched, Rows: []rules.Row{step(0, rules.Lost)}}, port.Answer{Number: "NONE"}))
	require.Empty(t, rowsOf(t, db, "shop", "a"))
}

// A trace that no inbox can take does not keep the others out, and is kept for inspection.
func TestLearnPoisonedTrace(t *testing.T) {
	db, url := postgrestest.Open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"), recorded(t, "2", "b", "LP2"))
	good, bad := step(0, rules.PickedUp), step(0, rules.PickedUp)
	bad.Description = strings.Repeat("x", protocol.MaxEventBytes)
	require.Equal(t, port.Learnt{Rows: 1}, learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{bad}}, port.Answer{Number: "LP2", Rows: []rules.Row{good}}))
	require.Equal(t, [][]rules.Row{{good}}, rowsOf(t, db, "shop", "b"))
	require.Equal(t, "1", scalar(t, url, "SELECT count(*)::text FROM unreadable WHERE service = '17track' AND bytes > 1000000 AND octet_length(body) < 100000"))
}

// Of a flood the latest are kept.
func TestUnreadableIsBounded(t *testing.T) {
	db, url := postgrestest.Open(t)
	for range 1010 {
		require.NoError(t, db.KeepUnreadable(t.Context(), "kdniao", "not JSON", []byte("\x00\xff")))
	}
	require.Equal(t, "1000", scalar(t, url, "SELECT count(*)::text FROM unreadable"))
}

// A row without a time is no fact, and kept for inspection, once.
func TestRowsWithoutATimeAreKept(t *testing.T) {
	db, url := postgrestest.Open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	lost := []rules.Row{{Milestone: rules.InTransit, Description: "昨天 \x00"}, {Milestone: rules.InTransit, Description: "yesterday"}, {Milestone: rules.InTransit, Description: "yesterday"}}
	for range 2 {
		learn(t, db, "17track", port.Answer{Number: "LP1", Rows: []rules.Row{step(0, rules.PickedUp)}, Unplaced: lost})
		learn(t, db, "17track", port.Answer{Number: "NOBODYS1", Unplaced: lost[:1]})
	}
	require.Len(t, rowsOf(t, db, "shop", "a"), 1)
	require.Equal(t, "3", scalar(t, url, "SELECT count(*)::text FROM unreadable WHERE reason LIKE 'a row without a time%'"))
	require.Equal(t, "1", scalar(t, url, `SELECT count(*)::text FROM unreadable WHERE convert_from(body, 'UTF8') LIKE '%"yesterday"%LP1%'`))
	learn(t, db, "kdniao", port.Answer{Number: "LP1", Unplaced: lost[:1]})
	require.Equal(t, "4", scalar(t, url, "SELECT count(*)::text FROM unreadable"), "of another service")
}

// Whoever pushed is told that we have it: all of it is on disk then, whatever the server's default.
func TestWhatIsLearntIsDurable(t *testing.T) {
	db, url := postgrestest.Open(t)
	accept(t, db, recorded(t, "1", "a", "LP1"))
	plan(t, db, "a", time.Hour, "LP1")
	list := due(t, db, all, 0, 9)
	require.NoError(t, db.Finish(t.Context(), []port.Asked{{Due: list[0], Watched: "17track"}}, judged))
	execute(t, url, `CREATE TABLE seen (what text, how text);
		CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NULL; END $$;
		CREATE TRIGGER see AFTER INSERT OR UPDATE ON strays FOR EACH ROW EXECUTE FUNCTION see();
		CREATE TRIGGER see AFTER INSERT OR UPDATE ON aliases FOR EACH ROW EXECUTE FUNCTION see();
		CREATE TRIGGER see AFTER INSERT OR UPDATE ON tracked FOR EACH ROW EXECUTE FUNCTION see();
		CREATE TRIGGER see AFTER INSERT OR UPDATE ON unreadable FOR EACH ROW EXECUTE FUNCTION see();
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`)
	lax, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(lax.Close)
	learn(t, lax, "17track", port.Answer{Number: "NOBODYS1", Rows: []rules.Row{step(0, rules.PickedUp)}},
		port.Answer{Number: "LP1", Also: []string{"PQ1"}, Unplaced: []rules.Row{{Milestone: rules.InTransit}}})
	learn(t, lax, "17track", port.Answer{Number: "LP1", Err: port.ErrUnwatched})
	require.NoError(t, lax.KeepUnreadable(t.Context(), "17track", "not JSON", []byte("<")))
	require.Equal(t, "aliases on, strays on, tracked on, unreadable on, unreadable on",
		scalar(t, url, "SELECT string_agg(what || ' ' || how, ', ' ORDER BY what) FROM seen"))
}
