package backtest_test

import (
	"bufio"
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// examplesAsOf is the moment of ../shared/examples/assessments.ndjson.
var examplesAsOf = time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC)

// example reads a file of ../shared/examples, which lies beside the project.
func example(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "examples", name))
	if os.IsNotExist(err) {
		if os.Getenv("CI") != "" {
			tb.Fatal("../shared/examples is missing beside the project: ", err)
		}
		tb.Skip("../shared/examples is missing beside the project: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// reference is the simplest possible backtest: everything in memory, every event offered to
// every order. The engine must give the same bytes.
func reference(tb testing.TB, input []byte, asOf time.Time) []byte {
	tb.Helper()
	book, err := policy.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	days, err := calendar.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	var events []rules.Event
	lines := bufio.NewScanner(bytes.NewReader(input))
	lines.Buffer(nil, protocol.MaxEventBytes)
	for lines.Scan() {
		if e, err := protocol.DecodeEvent(lines.Bytes()); err == nil && e.Data != nil {
			events = append(events, e)
		}
	}
	facts := make(map[[2]string]*rules.Facts)
	for _, e := range events {
		if key := [2]string{e.Store, e.Order}; facts[key] == nil {
			facts[key] = rules.NewFacts(e.Store, e.Order)
		}
	}
	var out []rules.Assessment
	for key, f := range facts {
		recorded := make(map[string]bool)
		for _, e := range events {
			if s, ok := e.Data.(*rules.ShipmentRecorded); ok && e.Store == key[0] && (e.Order == key[1] || slices.Contains(s.OrderIDs, key[1])) {
				recorded[s.TrackingNumber] = true
				f.Add(e)
			}
		}
		for _, e := range events {
			number := ""
			switch d := e.Data.(type) {
			case *rules.TrackingUpdated:
				number = d.TrackingNumber
			case *rules.ParcelFact:
				number = d.TrackingNumber
			}
			if e.Store == key[0] && (e.Order == key[1] || recorded[number]) {
				f.Add(e)
			}
		}
		created, ok := f.CreatedAt()
		if !ok {
			continue
		}
		if a, ok := rules.Assess(f, rules.Ruleset{Pack: book.InForce("aliexpress", created), Calendar: days}, asOf); ok {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b rules.Assessment) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Order, b.Order))
	})
	var b bytes.Buffer
	for _, a := range out {
		line, err := json.Marshal(a)
		if err != nil {
			tb.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}
