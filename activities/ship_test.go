package activities_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"parcelward/activities"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// The file stays outside of workflows: it goes to the vault, under the logistics order's ID.
func TestFetchWaybill(t *testing.T) {
	t.Parallel()
	p := &ports{}
	value, err := environment(p).ExecuteActivity(protocol.ActivityFetchWaybill, inputs[protocol.ActivityFetchWaybill])
	require.NoError(t, err)
	var e protocol.Evidence
	require.NoError(t, value.Get(&e))
	require.Equal(t, protocol.Evidence{Kind: "waybill", Name: "waybill-700001.pdf"}, e)
	require.Equal(t, []string{"s o 700001 waybill waybill-700001.pdf platform parcelward %PDF-1.4"}, p.kept)
}

// What the vault refuses now it refuses the next time too.
func TestWaybillThatIsNone(t *testing.T) {
	t.Parallel()
	refused := &port.OriginalError{OriginalFault: rules.OriginalFault{Code: rules.OriginalDamaged, Found: "PDF: no %%EOF"}, Name: "waybill.pdf"}
	_, err := environment(&ports{err: refused}).ExecuteActivity(protocol.ActivityFetchWaybill, inputs[protocol.ActivityFetchWaybill])
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.NonRetryable())
}

// Originals that a machine puts at a parcel bring one fact, however often it is told to.
func TestKeepEvidence(t *testing.T) {
	t.Parallel()
	p := &ports{}
	keep := protocol.EvidenceOf{
		Store: "s", Order: "o", TrackingNumber: "LP1", Originals: []protocol.Evidence{{Kind: "waybill", SHA256: strings.Repeat("ab", 32)}}, Now: now,
	}
	for range 2 {
		_, err := environment(p).ExecuteActivity(protocol.ActivityKeepEvidence, keep)
		require.NoError(t, err)
	}
	require.Len(t, p.recorded, 2)
	require.JSONEq(t, string(p.recorded[0]), string(p.recorded[1]))
	f, err := protocol.DecodeFact(p.recorded[0])
	require.NoError(t, err)
	require.Equal(t, &rules.EvidenceAdded{
		TrackingNumber: "LP1", When: now, By: rules.ByMachine, Originals: []rules.Original{{Kind: rules.EvidenceWaybill, SHA256: strings.Repeat("ab", 32)}},
	}, f.Data)
}

// A number is declared, or put in the place of another; a no is an answer for a person, and a
// platform that is away is asked again.
func TestDeclare(t *testing.T) {
	t.Parallel()
	form := &port.FormError{Number: "LP1", Service: "CPAM", Pattern: "^[A-Z]{2}$"}
	for name, tc := range map[string]struct {
		old     string
		err     error
		want    protocol.Declared
		asked   string
		failing bool
	}{
		"taken":     {want: protocol.Declared{}, asked: "declare"},
		"corrected": {old: "LP0", want: protocol.Declared{}, asked: "correct"},
		"no": {
			err: fmt.Errorf("order closed: %w", port.ErrRefused), asked: "declare",
			want: protocol.Declared{Refused: &protocol.Refused{Code: rules.NoticeNumberRefused, Reason: "order closed: refused"}},
		},
		"wrong form": {
			err: fmt.Errorf("checked: %w", form), asked: "declare",
			want: protocol.Declared{Refused: &protocol.Refused{Code: rules.NoticeNumberForm, Reason: "^[A-Z]{2}$"}},
		},
		"away": {err: errors.New("connection reset"), asked: "declare", failing: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &ports{err: tc.err}
			value, err := environment(p).ExecuteActivity(protocol.ActivityDeclare, protocol.DeclareRequest{Number: "LP1", OldNumber: tc.old})
			require.Equal(t, []string{tc.asked}, p.declared)
			if tc.failing {
				var failed *temporal.ApplicationError
				require.ErrorAs(t, err, &failed)
				require.False(t, failed.NonRetryable())
				return
			}
			require.NoError(t, err)
			var got protocol.Declared
			require.NoError(t, value.Get(&got))
			require.Equal(t, tc.want, got)
		})
	}
}

func TestAssistedShips(t *testing.T) {
	t.Parallel()
	a := activities.Assisted{}
	made, err := a.CreateLogistics(t.Context(), protocol.LogisticsRequest{})
	require.NoError(t, err)
	require.Equal(t, protocol.Logistics{Pending: true}, made)
	for _, put := range []func() (protocol.Declared, error){
		func() (protocol.Declared, error) { return a.Declare(t.Context(), protocol.DeclareRequest{}) },
		func() (protocol.Declared, error) { return a.Correct(t.Context(), protocol.DeclareRequest{}) },
	} {
		done, err := put()
		require.NoError(t, err)
		require.True(t, done.Pending)
	}
	_, err = a.Waybill(t.Context(), "s", "L1")
	require.ErrorIs(t, err, port.ErrRefused)
}
