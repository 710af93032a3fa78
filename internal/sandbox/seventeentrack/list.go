package seventeentrack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

type page struct {
	DataTotal int `json:"data_total"`
	PageTotal int `json:"page_total"`
	PageNo    int `json:"page_no"`
	PageSize  int `json:"page_size"`
}

// listed is a registered number in a list. What is not said is null or empty, as in the service.
type listed struct {
	Number           string  `json:"number"`
	Param            *string `json:"param"`
	ParamType        string  `json:"param_type"`
	DataOrigin       string  `json:"data_origin"`
	Carrier          int     `json:"carrier"`
	ShippingCountry  *string `json:"shipping_country"`
	FinalCarrier     int     `json:"final_carrier"`
	RecipientCountry *string `json:"recipient_country"`
	RegisterTime     string  `json:"register_time"`
	TrackingStatus   string  `json:"tracking_status"`
	PackageStatus    string  `json:"package_status"`
	TrackTime        string  `json:"track_time"`
	SyncStatus       bool    `json:"sync_status"`
	PushTime         *string `json:"push_time"`
	PushStatus       string  `json:"push_status"`
	PushStatusCode   *int    `json:"push_status_code"`
	StopTrackTime    *string `json:"stop_track_time"`
	StopTrackReason  *string `json:"stop_track_reason"`
	IsRetracked      bool    `json:"is_retracked"`
	CarrierChanges   int     `json:"carrier_change_count"`
	Tag              *string `json:"tag"`
	Email            string  `json:"email"`
	OrderNo          *string `json:"order_no"`
	OrderTime        *string `json:"order_time"`
	Lang             string  `json:"lang"`
	Remark           *string `json:"remark"`
	LatestEventTime  *string `json:"latest_event_time"`
	LatestEventInfo  *string `json:"latest_event_info"`
	DeliveryTime     *string `json:"delievery_time"` // the service's spelling
	PickupTime       string  `json:"pickup_time"`
}

func (t *Twin) list(raw []byte) reply {
	var in struct {
		PageNo         int    `json:"page_no"`
		Number         string `json:"number"`
		TrackingStatus string `json:"tracking_status"`
		PackageStatus  string `json:"package_status"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return failed(-18010013, "Invalid submitted data.")
	}
	var numbers []string
	for number := range strings.SplitSeq(in.Number, ",") {
		if number = tracknum.Normalize(number); number != "" {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) > 5*batch {
		return failed(-18010011, "The value of data 'number' is invalid.")
	}
	fit := []listed{}
	t.mu.Lock()
	for _, r := range t.registrations {
		l := t.listed(r)
		if (numbers == nil || slices.Contains(numbers, l.Number)) && (in.TrackingStatus == "" || in.TrackingStatus == l.TrackingStatus) &&
			(in.PackageStatus == "" || in.PackageStatus == l.PackageStatus) {
			fit = append(fit, l)
		}
	}
	t.mu.Unlock()
	p := page{DataTotal: len(fit), PageTotal: (len(fit) + pageSize - 1) / pageSize, PageNo: max(in.PageNo, 1), PageSize: pageSize}
	from := min((p.PageNo-1)*pageSize, len(fit))
	return reply{Page: &p, Data: map[string][]listed{"accepted": fit[from:min(from+pageSize, len(fit))]}}
}

// listed shows a registration. The caller holds the lock.
func (t *Twin) listed(r *registration) listed {
	l := listed{
		Number: r.Number, Param: optional(r.Param), ParamType: "None", DataOrigin: "Api", Carrier: r.Carrier, RegisterTime: stamp(r.registered),
		TrackingStatus: "Tracking", PackageStatus: "NotFound", TrackTime: stamp(t.world.Now()), SyncStatus: true, PushStatus: "NotPushed",
		IsRetracked: r.retracked, CarrierChanges: r.changes, Tag: optional(r.Tag), OrderNo: optional(r.OrderNo),
	}
	if r.isStopped() {
		at := stamp(r.stopped)
		l.TrackingStatus, l.StopTrackTime, l.StopTrackReason = "Stopped", &at, &r.reason
	}
	if !r.pushed.IsZero() {
		at, code := stamp(r.pushed), r.pushHTTP
		l.PushTime, l.PushStatusCode, l.PushStatus = &at, &code, "Failure"
		if code == 200 {
			l.PushStatus = "Success"
		}
	}
	p, _ := t.world.Parcel(r.Number)
	for _, row := range p.Rows {
		at := stamp(row.At)
		sub, _ := status(row.Milestone)
		l.PackageStatus = mainStatus(sub)
		l.LatestEventTime, l.LatestEventInfo = &at, optional(row.Description)
		switch row.Milestone {
		case rules.PickedUp:
			l.PickupTime = at
		case rules.Delivered:
			l.DeliveryTime = &at
		default:
		}
	}
	if r.reason == "Expired" {
		l.PackageStatus = "Expired"
	}
	return l
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
