package seventeentrack

import (
	"slices"
	"strings"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// trackInfo is what 17TRACK knows of a number, as far as it is used.
type trackInfo struct {
	LatestStatus struct {
		Status    wire.Text `json:"status"`
		SubStatus wire.Text `json:"sub_status"`
	} `json:"latest_status"`
	LatestEvent *event `json:"latest_event"`
	MiscInfo    struct {
		LocalNumber wire.Text `json:"local_number"` // the last mile's
	} `json:"misc_info"`
	Tracking struct {
		Providers []struct {
			Events []event `json:"events"` // newest first
		} `json:"providers"`
	} `json:"tracking"`
}

// event is one scan of one provider. It stays comparable, so that exact repeats are seen.
type event struct {
	TimeISO     wire.Text `json:"time_iso"`
	TimeUTC     wire.Text `json:"time_utc"`
	TimeRaw     rawTime   `json:"time_raw"`
	Description wire.Text `json:"description"`
	Location    wire.Text `json:"location"`
	Stage       wire.Text `json:"stage"`
	SubStatus   wire.Text `json:"sub_status"`
	Address     struct {
		Country wire.Text `json:"country"`
		State   wire.Text `json:"state"`
		City    wire.Text `json:"city"`
	} `json:"address"`
}

// trace is the answer about a number with all rows of infos, of which any may be nil.
func trace(number string, infos []*trackInfo) port.Answer {
	a := port.Answer{Number: number}
	var placed []rules.Row
	seen := map[event]bool{}
	for _, info := range infos {
		if info == nil {
			continue
		}
		for _, e := range info.events() {
			if e == (event{}) || seen[e] {
				continue
			}
			seen[e] = true
			row := e.row(info)
			if row.At.IsZero() {
				a.Unplaced = append(a.Unplaced, row) // not through Order, to which equal texts of different days are repeats
			} else {
				placed = append(placed, row)
			}
		}
		if also := tracknum.Normalize(string(info.MiscInfo.LocalNumber)); also != "" && also != number && !slices.Contains(a.Also, also) {
			a.Also = append(a.Also, also)
		}
	}
	a.Rows, _ = wire.Order(placed)
	sentBack := false
	for i := range a.Rows {
		switch r := &a.Rows[i]; {
		case r.Milestone == rules.Returned:
			sentBack = true
		case r.Milestone == rules.Delivered && sentBack:
			r.Milestone = rules.Returned // the sender signed
		}
	}
	return a
}

// events are all events, each provider's oldest first, with the latest where no provider has it.
func (t *trackInfo) events() []event {
	var all []event
	for _, p := range t.Tracking.Providers {
		from := len(all)
		all = append(all, p.Events...)
		slices.Reverse(all[from:])
	}
	if t.LatestEvent != nil && !slices.ContainsFunc(all, t.isLatest) {
		all = append(all, *t.LatestEvent)
	}
	return all
}

// isLatest tells whether e is the event that is also shown as the latest.
func (t *trackInfo) isLatest(e event) bool {
	l := t.LatestEvent
	return l != nil && e.TimeISO == l.TimeISO && e.TimeUTC == l.TimeUTC && e.TimeRaw == l.TimeRaw && e.Description == l.Description
}

func (e *event) row(info *trackInfo) rules.Row {
	row := rules.Row{
		At: e.at(), Code: e.code(info), Location: e.place(), Description: string(e.Description), Source: rules.FromAggregator,
	}
	row.Milestone = milestone(row.Code)
	if row.Milestone == rules.Delivered && strings.Contains(strings.ToLower(row.Description), "original sender") {
		row.Milestone = rules.Returned // "Delivered, To Original Sender" (USPS)
	}
	return row
}

// code is the event's status, raw. The parcel's own stands in only for its latest event, and not
// where it says that nothing came since.
func (e *event) code(info *trackInfo) string {
	for _, own := range []wire.Text{e.SubStatus, e.Stage} {
		if own != "" {
			return string(own)
		}
	}
	latest := info.LatestStatus
	if !info.isLatest(*e) || latest.Status == "Expired" {
		return ""
	}
	if latest.SubStatus != "" {
		return string(latest.SubStatus)
	}
	return string(latest.Status)
}

func (e *event) place() string {
	if e.Location != "" {
		return string(e.Location)
	}
	var parts []string
	for _, part := range []wire.Text{e.Address.City, e.Address.State, e.Address.Country} {
		if part != "" {
			parts = append(parts, string(part))
		}
	}
	return strings.Join(parts, ", ")
}
