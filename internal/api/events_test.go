package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/rules"
)

func TestEventsGoIn(t *testing.T) {
	for mediaType, body := range map[string]string{
		"application/cloudevents+json":                      created(),
		"application/json; charset=utf-8":                   created(),
		"application/cloudevents-batch+json; charset=UTF-8": "[" + strings.Join(stalled(), ",\n") + "]",
		"application/x-ndjson":                              "\ufeff" + strings.Join(stalled(), "\r\n\r\n"),
	} {
		t.Run(mediaType, func(t *testing.T) {
			b := setup(t)
			status, _, text := b.post(t, "/v1/events", mediaType, body)
			require.Equal(t, http.StatusAccepted, status, text)
			n := len(b.store.events)
			assert.Equal(t, fmt.Sprintf("{\"accepted\":%d,\"repeated\":0}\n", n), text)
			assert.Equal(t, rules.TypeOrderCreated, b.store.events[0].Event.Type)
			_, _, text = b.post(t, "/v1/events", mediaType, body)
			assert.Equal(t, fmt.Sprintf("{\"accepted\":0,\"repeated\":%d}\n", n), text)
		})
	}
}

func TestBadEventsAreRefusedAlone(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, c := range map[string]struct{ bad, key, expected string }{
		"no JSON":          {`{"specversion":`, "", "valid JSON"},
		"no offset":        {event("b", "order.paid", "2026-01-01T11:00:00", `{"paid_at":"2026-01-01T11:00:00Z"}`), "time", "RFC 3339"},
		"no offset inside": {event("b", "order.paid", "2026-01-01T11:00:00Z", `{"paid_at":"2026-01-01T11:00:00"}`), "data.paid_at", "RFC 3339"},
		"negative money":   {strings.Replace(created(), `"88.20"`, `"-88.20"`, 1), "data.amount_paid", "not negative"},
		"no country":       {strings.Replace(created(), `"DE"`, `"XX"`, 1), "data.buyer.country", "ISO 3166"},
		"subject":          {strings.Replace(created(), `"s/1"`, `"s"`, 1), "subject", "STORE/ORDER"},
		"reserved":         {strings.Replace(created(), `"data"`, `"inboxpos":7,"data"`, 1), "inboxpos", "reserved"},
		"invalid UTF-8":    {strings.Replace(created(), "Ana", "A\xffa", 1), "", "UTF-8"},
		"deep JSON":        {event("b", "order.paid", "2026-01-01T11:00:00Z", `{"paid_at":`+deep+`}`), "", ""},
		"10 MB line":       {`"` + strings.Repeat("x", 9<<20) + `"`, "", "at most 1048576 bytes"},
	} {
		for mediaType, join := range map[string]func(...string) string{
			"application/x-ndjson":               func(s ...string) string { return strings.Join(s, "\n") },
			"application/cloudevents-batch+json": func(s ...string) string { return "[" + strings.Join(s, ",") + "]" },
		} {
			t.Run(name+" "+mediaType, func(t *testing.T) {
				b := setup(t)
				good := stalled()
				status, _, text := b.post(t, "/v1/events", mediaType, join(good[1], c.bad, good[2]))
				require.Equal(t, http.StatusAccepted, status, text)
				var r api.Receipt
				require.NoError(t, json.Unmarshal([]byte(text), &r))
				require.NotEmpty(t, r.Refused)
				refused := r.Refused[0]
				assert.Contains(t, refused.Expected, c.expected)
				if name == "no JSON" || name == "deep JSON" {
					// In an array nobody can tell where the next event begins.
					assert.GreaterOrEqual(t, r.Accepted, 1)
				} else {
					assert.Equal(t, 2, r.Accepted, "the others go in")
					if c.key != "" {
						assert.Equal(t, c.key, refused.Key)
					}
				}
				if strings.Contains(mediaType, "ndjson") {
					assert.Equal(t, 2, refused.Line)
					assert.Equal(t, 2, r.Accepted)
				} else {
					require.NotNil(t, refused.Index)
					assert.Equal(t, 1, *refused.Index)
				}
				assert.Less(t, len(text), 1000, "hostile input is shortened")
			})
		}
	}
}

func TestNothingGoesIn(t *testing.T) {
	for name, c := range map[string]struct {
		mediaType, body string
		status          int
		says            string
	}{
		"one bad event":  {"application/cloudevents+json", strings.Replace(created(), `"DE"`, `"xx"`, 1), 422, "data.buyer.country"},
		"all bad":        {"application/x-ndjson", "{\n]\nnull", 422, "3 refused"},
		"no array":       {"application/cloudevents-batch+json", created(), 422, "an array of CloudEvents"},
		"an array":       {"application/json", "[" + created() + "]", 422, "the event did not go in"},
		"empty":          {"application/json", "", 400, "body is required"},
		"broken array":   {"application/cloudevents-batch+json", `[,`, 422, "valid JSON"},
		"another type":   {"text/plain", created(), 415, "application/x-ndjson"},
		"no type":        {"", created(), 415, "application/x-ndjson"},
		"20 MB":          {"application/x-ndjson", strings.Repeat(created()+"\n", 40_000), 413, ""},
		"20 MB of blank": {"application/json", strings.Repeat(" ", 20<<20), 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			status, header, text := b.post(t, "/v1/events", c.mediaType, c.body)
			assert.Equal(t, c.status, status, text)
			assert.Equal(t, "application/problem+json", header.Get("Content-Type"))
			assert.Contains(t, text, c.says)
			assert.Empty(t, b.store.events)
		})
	}
}

func TestTextAfterTheArray(t *testing.T) {
	b := setup(t)
	status, _, text := b.post(t, "/v1/events", "application/cloudevents-batch+json", "["+created()+"] garbage")
	assert.Equal(t, http.StatusAccepted, status)
	assert.Contains(t, text, "text after the array")
	assert.Contains(t, text, `"accepted":1`)
}

func TestEmptyBatch(t *testing.T) {
	b := setup(t)
	status, _, text := b.post(t, "/v1/events", "application/cloudevents-batch+json", "[]")
	assert.Equal(t, http.StatusAccepted, status, text)
}

func TestUnknownTypeIsKeptAndCounted(t *testing.T) {
	b := setup(t)
	r, err := b.client.Send(t.Context(), [][]byte{[]byte(event("9", "parcel.weighed", "2026-01-01T11:00:00Z", `{"grams":4}`))})
	require.NoError(t, err)
	assert.Equal(t, api.Receipt{Accepted: 1, Unknown: 1}, r)
}
