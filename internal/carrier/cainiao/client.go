package cainiao

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

const (
	gatewayPath  = "/gateway/link.do"
	msgGet       = "CNTECH_LV_LOGISTICS_DETAIL_GET"
	msgSubscribe = "CNTECH_LV_LOGISTICS_DETAIL_SUBSCRIBE"
)

// Options are how LINK is reached.
type Options struct {
	// BaseURL is scheme and host; default https://link.cainiao.com (before production:
	// https://prelink.cainiao.com).
	BaseURL string
	// ProviderID is logistic_provider_id, the resource code that LINK gave us; required.
	ProviderID string
	// AppCode is our application's code at LINK, part of every message; required.
	AppCode string
	// Secret is the key that signs what we send and verifies what is pushed; required.
	Secret string
	// ToCode is to_code, LINK's name of the receiving system; default CNTECH_LV.
	ToCode string
	// CPCodes are LINK's codes of carriers, cpCode, by the carrier's name in orders, such as
	// CAINIAO, in whatever case and spacing; one that is not there is asked for without cpCode.
	CPCodes map[string]string
	// PerSecond bounds the calls a second over all workers; 0: not bounded, LINK documents none.
	PerSecond float64
	// HTTP sends the calls; default: a client that gives up after 30 s.
	HTTP *http.Client
}

// Client is safe for concurrent use.
type Client struct {
	o       Options
	gateway string
}

var (
	_ port.TrackingService = (*Client)(nil)
	_ port.Pusher          = (*Client)(nil)
)

// New checks the options, and says all that is wrong with them.
func New(o Options) (*Client, error) {
	o.ToCode = cmp.Or(o.ToCode, "CNTECH_LV")
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	var errs []error
	for _, need := range []struct{ what, value string }{
		{"the provider ID (logistic_provider_id)", o.ProviderID}, {"the application code (appCode)", o.AppCode}, {"the secret", o.Secret},
	} {
		if strings.TrimSpace(need.value) == "" {
			errs = append(errs, fmt.Errorf("cainiao: %s is missing", need.what))
		}
	}
	base, err := wire.BaseURL(o.BaseURL, "https://link.cainiao.com")
	if err != nil {
		errs = append(errs, fmt.Errorf("cainiao: %w", err))
	}
	if o.PerSecond < 0 {
		errs = append(errs, fmt.Errorf("cainiao: calls a second: expected at least 0, got %v", o.PerSecond))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	codes := make(map[string]string, len(o.CPCodes))
	for carrier, code := range o.CPCodes {
		codes[tracknum.Normalize(carrier)] = code
	}
	o.CPCodes = codes
	return &Client{o, base + gatewayPath}, nil
}

// Name implements [port.TrackingService].
func (*Client) Name() string { return "cainiao" }

// Limits implements [port.TrackingService]: LINK's query names one number.
func (c *Client) Limits() port.Limits { return port.Limits{Batch: 1, PerSecond: c.o.PerSecond} }

// Watch implements [port.TrackingService] by a subscription.
func (c *Client) Watch(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	if err := c.fits(parcels); err != nil || len(parcels) == 0 {
		return nil, err
	}
	const call = "cainiao: " + msgSubscribe
	raw, err := c.call(ctx, msgSubscribe, parcels[0])
	if err != nil {
		return nil, err
	}
	o, about, err := judge(call, raw)
	if err != nil {
		return nil, err
	}
	if about == nil && o.Success != "true" {
		return nil, &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: "expected success, got " + wire.Short(string(raw))}
	}
	return []port.Answer{{Number: tracknum.Normalize(parcels[0].Number), Err: about}}, nil
}

// Track implements [port.TrackingService].
func (c *Client) Track(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	if err := c.fits(parcels); err != nil || len(parcels) == 0 {
		return nil, err
	}
	p := parcels[0]
	const call = "cainiao: " + msgGet
	raw, err := c.call(ctx, msgGet, p)
	if err != nil {
		return nil, err
	}
	_, about, err := judge(call, raw)
	if err != nil {
		return nil, err
	}
	answer := port.Answer{Number: tracknum.Normalize(p.Number), Err: about}
	if about == nil {
		if err := fill(&answer, raw, p.Country); err != nil {
			return nil, &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: err.Error(), Cause: err}
		}
	}
	return []port.Answer{answer}, nil
}

// fill gives the answer about the one number that was asked for what raw says of it.
func fill(answer *port.Answer, raw []byte, country string) error {
	found, err := parse(raw, country)
	if err != nil {
		return err
	}
	for _, a := range found {
		if a.Number == answer.Number || a.Number == "" {
			answer.Rows = append(answer.Rows, a.Rows...)
			answer.Unplaced = append(answer.Unplaced, a.Unplaced...)
			answer.Also = append(answer.Also, a.Also...)
		}
	}
	answer.Rows, _ = wire.Order(answer.Rows)
	return nil
}

func (c *Client) fits(parcels []port.Tracked) error {
	if most := c.Limits().Batch; len(parcels) > most {
		return fmt.Errorf("cainiao: expected at most %d number a call, got %d: %w", most, len(parcels), port.ErrRefused)
	}
	return nil
}

// query is the message about one number.
type query struct {
	Arg0 arg0 `json:"arg0"`
}

type arg0 struct {
	AppCode string `json:"appCode"`
	MailNo  string `json:"mailNo"`
	CPCode  string `json:"cpCode,omitempty"`
}

func (c *Client) call(ctx context.Context, msgType string, p port.Tracked) ([]byte, error) {
	call := "cainiao: " + msgType
	content, err := json.Marshal(query{arg0{c.o.AppCode, tracknum.Normalize(p.Number), c.o.CPCodes[tracknum.Normalize(p.Carrier)]}})
	if err != nil {
		return nil, fmt.Errorf("%s: encode the request: %w", call, err)
	}
	form := url.Values{
		"logistic_provider_id": {c.o.ProviderID},
		"msg_type":             {msgType},
		"to_code":              {c.o.ToCode},
		"logistics_interface":  {string(content)},
		"data_digest":          {digest(string(content), c.o.Secret)},
	}
	raw, err := wire.PostForm(ctx, c.o.HTTP, c.gateway, form, call)
	if err != nil {
		return nil, fmt.Errorf("ask LINK: %w", err)
	}
	return raw, nil
}

// digest is data_digest.
func digest(content, secret string) string {
	sum := md5.Sum([]byte(content + secret)) //nolint:gosec // the vendor's signature
	return base64.StdEncoding.EncodeToString(sum[:])
}

// outcome is what every answer of LINK may say of itself.
type outcome struct {
	Success   wire.Text `json:"success"`
	ErrorCode wire.Text `json:"errorCode"`
	ErrorMsg  wire.Text `json:"errorMsg"`
}

// judge reads an answer's outcome. about is the error of the one number asked for; err is
// that of the whole call.
func judge(call string, raw []byte) (o outcome, about, err error) {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		return o, nil, nil // modules and nothing else
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return o, nil, &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: "expected a JSON object, got " + wire.Short(string(raw)), Cause: err}
	}
	if o.Success == "true" || o.Success != "false" && o.ErrorCode == "" {
		return o, nil, nil
	}
	said := fmt.Sprintf("%s %s", cmp.Or(string(o.ErrorCode), "no errorCode"), wire.Short(string(o.ErrorMsg)))
	switch o.ErrorCode {
	case "S01", "S02", "S03", "S04", "S05", "S10", "S11", "S12":
		// Unreadable, wrong signature, provider, message type, content, gateway, parameters:
		// the same again would be refused again. All but S02 are unconfirmed.
		return o, nil, fmt.Errorf("%s: %s: %w", call, said, port.ErrRefused)
	case "", "S06", "S07", "S08", "S09", "S13":
		// LINK itself or the system behind it fails.
		return o, nil, &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: said}
	}
	return o, fmt.Errorf("%s: %s", call, said), nil // whether a repeat helps, nobody documents
}
