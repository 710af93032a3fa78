package seventeentrack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// TrackingStatus says whether 17TRACK follows a number. Texts beside these two stay as they are.
type TrackingStatus string

// The tracking statuses.
const (
	Tracking TrackingStatus = "Tracking"
	Stopped  TrackingStatus = "Stopped"
)

// ListQuery chooses from the registered numbers. Empty fields do not choose.
type ListQuery struct {
	Page           int      // from 1; 0 is 1
	Numbers        []string // at most 200
	TrackingStatus TrackingStatus
	PackageStatus  string // a main status, such as InTransit
}

// ListPage is a page of at most 40 registered numbers.
type ListPage struct {
	Numbers []Listed
	Page    int
	Pages   int
	Total   int // numbers on all pages
}

// Listed is a registered number. Times are UTC, and zero where not said or without a zone.
type Listed struct {
	Number         string // normalised
	Carrier        int
	FinalCarrier   int // 0: none
	TrackingStatus TrackingStatus
	PackageStatus  string // a main status, raw
	StopReason     string // Expired, ByRequest, InvalidCarrier; empty while it is followed
	Retracked      bool   // started again once; it cannot be a second time
	Synced         bool   // the carrier could be asked
	CarrierChanges int
	PushStatus     string // NotPushed, Success, Failure
	PushHTTP       int    // what our side answered to the last push
	Tag            string
	OrderNo        string
	LatestEvent    string
	LatestEventAt  time.Time
	RegisteredAt   time.Time
	TrackedAt      time.Time // when the carrier was asked last
	PushedAt       time.Time
	StoppedAt      time.Time
	PickedUpAt     time.Time
	DeliveredAt    time.Time
}

// CanRetrack tells whether 17TRACK has given the number up and [Client.Retrack] is still to be
// had for it.
func (l *Listed) CanRetrack() bool { return l.TrackingStatus == Stopped && !l.Retracked }

// listItem is a listed number as 17TRACK writes it: what is not said is null or empty.
type listItem struct {
	Number             wire.Text `json:"number"`
	Carrier            wire.Text `json:"carrier"`
	FinalCarrier       wire.Text `json:"final_carrier"`
	RegisterTime       wire.Text `json:"register_time"`
	TrackingStatus     wire.Text `json:"tracking_status"`
	PackageStatus      wire.Text `json:"package_status"`
	TrackTime          wire.Text `json:"track_time"`
	SyncStatus         wire.Text `json:"sync_status"`
	PushTime           wire.Text `json:"push_time"`
	PushStatus         wire.Text `json:"push_status"`
	PushStatusCode     wire.Text `json:"push_status_code"`
	StopTrackTime      wire.Text `json:"stop_track_time"`
	StopTrackReason    wire.Text `json:"stop_track_reason"`
	IsRetracked        wire.Text `json:"is_retracked"`
	CarrierChangeCount wire.Text `json:"carrier_change_count"`
	Tag                wire.Text `json:"tag"`
	OrderNo            wire.Text `json:"order_no"`
	LatestEventTime    wire.Text `json:"latest_event_time"`
	LatestEventInfo    wire.Text `json:"latest_event_info"`
	DeliveryTime       wire.Text `json:"delievery_time"` // the service's spelling
	PickupTime         wire.Text `json:"pickup_time"`
}

func (i *listItem) listed() Listed {
	return Listed{
		Number:         tracknum.Normalize(string(i.Number)),
		Carrier:        integer(i.Carrier),
		FinalCarrier:   integer(i.FinalCarrier),
		TrackingStatus: TrackingStatus(i.TrackingStatus),
		PackageStatus:  string(i.PackageStatus),
		StopReason:     string(i.StopTrackReason),
		Retracked:      i.IsRetracked == "true",
		Synced:         i.SyncStatus == "true",
		CarrierChanges: integer(i.CarrierChangeCount),
		PushStatus:     string(i.PushStatus),
		PushHTTP:       integer(i.PushStatusCode),
		Tag:            string(i.Tag),
		OrderNo:        string(i.OrderNo),
		LatestEvent:    string(i.LatestEventInfo),
		LatestEventAt:  instant(string(i.LatestEventTime)),
		RegisteredAt:   instant(string(i.RegisterTime)),
		TrackedAt:      instant(string(i.TrackTime)),
		PushedAt:       instant(string(i.PushTime)),
		StoppedAt:      instant(string(i.StopTrackTime)),
		PickedUpAt:     instant(string(i.PickupTime)),
		DeliveredAt:    instant(string(i.DeliveryTime)),
	}
}

// List asks for a page of the registered numbers.
func (c *Client) List(ctx context.Context, q ListQuery) (ListPage, error) {
	const call = name + ": gettracklist"
	if len(q.Numbers) > listed {
		return ListPage{}, fmt.Errorf("%s: expected at most %d numbers, got %d: %w", call, listed, len(q.Numbers), port.ErrRefused)
	}
	e, err := c.call(ctx, "gettracklist", struct {
		PageNo         int            `json:"page_no"`
		Number         string         `json:"number,omitempty"`
		TrackingStatus TrackingStatus `json:"tracking_status,omitempty"`
		PackageStatus  string         `json:"package_status,omitempty"`
	}{max(q.Page, 1), strings.Join(q.Numbers, ","), q.TrackingStatus, q.PackageStatus})
	if err != nil {
		return ListPage{}, err
	}
	var data struct {
		Accepted []listItem `json:"accepted"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return ListPage{}, garbled(call, "data: "+err.Error())
	}
	if data.Accepted == nil {
		return ListPage{}, garbled(call, "data: expected accepted numbers, got "+string(e.Data))
	}
	var page struct {
		DataTotal int `json:"data_total"`
		PageTotal int `json:"page_total"`
		PageNo    int `json:"page_no"`
	}
	if err := json.Unmarshal(e.Page, &page); err != nil {
		return ListPage{}, garbled(call, "page: "+err.Error())
	}
	p := ListPage{Page: page.PageNo, Pages: page.PageTotal, Total: page.DataTotal}
	for i := range data.Accepted {
		p.Numbers = append(p.Numbers, data.Accepted[i].listed())
	}
	return p, nil
}
