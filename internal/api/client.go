package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Client speaks to an API. The zero value of HTTP is [http.DefaultClient].
type Client struct {
	Base string // such as http://127.0.0.1:8080
	HTTP *http.Client
}

// ProblemError is an answer that says no (RFC 9457).
type ProblemError struct {
	Status  int       `json:"status"`
	Title   string    `json:"title"`
	Detail  string    `json:"detail"`
	Refused []Refusal `json:"refused"`
}

// Error implements error.
func (p *ProblemError) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("the server answered %d %s", p.Status, p.Title)
	}
	return p.Detail
}

// Temporary tells whether the same request may go well later.
func (p *ProblemError) Temporary() bool {
	return p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout
}

// Send sends events, one a line. Refused ones are told in the receipt by their line, from 1,
// also when all are.
func (c Client) Send(ctx context.Context, lines [][]byte) (Receipt, error) {
	var r Receipt
	err := c.do(ctx, http.MethodPost, "/v1/events", mediaNDJSON, "", append(bytes.Join(lines, []byte{'\n'}), '\n'), &r)
	if p, ok := err.(*ProblemError); ok && p.Status == http.StatusUnprocessableEntity { //nolint:errorlint // do returns it as it is
		return Receipt{Refused: p.Refused}, nil
	}
	return r, err
}

// Order asks what is known of an order.
func (c Client) Order(ctx context.Context, store, order string) (Order, error) {
	var o Order
	return o, c.do(ctx, http.MethodGet, orderURL(store, order), "", "", nil, &o)
}

// Confirm records a confirmation; the same key confirms once.
func (c Client) Confirm(ctx context.Context, store, order, key string, confirmation protocol.Confirmation) (Confirmed, error) {
	var answer Confirmed
	body, err := json.Marshal(confirmation)
	if err != nil {
		return answer, fmt.Errorf("write the confirmation: %w", err)
	}
	return answer, c.do(ctx, http.MethodPost, orderURL(store, order)+"/confirm", mediaJSON, key, body, &answer)
}

// ExtendReceipt extends the buyer's time to confirm the receipt; the same key extends once.
func (c Client) ExtendReceipt(ctx context.Context, store, order, key string, e Extension) (Extended, error) {
	var answer Extended
	body, err := json.Marshal(e)
	if err != nil {
		return answer, fmt.Errorf("write the extension: %w", err)
	}
	return answer, c.do(ctx, http.MethodPost, orderURL(store, order)+"/extend-receipt", mediaJSON, key, body, &answer)
}

// Ship starts the shipment of a parcel.
func (c Client) Ship(ctx context.Context, store, order string, s Shipment) (Shipping, error) {
	var answer Shipping
	body, err := json.Marshal(s)
	if err != nil {
		return answer, fmt.Errorf("write the shipment: %w", err)
	}
	return answer, c.do(ctx, http.MethodPost, orderURL(store, order)+"/shipments", mediaJSON, "", body, &answer)
}

// GiveNumber gives a shipment its number.
func (c Client) GiveNumber(ctx context.Context, store, order string, serial int, n protocol.ShipNumber) (NumberGiven, error) {
	var answer NumberGiven
	body, err := json.Marshal(n)
	if err != nil {
		return answer, fmt.Errorf("write the number: %w", err)
	}
	return answer, c.do(ctx, http.MethodPut, fmt.Sprintf("%s/shipments/%d/number", orderURL(store, order), serial), mediaJSON, "", body, &answer)
}

// OpenTicket opens a ticket.
func (c Client) OpenTicket(ctx context.Context, store, order string, t TicketRequest) (TicketOpened, error) {
	var answer TicketOpened
	body, err := json.Marshal(t)
	if err != nil {
		return answer, fmt.Errorf("write the ticket: %w", err)
	}
	return answer, c.do(ctx, http.MethodPost, orderURL(store, order)+"/tickets", mediaJSON, "", body, &answer)
}

// CompleteTicket gives a ticket what it lacks.
func (c Client) CompleteTicket(ctx context.Context, store, order string, topic rules.TicketTopic, serial string, u protocol.TicketUpdate) (protocol.TicketState, error) {
	var state protocol.TicketState
	body, err := json.Marshal(u)
	if err != nil {
		return state, fmt.Errorf("write what the ticket lacks: %w", err)
	}
	path := orderURL(store, order) + "/tickets/" + url.PathEscape(string(topic))
	if serial != "" {
		path += "?serial=" + url.QueryEscape(serial)
	}
	return state, c.do(ctx, http.MethodPut, path, mediaJSON, "", body, &state)
}

// SetScores enters what the seller centre shows of a store in a week, such as 2026-W10.
func (c Client) SetScores(ctx context.Context, store, week string, s Scores) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the scores: %w", err)
	}
	return c.do(ctx, http.MethodPut, "/v1/stores/"+url.PathEscape(store)+"/health/"+url.PathEscape(week), mediaJSON, "", body, nil)
}

// Statement asks for a store's statement of a month, such as 2026-03, as the books are now. One
// whose sums are not the ledger's is refused.
func (c Client) Statement(ctx context.Context, store, month string) (StatementSums, error) {
	var answer StatementSums
	return answer, c.do(ctx, http.MethodGet, "/v1/stores/"+url.PathEscape(store)+"/statements/"+url.PathEscape(month)+"?format=json", "", "", nil, &answer)
}

func orderURL(store, order string) string {
	return "/v1/orders/" + url.PathEscape(store) + "/" + url.PathEscape(order)
}

// do returns a *ProblemError, as it is, for an answer that says no. A nil answer expects none.
func (c Client) do(ctx context.Context, method, path, mediaType, key string, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, bodyPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.Base, err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.Base, err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Base, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		p := new(ProblemError)
		if json.Unmarshal(data, p) != nil || p.Status == 0 {
			p = &ProblemError{Status: res.StatusCode, Title: http.StatusText(res.StatusCode)}
		}
		return p
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("read the answer of %s: expected the API's JSON: %w", c.Base, err)
	}
	return nil
}

// Await waits until the API answers its readiness check, or ctx is done.
func (c Client) Await(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var h Health
		err := c.do(ctx, http.MethodGet, "/readyz", "", "", nil, &h)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API at %s is not ready: %w", c.Base, err)
		case <-tick.C:
		}
	}
}
