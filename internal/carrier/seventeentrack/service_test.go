package seventeentrack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/fault"
	twin "parcelward/internal/sandbox/seventeentrack"
	"parcelward/internal/sandbox/world"
)

const key = "TEST17KEY"

func client(t *testing.T, o seventeentrack.Options) *seventeentrack.Client {
	t.Helper()
	if o.Key == "" {
		o.Key = key
	}
	c, err := seventeentrack.New(o)
	require.NoError(t, err)
	return c
}

// simulated is a client of a twin that shows w.
func simulated(t *testing.T, w *world.World, o twin.Options) (*seventeentrack.Client, *twin.Twin) {
	t.Helper()
	o.Key = key
	sim := twin.New(w, o)
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	return client(t, seventeentrack.Options{BaseURL: server.URL}), sim
}

// canned is a client of a server that answers every call so, and where the last call's body is.
func canned(t *testing.T, status int, answer string) (c *seventeentrack.Client, sent *string) {
	t.Helper()
	sent = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*sent = string(body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return client(t, seventeentrack.Options{BaseURL: server.URL}), sent
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, untidy := range map[string]bool{"tidy": false, "repeated and shuffled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := func(t *testing.T, o twin.Options) porttest.Subject {
				t.Helper()
				w := world.New(protocol.Clock{})
				o.Key, o.Repeat, o.Shuffle = key, untidy, untidy
				sim := twin.New(w, o)
				t.Cleanup(sim.Close)
				faults := fault.New(1)
				server := httptest.NewServer(faults.Wrap(sim.Handler()))
				t.Cleanup(server.Close)
				return porttest.Subject{
					Service: client(t, seventeentrack.Options{BaseURL: server.URL}),
					BadKey:  client(t, seventeentrack.Options{BaseURL: server.URL, Key: "another"}),
					World:   w, Faults: faults, Carrier: "CAINIAO", Malformed: "AB12", TellsAlso: true,
				}
			}
			porttest.TrackingServices(t, func(t *testing.T) porttest.Subject {
				t.Helper()
				s := subject(t, twin.Options{})
				s.Pushing = func(t *testing.T, callback string) porttest.Subject {
					t.Helper()
					return subject(t, twin.Options{Callback: callback, Late: 20 * time.Millisecond, Reorder: 60 * time.Millisecond, Again: 1})
				}
				return s
			})
		})
	}
}

// Every milestone that the twin shows comes back as itself.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	w := world.New(protocol.Clock{})
	c, _ := simulated(t, w, twin.Options{})
	var rows []rules.Row
	at := time.Now().Add(-100 * time.Hour).Truncate(time.Second)
	for i, m := range rules.Milestones() {
		rows = append(rows, rules.Row{At: at.Add(time.Duration(i) * time.Hour), Milestone: m, Description: string(m), Location: "Madrid"})
	}
	w.Add(world.Parcel{Number: "LP00123456789012", Also: "PQ4F6P0704104480181750Q", Carrier: "CAINIAO", Country: "ES", Rows: rows})
	asked := []port.Tracked{{Number: "LP00123456789012", Carrier: "CAINIAO"}}
	_, err := c.Watch(t.Context(), asked)
	require.NoError(t, err)
	answers, err := c.Track(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, []string{"PQ4F6P0704104480181750Q"}, answers[0].Also)
	require.Len(t, answers[0].Rows, len(rows))
	for i, r := range answers[0].Rows {
		require.Equal(t, rules.Milestones()[i], r.Milestone)
		require.Equal(t, string(r.Milestone), r.Description)
		require.Equal(t, "Madrid", r.Location)
		require.Equal(t, rules.FromAggregator, r.Source)
		require.Equal(t, time.UTC, r.At.Location())
		require.True(t, rows[i].At.Equal(r.At))
	}
}

// Of numbers that were given up without a push that came, those that can be started again are to
// be watched anew, and then are; the second time there is nothing to be had.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	c, sim := simulated(t, world.New(protocol.Clock{}), twin.Options{})
	asked := []port.Tracked{{Number: "LP00123456789011", Carrier: "CAINIAO"}, {Number: "LP00123456789012", Carrier: "CAINIAO"}}
	numbers := []string{asked[0].Number, asked[1].Number, "LP00123456789013"}
	_, err := c.Watch(t.Context(), asked)
	require.NoError(t, err)
	given, err := c.GivenUp(t.Context(), numbers)
	require.NoError(t, err)
	require.Empty(t, given)
	for _, again := range []bool{true, false} {
		require.NoError(t, sim.GiveUp(numbers[1]))
		given, err = c.GivenUp(t.Context(), numbers)
		require.NoError(t, err)
		if !again {
			require.Empty(t, given, "it can be started again once")
			break
		}
		require.Equal(t, []port.Answer{{Number: numbers[1], Err: port.ErrUnwatched}}, given)
		_, err = c.Watch(t.Context(), asked)
		require.NoError(t, err)
		given, err = c.GivenUp(t.Context(), numbers)
		require.NoError(t, err)
		require.Empty(t, given, "watched anew")
	}
	given, err = c.GivenUp(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, given)
	_, err = c.GivenUp(t.Context(), make([]string, 41))
	require.ErrorIs(t, err, port.ErrRefused)
}

// A number may be followed for several carriers: a list of a full batch is then longer than a page.
func TestGivenUpOnSeveralPages(t *testing.T) {
	t.Parallel()
	c, _ := simulated(t, world.New(protocol.Clock{}), twin.Options{})
	var numbers []string
	for _, carrier := range []int{190271, 190012} {
		var registrations []seventeentrack.Registration
		numbers = nil
		for i := range 40 {
			numbers = append(numbers, fmt.Sprintf("LP001234567890%02d", i))
			registrations = append(registrations, seventeentrack.Registration{Number: numbers[i], Carrier: carrier})
		}
		_, err := c.Register(t.Context(), registrations)
		require.NoError(t, err)
	}
	var stop []seventeentrack.Number
	for _, n := range numbers {
		stop = append(stop, seventeentrack.Number{Number: n, Carrier: 190271})
	}
	_, err := c.StopTrack(t.Context(), stop)
	require.NoError(t, err)
	for i := range stop {
		stop[i].Carrier = 190012
	}
	_, err = c.StopTrack(t.Context(), stop)
	require.NoError(t, err)
	given, err := c.GivenUp(t.Context(), numbers)
	require.NoError(t, err)
	require.Len(t, given, 80)
}

func TestWatchSendsCarrierKeys(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/track/v2.4/register" || r.Header.Get("17token") != key || r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		var items []map[string]any
		_ = json.NewDecoder(r.Body).Decode(&items)
		if want := []map[string]any{
			{"number": "AA11111", "carrier": 190271.},
			{"number": "AA22222", "carrier": 190012.},
			{"number": "AA33333", "carrier": 190094.},
			{"number": "AA44444"},
			{"number": "AA55555", "carrier": 7.},
			{"number": "AA66666"},
			{"number": "AA77777", "carrier": 3011.},
			{"number": "AA88888"},
		}; fmt.Sprint(want) != fmt.Sprint(items) {
			http.Error(w, fmt.Sprint(items), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `{"code":0,"data":{"accepted":[],"rejected":[]}}`)
	}))
	t.Cleanup(server.Close)
	c := client(t, seventeentrack.Options{BaseURL: server.URL + "/", Carriers: map[string]int{"燕文": 7, "USPS": 0}})
	answers, err := c.Watch(t.Context(), []port.Tracked{
		{Number: "AA11111", Carrier: "CAINIAO"},
		{Number: "AA22222", Carrier: "Yanwen"},
		{Number: "AA33333", Carrier: "4PX"},
		{Number: "AA44444", Carrier: "Nobody"},
		{Number: "AA55555", Carrier: "燕文"},
		{Number: "AA66666"},
		{Number: "AA77777", Carrier: "China Post"},
		{Number: "AA88888", Carrier: "usps"},
		{Number: "AA11111", Carrier: "cainiao"},
	})
	require.NoError(t, err)
	require.Len(t, answers, 9)
	for _, a := range answers {
		require.NoError(t, a.Err)
	}
	require.Equal(t, "AA11111", answers[8].Number)
}

func TestTrackIgnoresWhatWasNotAsked(t *testing.T) {
	t.Parallel()
	c, sent := canned(t, 200, `{"code":0,"data":{"accepted":[
		{"number":"ZZ99999","track_info":`+oneEvent+`},
		{"number":"aa 111-11","track_info":`+oneEvent+`},
		{"number":22222,"track_info":null}],"rejected":[]}}`)
	answers, err := c.Track(t.Context(), []port.Tracked{{Number: "AA11111"}, {Number: "AA33333"}, {Number: "22222"}, {Number: "AA11111"}})
	require.NoError(t, err)
	require.Len(t, answers, 4)
	require.JSONEq(t, `[{"number":"AA11111"},{"number":"AA33333"},{"number":"22222"}]`, *sent)
	require.Len(t, answers[0].Rows, 1)
	require.Equal(t, "AA11111", answers[0].Number)
	require.Equal(t, port.Answer{Number: "AA33333"}, answers[1])
	require.Equal(t, port.Answer{Number: "22222"}, answers[2])
	require.Equal(t, answers[0], answers[3])
}

const oneEvent = `{"tracking":{"providers":[{"events":[{"time_utc":"2026-06-29T13:05:00Z","description":"x","sub_status":"InTransit_Arrival"}]}]}}`

// What each code means where it stands at a number, and where it stands for the whole call.
func TestCodes(t *testing.T) {
	t.Parallel()
	type meaning struct{ number, whole error }
	var (
		again     = meaning{nil, nil}
		refused   = meaning{port.ErrRefused, port.ErrRefused}
		unwatched = meaning{port.ErrUnwatched, port.ErrUnwatched}
	)
	codes := map[int]meaning{
		-18010003: again, -18010206: again, -18019808: again, -18019815: again, -18019816: again, -18019817: again, -18999999: again,
		-18019902: unwatched,
	}
	for _, code := range []int{
		-18010010, -18010011, -18010012, -18010013, -18010014, -18010015, -18010016, -18010018, -18010019, -18010020, -18010022,
		-18010201, -18010202, -18010203, -18010204, -18010205, -18019801, -18019802, -18019803, -18019804, -18019805, -18019806, -18019807,
		-18019809, -18019810, -18019811, -18019818, -18019903, -18019904, -18019905, -18019906, -18019910, -18019911, -18019912,
	} {
		codes[code] = refused
	}
	asked := []port.Tracked{{Number: "AA11111"}}
	for code, want := range codes {
		c, _ := canned(t, 200, fmt.Sprintf(`{"code":0,"data":{"accepted":[],"rejected":[{"number":"AA11111","carrier":"0","error":{"code":%d,"message":"said so"}}]}}`, code))
		for _, do := range []func() ([]port.Answer, error){
			func() ([]port.Answer, error) { return c.Track(t.Context(), asked) },
			func() ([]port.Answer, error) { return c.Watch(t.Context(), asked) },
		} {
			answers, err := do()
			require.NoError(t, err, "%d", code)
			require.Error(t, answers[0].Err, "%d", code)
			if want.number == nil {
				require.NotErrorIs(t, answers[0].Err, port.ErrRefused, "%d", code)
				require.NotErrorIs(t, answers[0].Err, port.ErrUnwatched, "%d", code)
			} else {
				require.ErrorIs(t, answers[0].Err, want.number, "%d", code)
			}
		}
		for _, answer := range []string{`{"code":%d,"data":null}`, `{"code":0,"data":{"errors":[{"code":%d,"message":"said so"}]}}`} {
			c, _ := canned(t, 200, fmt.Sprintf(answer, code))
			_, err := c.Track(t.Context(), asked)
			require.ErrorContains(t, err, fmt.Sprint(code))
			var later *port.UnavailableError
			if want.whole == nil {
				require.ErrorAs(t, err, &later, "%d", code)
				require.NotErrorIs(t, err, port.ErrRefused, "%d", code)
			} else {
				require.ErrorIs(t, err, want.whole, "%d", code)
			}
		}
	}
	// This is fine: nothing yet. So is one that is there already: TestRegistration.
	c, _ := canned(t, 200, `{"code":0,"data":{"accepted":[],"rejected":[{"number":"AA11111","error":{"code":-18019909,"message":"said so"}}]}}`)
	answers, err := c.Watch(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, []port.Answer{{Number: "AA11111"}}, answers)
	// These concern the account, wherever they stand.
	for code, want := range map[int]error{
		-18010001: port.ErrRefused, -18010002: port.ErrRefused, -18010004: port.ErrRefused, -18010005: port.ErrRefused,
		-18019907: seventeentrack.ErrQuota, -18019908: seventeentrack.ErrQuota,
	} {
		for _, answer := range []string{
			`{"code":%d,"data":{}}`, `{"code":0,"data":{"errors":[{"code":%d,"message":"said so"}]}}`,
			`{"code":0,"data":{"accepted":[{"number":"AA22222"}],"rejected":[{"number":"AA11111","error":{"code":%d,"message":"said so"}}]}}`,
		} {
			c, _ := canned(t, 200, fmt.Sprintf(answer, code))
			answers, err := c.Watch(t.Context(), asked)
			var later *port.UnavailableError
			if errors.Is(want, seventeentrack.ErrQuota) {
				// A full account says nothing against asking about what is registered already.
				require.NoError(t, err)
				require.Len(t, answers, len(asked))
				err = answers[0].Err
			} else {
				require.Empty(t, answers)
			}
			require.ErrorIs(t, err, want, "%d", code)
			if errors.Is(want, seventeentrack.ErrQuota) {
				require.ErrorAs(t, err, &later)
				require.NotErrorIs(t, err, port.ErrRefused)
			}
			var said *seventeentrack.CodeError
			require.ErrorAs(t, err, &said)
			require.Equal(t, code, said.Code)
		}
	}
}

func TestHalfAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		``, `null`, `{}`, `[]`, `17`, `{"code":0}`, `{"code":0,"data":null}`, `{"code":0,"data":{}}`, `{"code":0,"data":[]}`, `{"data":{"accepted":[]}}`,
		`{"code":0,"data":{"accepted":{}}}`, `{"code":0,"data":{"accepted":[]}`, `<html>`,
	} {
		c, _ := canned(t, 200, answer)
		for _, do := range []func() error{
			func() error { _, err := c.Track(t.Context(), []port.Tracked{{Number: "AA11111"}}); return err },
			func() error { _, err := c.Watch(t.Context(), []port.Tracked{{Number: "AA11111"}}); return err },
			func() error { _, err := c.List(t.Context(), seventeentrack.ListQuery{}); return err },
			func() error { _, err := c.Account(t.Context()); return err },
		} {
			var later *port.UnavailableError
			err := do()
			require.ErrorAs(t, err, &later, answer)
			require.NotErrorIs(t, err, port.ErrRefused, answer)
		}
	}
}

func TestHasteWaitsASecond(t *testing.T) {
	t.Parallel()
	c, _ := canned(t, 429, `{"code":-18010003}`)
	_, err := c.Track(t.Context(), []port.Tracked{{Number: "AA11111"}})
	var later *port.UnavailableError
	require.ErrorAs(t, err, &later)
	require.Equal(t, time.Second, later.RetryAfter())
}

func TestNew(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]seventeentrack.Options{
		"key: expected":      {},
		"without spaces":     {Key: "secret\n"},
		"base URL: expected": {Key: "secret", BaseURL: "api.17track.net"},
		"scheme and host":    {Key: "secret", BaseURL: "https://u:secret@api.17track.net"},
		"carriers: expected": {Key: "secret", Carriers: map[string]int{"--": 1}},
		`"UPS": -1`:          {Key: "secret", Carriers: map[string]int{"UPS": -1}},
	} {
		_, err := seventeentrack.New(o)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
	c := client(t, seventeentrack.Options{})
	require.Equal(t, "17track", c.Name())
	require.Equal(t, port.Limits{Batch: 40, PerSecond: 3}, c.Limits())
}

// A redirect would carry the key to whoever it names.
func TestKeyStaysHome(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("called with key %q", r.Header.Get("17token"))
	}))
	t.Cleanup(elsewhere.Close)
	home := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(home.Close)
	c := client(t, seventeentrack.Options{BaseURL: home.URL, HTTP: &http.Client{Timeout: time.Second}})
	_, err := c.Track(t.Context(), []port.Tracked{{Number: "AA11111"}})
	require.ErrorIs(t, err, port.ErrRefused)
	require.NotContains(t, err.Error(), key)
}
