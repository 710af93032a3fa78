package kdniao

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// Name is the service in event sources, configuration and metrics.
const Name = "kdniao"

// defaultBase is where the real service is.
const defaultBase = "https://api.kdniao.com"

// The paths of the service.
const (
	pathQuery     = "/Ebusiness/EbusinessOrderHandle.aspx"
	pathSubscribe = "/api/dist"
)

// The kinds of request.
const (
	queryFree     = "1002"
	queryPaid     = "8001"
	queryDetect   = "8002"
	subscribeFree = "1008"
	subscribePaid = "8008"
)

const (
	defaultPerSecond = 20 // the documented limit of 8001 and 8002
	defaultTimeout   = 20 * time.Second
	phoneDigits      = 4
)

// Options of a [Client].
type Options struct {
	// BaseURL is scheme and host of the service. Defaults to https://api.kdniao.com.
	BaseURL string
	// EBusinessID is the account; required.
	EBusinessID string
	// AppKey signs; required, secret.
	AppKey string
	// Free asks by 1002 and 1008 instead of the value-added 8001 and 8008: at most 500
	// queries a day, rows without code and location (their wording tells the milestone).
	Free bool
	// Detect asks by 8002 for numbers of a carrier without a shipper code, and leaves it to
	// the service to find the carrier; it does so for about a dozen main carriers. Such
	// numbers cannot be watched.
	Detect bool
	// Shippers adds shipper codes to those known, or replaces them: the name that orders use
	// for a carrier, in any case, to the code, such as CAINIAO to the code of the account's
	// contract. An empty code takes the carrier away.
	Shippers map[string]string
	// CustomerName is the last four digits of the sender's phone number. SF, ZTO and KYSY
	// answer only to who knows them; other carriers are not told.
	CustomerName string
	// PerSecond limits calls, over all workers. Defaults to 20; negative: not limited.
	PerSecond float64
	// HTTP sends the calls. Defaults to a client with a time-out of 20 s.
	HTTP *http.Client
}

// Client is a [port.TrackingService] and a [port.Pusher]. It is safe for concurrent use.
type Client struct {
	o        Options
	shippers map[string]string // by normalised carrier name
}

var (
	_ port.TrackingService = (*Client)(nil)
	_ port.Pusher          = (*Client)(nil)
)

// New makes a client. The error says all that is missing or malformed.
func New(o Options) (*Client, error) {
	o.PerSecond = max(cmp.Or(o.PerSecond, defaultPerSecond), 0)
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: defaultTimeout}
	}
	var wrong []error
	base, err := wire.BaseURL(o.BaseURL, defaultBase)
	if o.BaseURL = base; err != nil {
		wrong = append(wrong, err)
	}
	if strings.TrimSpace(o.EBusinessID) == "" {
		wrong = append(wrong, errors.New("EBusinessID: expected the account's number, got nothing"))
	}
	if strings.TrimSpace(o.AppKey) == "" {
		wrong = append(wrong, errors.New("AppKey: expected the account's key, got nothing"))
	}
	if o.CustomerName != "" && (len(o.CustomerName) != phoneDigits || strings.Trim(o.CustomerName, "0123456789") != "") {
		wrong = append(wrong, fmt.Errorf("customer name: expected the last %d digits of a phone number, got %d bytes", phoneDigits, len(o.CustomerName)))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("kdniao: %w", errors.Join(wrong...))
	}
	c := &Client{o: o, shippers: shippers()}
	for carrier, code := range o.Shippers {
		c.shippers[tracknum.Normalize(carrier)] = code
	}
	maps.DeleteFunc(c.shippers, func(_, code string) bool { return code == "" })
	return c, nil
}

// Name implements [port.TrackingService].
func (c *Client) Name() string { return Name }

// Limits implements [port.TrackingService]: the interface takes one number a call.
func (c *Client) Limits() port.Limits { return port.Limits{Batch: 1, PerSecond: c.o.PerSecond} }

// Watch subscribes to a number. A carrier without a shipper code is refused, even where
// Track may leave finding it to the service: a subscription has to name it.
func (c *Client) Watch(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	p, err := single(parcels, "subscribe")
	if p == nil || err != nil {
		return nil, err
	}
	shipper, err := c.shipper(p.Carrier)
	if err != nil {
		return about(p.Number, err), nil
	}
	kind := subscribePaid
	if c.o.Free {
		kind = subscribeFree
	}
	s, err := c.ask(ctx, pathSubscribe, kind, *p, shipper)
	if err != nil {
		return nil, err
	}
	number, whole := s.failure("kdniao: subscribe")
	if whole != nil {
		return nil, whole
	}
	return about(p.Number, number), nil
}

// Track queries a number.
func (c *Client) Track(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	p, err := single(parcels, "query")
	if p == nil || err != nil {
		return nil, err
	}
	kind := queryPaid
	if c.o.Free {
		kind = queryFree
	}
	shipper, err := c.shipper(p.Carrier)
	if errors.Is(err, errNoShipper) && c.o.Detect {
		kind, err = queryDetect, nil
	}
	if err != nil {
		return about(p.Number, err), nil
	}
	s, err := c.ask(ctx, pathQuery, kind, *p, shipper)
	if err != nil {
		return nil, err
	}
	number, whole := s.failure("kdniao: query")
	if whole != nil {
		return nil, whole
	}
	answer := s.answer()
	if answer.Number != "" && answer.Number != tracknum.Normalize(p.Number) {
		answer = port.Answer{} // of another parcel
	}
	answer.Number, answer.Err = p.Number, number
	heard(&answer)
	return []port.Answer{answer}, nil
}

// single is the one parcel of a call; nil: none was asked about.
func single(parcels []port.Tracked, what string) (*port.Tracked, error) {
	switch len(parcels) {
	case 0:
		return nil, nil
	case 1:
		return &parcels[0], nil
	}
	return nil, fmt.Errorf("kdniao: %s: expected one number a call, got %d: %w", what, len(parcels), port.ErrRefused)
}

// about is the answer that says no more of a number than what is wrong with it, if anything.
func about(number string, err error) []port.Answer { return []port.Answer{{Number: number, Err: err}} }

// request is RequestData of queries and subscriptions.
type request struct {
	OrderCode    string
	ShipperCode  string
	LogisticCode string
	CustomerName string `json:",omitempty"`
}

// ask makes one call. Its error is one of the whole call; what the service says of the
// number is in the answer.
func (c *Client) ask(ctx context.Context, path, kind string, p port.Tracked, shipper string) (*snapshot, error) {
	call := "kdniao: " + kind
	data := request{ShipperCode: shipper, LogisticCode: p.Number}
	if wantsPhone(shipper) {
		data.CustomerName = c.o.CustomerName
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("%s: encode the request: %w", call, err)
	}
	form := url.Values{
		"RequestData": {string(encoded)},
		"EBusinessID": {c.o.EBusinessID},
		"RequestType": {kind},
		"DataSign":    {sign(string(encoded), c.o.AppKey)},
		"DataType":    {"2"}, // JSON
	}
	body, err := wire.PostForm(ctx, c.o.HTTP, c.o.BaseURL+path, form, call)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the call
	}
	var s snapshot
	if err = json.Unmarshal(body, &s); err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: "that cannot be read: " + wire.Short(string(body)), Cause: err}
	}
	return &s, nil
}
