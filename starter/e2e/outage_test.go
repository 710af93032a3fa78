package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/bench"
	"parcelward/internal/demo"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
	"parcelward/starter/dev"
)

// Temporal is away while 20 confirmations come in time and their deadline passes: after it
// is back, timers fire before signals arrive, and all 20 count all the same. Orders that are
// born meanwhile run then, too.
func TestConfirmationsDuringAnOutageCountAsInTime(t *testing.T) {
	const orders = 20
	s := start(t, dev.Options{Speed: slowSpeed})
	var numbers, parcels [orders]string
	opened := origin.Add(4 * day)
	for i := range orders {
		numbers[i] = fmt.Sprintf("outage-%02d", i)
		events, _ := demo.ClaimedOrder(demo.Store, numbers[i], origin.Add(day)) // no fate: filed claims stay filed
		parcels[i] = numberOf(t, events)
		// Its beginning, and all its papers; then the carrier says that the parcel is lost.
		events = slices.DeleteFunc(events, func(e demo.Sent) bool { return !e.At.Before(opened) && e.Upload == nil })
		for k := range events {
			if e, before := &events[k], opened.Add(-day); e.At.After(before) && e.Upload != nil {
				e.At = before // so that the scan does not wait for them
			}
		}
		events = append(events, demo.Sent{At: opened, Event: encode(t, rules.Event{
			Source: "e2e", ID: "lost/" + numbers[i], Type: rules.TypeTrackingUpdated, Store: demo.Store, Order: numbers[i], Time: opened,
			Data: &rules.TrackingUpdated{TrackingNumber: parcels[i], Rows: []rules.Row{{At: opened, Milestone: rules.Lost, Source: rules.FromCarrier}}},
		})})
		go func() { // a test that ends early ends it
			if err := bench.Play(t.Context(), env(s), events); err != nil && t.Context().Err() == nil {
				t.Errorf("play %s: %v", numbers[i], err)
			}
		}()
	}
	until(t, s, opened.Add(12*time.Hour))
	var confirmBy time.Time
	for _, number := range numbers {
		a, err := assessment(t, s, number)
		require.NoError(t, err)
		require.Lenf(t, a.Cases, 1, "%s", number)
		confirmBy = a.Cases[0].ConfirmBy.Time()
	}

	require.NoError(t, s.Servers.StopTemporal())
	at := confirmBy.Add(-time.Hour)
	until(t, s, at)
	var batch []json.RawMessage
	for i, number := range numbers {
		batch = append(batch, encode(t, rules.Event{
			Source: "e2e", ID: "confirm/" + number, Type: rules.TypeConfirmed, Store: demo.Store, Order: number, Time: at,
			Data: &rules.Confirmed{TrackingNumber: parcels[i], When: at, By: "wang.li"},
		}))
	}
	born := []string{"born-0", "born-1", "born-2"}
	for _, number := range born {
		events, _ := demo.ClaimedOrder(demo.Store, number, opened.Add(day)) // of it, what precedes the first scan
		for _, sent := range events {
			if sent.Event != nil && sent.At.Before(opened.Add(day+30*time.Hour)) {
				batch = append(batch, sent.Event)
			}
		}
	}
	require.Len(t, batch, orders+3*len(born), "created, paid and recorded")
	require.NoError(t, bench.Post(t.Context(), s.Server.URL, batch), "events are accepted while Temporal is away")
	require.NoError(t, bench.Post(t.Context(), s.Server.URL, batch), "and a repeat changes nothing")
	until(t, s, confirmBy.Add(6*time.Hour))
	require.NoError(t, s.Servers.StartTemporal(t.Context()))

	confirmed := 0
	for _, number := range numbers {
		id := rules.CaseID{}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
			a, err := assessment(t, s, number)
			if err == nil && a.Cases[0].Status == rules.StatusFiled {
				id = a.Cases[0].ID()
				break
			}
			require.Truef(t, time.Now().Before(deadline), "%s: %+v %v", number, a.Cases, err)
		}
		claim := protocol.ClaimWorkflowID(demo.Store, number, id)
		description, err := s.Server.Temporal.DescribeWorkflowExecution(t.Context(), claim, "")
		require.NoError(t, err)
		assert.Equal(t, "Running", description.GetWorkflowExecutionInfo().GetStatus().String(), claim)
		confirmed++
	}
	assert.Equal(t, orders, confirmed)
	for _, number := range born {
		require.Eventuallyf(t, func() bool {
			_, err := assessment(t, s, number)
			return err == nil
		}, time.Minute, 200*time.Millisecond, "%s runs", number)
		a := requireAgreement(t, s, number, s.Clock.Virtual(time.Now()))
		assert.Equal(t, rules.StageInTransit, a.Stage, number)
	}
	requireAudit(t, s)
	for name, n := range s.Sandbox.Counters().Cases {
		assert.Equalf(t, 1, n, "%s was filed %d times", name, n)
	}
}

// numberOf is the tracking number that the demo gave an order.
func numberOf(t *testing.T, events []demo.Sent) string {
	t.Helper()
	for _, sent := range events {
		if sent.Event == nil {
			continue // an original
		}
		e, err := protocol.DecodeEvent(sent.Event)
		require.NoError(t, err)
		if d, ok := e.Data.(*rules.ShipmentRecorded); ok {
			return d.TrackingNumber
		}
	}
	t.Fatal("nothing is shipped")
	return ""
}

func encode(t *testing.T, e rules.Event) json.RawMessage {
	t.Helper()
	raw, err := protocol.EncodeEvent(e)
	require.NoError(t, err)
	return json.RawMessage(raw)
}

// assessment asks an order's workflow what it believes now.
func assessment(t *testing.T, s *dev.Stack, order string) (rules.Assessment, error) {
	t.Helper()
	var a rules.Assessment
	raw, err := temporalclient.Orders{Client: s.Server.Temporal}.Assessment(t.Context(), demo.Store, order, s.Clock.Virtual(time.Now()))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(raw, &a)
}
