package carrier_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// service answers each call with the next of its answers, and notes the calls.
type service struct {
	name    string
	second  float64 // calls in one
	answers []answered
	calls   []string
}

type answered struct {
	port.Answer
	whole error
}

func (s *service) Name() string        { return s.name }
func (s *service) Limits() port.Limits { return port.Limits{Batch: 1, PerSecond: s.second} }

func (s *service) Watch(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	return s.next("watch " + parcels[0].Number)
}

func (s *service) Track(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	return s.next("track " + parcels[0].Number)
}

func (s *service) next(call string) ([]port.Answer, error) {
	s.calls = append(s.calls, call)
	a := s.answers[0]
	s.answers = s.answers[1:]
	if a.whole != nil {
		return nil, a.whole
	}
	return []port.Answer{a.Answer}, nil
}

// slots gives a turn after a wait, and notes what it is told.
type slots struct {
	wait    time.Duration
	err     error // of every call
	every   time.Duration
	most    time.Duration
	paused  []time.Duration
	worked  int
	service string
}

func (s *slots) Slot(_ context.Context, service string, every, most time.Duration) (time.Duration, error) {
	s.service, s.every, s.most = service, every, most
	return s.wait, s.err
}

func (s *slots) Pause(ctx context.Context, service string, after time.Duration) error {
	s.service, s.paused = service, append(s.paused, after)
	return errors.Join(ctx.Err(), s.err)
}

func (s *slots) Answered(_ context.Context, service string) error {
	s.service = service
	s.worked++
	return s.err
}

func fleet(t *testing.T, by map[string]string, s *slots, services ...*service) *carrier.Fleet {
	t.Helper()
	tracking := make([]port.TrackingService, len(services))
	for i := range services {
		tracking[i] = services[i]
	}
	f, problems := carrier.NewFleet(tracking, by, s, protocol.Clock{})
	require.Empty(t, problems)
	return f
}

func TestFleetChoice(t *testing.T) {
	t.Parallel()
	track17, kdniao, cainiao := &service{name: "17track"}, &service{name: "kdniao"}, &service{name: "cainiao"}
	some := map[string]string{"Cainiao": "cainiao", "YANWEN": "17track", "sf": "kdniao"}
	all := map[string]string{"Cainiao": "cainiao", "YANWEN": "17track", "sf": "kdniao", carrier.Others: "kdniao"}
	for name, c := range map[string]struct {
		by   map[string]string
		want map[string]string
	}{
		"nothing said: the first":   {nil, map[string]string{"CAINIAO": "17track", "": "17track", "4PX": "17track"}},
		"by carrier, in any case":   {some, map[string]string{"CAINIAO": "cainiao", "cainiao": "cainiao", "Yanwen": "17track", "SF": "kdniao"}},
		"nobody for the others":     {some, map[string]string{"4PX": "", "": "", carrier.Others: ""}},
		"one for the others":        {all, map[string]string{"4PX": "kdniao", "": "kdniao", "yanwen": "17track"}},
		"one for the others, alone": {map[string]string{carrier.Others: "cainiao"}, map[string]string{"YANWEN": "cainiao"}},
	} {
		f := fleet(t, c.by, &slots{}, track17, kdniao, cainiao)
		require.Equal(t, []string{"17track", "cainiao", "kdniao"}, f.Names(), name)
		for of, want := range c.want {
			if want == "" {
				require.Nil(t, f.Of(of), "%s: %q", name, of)
				continue
			}
			require.Same(t, f.Service(want), f.Of(of), "%s: %q", name, of)
		}
	}
	require.Nil(t, fleet(t, nil, &slots{}, track17).Service("kdniao"))
	require.Nil(t, fleet(t, nil, &slots{}).Of("CAINIAO"), "no service at all")
}

// A service that is not there takes only its own carriers out, and each is named.
func TestFleetOfUnknownServices(t *testing.T) {
	t.Parallel()
	kdniao, track17 := &service{name: "kdniao"}, &service{name: "17track"}
	f, problems := carrier.NewFleet([]port.TrackingService{kdniao, track17},
		map[string]string{"Cainiao": "cainiao", "YANWEN": "kdnaio", "4PX": "kdniao", carrier.Others: "17track"}, &slots{}, protocol.Clock{})
	require.Len(t, problems, 2)
	require.EqualError(t, problems[0], `Cainiao:cainiao: expected a service that is configured (17track, kdniao), got "cainiao"; nobody is asked about the parcels of Cainiao`)
	require.ErrorContains(t, problems[1], "YANWEN:kdnaio: ")
	require.Nil(t, f.Of("CAINIAO"))
	require.Nil(t, f.Of("yanwen"))
	require.Same(t, kdniao, f.Of("4px"))
	require.Same(t, track17, f.Of("UPS"))
	require.Equal(t, port.Scope{Carriers: []string{"4PX", "CAINIAO", "YANWEN"}, Others: true}, f.Scope("17track"), "nobody sweeps what nobody is asked about")
	require.Equal(t, port.Scope{Carriers: []string{"4PX"}}, f.Scope("kdniao"))

	f, problems = carrier.NewFleet([]port.TrackingService{kdniao}, map[string]string{"4PX": "kdniao", carrier.Others: "17TRACK"}, &slots{}, protocol.Clock{})
	require.Len(t, problems, 1)
	require.ErrorContains(t, problems[0], `*:17TRACK: `)
	require.Same(t, kdniao, f.Of("4PX"))
	require.Nil(t, f.Of("UPS"))
}

func TestFleetScope(t *testing.T) {
	t.Parallel()
	services := []*service{{name: "17track"}, {name: "kdniao"}, {name: "cainiao"}}
	f := fleet(t, map[string]string{"yanwen": "17track", "4px": "17track", "Cainiao": "cainiao", "sf": "kdniao", carrier.Others: "kdniao"}, &slots{}, services...)
	require.Equal(t, port.Scope{Carriers: []string{"4PX", "YANWEN"}}, f.Scope("17track"))
	require.Equal(t, port.Scope{Carriers: []string{"CAINIAO"}}, f.Scope("cainiao"))
	require.Equal(t, port.Scope{Carriers: []string{"4PX", "CAINIAO", "YANWEN"}, Others: true}, f.Scope("kdniao"))
	require.Equal(t, port.Scope{}, f.Scope("aliexpress"), "a service that is not asked about anybody")
	f = fleet(t, nil, &slots{}, services...)
	require.Equal(t, port.Scope{Others: true}, f.Scope("17track"))
	require.Equal(t, port.Scope{}, f.Scope("kdniao"))
}

func TestFleetTrace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	rows := []rules.Row{{At: now.Add(-time.Hour), Milestone: rules.PickedUp}, {At: now, Milestone: rules.InTransit}, {At: now.Add(time.Second), Milestone: rules.Delivered}}
	unwatched := answered{Answer: port.Answer{Number: "LP1", Err: port.ErrUnwatched}}
	nothing := answered{Answer: port.Answer{Number: "LP1"}}
	traced := answered{Answer: port.Answer{Number: "LP1", Rows: rows}}
	refused := answered{Answer: port.Answer{Number: "LP1", Err: port.ErrRefused}}
	down := answered{whole: &port.UnavailableError{Call: "x", Status: 503, After: 7 * time.Second}}
	for name, c := range map[string]struct {
		answers []answered
		calls   []string
		want    port.Answer
		err     error
	}{
		"up to now":                       {[]answered{traced}, []string{"track LP1"}, port.Answer{Number: "LP1", Rows: rows[:2]}, nil},
		"refused":                         {[]answered{refused}, []string{"track LP1"}, refused.Answer, nil},
		"down":                            {[]answered{down}, []string{"track LP1"}, port.Answer{}, down.whole},
		"not watched: asked to":           {[]answered{unwatched, nothing, traced}, []string{"track LP1", "watch LP1", "track LP1"}, port.Answer{Number: "LP1", Rows: rows[:2]}, nil},
		"not watched: nothing known yet":  {[]answered{unwatched, nothing, unwatched}, []string{"track LP1", "watch LP1", "track LP1"}, nothing.Answer, nil},
		"not watched: and will not be":    {[]answered{unwatched, refused}, []string{"track LP1", "watch LP1"}, refused.Answer, nil},
		"not watched: down":               {[]answered{unwatched, down}, []string{"track LP1", "watch LP1"}, port.Answer{}, down.whole},
		"not watched: down at the second": {[]answered{unwatched, nothing, down}, []string{"track LP1", "watch LP1", "track LP1"}, port.Answer{}, down.whole},
	} {
		s, turns := &service{name: "17track", answers: c.answers}, &slots{}
		told, a, err := fleet(t, nil, turns, s).Trace(t.Context(), port.Tracked{Number: "LP1", Carrier: "CAINIAO"}, now)
		require.Equal(t, c.calls, s.calls, name)
		require.Equal(t, "17track", told, name)
		require.Equal(t, c.want, a, name)
		require.Equal(t, 10*time.Second, turns.most, name)
		if c.err == nil {
			require.NoError(t, err, name)
			require.Equal(t, len(c.calls), turns.worked, name)
			require.Empty(t, turns.paused, name)
			continue
		}
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, []time.Duration{7 * time.Second}, turns.paused, name)
	}

	s := &service{name: "17track"}
	told, a, err := fleet(t, map[string]string{"YANWEN": "17track"}, &slots{}, s).Trace(t.Context(), port.Tracked{Number: "LP1", Carrier: "CAINIAO"}, now)
	require.NoError(t, err)
	require.Empty(t, told, "nobody is there to ask")
	require.Equal(t, port.Answer{Number: "LP1"}, a)

	told, _, err = fleet(t, nil, &slots{err: port.ErrBusy}, s).Trace(t.Context(), port.Tracked{Number: "LP1"}, now)
	require.ErrorIs(t, err, port.ErrBusy)
	require.ErrorContains(t, err, "17track")
	require.Equal(t, "17track", told)
	require.Empty(t, s.calls, "no call out of turn")
}

func TestFleetTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := &slots{}
		for perSecond, every := range map[float64]time.Duration{0: 0, 3: time.Second / 3, 20: 50 * time.Millisecond, 0.5: 2 * time.Second} {
			s := &service{name: "kdniao", second: perSecond}
			require.NoError(t, fleet(t, nil, turns, s).Turn(t.Context(), s, time.Minute))
			require.Equal(t, []any{"kdniao", every, time.Minute}, []any{turns.service, turns.every, turns.most})
		}
		s := &service{name: "kdniao"}
		turns.wait = 3 * time.Second
		began := time.Now()
		require.NoError(t, fleet(t, nil, turns, s).Turn(t.Context(), s, time.Minute))
		require.Equal(t, 3*time.Second, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		require.ErrorIs(t, fleet(t, nil, turns, s).Turn(ctx, s, time.Minute), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestFleetNote(t *testing.T) {
	t.Parallel()
	s := &service{name: "cainiao"}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("no database")
	down := &port.UnavailableError{Call: "x", Status: 429, After: time.Minute}
	for name, c := range map[string]struct {
		called error
		slots  slots
		paused []time.Duration
		worked int
		want   []error
	}{
		"it answered":                   {nil, slots{}, nil, 1, nil},
		"it answered, not noted":        {nil, slots{err: broken}, nil, 1, []error{broken}},
		"it was down":                   {down, slots{}, []time.Duration{time.Minute}, 0, []error{down}},
		"it was down, not noted":        {down, slots{err: broken}, []time.Duration{time.Minute}, 0, []error{down, broken}},
		"it refused":                    {port.ErrRefused, slots{}, nil, 0, []error{port.ErrRefused}},
		"the caller went: nobody knows": {context.Canceled, slots{}, nil, 0, []error{context.Canceled}},
	} {
		err := fleet(t, nil, &c.slots, s).Note(gone, s, c.called)
		require.Equal(t, c.paused, c.slots.paused, name)
		require.Equal(t, c.worked, c.slots.worked, name)
		if len(c.want) == 0 {
			require.NoError(t, err, name)
		}
		for _, want := range c.want {
			require.ErrorIs(t, err, want, name)
		}
		if errors.Is(c.called, down) {
			require.NotErrorIs(t, err, context.Canceled, "%s: a pause is noted although the caller has gone", name)
		}
	}
}
