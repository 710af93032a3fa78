package porttest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

// scan is what two sources, or two answers, must agree on.
type scan struct {
	at        int64
	milestone rules.Milestone
}

func scansOf(rows []rules.Row) []scan {
	scans := make([]scan, len(rows))
	for i, r := range rows {
		scans[i] = scan{r.At.Unix(), r.Milestone}
	}
	return scans
}

// scansOf are rows of the world as the service shows them.
func (s *Subject) scansOf(rows []rules.Row) []scan {
	scans := scansOf(rows)
	for i := range scans {
		if s.Shown != nil {
			scans[i].milestone = s.Shown(scans[i].milestone)
		}
	}
	return scans
}

func isUnwatched(err error) bool { return errors.Is(err, port.ErrUnwatched) }

// callback takes pushes as a server would that keeps what they say.
type callback struct {
	pusher port.Pusher

	mu      sync.Mutex
	answers []port.Answer
	header  http.Header
	body    []byte
	err     error
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var pushed port.Pushed
		if pushed, err = c.pusher.Receive(r.Header, body); err == nil {
			c.answers = append(c.answers, pushed.Answers...)
			c.header, c.body = r.Header.Clone(), body
			w.Header().Set("Content-Type", pushed.ReplyType)
			_, _ = w.Write(pushed.Reply) // a sender who is gone pushes again
			return
		}
	}
	c.err = errors.Join(c.err, err)
	w.WriteHeader(http.StatusUnauthorized)
}

// told are the scans of all pushes, each once, and how many pushes there were.
func (c *callback) told() (scans map[scan]bool, answers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	scans = map[scan]bool{}
	for _, a := range c.answers {
		for _, told := range scansOf(a.Rows) {
			scans[told] = true
		}
	}
	return scans, len(c.answers)
}

// pushes has a parcel pushed late, more than once and out of order: together the pushes tell what
// there is to tell, and nothing else. One that was changed on its way is no push.
func pushes(t *testing.T, start func(t *testing.T) Subject) {
	t.Helper()
	quiet := start(t)
	if quiet.Pushing == nil {
		return
	}
	pusher, ok := quiet.Service.(port.Pusher)
	require.True(t, ok, "a service that pushes")
	taken := &callback{pusher: pusher}
	server := httptest.NewServer(taken)
	t.Cleanup(server.Close)
	s := quiet.Pushing(t, server.URL)
	at := s.World.Now().Add(-50 * time.Hour).Truncate(time.Second)
	rows := []rules.Row{
		{At: at, Milestone: rules.PickedUp, Source: rules.FromCarrier},
		{At: at.Add(time.Hour), Milestone: rules.DepartedOrigin, Source: rules.FromCarrier},
		{At: at.Add(30 * time.Hour), Milestone: rules.ArrivedDestination, Source: rules.FromCarrier},
		{At: at.Add(40 * time.Hour), Milestone: rules.OutForDelivery, Source: rules.FromCarrier},
	}
	parcel := world.Parcel{Number: "PWPUSHED1", Carrier: s.Carrier, Country: "ES"}
	s.watch(t, []port.Tracked{s.tracked(parcel.Number)})
	for _, row := range rows {
		parcel.Rows = []rules.Row{row}
		s.World.Add(parcel)
		time.Sleep(20 * time.Millisecond) // long enough for a push of its own, mostly
	}
	want := map[scan]bool{}
	for _, told := range s.scansOf(rows) {
		want[told] = true
	}
	require.Eventually(t, func() bool {
		scans, answers := taken.told()
		return answers >= 2 && len(scans) >= len(want)
	}, 20*time.Second, 10*time.Millisecond)
	scans, _ := taken.told()
	require.Equal(t, want, scans)
	taken.mu.Lock()
	defer taken.mu.Unlock()
	require.NoError(t, taken.err)
	for _, a := range taken.answers {
		require.NoError(t, a.Err)
		require.Equal(t, parcel.Number, a.Number)
	}
	forged := append([]byte{}, taken.body...)
	forged[len(forged)/2] ^= 1
	_, err := pusher.Receive(taken.header, forged)
	require.Error(t, err)
	_, err = pusher.Receive(http.Header{}, nil)
	require.Error(t, err)
}
