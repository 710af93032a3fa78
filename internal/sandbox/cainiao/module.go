package cainiao

import (
	"fmt"
	"slices"
	"time"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

// module is what LINK says of one number.
type module struct {
	MailNo         string `json:"mailNo"`
	MailNoSource   string `json:"mailNoSource"`
	OriginCountry  string `json:"originCountry,omitempty"`
	DestCountry    string `json:"destCountry,omitempty"`
	Status         string `json:"status,omitempty"` // only those seen from life
	StatusDesc     string `json:"statusDesc,omitempty"`
	DaysNumber     string `json:"daysNumber,omitempty"`
	RealMailNo     string `json:"realMailNo,omitempty"`
	CopyRealMailNo string `json:"copyRealMailNo,omitempty"`
	DestCPInfo     *dest  `json:"destCpInfo,omitempty"`
	LatestTrace    *scan  `json:"latestTrace,omitempty"`
	DetailList     []scan `json:"detailList"`
}

// dest is the carrier of the last mile.
type dest struct {
	CPName string `json:"cpName"`
}

// group is the stage that the tracking page shows a scan under.
type group struct {
	NodeCode string `json:"nodeCode"`
}

type scan struct {
	Time         int64  `json:"time"`
	TimeStr      string `json:"timeStr"`
	Desc         string `json:"desc"`
	StanderdDesc string `json:"standerdDesc"`
	DescTitle    string `json:"descTitle"`
	TimeZone     string `json:"timeZone"`
	ActionCode   string `json:"actionCode"`
	Group        *group `json:"group,omitempty"`
}

// module shows a parcel; the zero one is a number that nobody knows.
func (t *Twin) module(number string, p world.Parcel) module {
	m := module{MailNo: number, MailNoSource: "EXTERNAL", DetailList: []scan{}}
	if len(p.Rows) == 0 {
		return m
	}
	m.MailNoSource, m.OriginCountry, m.DestCountry = "AE", "Mainland China", p.Country
	if m.CopyRealMailNo = p.Also; p.Also != "" {
		m.RealMailNo, m.DestCPInfo = "Last mile "+p.Also, &dest{"Last mile"}
	}
	hours := 8
	for _, r := range p.Rows {
		if r.Milestone == rules.ArrivedDestination {
			hours = t.o.UTCOffset
		}
		m.DetailList = append(m.DetailList, show(r, hours))
	}
	first, last := p.Rows[0], p.Rows[len(p.Rows)-1]
	m.DaysNumber = fmt.Sprintf("%d\tday(s)", int(last.At.Sub(first.At).Hours()/24))
	switch last.Milestone { //nolint:exhaustive // no others are known from life
	case rules.Delivered:
		m.Status, m.StatusDesc = "DELIVERED", "Delivered"
	case rules.OutForDelivery:
		m.Status, m.StatusDesc = "DELIVERING", "Delivering"
	case rules.CustomsHold, rules.CustomsReleased:
		m.Status, m.StatusDesc = "CLEAR_CUSTOMS", "In customs"
	}
	slices.Reverse(m.DetailList)
	m.LatestTrace = &m.DetailList[0]
	if t.o.Repeat {
		m.DetailList = slices.Concat(m.DetailList, m.DetailList)
	}
	if t.o.Shuffle {
		latest := m.DetailList[0]
		m.LatestTrace = &latest
		t.mu.Lock()
		t.random.Shuffle(len(m.DetailList), func(i, j int) { m.DetailList[i], m.DetailList[j] = m.DetailList[j], m.DetailList[i] })
		t.mu.Unlock()
	}
	return m
}

// show tells of a row at a place whose clocks are hours from UTC.
func show(r rules.Row, hours int) scan {
	local := r.At.In(time.FixedZone("", hours*60*60))
	s := scan{
		Time:         r.At.Add(time.Duration(hours-8) * time.Hour).UnixMilli(), // timeStr read as +08:00
		TimeStr:      local.Format(time.DateTime),
		Desc:         r.Description,
		StanderdDesc: r.Description,
		DescTitle:    "Carrier note:",
		TimeZone:     fmt.Sprintf("GMT%+d", hours),
		ActionCode:   Code(r),
	}
	switch r.Milestone { //nolint:exhaustive // no others are known from life
	case rules.Delivered:
		s.Group = &group{"AE_GROUP_DELIVERED"}
	case rules.OutForDelivery:
		s.Group = &group{"AE_GROUP_GTMS_DELIVERING"}
	}
	if r.Location != "" {
		s.StanderdDesc = fmt.Sprintf("[%s] %s", r.Location, r.Description)
	}
	return s
}

// Code is a code of Cainiao's for a row: its own where that is one of Cainiao's and says the same.
func Code(r rules.Row) string {
	if m, known := action.Milestone(r.Code); known && m == r.Milestone {
		return r.Code
	}
	switch r.Milestone {
	case rules.InfoReceived:
		return "GTMS_ASN"
	case rules.PickedUp:
		return "PU_PICKUP_SUCCESS"
	case rules.DepartedOrigin:
		return "LH_DEPART"
	case rules.InTransit:
		return "SC_OUTBOUND_SUCCESS"
	case rules.ArrivedDestination:
		return "LH_ARRIVE"
	case rules.CustomsHold:
		return "CC_IM_FAILURE"
	case rules.CustomsReleased:
		return "CC_IM_SUCCESS"
	case rules.OutForDelivery:
		return "GTMS_DELIVERING"
	case rules.AvailableForPickup:
		return "GTMS_STA_SIGNED"
	case rules.DeliveryFailed:
		return "GTMS_DEL_FAILURE"
	case rules.Delivered:
		return "GTMS_SIGNED"
	case rules.Returned:
		return "RETURNED"
	case rules.Lost:
		return "RT_DESTROY"
	case rules.ExceptionScan:
		return "GTMS_FAILURE"
	case rules.Advisory:
		return "LAST_MILE_ASN_NOTIFY"
	default:
		return "COMMON_INTRANSIT"
	}
}
