package twin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/sandbox/twin"
)

func TestWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := twin.NewWork()
		began, ended := 0, 0
		w.Go(func() {
			began++
			<-w.Context().Done()
			w.Go(func() { began++ })
			time.Sleep(time.Second)
			ended++
		})
		synctest.Wait()
		w.Close()
		require.Equal(t, 1, ended, "Close waits")
		w.Go(func() { began++ })
		synctest.Wait()
		require.Equal(t, 1, began, "nothing starts afterwards")
		w.Close()
	})
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.True(t, twin.Sleep(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		require.False(t, twin.Sleep(ctx, time.Minute))
		require.Equal(t, time.Second, time.Since(began))
		for range 100 { // either could come first
			require.False(t, twin.Sleep(ctx, 0), "ended before")
		}
	})
}

func TestPush(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || r.URL.Path == "/broken":
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/half":
			w.Header().Set("Content-Length", "100")
			return
		}
		twin.JSON(w, http.StatusAccepted, []string{r.Method, r.Header.Get("Content-Type"), r.Header.Get("sign"), string(body)})
	}))
	t.Cleanup(server.Close)
	push := func(path string, header http.Header) (int, string, error) {
		status, reply, err := twin.Push(t.Context(), server.Client(), server.URL+path, twin.FormType, header, []byte("a=1"))
		return status, string(reply), err
	}
	status, reply, err := push("/", http.Header{"Sign": {"s"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	require.JSONEq(t, `["POST","application/x-www-form-urlencoded;charset=utf-8","s","a=1"]`, reply)
	_, reply, err = push("/", nil)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(reply, `["POST"`))
	status, _, err = push("/broken", nil)
	require.Error(t, err)
	require.Zero(t, status)
	status, _, err = push("/half", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusOK, status)
}
