package kdniao_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/port"
	"parcelward/internal/port/porttest"
	"parcelward/internal/protocol"
	"parcelward/internal/sandbox/fault"
	twin "parcelward/internal/sandbox/kdniao"
	"parcelward/internal/sandbox/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "1000000"
	key     = "TEST-APP-KEY"
)

// stage is a client before a twin.
type stage struct {
	*kdniao.Client
	world  *world.World
	twin   *twin.Twin
	faults *fault.Injector
	url    string
}

func start(t *testing.T, o kdniao.Options, to twin.Options) *stage {
	t.Helper()
	s := &stage{world: world.New(protocol.Clock{}), faults: fault.New(1)}
	to.EBusinessID, to.AppKey = account, key
	s.twin = twin.New(s.world, to)
	t.Cleanup(s.twin.Close)
	server := httptest.NewServer(read(s.faults.Wrap(s.twin.Handler())))
	t.Cleanup(server.Close)
	s.url = server.URL
	o.BaseURL, o.HTTP = server.URL, server.Client()
	if o.EBusinessID == "" {
		o.EBusinessID = account
	}
	if o.AppKey == "" {
		o.AppKey = key
	}
	var err error
	s.Client, err = kdniao.New(o)
	require.NoError(t, err)
	return s
}

// read takes a call's body before a fault lets it wait: only then does a server notice that
// the caller is gone.
func read(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func TestTrackingService(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o       kdniao.Options
		twin    twin.Options
		carrier string
	}{
		"8001":                 {carrier: "YANWEN"},
		"8002":                 {o: kdniao.Options{Detect: true, Shippers: map[string]string{"cainiao": "X"}}, carrier: "CAINIAO"},
		"repeated, unsorted":   {twin: twin.Options{Repeat: 2, Shuffle: true}, carrier: "4PX"},
		"a carrier that hides": {o: kdniao.Options{CustomerName: "1234"}, carrier: "SF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := func(t *testing.T, to twin.Options) porttest.Subject {
				t.Helper()
				s := start(t, c.o, to)
				o := c.o
				o.BaseURL, o.EBusinessID, o.AppKey = s.url, account, "another"
				bad, err := kdniao.New(o)
				require.NoError(t, err)
				return porttest.Subject{Service: s.Client, BadKey: bad, World: s.world, Faults: s.faults, Carrier: c.carrier, Malformed: "AB12"}
			}
			porttest.TrackingServices(t, func(t *testing.T) porttest.Subject {
				t.Helper()
				s := subject(t, c.twin)
				if c.o.Detect { // which finds no subscriber
					return s
				}
				s.Pushing = func(t *testing.T, callback string) porttest.Subject {
					t.Helper()
					to := c.twin
					to.Callback, to.Twice, to.Reorder = callback, true, true
					return subject(t, to)
				}
				return s
			})
		})
	}
}

func tracked(number, carrier string) []port.Tracked {
	return []port.Tracked{{Store: "cn-1001", Order: "8190001", Number: number, Carrier: carrier, Country: "ES"}}
}
