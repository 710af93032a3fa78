package porttest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/fault"
	"parcelward/internal/sandbox/world"
)

// badWeather has calls go wrong, each once: nothing comes of it but an error that asks for a
// repeat, and the repeat tells all.
func badWeather(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	for name, f := range map[string]fault.Fault{
		"429":        {Status: http.StatusTooManyRequests, RetryAfter: 7},
		"500":        {Status: 500},
		"503":        {Status: 503, RetryAfter: 2},
		"half":       {Body: fault.Half},
		"cut":        {Body: fault.Cut},
		"garbage":    {Body: fault.Garbage},
		"empty":      {Body: fault.Empty},
		"lost (503)": {Status: 503, LostAnswer: true},
	} {
		f.Times = 1
		mayBeRepeated := func(t *testing.T, answers []port.Answer, err error) {
			t.Helper()
			require.Error(t, err)
			require.Empty(t, answers)
			var again *port.UnavailableError
			require.ErrorAs(t, err, &again)
			require.NotErrorIs(t, err, port.ErrRefused)
			require.Equal(t, time.Duration(f.RetryAfter)*time.Second, again.After)
		}
		t.Run(name, func(t *testing.T) {
			s := start(t)
			asked := s.parcels(t, min(s.Service.Limits().Batch, 3))
			s.watch(t, asked)
			s.Faults.Add(f)
			answers, err := s.Service.Track(t.Context(), asked)
			mayBeRepeated(t, answers, err)
			answers, err = s.Service.Track(t.Context(), asked)
			require.NoError(t, err)
			s.same(t, asked, answers)
		})
		t.Run(name+", watching", func(t *testing.T) {
			s := start(t)
			asked := s.parcels(t, min(s.Service.Limits().Batch, 3))
			s.Faults.Add(f)
			answers, err := s.Service.Watch(t.Context(), asked)
			if s.Faults.Count() == 0 { // it needs no asking
				require.NoError(t, err)
				return
			}
			mayBeRepeated(t, answers, err)
			s.watch(t, asked)
			answers, err = s.Service.Track(t.Context(), asked)
			require.NoError(t, err)
			s.same(t, asked, answers)
		})
	}
}

// oneBadNumber has one number refused, or every call with it fail: the others' answers are theirs.
func oneBadNumber(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	t.Run("refused", func(t *testing.T) {
		s := start(t)
		if s.Malformed == "" {
			return
		}
		asked := s.parcels(t, 2)
		good := []port.Tracked{asked[0], asked[1]}
		bad := s.tracked(s.Malformed)
		refused := 0
		for _, do := range []func([]port.Tracked) []port.Answer{
			func(asked []port.Tracked) []port.Answer {
				answers, err := s.Service.Watch(t.Context(), asked)
				require.NoError(t, err)
				return answers
			},
			func(asked []port.Tracked) []port.Answer {
				answers, err := s.Service.Track(t.Context(), asked)
				require.NoError(t, err)
				return answers
			},
		} {
			var answers []port.Answer
			if s.Service.Limits().Batch > 2 {
				answers = do([]port.Tracked{good[0], bad, good[1]})
			} else {
				for _, p := range []port.Tracked{good[0], bad, good[1]} {
					answers = append(answers, do([]port.Tracked{p})...)
				}
			}
			require.Len(t, answers, 3)
			require.Equal(t, s.Malformed, answers[1].Number)
			require.Error(t, answers[1].Err)
			require.Empty(t, answers[1].Rows)
			if !isUnwatched(answers[1].Err) {
				require.ErrorIs(t, answers[1].Err, port.ErrRefused)
				refused++
			}
			require.NoError(t, answers[0].Err)
			require.NoError(t, answers[2].Err)
			if len(answers[0].Rows) > 0 {
				s.same(t, good, []port.Answer{answers[0], answers[2]})
			}
		}
		require.Positive(t, refused)
	})
	t.Run("failing", func(t *testing.T) {
		s := start(t)
		asked := s.parcels(t, 3)
		for _, p := range asked {
			s.watch(t, []port.Tracked{p})
		}
		s.Faults.Add(fault.Fault{Holds: asked[1].Number, Status: 500})
		for range 2 {
			_, err := s.Service.Track(t.Context(), asked[1:min(3, 1+s.Service.Limits().Batch)])
			var again *port.UnavailableError
			require.ErrorAs(t, err, &again)
			for _, p := range []port.Tracked{asked[0], asked[2]} {
				answers, err := s.Service.Track(t.Context(), []port.Tracked{p})
				require.NoError(t, err)
				s.same(t, []port.Tracked{p}, answers)
			}
		}
	})
}

// oneMoment has two scans at one time: none is lost.
func oneMoment(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	s := start(t)
	at := s.World.Now().Add(-50 * time.Hour).Truncate(time.Second)
	rows := []rules.Row{
		{At: at, Milestone: rules.PickedUp, Description: "one", Source: rules.FromCarrier},
		{At: at.Add(time.Hour), Milestone: rules.CustomsReleased, Description: "two", Source: rules.FromCarrier},
		{At: at.Add(time.Hour), Milestone: rules.DepartedOrigin, Description: "three", Source: rules.FromCarrier},
		{At: at.Add(2 * time.Hour), Milestone: rules.OutForDelivery, Description: "four", Source: rules.FromCarrier},
	}
	s.World.Add(world.Parcel{Number: "PWMOMENT1", Carrier: s.Carrier, Country: "ES", Rows: rows})
	asked := []port.Tracked{s.tracked("PWMOMENT1")}
	s.watch(t, asked)
	answers, err := s.Service.Track(t.Context(), asked)
	require.NoError(t, err)
	require.ElementsMatch(t, s.scansOf(rows), scansOf(answers[0].Rows))
}

// furtherNumber has a parcel with a last mile's number: it is told where the service tells it,
// and none other is.
func furtherNumber(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	s := start(t)
	at := s.World.Now().Add(-50 * time.Hour).Truncate(time.Second)
	rows := []rules.Row{{At: at, Milestone: rules.PickedUp, Source: rules.FromCarrier}}
	s.World.Add(world.Parcel{Number: "PWFIRST01", Also: "PWLAST001", Carrier: s.Carrier, Country: "ES", Rows: rows})
	asked := []port.Tracked{s.tracked("PWFIRST01")}
	s.watch(t, asked)
	answers, err := s.Service.Track(t.Context(), asked)
	require.NoError(t, err)
	require.ElementsMatch(t, s.scansOf(rows), scansOf(answers[0].Rows))
	if s.TellsAlso {
		require.Equal(t, []string{"PWLAST001"}, answers[0].Also)
	} else {
		require.Empty(t, answers[0].Also)
	}
}
