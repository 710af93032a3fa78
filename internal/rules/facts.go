package rules

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// Ruleset is what an order is judged by: the policy pack pinned when it was created, and
// a calendar of workdays.
type Ruleset struct {
	Pack     *policy.Pack
	Calendar *calendar.Calendar
}

// Facts are the events that concern one order, each once. The zero value is not usable:
// take [NewFacts].
type Facts struct {
	Store, Order string

	events []Event
	seen   map[[2]string]struct{} // of events; nil while they are few
}

// fewEvents is up to how many events a look at each is faster than a map.
const fewEvents = 32

// NewFacts returns the facts of an order of which nothing is known yet.
func NewFacts(store, order string) *Facts {
	return &Facts{Store: store, Order: order, events: make([]Event, 0, 24)}
}

// Add keeps e and reports whether it is new: an event whose source and ID are known
// already changes nothing.
func (f *Facts) Add(e Event) bool {
	if f.knows(&e) {
		return false
	}
	if len(f.events) == fewEvents {
		f.seen = make(map[[2]string]struct{}, 4*fewEvents)
		for i := range f.events {
			f.seen[[2]string{f.events[i].Source, f.events[i].ID}] = struct{}{}
		}
	}
	if f.seen != nil {
		f.seen[[2]string{e.Source, e.ID}] = struct{}{}
	}
	f.events = append(f.events, e)
	return true
}

func (f *Facts) knows(e *Event) bool {
	if f.seen != nil {
		_, known := f.seen[[2]string{e.Source, e.ID}]
		return known
	}
	for i := range f.events {
		if f.events[i].ID == e.ID && f.events[i].Source == e.Source {
			return true
		}
	}
	return false
}

// Len is the number of events.
func (f *Facts) Len() int { return len(f.events) }

// Events walks over the events, in the order in which they were added.
func (f *Facts) Events() iter.Seq[Event] { return slices.Values(f.events) }

// CreatedAt is when the order was created, in the words of its earliest order.created, and
// whether there is one.
func (f *Facts) CreatedAt() (time.Time, bool) {
	var first *Event
	for i := range f.events {
		e := &f.events[i]
		if e.Type == TypeOrderCreated && (first == nil || before(e, first)) {
			first = e
		}
	}
	if first == nil {
		return time.Time{}, false
	}
	return first.Data.At(), true
}

// before is the rank of events among themselves: by event time, source, ID; never by arrival.
func before(a, b *Event) bool { return compareEvents(a, b) < 0 }

func compareEvents(a, b *Event) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
}

// exists tells whether the fact of e was there at asOf.
func exists(e *Event, asOf time.Time) bool {
	return !e.Time.After(asOf) && !e.Data.At().After(asOf)
}

// nextFact is the earliest moment after now at which a known fact begins to exist; zero
// when there is none.
func (f *Facts) nextFact(now time.Time) time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for i := range f.events {
		e := &f.events[i]
		if e.Data == nil {
			continue
		}
		if u, ok := e.Data.(*TrackingUpdated); ok {
			for j := range u.Rows {
				consider(later(e.Time, u.Rows[j].At))
			}
			continue
		}
		consider(later(e.Time, e.Data.At()))
	}
	return next
}

// lastFact is the time of the latest fact that exists at now; zero when there is none.
func (f *Facts) lastFact(now time.Time) time.Time {
	var last time.Time
	for i := range f.events {
		if t := f.events[i].Time; !t.After(now) && t.After(last) {
			last = t
		}
	}
	return last
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// row is a trace row with its rank.
type row struct {
	*Row
	event *Event
	place int
}

// parcel is what the facts say of one tracking number at a moment.
type parcel struct {
	number     string
	recorded   *ShipmentRecorded
	recordedBy *Event
	rows       []row // existing, not manual, oldest first
	movements  []row // those of rows that move the parcel
	flagged    bool
	alerts     []time.Time
	documents  []time.Time // clearance documents
	delivered  *row        // the first delivered row
	lost       *row        // the first lost row
}

// at is the parcel's latest movement at or before t (nil: none), and L, the time that the
// stall clock counts from.
func (p *parcel) lastMovement(t time.Time) (*row, time.Time) {
	n, _ := slices.BinarySearchFunc(p.movements, t, func(r row, t time.Time) int {
		if r.At.After(t) {
			return 1
		}
		return -1
	})
	if n == 0 {
		return nil, p.recorded.RecordedAt
	}
	return &p.movements[n-1], p.movements[n-1].At
}

// view is an order's facts as they exist at one moment, sorted out.
type view struct {
	facts   *Facts
	rules   Ruleset
	asOf    time.Time
	created *OrderCreated
	paid    *OrderPaid
	parcels []*parcel // by number

	end       time.Time // the order's end; zero: none
	receipt   time.Time
	disputes  []fact[*Dispute] // opened not-received ones
	closed    []time.Time      // closed disputes of any kind
	confirmed []fact[*Confirmed]
	filed     []fact[*ClaimFiled]
	decided   []fact[*ClaimDecided]
	appealed  []fact[*ClaimFact]
	settled   []fact[*ClaimFact] // payments
	followed  []*Event           // what follows claims, and evidence

	complaints []fact[*Complaint] // opened, answered and decided
	contests   []fact[*Dispute]   // disputes of every kind: opened, answered and closed
}

// fact is the data of one event of known type.
type fact[D Data] struct {
	event *Event
	data  D
}

// look sorts out the facts that exist at asOf.
func look(f *Facts, rs Ruleset, asOf time.Time) *view {
	v := &view{facts: f, rules: rs, asOf: asOf}
	var createdBy, paidBy *Event
	for i := range f.events {
		e := &f.events[i]
		if e.Data == nil || e.Time.After(asOf) || e.Data.At().After(asOf) {
			continue
		}
		switch d := e.Data.(type) {
		case *OrderCreated:
			if createdBy == nil || before(e, createdBy) {
				v.created, createdBy = d, e
			}
		case *OrderPaid:
			if paidBy == nil || before(e, paidBy) {
				v.paid, paidBy = d, e
			}
		case *OrderStopped:
			if !d.Partial || e.Type == TypeOrderCancelled {
				v.endAt(d.When)
			}
		case *ReceiptConfirmed:
			v.endAt(d.When)
			if v.receipt.IsZero() || d.When.Before(v.receipt) {
				v.receipt = d.When
			}
		case *ShipmentRecorded:
			if p := v.parcel(d.TrackingNumber); p == nil {
				v.parcels = append(v.parcels, &parcel{number: d.TrackingNumber, recorded: d, recordedBy: e})
			} else if before(e, p.recordedBy) {
				p.recorded, p.recordedBy = d, e
			}
		case *Complaint:
			v.complaints = append(v.complaints, fact[*Complaint]{e, d})
		case *Dispute:
			v.contests = append(v.contests, fact[*Dispute]{e, d})
			switch {
			case e.Type == TypeDisputeClosed:
				v.closed = append(v.closed, d.When)
			case e.Type == TypeDisputeOpened && d.Kind == DisputeNotReceived:
				v.disputes = append(v.disputes, fact[*Dispute]{e, d})
			}
		case *Confirmed:
			v.confirmed = append(v.confirmed, fact[*Confirmed]{e, d})
		case *ClaimFiled:
			v.filed = append(v.filed, fact[*ClaimFiled]{e, d})
		case *ClaimDecided:
			if e.Type == TypeClaimDecided {
				v.decided = append(v.decided, fact[*ClaimDecided]{e, d})
			} else {
				v.followed = append(v.followed, e)
			}
		case *ClaimFact:
			switch e.Type {
			case TypeClaimAppealed:
				v.appealed = append(v.appealed, fact[*ClaimFact]{e, d})
			case TypeClaimPaid:
				v.settled = append(v.settled, fact[*ClaimFact]{e, d})
			default:
				v.followed = append(v.followed, e)
			}
		case *PapersRequested, *EvidenceAdded:
			v.followed = append(v.followed, e)
		}
	}
	v.trace()
	slices.SortFunc(v.parcels, func(a, b *parcel) int { return cmp.Compare(a.number, b.number) })
	return v
}

// trace gives each recorded parcel its rows, flags, alerts and documents, whatever came first.
func (v *view) trace() {
	if len(v.parcels) == 0 {
		return
	}
	for i := range v.facts.events {
		e := &v.facts.events[i]
		if !e.Type.OfParcel() || e.Data == nil || e.Time.After(v.asOf) {
			continue
		}
		switch d := e.Data.(type) {
		case *TrackingUpdated:
			p := v.parcel(d.TrackingNumber)
			if p == nil {
				continue
			}
			for j := range d.Rows {
				if r := &d.Rows[j]; r.Source != FromManual && !r.At.After(v.asOf) {
					p.rows = append(p.rows, row{r, e, j})
				}
			}
		case *ParcelFact:
			p := v.parcel(d.TrackingNumber)
			if p == nil || d.When.After(v.asOf) {
				continue
			}
			switch e.Type {
			case TypeTrackingFlagged:
				p.flagged = true
			case TypeAlerted:
				p.alerts = append(p.alerts, d.When)
			case TypeCustomsDocument:
				p.documents = append(p.documents, d.When)
			default: // OfParcel names no other
			}
		}
	}
	for _, p := range v.parcels {
		p.sort(v.rules.Pack)
	}
}

func (p *parcel) sort(pack *policy.Pack) {
	slices.SortFunc(p.rows, func(a, b row) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if c := compareEvents(a.event, b.event); c != 0 {
			return c
		}
		return cmp.Compare(a.place, b.place)
	})
	slices.SortFunc(p.alerts, time.Time.Compare)
	p.movements = make([]row, 0, len(p.rows))
	for i := range p.rows {
		r := &p.rows[i]
		if !slices.Contains(pack.Stall.QuietMilestones.Value, string(r.Milestone)) {
			p.movements = append(p.movements, *r)
		}
		if r.Milestone == Delivered && p.delivered == nil {
			p.delivered = r
		}
		if r.Milestone == Lost && p.lost == nil {
			p.lost = r
		}
	}
}

func (v *view) endAt(t time.Time) {
	if v.end.IsZero() || t.Before(v.end) {
		v.end = t
	}
}

// ended tells whether the order's end came at or before t.
func (v *view) ended(t time.Time) bool { return !v.end.IsZero() && !t.Before(v.end) }

func (v *view) parcel(number string) *parcel {
	for _, p := range v.parcels {
		if p.number == number {
			return p
		}
	}
	return nil
}

// allDelivered tells whether every recorded parcel is delivered, and since when.
func (v *view) allDelivered() (time.Time, bool) {
	var since time.Time
	for _, p := range v.parcels {
		if p.delivered == nil {
			return time.Time{}, false
		}
		since = later(since, p.delivered.At)
	}
	return since, len(v.parcels) > 0
}
