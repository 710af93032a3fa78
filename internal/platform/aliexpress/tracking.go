package aliexpress

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

var _ port.TrackingService = (*Client)(nil)

// Name implements [port.TrackingService].
func (*Client) Name() string { return "aliexpress" }

// Limits implements [port.TrackingService]: one number in a call.
func (c *Client) Limits() port.Limits { return port.Limits{Batch: 1, PerSecond: c.perSecond} }

// Watch implements [port.TrackingService]: the platform follows its own orders, so nothing is
// asked.
func (*Client) Watch(_ context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	answers := make([]port.Answer, len(parcels))
	for i, p := range parcels {
		answers[i].Number = tracknum.Normalize(p.Number)
	}
	return answers, nil
}

// Track implements [port.TrackingService], with the token of the parcel's store.
func (c *Client) Track(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	switch {
	case len(parcels) == 0:
		return nil, nil
	case len(parcels) > 1:
		return nil, fmt.Errorf("aliexpress: expected 1 number in a call, got %d: %w", len(parcels), port.ErrRefused)
	}
	p := parcels[0]
	number := tracknum.Normalize(p.Number)
	var out tracking
	err := c.top(ctx, p.Store, methodTracking, map[string]string{
		"logistics_no": number, "origin": "ESCROW", "out_ref": p.Order, "service_name": p.Service, "to_area": p.Country,
	}, &out)
	if err != nil {
		return nil, err
	}
	if out.Success == "" && out.Details == nil {
		return nil, odd(methodTracking, "result_success")
	}
	a := out.answer()
	a.Number = number
	return []port.Answer{a}, nil
}

// tracking is a trace: of querytrackingresult and ds.trackinginfo.query the one half of the
// keys, of asf.shipment.tracking.get the other.
type tracking struct {
	Success wire.Text  `json:"result_success"`
	Error   wire.Text  `json:"error_desc"`
	Number  wire.Text  `json:"mailNo"`
	Details list[scan] `json:"details"`
}

type scan struct {
	ActionCode wire.Text `json:"action_code"`
	EventDate  wire.Text `json:"event_date"`
	EventDesc  wire.Text `json:"event_desc"`
	Address    wire.Text `json:"address"`
	SignedName wire.Text `json:"signed_name"`
	Status     wire.Text `json:"status"` // deprecated

	TrackingCode     wire.Text `json:"trackingCode"`
	TrackingCodeDesc wire.Text `json:"trackingCodeDesc"`
	TrackingDetail   wire.Text `json:"trackingDetailDesc"`
	Time             wire.Text `json:"time"`
}

// answer makes rows of a trace. The platform does not tell in which order it lists them.
func (t *tracking) answer() port.Answer {
	a := port.Answer{Number: tracknum.Normalize(string(t.Number))}
	if t.Success != "" && !yes(t.Success) && len(t.Details) == 0 {
		a.Err = fmt.Errorf("aliexpress: no trace: %s", reason(t.Error))
		return a
	}
	rows := make([]rules.Row, len(t.Details))
	for i := range t.Details {
		rows[i] = t.Details[i].row()
	}
	if n := len(rows); n > 1 && rows[0].At.After(rows[n-1].At) {
		slices.Reverse(rows)
	}
	a.Rows, a.Unplaced = wire.Order(rows)
	back := false
	for i := range a.Rows {
		r := &a.Rows[i]
		if back && r.Milestone == rules.Delivered {
			r.Milestone = rules.Returned // to its sender
		}
		back = back || r.Milestone == rules.Returned || strings.HasPrefix(strings.ToUpper(r.Code), "RT_")
	}
	return a
}

// row makes a row of a scan. A code that is not in Cainiao's table is in_transit; a scan
// without any is told by its deprecated status, else by its text.
func (s *scan) row() rules.Row {
	code := first(s.ActionCode, s.TrackingCode, s.TrackingCodeDesc, s.Status, s.EventDesc, s.TrackingDetail)
	milestone, _ := action.Milestone(code)
	description := first(s.EventDesc, s.TrackingDetail, s.TrackingCodeDesc)
	if milestone == rules.Delivered && strings.Contains(strings.ToLower(description), "original sender") {
		milestone = rules.Returned
	}
	return rules.Row{
		At: moment(wire.Text(first(s.EventDate, s.Time))), Milestone: milestone, Code: code, Location: string(s.Address),
		Description: description, SignedBy: strings.TrimSpace(string(s.SignedName)), Source: rules.FromAggregator,
	}
}

// maxNesting is how deep below the envelope an answer may hide its trace.
const maxNesting = 4

// Parse takes apart a raw answer of aliexpress.logistics.redefining.querytrackingresult,
// aliexpress.logistics.ds.trackinginfo.query or aliexpress.asf.shipment.tracking.get, in its
// envelope or simplified. Only the last names its number; the number of other answers is
// empty. A push bears no rows, and gives no answers. The error says what was found instead.
func Parse(raw []byte) ([]port.Answer, error) {
	body, failed, err := unwrap(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("aliexpress: %w", err)
	case failed != nil:
		return nil, fmt.Errorf("aliexpress: expected a trace, got the error %s %s", wire.Short(string(failed.Code)),
			reason(failed.SubMsg, failed.Msg, failed.Message))
	}
	var push struct {
		Type *wire.Text      `json:"message_type"`
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &push) == nil && push.Type != nil {
		return nil, nil
	}
	inner, ok := withTrace(body, maxNesting)
	if !ok {
		return nil, fmt.Errorf("aliexpress: expected an answer with details or result_success, got %s", wire.Short(string(raw)))
	}
	var t tracking
	if err := json.Unmarshal(inner, &t); err != nil {
		return nil, fmt.Errorf("aliexpress: trace: %w", err)
	}
	a := t.answer()
	return []port.Answer{a}, nil
}

// withTrace finds the object that holds a trace, in a body or within its result, module or the
// like.
func withTrace(body []byte, depth int) ([]byte, bool) {
	var keys map[string]json.RawMessage
	if depth == 0 || json.Unmarshal(body, &keys) != nil {
		return nil, false
	}
	_, details := keys["details"]
	_, success := keys["result_success"]
	if details || success {
		return body, true
	}
	for _, name := range []string{"result", "module", "data", "result_object"} {
		if inner, ok := withTrace(keys[name], depth-1); ok {
			return inner, true
		}
	}
	return nil, false
}
