package rules_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/rules"
	"parcelward/internal/rules/rulestest"
)

var diagnosed = time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)

// rowAt is a scan so long before the diagnosis.
func rowAt(before time.Duration, m rules.Milestone, code string) rules.Row {
	return rules.Row{At: diagnosed.Add(-before), Milestone: m, Code: code, Source: rules.FromAggregator}
}

// declared is an input that has nothing wrong: both sides show a pick-up of five days ago.
func declared() rules.DiagnosisInput {
	picked := rowAt(120*time.Hour, rules.PickedUp, "PU")
	return rules.DiagnosisInput{
		Number: "LP1", CreatedAt: diagnosed.Add(-200 * time.Hour), Now: diagnosed,
		Recorded: &rules.ShipmentRecorded{TrackingNumber: "LP1", RecordedAt: diagnosed.Add(-150 * time.Hour), ShippedAt: diagnosed.Add(-151 * time.Hour)},
		Platform: rules.Side{Service: "aliexpress", Rows: []rules.Row{picked}},
		Carrier:  rules.Side{Service: "17track", Rows: []rules.Row{picked}},
	}
}

func codesOf(d rules.Diagnosis) []rules.FindingCode {
	var codes []rules.FindingCode
	for _, f := range d.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

// A scan that the platform lacks is no finding for 2 h, and one from then on: at -1 s, 0, +1 s.
func TestDiagnoseTheLag(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	lag := pack.Exchange.PlatformLagMax.Value.Std()
	require.Equal(t, 2*time.Hour, lag)
	for name, tc := range map[string]struct {
		newer bool // the platform shows a later scan
		code  rules.FindingCode
	}{
		"behind": {false, rules.FindingBehind},
		"a gap":  {true, rules.FindingRowsMissing},
	} {
		for edge, want := range map[time.Duration]rules.FindingCode{-time.Second: rules.FindingNothing, 0: rules.FindingNothing, time.Second: tc.code} {
			t.Run(name+" "+edge.String(), func(t *testing.T) {
				t.Parallel()
				in := declared()
				in.Carrier.Rows = append(in.Carrier.Rows, rowAt(lag+edge, rules.DepartedOrigin, "LH_DEPART"), rowAt(10*time.Minute, rules.InTransit, "X"))
				if tc.newer {
					in.Platform.Rows = append(in.Platform.Rows, rowAt(10*time.Minute, rules.InTransit, "X"))
				}
				d := rules.Diagnose(in, pack)
				require.Equal(t, []rules.FindingCode{want}, codesOf(d))
				require.Equal(t, want != rules.FindingNothing, d.Lags())
				require.Equal(t, want != rules.FindingNothing, d.Wrong())
				require.True(t, d.Known())
				overdue := rules.Overdue(in.Carrier.Rows, diagnosed, pack)
				require.Equal(t, edge > 0, overdue.Equal(diagnosed.Add(-lag-edge)), overdue)
				if want == rules.FindingBehind {
					require.Equal(t, int64((lag+edge)/time.Second), d.Findings[0].Behind)
					require.True(t, d.Findings[0].Since.Time().Equal(diagnosed.Add(-lag-edge)))
					require.Len(t, d.Findings[0].Scans, 2, "the young one too: it is part of the difference")
				}
			})
		}
	}
}

// After a long silence the platform is as late as the new scan is old, not as the silence was.
func TestDiagnoseAfterSilence(t *testing.T) {
	t.Parallel()
	in := declared()
	in.Carrier.Rows = append(in.Carrier.Rows, rowAt(time.Minute, rules.ArrivedDestination, ""))
	require.Equal(t, []rules.FindingCode{rules.FindingNothing}, codesOf(rules.Diagnose(in, rulestest.Ruleset().Pack)))
}

// A number is late from 72 h after the order on: at -1 s, 0, +1 s.
func TestDiagnoseTheDeclaration(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	for edge, want := range map[time.Duration]rules.FindingCode{-time.Second: rules.FindingNothing, 0: rules.FindingNothing, time.Second: rules.FindingDeclaredLate} {
		in := declared()
		in.Recorded.RecordedAt = in.CreatedAt.Add(72*time.Hour + edge)
		d := rules.Diagnose(in, pack)
		require.Equal(t, []rules.FindingCode{want}, codesOf(d), edge)
		require.False(t, d.Lags())
	}
	in := declared()
	in.CreatedAt = time.Time{}
	require.Equal(t, []rules.FindingCode{rules.FindingNothing}, codesOf(rules.Diagnose(in, pack)), "who knows when it was due")
	in.Recorded.ShippedAt = time.Time{}
	require.Equal(t, []rules.FindingCode{rules.FindingNoShipTime}, codesOf(rules.Diagnose(in, pack)))

	in = declared()
	in.Recorded, in.Platform = nil, rules.Side{}
	in.Declared = &rules.Declaration{At: diagnosed.Add(-99 * time.Hour), Refused: "tracking number is used"}
	d := rules.Diagnose(in, pack)
	require.Equal(t, []rules.FindingCode{rules.FindingNotDeclared, rules.FindingBehind}, codesOf(d), "cause and effect; the platform has nothing to say")
	require.Equal(t, "tracking number is used", d.Findings[0].Detail)
	require.True(t, d.Findings[0].Since.Time().Equal(in.Declared.At))
	require.Equal(t, int64(120*60*60), d.Findings[1].Behind)
}

// Both sides name one scan their own way; a scan in two time zones is one; notices and what a
// person typed are none; what happens twice may be told once.
func TestDiagnoseTheDifference(t *testing.T) {
	t.Parallel()
	at := func(hours float64) time.Duration { return time.Duration(hours * float64(time.Hour)) }
	manual := rowAt(at(20), rules.Delivered, "M")
	manual.Source = rules.FromManual
	for name, tc := range map[string]struct {
		carrier, platform []rules.Row
		want              rules.FindingCode
		scans             int
	}{
		"other names":          {[]rules.Row{rowAt(at(20), rules.InTransit, "InTransit_Other")}, []rules.Row{rowAt(at(20)+time.Minute, rules.DepartedOrigin, "LH_DEPART")}, rules.FindingNothing, 0},
		"more than a minute":   {[]rules.Row{rowAt(at(20), rules.InTransit, "A")}, []rules.Row{rowAt(at(20)+time.Minute+time.Second, rules.InTransit, "A")}, rules.FindingBehind, 1},
		"zones, by milestone":  {[]rules.Row{rowAt(at(20), rules.Delivered, "D")}, []rules.Row{rowAt(at(28), rules.Delivered, "E")}, rules.FindingRowsShifted, 1},
		"zones, by code":       {[]rules.Row{rowAt(at(20), rules.Delivered, "D")}, []rules.Row{rowAt(at(14.25), rules.InTransit, "D")}, rules.FindingRowsShifted, 1},
		"Beijing and Pacific":  {[]rules.Row{rowAt(at(20), rules.Delivered, "")}, []rules.Row{rowAt(at(36), rules.Delivered, "")}, rules.FindingRowsShifted, 1},
		"too far":              {[]rules.Row{rowAt(at(20), rules.Delivered, "")}, []rules.Row{rowAt(at(36.25), rules.Delivered, "")}, rules.FindingBehind, 1},
		"no zone's difference": {[]rules.Row{rowAt(at(20), rules.Delivered, "D")}, []rules.Row{rowAt(at(23.1), rules.Delivered, "D")}, rules.FindingBehind, 1},
		"no code is no match":  {[]rules.Row{rowAt(at(20), rules.Delivered, "")}, []rules.Row{rowAt(at(24), rules.InTransit, "")}, rules.FindingBehind, 1},
		"each twin once":       {[]rules.Row{rowAt(at(20), rules.InTransit, ""), rowAt(at(18), rules.InTransit, "")}, []rules.Row{rowAt(at(28), rules.InTransit, "")}, rules.FindingBehind, 1},
		"not one that is told": {[]rules.Row{rowAt(at(24), rules.InTransit, ""), rowAt(at(20), rules.InTransit, "")}, []rules.Row{rowAt(at(24), rules.InTransit, "")}, rules.FindingBehind, 1},
		"told twice":           {[]rules.Row{rowAt(at(20), rules.InTransit, "a"), rowAt(at(20), rules.InTransit, "b")}, []rules.Row{rowAt(at(20), rules.InTransit, "c")}, rules.FindingNothing, 0},
		"notices":              {[]rules.Row{rowAt(at(20), rules.InfoReceived, "I"), rowAt(at(19), rules.Advisory, "A"), manual}, nil, rules.FindingNothing, 0},
		"not yet":              {[]rules.Row{rowAt(-time.Second, rules.InTransit, "")}, nil, rules.FindingNothing, 0},
		"more on the platform": {nil, []rules.Row{rowAt(at(20), rules.Delivered, "")}, rules.FindingNothing, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := declared()
			in.Carrier.Rows = append(in.Carrier.Rows, tc.carrier...)
			in.Platform.Rows = append(in.Platform.Rows, tc.platform...)
			d := rules.Diagnose(in, rulestest.Ruleset().Pack)
			require.True(t, d.Has(tc.want), "%v", codesOf(d))
			require.False(t, d.Carrier.Latest.Time().After(diagnosed), "what is to come does not count")
			for _, f := range d.Findings {
				if f.Code == tc.want {
					require.Len(t, f.Scans, tc.scans)
				}
			}
			require.Equal(t, tc.want != rules.FindingNothing, d.Wrong())
		})
	}
}

// A side that was not heard is no proof of anything, and is said.
func TestDiagnoseWithoutOneSide(t *testing.T) {
	t.Parallel()
	pack := rulestest.Ruleset().Pack
	in := declared()
	in.Platform = rules.Side{Service: "aliexpress", Problem: "no token"}
	d := rules.Diagnose(in, pack)
	require.Equal(t, []rules.FindingCode{rules.FindingPlatformUnsaid}, codesOf(d))
	require.Equal(t, "no token", d.Findings[0].Detail)
	require.False(t, d.Wrong())
	require.False(t, d.Known())
	in = declared()
	in.Carrier.Service = ""
	in.Carrier.Rows = append(in.Carrier.Rows, rowAt(5*time.Hour, rules.InTransit, "X"))
	d = rules.Diagnose(in, pack)
	require.Equal(t, []rules.FindingCode{rules.FindingBehind, rules.FindingCarrierUnsaid}, codesOf(d), "what we had of it still counts")
	require.True(t, d.Wrong())
}

func TestDiagnosisAsJSON(t *testing.T) {
	t.Parallel()
	in := declared()
	in.Carrier.Rows = append(in.Carrier.Rows, rowAt(5*time.Hour, rules.InTransit, "X"))
	out, err := json.Marshal(rules.Diagnose(in, rulestest.Ruleset().Pack))
	require.NoError(t, err)
	require.JSONEq(t, `{"as_of":"2026-03-10T08:00:00Z","tracking_number":"LP1","declared_at":"2026-03-04T02:00:00Z","shipped_at":"2026-03-04T01:00:00Z",
		"platform":{"service":"aliexpress","scans":1,"latest":"2026-03-05T08:00:00Z"},"carrier":{"service":"17track","scans":2,"latest":"2026-03-10T03:00:00Z"},
		"findings":[{"code":"platform-behind","since":"2026-03-10T03:00:00Z","behind_seconds":18000,
			"scans":[{"carrier":{"at":"2026-03-10T03:00:00Z","milestone":"in_transit","code":"X","source":"aggregator"}}]}]}`, string(out))
}

// What the facts say of a number, whoever's turn it was to speak first.
func TestWhatFactsSayOfANumber(t *testing.T) {
	t.Parallel()
	f := rules.NewFacts("s", "1")
	add := func(id, source string, at time.Time, kind rules.EventType, data rules.Data) {
		f.Add(rules.Event{ID: id, Source: source, Time: at, Type: kind, Store: "s", Order: "1", Data: data})
	}
	add("2", "x", diagnosed.Add(time.Hour), rules.TypeShipmentRecorded, &rules.ShipmentRecorded{TrackingNumber: "LP1", Carrier: "B", RecordedAt: diagnosed})
	add("1", "x", diagnosed, rules.TypeShipmentRecorded, &rules.ShipmentRecorded{TrackingNumber: "LP1", Carrier: "A", RecordedAt: diagnosed})
	add("3", "platform", diagnosed, rules.TypeTrackingUpdated, &rules.TrackingUpdated{TrackingNumber: "LP1", Rows: []rules.Row{{At: diagnosed, Code: "P"}}})
	add("4", "carrier", diagnosed, rules.TypeTrackingUpdated, &rules.TrackingUpdated{
		TrackingNumber: "LP1", Rows: []rules.Row{{At: diagnosed.Add(2 * time.Second), Code: "3"}, {At: diagnosed.Add(time.Second), Code: "2"}, {At: diagnosed, Code: "1"}},
	})
	add("5", "carrier", diagnosed, rules.TypeTrackingUpdated, &rules.TrackingUpdated{TrackingNumber: "LP2", Rows: []rules.Row{{At: diagnosed, Code: "other"}}})
	require.Nil(t, f.Recording("LP1", diagnosed.Add(-time.Second)))
	require.Nil(t, f.Recording("LP2", diagnosed))
	require.Equal(t, "A", f.Recording("LP1", diagnosed.Add(2*time.Hour)).Carrier)
	var codes []string
	for _, r := range f.Trace("LP1", diagnosed.Add(time.Second), func(source string) bool { return source == "carrier" }) {
		codes = append(codes, r.Code)
	}
	require.Equal(t, []string{"1", "2"}, codes)
}
