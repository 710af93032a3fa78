package seventeentrack

import (
	"context"
	"encoding/json"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
)

// Number names a registration: 17TRACK follows a number for one or more carriers.
type Number struct {
	Number  string `json:"number"`
	Carrier int    `json:"carrier,omitempty"` // 17TRACK's key; 0: detected, or the only one
}

// Registration is a number to register. Only Number is needed.
type Registration struct {
	Number       string `json:"number"`
	Carrier      int    `json:"carrier,omitempty"`       // 0: detect
	FinalCarrier int    `json:"final_carrier,omitempty"` // of the last mile; postal carriers only
	Tag          string `json:"tag,omitempty"`
	OrderNo      string `json:"order_no,omitempty"`
	Param        string `json:"param,omitempty"` // what the carrier demands beside the number, such as a postcode
}

// CarrierChange puts a number under another carrier; 17TRACK allows five of a number.
type CarrierChange struct {
	Number string `json:"number"`
	Old    int    `json:"carrier_old"`
	New    int    `json:"carrier_new"`
}

// Rejection says why a number was not accepted.
type Rejection struct {
	Number  string // normalised
	Carrier int    // 0: not said
	Err     *CodeError
}

// Outcome is what became of the numbers of a call.
type Outcome struct {
	Accepted []Number // normalised, with the carrier that holds from now on
	Rejected []Rejection
}

// Register registers numbers; one that is registered already is rejected. Errors of these calls
// are those of [port.TrackingService].
func (c *Client) Register(ctx context.Context, registrations []Registration) (Outcome, error) {
	return c.outcome(ctx, "register", len(registrations), registrations)
}

// StopTrack ends the following of numbers.
func (c *Client) StopTrack(ctx context.Context, numbers []Number) (Outcome, error) {
	return c.outcome(ctx, "stoptrack", len(numbers), numbers)
}

// Retrack starts stopped numbers again, each once ever; see [Listed].CanRetrack.
func (c *Client) Retrack(ctx context.Context, numbers []Number) (Outcome, error) {
	return c.outcome(ctx, "retrack", len(numbers), numbers)
}

// ChangeCarrier puts numbers under other carriers.
func (c *Client) ChangeCarrier(ctx context.Context, changes []CarrierChange) (Outcome, error) {
	return c.outcome(ctx, "changecarrier", len(changes), changes)
}

// TrackInfo asks for whole traces, one answer per number in no set order. A number that 17TRACK
// follows for several carriers is to be asked with its carrier.
func (c *Client) TrackInfo(ctx context.Context, numbers []Number) ([]port.Answer, error) {
	data, err := c.numbers(ctx, "gettrackinfo", len(numbers), distinct(numbers))
	if err != nil {
		return nil, err
	}
	return data.answers(), nil
}

func (c *Client) outcome(ctx context.Context, operation string, n int, in any) (Outcome, error) {
	data, err := c.numbers(ctx, operation, n, in)
	if err != nil {
		return Outcome{}, err
	}
	var o Outcome
	for _, it := range data.Accepted {
		o.Accepted = append(o.Accepted, Number{tracknum.Normalize(string(it.Number)), integer(it.Carrier)})
	}
	for _, r := range data.Rejected {
		o.Rejected = append(o.Rejected, Rejection{tracknum.Normalize(string(r.Number)), integer(r.Carrier), r.Error.coded()})
	}
	return o, nil
}

// Account is what the account may register.
type Account struct {
	Total      int
	Used       int
	Remain     int
	TodayUsed  int
	DailyLimit int
}

// Quota implements [port.QuotaWatcher].
func (c *Client) Quota(ctx context.Context) (remain, total int64, err error) {
	a, err := c.Account(ctx)
	return int64(a.Remain), int64(a.Total), err
}

// Account asks for the account's quota.
func (c *Client) Account(ctx context.Context) (Account, error) {
	e, err := c.call(ctx, "getquota", nil)
	if err != nil {
		return Account{}, err
	}
	var data struct {
		Total      *int `json:"quota_total"`
		Used       int  `json:"quota_used"`
		Remain     *int `json:"quota_remain"`
		TodayUsed  int  `json:"today_used"`
		DailyLimit int  `json:"max_track_daily"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return Account{}, garbled(name+": getquota", "data: "+err.Error())
	}
	if data.Total == nil || data.Remain == nil {
		return Account{}, garbled(name+": getquota", "data: expected quota_total and quota_remain, got "+string(e.Data))
	}
	return Account{*data.Total, data.Used, *data.Remain, data.TodayUsed, data.DailyLimit}, nil
}
