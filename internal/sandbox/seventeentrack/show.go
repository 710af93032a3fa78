package seventeentrack

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

// status is the sub-status that shows a milestone, and the stage that the parcel reaches by it.
func status(m rules.Milestone) (sub, stage string) {
	switch m {
	case rules.InfoReceived:
		return "InfoReceived", "InfoReceived"
	case rules.PickedUp:
		return "InTransit_PickedUp", "PickedUp"
	case rules.DepartedOrigin:
		return "InTransit_Departure", "Departure"
	case rules.ArrivedDestination:
		return "InTransit_Arrival", "Arrival"
	case rules.CustomsHold:
		return "InTransit_CustomsRequiringInformation", ""
	case rules.CustomsReleased:
		return "InTransit_CustomsReleased", ""
	case rules.OutForDelivery:
		return "OutForDelivery_Other", "OutForDelivery"
	case rules.AvailableForPickup:
		return "AvailableForPickup_Other", "AvailableForPickup"
	case rules.DeliveryFailed:
		return "DeliveryFailure_Other", ""
	case rules.Delivered:
		return "Delivered_Other", "Delivered"
	case rules.Returned:
		return "Exception_Returned", "Returned"
	case rules.Lost:
		return "Exception_Lost", ""
	case rules.ExceptionScan:
		return "Exception_Other", ""
	case rules.Advisory:
		return "Expired_Other", ""
	default:
		return "InTransit_Other", ""
	}
}

// mainStatus is the status that a sub-status belongs to.
func mainStatus(sub string) string {
	status, _, _ := strings.Cut(sub, "_")
	return status
}

// shown is a registered number as gettrackinfo and pushes show it.
type shown struct {
	Number  string     `json:"number"`
	Carrier int        `json:"carrier"`
	Param   *string    `json:"param"`
	Tag     *string    `json:"tag"`
	Info    *trackInfo `json:"track_info,omitempty"`
}

type trackInfo struct {
	Shipping struct {
		Shipper   address `json:"shipper_address"`
		Recipient address `json:"recipient_address"`
	} `json:"shipping_info"`
	LatestStatus struct {
		Status    string  `json:"status"`
		SubStatus string  `json:"sub_status"`
		Descr     *string `json:"sub_status_descr"`
	} `json:"latest_status"`
	LatestEvent *event `json:"latest_event"`
	TimeMetrics struct {
		AfterOrder      int `json:"days_after_order"`
		OfTransit       int `json:"days_of_transit"`
		OfTransitDone   int `json:"days_of_transit_done"`
		AfterLastUpdate int `json:"days_after_last_update"`
		Estimated       struct {
			Source *string `json:"source"`
			From   *string `json:"from"`
			To     *string `json:"to"`
		} `json:"estimated_delivery_date"`
	} `json:"time_metrics"`
	Milestone []stage `json:"milestone"`
	Misc      struct {
		RiskFactor    int     `json:"risk_factor"`
		ServiceType   *string `json:"service_type"`
		WeightRaw     *string `json:"weight_raw"`
		WeightKg      *string `json:"weight_kg"`
		Pieces        *string `json:"pieces"`
		Dimensions    *string `json:"dimensions"`
		Customer      *string `json:"customer_number"`
		Reference     *string `json:"reference_number"`
		LocalNumber   *string `json:"local_number"`
		LocalProvider *string `json:"local_provider"`
		LocalKey      int     `json:"local_key"`
	} `json:"misc_info"`
	Tracking struct {
		Hash      uint32 `json:"providers_hash"`
		Providers []leg  `json:"providers"`
	} `json:"tracking"`
}

type address struct {
	Country     *string `json:"country"`
	State       *string `json:"state"`
	City        *string `json:"city"`
	Street      *string `json:"street"`
	PostalCode  *string `json:"postal_code"`
	Coordinates struct {
		Longitude *string `json:"longitude"`
		Latitude  *string `json:"latitude"`
	} `json:"coordinates"`
}

// moment is a time in its three forms.
type moment struct {
	ISO *string `json:"time_iso"`
	UTC *string `json:"time_utc"`
	Raw struct {
		Date     *string `json:"date"`
		Time     *string `json:"time"`
		Timezone *string `json:"timezone"`
	} `json:"time_raw"`
}

func momentOf(at time.Time) moment {
	var m moment
	iso, utc := at.Format(time.RFC3339), at.UTC().Format(time.RFC3339)
	date, clock, zone := at.Format(time.DateOnly), at.Format(time.TimeOnly), at.Format("-07:00")
	m.ISO, m.UTC, m.Raw.Date, m.Raw.Time, m.Raw.Timezone = &iso, &utc, &date, &clock, &zone
	return m
}

type stage struct {
	Key string `json:"key_stage"`
	moment
}

type event struct {
	moment
	Description string       `json:"description"`
	Translation *translation `json:"description_translation"`
	Location    *string      `json:"location"`
	Stage       *string      `json:"stage"`
	SubStatus   string       `json:"sub_status"`
	Address     address      `json:"address"`
}

type translation struct {
	Lang        string `json:"lang"`
	Description string `json:"description"`
}

// leg is what one provider, the first or the last mile's, tells.
type leg struct {
	Provider struct {
		Key      int     `json:"key"`
		Name     string  `json:"name"`
		Alias    string  `json:"alias"`
		Tel      *string `json:"tel"`
		Homepage *string `json:"homepage"`
		Country  *string `json:"country"`
	} `json:"provider"`
	Tips        *string `json:"provider_tips"`
	ServiceType *string `json:"service_type"`
	SyncStatus  string  `json:"latest_sync_status"`
	SyncTime    string  `json:"latest_sync_time"`
	Hash        uint32  `json:"events_hash"`
	Lang        *string `json:"provider_lang"`
	Events      []event `json:"events"` // newest first
}

func (t *Twin) trackInfo(in named) (any, *problem) {
	t.mu.Lock()
	r, unknown := t.find(in.Number, in.Carrier)
	if unknown != nil {
		t.mu.Unlock()
		return nil, unknown
	}
	seen := *r
	t.mu.Unlock()
	p, ok := t.world.Parcel(seen.Number)
	if !ok || len(p.Rows) == 0 {
		return nil, &problem{-18019909, "No tracking information at this time."}
	}
	return t.show(&seen, &p), nil
}

// show shows a parcel that has rows.
func (t *Twin) show(r *registration, p *world.Parcel) shown {
	info := &trackInfo{Milestone: []stage{}}
	country := "CN"
	info.Shipping.Shipper.Country, info.Shipping.Recipient.Country = &country, optional(p.Country)
	last := p.Rows[len(p.Rows)-1]
	sub, _ := status(last.Milestone)
	info.LatestStatus.Status, info.LatestStatus.SubStatus = mainStatus(sub), sub
	if r.reason == "Expired" {
		info.LatestStatus.Status, info.LatestStatus.SubStatus = "Expired", "Expired_Other"
	}
	now := t.world.Now()
	const day = 24 * time.Hour
	info.TimeMetrics.AfterOrder = int(now.Sub(r.registered) / day)
	info.TimeMetrics.OfTransit = int(now.Sub(p.Rows[0].At) / day)
	info.TimeMetrics.AfterLastUpdate = int(now.Sub(last.At) / day)
	if p.Also != "" && p.Also != r.Number {
		info.Misc.LocalNumber = &p.Also
	}
	arrival := len(p.Rows) // where the last mile begins
	if p.Also != "" {
		if i := slices.IndexFunc(p.Rows, func(row rules.Row) bool { return row.Milestone == rules.ArrivedDestination }); i >= 0 {
			arrival = i
		}
	}
	zone := time.FixedZone("", 8*60*60)
	info.Tracking.Providers = []leg{t.leg(r, p.Rows[:arrival], zone)}
	if arrival < len(p.Rows) {
		zone = time.FixedZone("", 60*60)
		local := t.leg(r, p.Rows[arrival:], zone)
		local.Provider.Key, local.Provider.Name, local.Provider.Alias, local.Provider.Country = 0, "Last mile", "Last mile", optional(p.Country)
		info.Tracking.Providers = append(info.Tracking.Providers, local)
	}
	latest := eventOf(&last, zone)
	info.LatestEvent = &latest
	for _, l := range info.Tracking.Providers {
		info.Tracking.Hash = info.Tracking.Hash*31 + l.Hash
	}
	reached := map[string]bool{}
	for _, row := range p.Rows {
		if _, key := status(row.Milestone); key != "" && !reached[key] {
			reached[key] = true
			info.Milestone = append(info.Milestone, stage{key, momentOf(row.At)})
		}
	}
	return shown{r.Number, r.Carrier, optional(r.Param), optional(r.Tag), info}
}

// leg shows rows as those of the first mile.
func (t *Twin) leg(r *registration, rows []rules.Row, zone *time.Location) leg {
	country := "CN"
	l := leg{SyncStatus: "Success", SyncTime: stamp(t.world.Now()), Events: []event{}}
	l.Provider.Key, l.Provider.Name, l.Provider.Alias, l.Provider.Country = r.Carrier, "First mile", "First mile", &country
	h := fnv.New32a()
	for _, row := range slices.Backward(rows) {
		e := eventOf(&row, zone)
		_, _ = h.Write([]byte(*e.UTC + e.SubStatus + e.Description)) // never fails
		l.Events = append(l.Events, e)
		if t.o.Repeat {
			l.Events = append(l.Events, e)
		}
	}
	l.Hash = h.Sum32()
	if t.o.Shuffle {
		seed := fnv.New64a()
		_, _ = seed.Write([]byte(r.Number))              // never fails
		random := rand.New(rand.NewPCG(seed.Sum64(), 1)) //nolint:gosec // chance for tests
		random.Shuffle(len(l.Events), func(i, j int) { l.Events[i], l.Events[j] = l.Events[j], l.Events[i] })
	}
	return l
}

func eventOf(row *rules.Row, zone *time.Location) event {
	sub, reached := status(row.Milestone)
	return event{
		moment: momentOf(row.At.In(zone)), Description: row.Description, Location: optional(row.Location),
		Stage: optional(reached), SubStatus: sub,
	}
}
