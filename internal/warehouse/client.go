// Package warehouse asks a warehouse for its outbound records over HTTP.
//
// What it must answer to a GET is small: CSV with a header (订单号, 运单号, SKU, 数量, 出库时间, or
// in English), or JSON: {"rows":[{"at":"2026-03-01T09:30:00+08:00","order":"…",
// "tracking_number":"…","sku":"…","quantity":2}]}. 204 and 404 mean that it knows of none.
package warehouse

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// Options configure a client.
type Options struct {
	// URL is asked for an order: {store}, {order} and {number} stand for what is asked for.
	URL   string
	Token string       // goes as Authorization: Bearer; empty: none
	HTTP  *http.Client // nil: one that gives up after 30 s
}

// Client asks one warehouse. It implements [port.Warehouse].
type Client struct {
	address string
	token   string
	http    *http.Client
}

var _ port.Warehouse = (*Client)(nil)

const callTimeout = 30 * time.Second

// New makes a client. The error says what is wrong with the URL.
func New(o Options) (*Client, error) {
	u, err := url.Parse(strings.NewReplacer("{store}", "s", "{order}", "o", "{number}", "n").Replace(o.URL))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(u.Host+u.Path+u.RawQuery, "{}") ||
		!strings.Contains(o.URL, "{order}") && !strings.Contains(o.URL, "{number}") {
		return nil, errors.New("warehouse: URL: expected http:// or https:// with {order} or {number} in it, and {store} where one serves several, such as https://wms.example/outbound?shop={store}&order={order}")
	}
	c := &Client{o.URL, o.Token, o.HTTP}
	if c.http == nil {
		c.http = &http.Client{Timeout: callTimeout}
	}
	return c, nil
}

const call = "warehouse: outbound record"

// Outbound implements [port.Warehouse]: the order's lines of what the warehouse answers, of the
// parcel where it tells parcels apart, as CSV.
func (c *Client) Outbound(ctx context.Context, store, order, number string) (port.Paper, error) {
	if !protocol.ValidName(store) || !protocol.ValidName(order) || strings.Trim(store, ".") == "" || strings.Trim(order, ".") == "" {
		return port.Paper{}, fmt.Errorf("%s: store and order: expected 1 to 64 characters A-Z a-z 0-9 . _ -: %w", call, port.ErrRefused)
	}
	number = tracknum.Normalize(number)
	address := strings.NewReplacer("{store}", url.PathEscape(store), "{order}", url.PathEscape(order), "{number}", url.PathEscape(number)).Replace(c.address)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return port.Paper{}, fmt.Errorf("%s: %w: %w", call, err, port.ErrRefused)
	}
	req.Header.Set("Accept", "text/csv, application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	body, err := wire.Do(c.http, req, call)
	nothing := fmt.Errorf("%s: order %s: %w: %w", call, order, port.ErrNothing, port.ErrRefused)
	if status, ok := errors.AsType[*wire.StatusError](err); ok && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
		return port.Paper{}, nothing
	}
	if err != nil {
		return port.Paper{}, err
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return port.Paper{}, nothing
	}
	if body[0] == '{' {
		if body, err = table(body); err != nil {
			return port.Paper{}, err
		}
	}
	t, err := inspect.SplitOutbound(ctx, body, wire.Beijing())
	if unread, ok := errors.AsType[*inspect.OutboundError](err); ok {
		return port.Paper{}, fmt.Errorf("warehouse: %w: %w", unread, port.ErrRefused)
	}
	if err != nil {
		return port.Paper{}, fmt.Errorf("warehouse: %w", err)
	}
	lines := linesOf(t.Lines, order, number)
	if len(lines) == 0 {
		return port.Paper{}, nothing
	}
	content, err := t.CSV(lines)
	paper := port.Paper{Name: "outbound-" + order + ".csv", Content: content, TakenAt: lines[0].At}
	return paper, err
}

// linesOf are the lines of an order: of the parcel, where the warehouse tells its parcels apart
// by the number that we know. A line that names neither is what was asked for.
func linesOf(all []inspect.OutboundLine, order, number string) []inspect.OutboundLine {
	var ofOrder, ofParcel []inspect.OutboundLine
	for _, l := range all {
		if l.Order != order && (l.Order != "" || l.Number != "" && l.Number != number) {
			continue
		}
		ofOrder = append(ofOrder, l)
		if l.Number == number {
			ofParcel = append(ofParcel, l)
		}
	}
	if len(ofParcel) > 0 {
		return ofParcel
	}
	return ofOrder
}

// table writes an answer in JSON as the CSV that evidence is kept as.
func table(body []byte) ([]byte, error) {
	var answer struct {
		Rows []struct {
			At       string    `json:"at"`
			Order    wire.Text `json:"order"`
			Number   wire.Text `json:"tracking_number"`
			SKU      wire.Text `json:"sku"`
			Quantity wire.Text `json:"quantity"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf(`%s: expected {"rows":[{"at","order","tracking_number","sku","quantity"}]}, got %q: %w`, call, wire.Short(string(body)), port.ErrRefused)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"出库时间", "订单号", "运单号", "SKU", "数量"}) // what fails is told at the end
	for _, r := range answer.Rows {
		quantity := string(r.Quantity)
		if n, err := strconv.ParseFloat(quantity, 64); err == nil && n == float64(int(n)) {
			quantity = strconv.Itoa(int(n))
		}
		_ = w.Write([]string{r.At, string(r.Order), string(r.Number), string(r.SKU), quantity})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	return out.Bytes(), nil
}
