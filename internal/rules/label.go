package rules

import (
	"slices"
	"strconv"
	"time"

	"parcelward/internal/rules/tracknum"
)

// Label is a parcel that is to be sent.
type Label struct {
	Service  string // the platform's code
	Number   string // normalised; empty: the label will tell
	Part     bool   // only some of the order's items are in it
	Replaces string // normalised; the number that Number takes the place of
}

// The codes of objections, beside those of the notices before shipping.
const (
	ObjectionOver       = "order-over"         // cancelled, refunded or received
	ObjectionRecorded   = "already-recorded"   // the order, or this number, is recorded
	ObjectionReplaced   = "no-such-number"     // the number to be replaced is not recorded
	ObjectionCheckDigit = "number-check-digit" // an S10 number with a wrong check digit
	ObjectionNoNumber   = "number-missing"     // no letter or digit in it, or too many
)

// Objection is something to be said before a parcel is sent.
type Objection struct {
	Code    string
	Blocks  bool   // no label is to be made
	Number  string // that it is about
	Service string // the certified service to take instead
}

// BeforeLabel tells what speaks against making a label, or declaring a number, at now: first
// what forbids it. It reports false while the order is not created: nothing can be said.
func BeforeLabel(f *Facts, rs Ruleset, l Label, now time.Time) ([]Objection, bool) {
	v := look(f, rs, now)
	if v.created == nil {
		return nil, false
	}
	var found []Objection
	if !v.end.IsZero() {
		found = append(found, Objection{Code: ObjectionOver, Blocks: true})
	}
	switch old := v.parcel(l.Replaces); {
	case l.Replaces != "" && old == nil:
		found = append(found, Objection{Code: ObjectionReplaced, Blocks: true, Number: l.Replaces})
	case l.Replaces != "": // its number may have come in by itself meanwhile
	case l.Number != "" && v.parcel(l.Number) != nil:
		found = append(found, Objection{Code: ObjectionRecorded, Blocks: true, Number: l.Number})
	case !l.Part && len(v.parcels) > 0:
		found = append(found, Objection{Code: ObjectionRecorded, Blocks: true, Number: v.parcels[0].number})
	}
	if l.Number != "" {
		if wrong := CheckNumber(l.Number); wrong != nil {
			found = append(found, *wrong)
		}
	}
	risks := v.shippingRisks(l.Service, true)
	for i := range risks {
		// A parcel that is on its way already is helped by a number all the same.
		risks[i].Blocks = risks[i].Blocks && l.Replaces == ""
	}
	found = append(found, risks...)
	slices.SortStableFunc(found, func(a, b Objection) int {
		switch {
		case a.Blocks == b.Blocks:
			return 0
		case a.Blocks:
			return -1
		}
		return 1
	})
	return found, true
}

// CheckNumber tells what is wrong with a normalised tracking number in itself; nil: nothing
// that can be seen.
func CheckNumber(number string) *Objection {
	const most = 64 // what the exchange format takes: a longer one would be declared and could not be recorded
	if number == "" || len(number) > most {
		return &Objection{Code: ObjectionNoNumber, Blocks: true}
	}
	if s10, ok := tracknum.CheckS10(number); s10 && !ok {
		return &Objection{Code: ObjectionCheckDigit, Blocks: true, Number: number}
	}
	return nil
}

// Blocked tells whether one of the findings forbids the label.
func Blocked(found []Objection) bool {
	return slices.ContainsFunc(found, func(f Objection) bool { return f.Blocks })
}

// shippingRisks are what a service means for the order, and what its destination asks for.
// Chosen: the service is that of a label, not the one that the order's template names.
func (v *view) shippingRisks(service string, chosen bool) []Objection {
	pack, country := v.rules.Pack, v.created.Buyer.Country
	var found []Objection
	for _, r := range []struct {
		code            string
		applies, blocks bool
	}{
		{NoticeTaxID, v.taxIDMissing(), true},
		{NoticeUncertified, !pack.Certified(service), false},
		{NoticeServiceMismatch, chosen && service != v.created.ServiceCode, false},
		{NoticeTraceAlert, pack.Economy(service), false},
		{NoticeCompliance, slices.Contains(pack.Shipping.ComplianceCountries.Value, country), false},
	} {
		if !r.applies {
			continue
		}
		f := Objection{Code: r.code, Blocks: r.blocks}
		if r.code == NoticeUncertified {
			f.Service = pack.NearestCertified(country)
		}
		found = append(found, f)
	}
	return found
}

// RecordedWith is the service under which a number of the order is recorded at now; empty: it
// is not.
func RecordedWith(f *Facts, rs Ruleset, number string, now time.Time) string {
	if p := look(f, rs, now).parcel(number); p != nil {
		return p.recorded.ServiceCode
	}
	return ""
}

// Numbers lists the tracking numbers of the order that are recorded at now.
func Numbers(f *Facts, rs Ruleset, now time.Time) []string {
	v := look(f, rs, now)
	numbers := make([]string, len(v.parcels))
	for i, p := range v.parcels {
		numbers[i] = p.number
	}
	return numbers
}

// NumberDue is by when a tracking number must stand on the platform; false while the order is
// not created.
func NumberDue(f *Facts, rs Ruleset) (time.Time, bool) {
	created, ok := f.CreatedAt()
	return created.Add(rs.Pack.Shipping.TrackingNumberDue.Value.Std()), ok
}

// Shipping is where the story of a shipment stands.
type Shipping struct {
	Due    time.Time // tracking-number-due
	Until  time.Time // then the story is given up
	Known  []string  // numbers that were recorded before it began
	Number string    // to be declared; empty: not known yet
	Items  []Item    // those in the parcel; none: all
	Asked  string    // code of the notice by which a person was asked for something; empty: nothing is asked
	Since  time.Time // when that was
	Times  int       // how often something was asked so far
}

// ShipmentGrace is how long after tracking-number-due a shipment's story goes on asking. Ours:
// what is declared late still lets the buyer see the parcel.
const ShipmentGrace = 7 * 24 * time.Hour

// The ways in which the story of a shipment ends.
const (
	EndRecorded = "recorded"   // the number stands on the platform
	EndBlocked  = "blocked"    // no label was to be made
	EndOver     = "order-over" // the order was cancelled, refunded or received
	EndGivenUp  = "given-up"   // nobody gave a number that the platform takes
)

// ShippingPlan is what the story of a shipment asks for at a moment.
type ShippingPlan struct {
	End     string    // how the story is over; empty: it is not
	Number  string    // that is recorded
	Notices []Notice  // due, oldest first
	Wake    time.Time // the next moment at which something can become due
}

// mine tells whether a recorded parcel can be the one that the story is about. Of an order that
// is sent in several, it is known by its number or by what is in it.
func (s *Shipping) mine(p *parcel) bool {
	switch {
	case len(s.Items) == 0:
		return true
	case s.Number != "":
		return p.number == s.Number
	}
	return slices.EqualFunc(s.Items, p.recorded.Items, func(a, b Item) bool { return a.SKU == b.SKU && a.Quantity == b.Quantity })
}

// PlanShipment tells what the story of a shipment asks for at now.
func PlanShipment(f *Facts, rs Ruleset, s Shipping, now time.Time) ShippingPlan {
	v := look(f, rs, now)
	for _, p := range v.parcels {
		if s.mine(p) && !slices.Contains(s.Known, p.number) {
			return ShippingPlan{End: EndRecorded, Number: p.number}
		}
	}
	switch {
	case !v.end.IsZero():
		return ShippingPlan{End: EndOver}
	case !now.Before(s.Until):
		return ShippingPlan{End: EndGivenUp}
	}
	w := &wake{now: now}
	w.at(f.nextFact(now))
	w.at(s.Until)
	p := ShippingPlan{}
	if s.Asked != "" {
		p.Notices = v.shippingNotices(s, w)
	}
	p.Wake = w.next
	return p
}

// shippingNotices ask, remind and escalate. A person who was asked a moment ago is not reminded
// of what was due before.
func (v *view) shippingNotices(s Shipping, w *wake) []Notice {
	n := &notices{now: v.asOf}
	by := Deadline{Kind: DeadlineTrackingNumber, At: Stamp(s.Due)}
	pending := v.created != nil && v.deadlines()[0].State != Met && !s.Due.Before(s.Since)
	ask := Notice{Key: "ask/" + s.Asked + "/" + strconv.Itoa(s.Times), Code: s.Asked, Due: s.Since, Number: s.Number}
	if pending {
		ask.Deadline = &by
	}
	n.add(ask)
	if !pending {
		return n.list
	}
	var reminders notices
	reminders.now = v.asOf
	reminders.remind(w, by.Kind, by, spans(v.rules.Pack.Shipping.Reminders.Value), Notice{Number: s.Number})
	for _, r := range reminders.list {
		if r.Due.After(s.Since) {
			r.Code = s.Asked
			n.list = append(n.list, r)
		}
	}
	missed := MissedAt(s.Due)
	w.at(missed)
	n.add(Notice{Key: "missed/" + by.Kind, Code: NoticeMissed, Due: missed, Deadline: &by, Number: s.Number, Manager: true})
	return n.list
}
