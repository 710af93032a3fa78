package backtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parcelward/internal/backtest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

// run is one backtest of input as of a moment: its output, notes and summary.
func run(tb testing.TB, o backtest.Options, input []byte) (out, notes string, sum backtest.Summary) {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	o.Log = &stderr
	sum, err := backtest.Run(tb.Context(), o, bytes.NewReader(input), &stdout)
	if err != nil {
		tb.Fatal(err)
	}
	return stdout.String(), stderr.String(), sum
}

func TestExamples(t *testing.T) {
	input, want := example(t, "events.ndjson"), string(example(t, "assessments.ndjson"))
	for _, jobs := range []int{1, 2, 8} {
		if got, _, _ := run(t, backtest.Options{AsOf: examplesAsOf, Jobs: jobs}, input); got != want {
			t.Errorf("jobs %d: %s", jobs, cmp.Diff(want, got))
		}
	}
	for seed := range uint64(5) {
		lines := bytes.SplitAfter(input, []byte("\n"))
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if got, _, _ := run(t, backtest.Options{AsOf: examplesAsOf}, bytes.Join(lines, nil)); got != want {
			t.Errorf("shuffle %d: %s", seed, cmp.Diff(want, got))
		}
	}
	twice := append(bytes.Clone(input), input...)
	if got, _, _ := run(t, backtest.Options{AsOf: examplesAsOf}, twice); got != want {
		t.Errorf("every event twice: %s", cmp.Diff(want, got))
	}
}

// Orders that share parcels in every way the format allows, their lines in any order.
func TestSharedAndScattered(t *testing.T) {
	rs := rulestest.Ruleset()
	rapid.Check(t, func(rt *rapid.T) {
		var events []rules.Event
		names := []string{"8190001", "8190002", "8190003"}
		for _, name := range names {
			numbers := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"LP1", "LP2", "LP3"}), 0, 2, rapid.ID).Draw(rt, "numbers")
			events = append(events, rulestest.OrderNamed(rt, "cn-1001", name, numbers)...)
		}
		for i, e := range events {
			if r, ok := e.Data.(*rules.ShipmentRecorded); ok && rapid.IntRange(0, 4).Draw(rt, "names others") == 0 {
				r.OrderIDs = []string{rapid.SampledFrom(names).Draw(rt, "named")}
			}
			if e.Type.OfParcel() && rapid.IntRange(0, 4).Draw(rt, "stray") == 0 {
				events[i].Order = "8199999" // was never created
			}
		}
		asOf := rulestest.AsOf(rt, rs, "cn-1001", names[0], events)
		if rapid.Bool().Draw(rt, "scattered") {
			events = rapid.Permutation(events).Draw(rt, "lines")
		}
		var input bytes.Buffer
		for _, e := range events {
			raw, err := protocol.EncodeEvent(e)
			if err != nil {
				rt.Fatal(err)
			}
			input.Write(append(raw, '\n'))
		}
		want := string(reference(t, input.Bytes(), asOf))
		got, notes, _ := run(t, backtest.Options{AsOf: asOf, Jobs: 2}, input.Bytes())
		if got != want {
			rt.Fatalf("%s\n%s\n%s", cmp.Diff(want, got), notes, input.Bytes())
		}
	})
}

// Many chunks, from a file and from a pipe, grouped and scattered, give the same.
func TestManyOrders(t *testing.T) {
	file := ordersFile(t, 2000)
	input, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := backtest.Options{AsOf: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Jobs: 3}
	want, notes, sum := run(t, o, input)
	if sum.Orders != 2000 || sum.Reread != 0 || notes != "" {
		t.Errorf("grouped: %+v, %s", sum, notes)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	var got bytes.Buffer
	if _, err := backtest.Run(t.Context(), o, f, &got); err != nil || got.String() != want {
		t.Errorf("from a file: %v, %s", err, cmp.Diff(want, got.String()))
	}
	lines := bytes.SplitAfter(input, []byte("\n"))
	rand.New(rand.NewPCG(7, 7)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	scattered, notes, sum := run(t, o, bytes.Join(lines, nil))
	if scattered != want {
		t.Error("scattered lines give another result")
	}
	if sum.Reread != 2000 || !strings.Contains(notes, "2000 of 2000 orders lie scattered") {
		t.Errorf("scattered: %+v, %s", sum, notes)
	}
}

const good = `{"specversion":"1.0","id":"1","source":"/p","type":"order.created","subject":"s/1","time":"2026-01-01T00:00:00Z","data":` +
	`{"created_at":"2026-01-01T00:00:00Z","buyer":{"name":"Ana","country":"US"},"category":"standard","service_code":"CAINIAO_STANDARD",` +
	`"free_shipping":false,"amount_paid":{"amount":"9.00","currency":"USD"},"freight":{"amount":"0.00","currency":"USD"},` +
	`"commission":{"amount":"0.00","currency":"USD"},"tax":{"amount":"0.00","currency":"USD"},"items":[]}}`

func TestBadInput(t *testing.T) {
	mend := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	long := mend("Ana", strings.Repeat("x", 3<<20))
	bad := []struct{ line, says string }{
		{mend(`"US"`, `"XX"`), `line 2: data.buyer.country: expected an ISO 3166-1 alpha-2 country code, got "XX"`},
		{mend(`"created_at":"2026-01-01T00:00:00Z"`, `"created_at":"2026-01-01T00:00:00"`), "line 3: data.created_at: expected an RFC 3339 time with offset"},
		{mend("9.00", "-9.00"), "line 4: data.amount_paid: expected an amount that is not negative, got -9.00 USD"},
		{"\xff\xfe", "line 5: expected valid JSON"},
		{mend(`"items":[]`, `"items":[],"deep":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)), "line 6: data.deep"},
		{mend("Ana", "a\x00b"), "line 7: data.buyer.name: expected valid JSON"},
		{mend("Ana", "a\xffb"), "line 8: data.buyer.name: expected valid JSON: invalid UTF-8"},
		{long, "line 9: expected a line of at most 1048576 bytes"},
		{mend("s/1", "s/1/2"), "line 10: subject: expected STORE/ORDER"},
		{mend("s/1", "../../etc"), "line 11: subject: expected STORE/ORDER"},
	}
	input := "\ufeff" + good + "\r\n"
	refusedWant := ""
	for _, b := range bad {
		input += b.line + "\n"
		refusedWant += b.line + "\n"
	}
	input += "\n  \r\n" + strings.Replace(mend("s/1", "s/2"), `"id":"1"`, `"id":"2"`, 1) + "\n" +
		`{"specversion":"1.0","id":"9","source":"/p","type":"parcel.sniffed","time":"2026-01-01T00:00:00Z"}` + "\n" +
		`{"specversion":"1.0","id":"8","source":"/p","type":"order.paid","subject":"s/3","time":"2026-01-01T00:00:00Z","data":{"paid_at":"2026-01-01T00:00:00Z"}}` + "\n" +
		"cut off"
	refusedWant += "cut off\n"

	var refused bytes.Buffer
	out, notes, sum := run(t, backtest.Options{AsOf: examplesAsOf, Refused: &refused}, []byte(input))
	if n := strings.Count(out, "\n"); n != 2 {
		t.Errorf("%d orders, want 2: %s", n, out)
	}
	for _, b := range bad {
		if !strings.Contains(notes, b.says) {
			t.Errorf("the notes lack %q", b.says)
		}
	}
	if len(notes) > 4000 {
		t.Errorf("the notes show too much of the input: %d bytes", len(notes))
	}
	for _, says := range []string{
		"line 17: expected valid JSON", "11 of 15 events refused", `1 events of the unknown type "parcel.sniffed"`, "1 orders without order.created",
	} {
		if !strings.Contains(notes, says) {
			t.Errorf("the notes lack %q:\n%s", says, notes)
		}
	}
	if refused.String() != refusedWant {
		t.Error("the refused lines are not kept as they came")
	}
	if sum.Refused != 11 || sum.Orders != 2 || sum.NotCreated != 1 {
		t.Errorf("%+v", sum)
	}
}

func TestManyRefusals(t *testing.T) {
	_, notes, sum := run(t, backtest.Options{}, []byte(strings.Repeat("x\n", 5000)))
	if sum.Refused != 5000 || strings.Count(notes, "\n") != 22 || !strings.Contains(notes, "… and 4980 more") {
		t.Errorf("%+v: %s", sum, notes)
	}
}

func TestStops(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	stuck, write := io.Pipe()
	defer func() { _ = write.Close() }()
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := backtest.Run(ctx, backtest.Options{}, stuck, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while the input waits: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
