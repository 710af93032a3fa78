package aliexpress_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	twin "parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/fault"
)

const about = "8190000000000011" // as long as the platform's are

// written is what an inbox holds: pages of talk about the order, another buyer's words, the same
// buyer's about another order, what was said before the order was there, and what is to come.
func written(b *bench, created time.Time) []twin.Message {
	at := func(d time.Duration) time.Time { return created.Add(d) }
	messages := []twin.Message{
		{Buyer: "es123", At: at(-time.Hour), Text: "before the order"},
		{Buyer: "fr9", At: at(time.Minute), Text: "another buyer: I did not receive it"},
		{Buyer: "es123", At: at(61 * time.Second), Template: 10007, Order: about},
		{Buyer: "es123", ToBuyer: true, At: at(62 * time.Second), Text: "Dear friend, it is on its way"},
	}
	for i := range 45 {
		messages = append(messages, twin.Message{Buyer: "es123", At: at(2*time.Minute + time.Duration(i/2)*time.Second), Text: fmt.Sprintf("where is it? %d", i)})
	}
	messages = append(messages,
		twin.Message{Buyer: "es123", At: at(4 * time.Minute), Template: 10007, Order: "8190000000000099"},
		twin.Message{Buyer: "es123", At: at(5 * time.Minute), Text: "of the other order"},
		twin.Message{Buyer: "es123", At: at(6 * time.Minute), Text: "No he recibido el pedido " + about + "."},
		twin.Message{Buyer: "es123", System: true, At: at(7 * time.Minute), Template: 10007, Order: about},
		twin.Message{Buyer: "es123", At: at(8 * time.Minute), Template: 3, Image: "https://img.example/1.jpg"},
		twin.Message{Buyer: "es123", At: b.world.Now().Add(time.Hour), Text: "to come"},
	)
	for i := range messages {
		messages[i].Seller = "seller"
	}
	return append(messages, twin.Message{Seller: "another seller", Buyer: "es123", At: at(time.Minute), Text: "of another shop"})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]twin.Options{"": {}, "mixed": {MixMessages: true}, "envelopes": {Envelopes: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, o)
			created := b.world.Now().Add(-time.Hour).Truncate(time.Second)
			b.twin.Add(order(t, about, created))
			b.twin.AddMessages(written(b, created)...)
			got, err := b.Messages(t.Context(), store, about)
			require.NoError(t, err)
			require.Len(t, got.Messages, 50)
			require.False(t, got.More)
			texts := make([]string, len(got.Messages))
			seen := map[string]bool{}
			for i, m := range got.Messages {
				texts[i] = m.Text
				require.Equal(t, about, m.Order)
				require.False(t, seen[m.ID])
				seen[m.ID] = true
				require.False(t, i > 0 && m.At.Before(got.Messages[i-1].At))
			}
			all := strings.Join(texts, "|")
			for _, other := range []string{"another buyer", "before the order", "of the other order", "another shop", "to come"} {
				assert.NotContains(t, all, other)
			}
			assert.Equal(t, "order", got.Messages[0].Type)
			assert.Equal(t, rules.FromSeller, got.Messages[1].From)
			assert.Equal(t, rules.Message{
				ID: got.Messages[47].ID, From: rules.FromBuyer, At: created.Add(6 * time.Minute).UTC(), Order: about, Text: "No he recibido el pedido " + about + ".",
			}, got.Messages[47])
			assert.Equal(t, "system", got.Messages[48].Type)
			assert.Equal(t, "image", got.Messages[49].Type)

			raw, err := got.JSON()
			require.NoError(t, err)
			sight := inspect.Bytes(t.Context(), raw, rules.EvidenceMessages, time.UTC)
			require.Empty(t, sight.Unseen, "the pre-flight reads it")
			require.Equal(t, got.Messages, sight.Messages)
			again, err := b.Messages(t.Context(), store, about)
			require.NoError(t, err)
			same, err := again.JSON()
			require.NoError(t, err)
			require.Equal(t, string(raw), string(same))
		})
	}
}

// Whatever people and machines write is kept as text, and breaks nothing.
func TestMessagesOfHostileTexts(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	created := b.world.Now().Add(-time.Hour).Truncate(time.Second)
	b.twin.Add(order(t, about, created))
	texts := []string{
		`{"messages":[{"from":"buyer"}]}`, "<script>alert(1)</script>", "\u202e evil \u0000\r\n", strings.Repeat("长", 9000), `"}]}`, "=cmd|'/c calc'!A1",
	}
	for i, text := range texts {
		b.twin.AddMessages(twin.Message{Seller: "seller", Buyer: "es123", At: created.Add(time.Duration(i) * time.Second), Text: text})
	}
	raws := []string{`not JSON`, `[1,2]`, `{"txt":{"deep":1}}`, `null`, `{"txt":5}`}
	for i, raw := range raws {
		b.twin.AddMessages(twin.Message{Seller: "seller", Buyer: "es123", At: created.Add(time.Duration(100+i) * time.Second), Raw: raw})
	}
	got, err := b.Messages(t.Context(), store, about)
	require.NoError(t, err)
	require.Len(t, got.Messages, len(texts)+len(raws))
	for i, text := range texts {
		require.True(t, strings.HasPrefix(text, got.Messages[i].Text), "%q", got.Messages[i].Text)
		require.Equal(t, rules.FromBuyer, got.Messages[i].From)
	}
	require.Equal(t, "not JSON", got.Messages[len(texts)].Text)
	require.Equal(t, "5", got.Messages[len(got.Messages)-1].Text)
	raw, err := got.JSON()
	require.NoError(t, err)
	require.True(t, json.Valid(raw))
	require.Empty(t, inspect.Bytes(t.Context(), raw, rules.EvidenceMessages, time.UTC).Unseen)
}

func TestNoMessages(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	b.twin.Add(order(t, about, b.world.Now().Add(-time.Hour)))
	got, err := b.Messages(t.Context(), store, about)
	require.NoError(t, err)
	_, err = got.JSON()
	require.ErrorIs(t, err, port.ErrNothing)
	require.ErrorIs(t, err, port.ErrRefused)
	_, err = b.Messages(t.Context(), store, "8190000000000012")
	require.ErrorIs(t, err, port.ErrRefused)
}

// A conversation without end is read up to a bound, and says so.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	created := b.world.Now().Add(-time.Hour).Truncate(time.Second)
	b.twin.Add(order(t, about, created))
	for i := range 2100 {
		b.twin.AddMessages(twin.Message{Seller: "seller", Buyer: "es123", At: created.Add(time.Duration(i) * time.Second), Text: fmt.Sprint(i)})
	}
	got, err := b.Messages(t.Context(), store, about)
	require.NoError(t, err)
	require.True(t, got.More)
	require.Len(t, got.Messages, 2000)
	require.Equal(t, "2099", got.Messages[1999].Text)
}

func TestMessagesUnderFaults(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	created := b.world.Now().Add(-time.Hour).Truncate(time.Second)
	b.twin.Add(order(t, about, created))
	b.twin.AddMessages(written(b, created)...)
	for _, f := range []fault.Fault{{Status: 500}, {Status: 429, RetryAfter: 7}, {Body: fault.Half}, {Body: fault.Cut}, {Body: fault.Garbage}, {Body: fault.Empty}} {
		f.Path, f.Times = "/rest/message", 1
		b.faults.Add(f)
		_, err := b.Messages(t.Context(), store, about)
		var away *port.UnavailableError
		require.ErrorAs(t, err, &away, "%+v", f)
		require.Equal(t, time.Duration(f.RetryAfter)*time.Second, away.After)
	}
	got, err := b.Messages(t.Context(), store, about)
	require.NoError(t, err)
	require.Len(t, got.Messages, 50)
}

// Amounts and times stay as the platform writes them; who the buyer is does not.
func TestOrderDetailIsRedacted(t *testing.T) {
	t.Parallel()
	b := start(t, twin.Options{})
	o := order(t, about, b.world.Now().Add(-time.Hour))
	o.TaxID = "12345678909"
	b.twin.Add(o)
	raw, err := b.OrderDetail(t.Context(), store, about)
	require.NoError(t, err)
	text := string(raw)
	for _, person := range []string{"Ana", "Garc", "Calle Mayor", "46001", "12345678909", "000000000\""} {
		assert.NotContains(t, text, person)
	}
	for _, proof := range []string{`"gmt_pay_success": "` + pacific(t, o.Paid), `"id": ` + about, `"60.00"`, `"RED-1"`, `"Valencia"`, `"country": "ES"`, `"es123"`} {
		assert.Contains(t, text, proof)
	}
	assert.Contains(t, text, aliexpress.Redacted)
	_, err = b.OrderDetail(t.Context(), store, "8190000000000012")
	require.ErrorIs(t, err, port.ErrRefused)
	_, err = b.OrderDetail(t.Context(), store, `1"}`)
	require.ErrorIs(t, err, port.ErrRefused)
}

func pacific(t *testing.T, at time.Time) string {
	t.Helper()
	l, err := time.LoadLocation("America/Los_Angeles")
	require.NoError(t, err)
	return at.In(l).Format(time.DateTime)
}
