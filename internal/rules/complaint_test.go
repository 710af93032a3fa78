package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/rulestest"
)

// contested is an order of a buyer who complains or disputes.
type contested struct {
	*testing.T
	facts *rules.Facts
	rs    rules.Ruleset
}

var contestStart = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func newContested(t *testing.T) *contested {
	t.Helper()
	c := &contested{T: t, facts: rules.NewFacts(store, order), rs: rulestest.Ruleset()}
	usd := func(s string) money.Amount {
		a, err := money.Parse(s, "USD")
		require.NoError(t, err)
		return a
	}
	shown := usd("1.40")
	c.add(rules.TypeOrderCreated, &rules.OrderCreated{
		CreatedAt: contestStart, Buyer: rules.Buyer{Name: "Ana Souza", Country: "US", AddressHash: "home"}, Category: rules.Standard,
		ServiceCode: "CAINIAO_STANDARD", AmountPaid: usd("98.20"), Freight: usd("1.40"), FreightShown: &shown, Commission: usd("8.00"), Tax: usd("2.00"),
	})
	c.add(rules.TypeOrderPaid, &rules.OrderPaid{PaidAt: contestStart})
	c.add(rules.TypeShipmentRecorded, &rules.ShipmentRecorded{
		TrackingNumber: "LP1", Carrier: "cainiao", ServiceCode: "CAINIAO_STANDARD", RecordedAt: contestStart.Add(20 * time.Hour), TraceAlert: true,
	})
	return c
}

func (c *contested) add(t rules.EventType, d rules.Data) {
	c.facts.Add(rules.Event{Source: "test", ID: fmt.Sprint(c.facts.Len()), Type: t, Store: store, Order: order, Time: d.At(), Data: d})
}

func (c *contested) moves(at time.Time, m rules.Milestone) {
	c.add(rules.TypeTrackingUpdated, &rules.TrackingUpdated{TrackingNumber: "LP1", Rows: []rules.Row{{At: at, Milestone: m, Source: rules.FromCarrier}}})
}

func (c *contested) evidence(at time.Time, kinds ...rules.EvidenceKind) {
	d := &rules.EvidenceAdded{When: at, By: "LI"}
	for _, kind := range kinds {
		d.Originals = append(d.Originals, rules.Original{Kind: kind})
	}
	c.add(rules.TypeEvidenceAdded, d)
}

// complaint is the only one, as of a moment.
func (c *contested) complaint(now time.Time) rules.FreightComplaint {
	c.Helper()
	list, _ := rules.Contested(c.facts, c.rs, now)
	require.Len(c, list, 1)
	return list[0]
}

func (c *contested) causes(now time.Time) []rules.LossCode {
	c.Helper()
	var codes []rules.LossCode
	for _, cause := range c.complaint(now).Causes {
		codes = append(codes, cause.Code)
	}
	return codes
}

func around(at time.Time) (before, on, after time.Time) {
	return at.Add(-time.Second), at, at.Add(time.Second)
}

func TestComplaintRespondBy(t *testing.T) {
	t.Parallel()
	c := newContested(t)
	opened := contestStart.Add(100 * time.Hour)
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
	before, on, after := around(opened.Add(24 * time.Hour))
	assert.Equal(t, rules.ComplaintOpen, c.complaint(before).Status)
	assert.Equal(t, rules.ComplaintOpen, c.complaint(on).Status)
	assert.Equal(t, rules.ComplaintLost, c.complaint(after).Status)
	open := c.complaint(before)
	assert.Equal(t, on, open.RespondBy.Time())
	assert.Equal(t, rules.DeadlineRespond, open.NextDeadline.Kind)
	assert.Equal(t, []rules.EvidenceKind{rules.EvidenceShippingLabel, rules.EvidencePickup}, open.Missing)
	assert.Equal(t, [2]int{1, 3}, open.PointsAtRisk)
	assert.Equal(t, "98.20 USD", open.MoneyAtRisk.String())
	assert.Nil(t, open.Frozen)
	assert.False(t, open.Overcharged)
	for _, at := range []time.Time{before, on, after} {
		answered := newContested(t)
		answered.add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "other", When: opened})
		answered.add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "F", When: opened.Add(-time.Second)}) // of before the opening
		answered.add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "F", When: at})
		answered.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
		want := rules.ComplaintAnswered
		if at.After(on) {
			want = rules.ComplaintLost
		}
		assert.Equal(t, want, answered.complaint(on.Add(time.Hour)).Status, at)
	}
}

func TestComplaintDecision(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	opened := contestStart.Add(100 * time.Hour)
	for _, tc := range []struct {
		upheld *bool
		points int
		want   rules.ComplaintStatus
	}{{&yes, 2, rules.ComplaintUpheld}, {&no, 0, rules.ComplaintDismissed}, {nil, 1, rules.ComplaintUpheld}, {nil, 0, rules.ComplaintDismissed}} {
		c := newContested(t)
		c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
		c.add(rules.TypeComplaintDecided, &rules.Complaint{ComplaintID: "F", When: opened.Add(72 * time.Hour), Upheld: tc.upheld, Points: tc.points})
		c.add(rules.TypeComplaintDecided, &rules.Complaint{ComplaintID: "F", When: opened.Add(73 * time.Hour), Upheld: &yes, Points: 3}) // there is no appeal
		got := c.complaint(opened.Add(80 * time.Hour))
		assert.Equal(t, tc.want, got.Status)
		assert.Equal(t, tc.points, got.Points)
		assert.Nil(t, got.MoneyAtRisk)
		assert.Zero(t, got.PointsAtRisk)
		assert.Equal(t, tc.want == rules.ComplaintUpheld, got.Frozen != nil)
		assert.Empty(t, got.Missing)
		assert.Equal(t, rules.ComplaintLost, c.complaint(opened.Add(72*time.Hour-time.Second)).Status)
	}
}

func TestComplaintLossCauses(t *testing.T) {
	t.Parallel()
	opened := contestStart.Add(30 * time.Hour)
	due := contestStart.Add(72 * time.Hour)
	start := func() *contested {
		c := newContested(t)
		c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
		return c
	}
	c := start()
	assert.Equal(t, []rules.LossCode{rules.LossNoPickup}, c.causes(opened))
	assert.Equal(t, "52.1", c.complaint(opened).Causes[0].Percent.String())
	before, on, after := around(due)
	assert.NotContains(t, c.causes(on), rules.LossLatePickup, "not picked up, and there is time")
	assert.Contains(t, c.causes(after), rules.LossLatePickup)
	for _, at := range []time.Time{before, on, after} {
		c := start()
		c.moves(at.Add(-time.Hour), rules.InfoReceived) // no movement
		c.moves(at, rules.PickedUp)
		assert.Equal(t, at.After(on), len(c.causes(after)) == 2, at)
	}

	c = start()
	c.evidence(opened, rules.EvidenceWaybill, rules.EvidencePickup)
	assert.Empty(t, c.causes(opened))
	assert.Empty(t, c.complaint(opened).Missing, "a waybill is a label with its number")

	recorded := contestStart.Add(20 * time.Hour)
	before, on, after = around(recorded)
	for _, at := range []time.Time{before, on, after} {
		c := start()
		c.add(rules.TypeAddressChanged, &rules.AddressChanged{When: at, AddressHash: "office"})
		assert.Equal(t, at.After(on), len(c.causes(opened)) == 2, at)
		c.add(rules.TypeAddressChanged, &rules.AddressChanged{When: after.Add(time.Hour), AddressHash: "home"})
		assert.Equal(t, !at.After(on), len(c.causes(opened)) == 2, "changed back: %s", at)
	}
	c = start()
	c.add(rules.TypeAddressChanged, &rules.AddressChanged{When: after, AddressHash: "office"})
	label := func(kind rules.EvidenceKind, hash string) []rules.LossCode {
		t.Helper()
		c.rs.Pack = preflightRules(t).Pack
		p := rules.PlanComplaint(c.facts, c.rs, "F", []rules.CheckedOriginal{
			c.judged(opened, rules.EvidencePickup, map[string]string{"picked_up_at": due.Format(time.RFC3339)}),
			c.judged(opened, kind, map[string]string{"recipient_address_hash": hash}),
		}, opened)
		return lossesOf(p.Complaint.Causes)
	}
	for _, kind := range []rules.EvidenceKind{rules.EvidenceShippingLabel, rules.EvidenceWaybill} {
		assert.Empty(t, label(kind, "OFFICE"), "the label was made anew")
		assert.Equal(t, []rules.LossCode{rules.LossAddress}, label(kind, "home"))
		assert.Equal(t, []rules.LossCode{rules.LossAddress}, label(kind, ""), "nobody read it: of before the change")
	}
}

// A label that was stated to bear another address is a cause of loss though the order's never
// changed; one that is refused for another reason is not read.
func TestComplaintLabelOfAnotherAddress(t *testing.T) {
	t.Parallel()
	opened := contestStart.Add(30 * time.Hour)
	c := newContested(t)
	c.rs.Pack = preflightRules(t).Pack
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
	label := func(hash string) rules.CheckedOriginal {
		return c.judged(opened, rules.EvidenceShippingLabel, map[string]string{"recipient_address_hash": hash})
	}
	differs := func(held ...rules.CheckedOriginal) bool {
		p := rules.PlanComplaint(c.facts, c.rs, "F", held, opened)
		return slices.Contains(lossesOf(p.Complaint.Causes), rules.LossAddress)
	}
	other, right := label("office"), label("home")
	assert.Equal(t, rules.VerdictRefused, other.Verdict)
	assert.True(t, differs(other))
	assert.False(t, differs(right))
	assert.False(t, differs(other, right), "the right one is handed in")
	right.Verdict = rules.VerdictRefused // blurred
	assert.True(t, differs(other, right))
	assert.False(t, differs(right), "nobody can read it")
}

// judged is an original as the pre-flight judges it by what is known at a moment.
func (c *contested) judged(now time.Time, kind rules.EvidenceKind, given map[string]string) rules.CheckedOriginal {
	c.Helper()
	of := rules.PreflightFacts(c.facts, c.rs, "LP1", nil, now)
	of.Kind, of.Source, of.Given = kind, "upload", given
	sight := rules.Sight{
		MediaType: "image/png", Form: policy.FormPicture, Size: 1 << 16, Picture: sharpPicture(),
		Barcodes: []rules.Barcode{{Format: rules.BarcodeCode128, Text: "LP1", Votes: 9}},
	}
	return rules.CheckedOriginal{SHA256: fmt.Sprint(kind, given), Name: "x.png", Preflight: c.rs.Preflight(of, &sight)}
}

func lossesOf(causes []rules.LossCause) (codes []rules.LossCode) {
	for _, cause := range causes {
		codes = append(codes, cause.Code)
	}
	return codes
}

// The pick-up time is the screenshot's, as the pre-flight judged it; the first scan counts where
// there is none.
func TestComplaintPickupScreenshot(t *testing.T) {
	t.Parallel()
	opened, due := contestStart.Add(100*time.Hour), contestStart.Add(72*time.Hour)
	c := newContested(t)
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
	c.moves(due.Add(5*time.Hour), rules.PickedUp)
	assert.Equal(t, []rules.LossCode{rules.LossNoPickup, rules.LossLatePickup}, lossesOf(c.complaint(opened).Causes))
	before, on, after := around(due)
	label := c.judged(opened, rules.EvidenceShippingLabel, map[string]string{"recipient_address_hash": "home"})
	at := func(key string, at time.Time) rules.FreightComplaint {
		t.Helper()
		shot := c.judged(opened, rules.EvidencePickup, map[string]string{key: at.Format(time.RFC3339)})
		return rules.PlanComplaint(c.facts, c.rs, "F", []rules.CheckedOriginal{label, shot}, opened).Complaint
	}
	for _, shown := range []time.Time{before, on} {
		got := at("picked_up_at", shown)
		assert.Equal(t, shown, got.PickedUpAt.Time())
		assert.Empty(t, got.Causes, "the scan came late, the pick-up did not")
		assert.Empty(t, got.Missing)
		assert.Empty(t, got.Faults)
	}
	got := at("picked_up_at", after)
	assert.Equal(t, after, got.PickedUpAt.Time())
	assert.Equal(t, []rules.LossCode{rules.LossLatePickup}, lossesOf(got.Causes))
	assert.Equal(t, []rules.EvidenceKind{rules.EvidencePickup}, got.Missing, "it would be refused")
	assert.True(t, got.Faults[0].Has(rules.PreflightLatePickup))

	shot := c.judged(opened, rules.EvidencePickup, map[string]string{"picked_up_at": after.Format(time.RFC3339)})
	shot.Findings = append(shot.Findings, rules.PreflightFinding{Code: rules.PreflightOtherNumber, Verdict: rules.VerdictRefused})
	got = rules.PlanComplaint(c.facts, c.rs, "F", []rules.CheckedOriginal{label, shot}, opened).Complaint
	assert.Equal(t, []rules.LossCode{rules.LossNoPickup, rules.LossLatePickup}, lossesOf(got.Causes), "another parcel's tells nothing")

	got = at("taken_at", on) // picked up before it was taken
	assert.Equal(t, on, got.PickedUpAt.Time())
	assert.Empty(t, got.Causes)
	assert.Empty(t, got.Missing)
	assert.Equal(t, rules.VerdictLook, got.Faults[0].Verdict, "a person sees whether it shows the time")
	got = at("taken_at", after)
	assert.Equal(t, []rules.LossCode{rules.LossNoPickup, rules.LossLatePickup}, lossesOf(got.Causes), "it tells no pick-up time")
}

// What the pre-flight refuses is not there; what it leaves to a person is, and is said; a fact
// of an original that nobody has judged counts, but makes nothing ready.
func TestComplaintHearsThePreflight(t *testing.T) {
	t.Parallel()
	opened := contestStart.Add(60 * time.Hour)
	c := newContested(t)
	c.moves(contestStart.Add(32*time.Hour), rules.PickedUp)
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened})
	original := func(kind rules.EvidenceKind, v rules.Verdict) rules.CheckedOriginal {
		return rules.CheckedOriginal{SHA256: string(kind) + string(v), Preflight: rules.Preflight{Kind: kind, Verdict: v, ShownAt: opened}}
	}
	plan := func(held ...rules.CheckedOriginal) (rules.ComplaintPlan, string) {
		p := rules.PlanComplaint(c.facts, c.rs, "F", held, opened.Add(time.Minute))
		keys := ""
		for _, n := range p.Notices {
			if n.Key != "respond" {
				keys += n.Key + " "
			}
		}
		return p, keys
	}
	pickup, waybill := original(rules.EvidencePickup, rules.VerdictReady), original(rules.EvidenceWaybill, rules.VerdictReady)
	p, keys := plan(pickup, waybill)
	assert.Empty(t, p.Complaint.Missing)
	assert.Equal(t, "ready ", keys)
	p, keys = plan(pickup, original(rules.EvidenceShippingLabel, rules.VerdictRefused))
	assert.Equal(t, []rules.EvidenceKind{rules.EvidenceShippingLabel}, p.Complaint.Missing)
	assert.Equal(t, "unfit/shipping_label/shipping_lab/refused ", keys)
	p, keys = plan(pickup, original(rules.EvidenceShippingLabel, rules.VerdictRefused), waybill)
	assert.Empty(t, p.Complaint.Missing)
	assert.Empty(t, p.Complaint.Faults, "there is a better one")
	assert.Equal(t, "ready ", keys)
	p, keys = plan(pickup, original(rules.EvidenceShippingLabel, rules.VerdictRefused), original(rules.EvidenceWaybill, rules.VerdictLook))
	assert.Empty(t, p.Complaint.Missing)
	assert.Equal(t, rules.EvidenceWaybill, p.Complaint.Faults[0].Kind)
	assert.Equal(t, "ready unfit/waybill/waybilllook/look ", keys)

	c.add(rules.TypeEvidenceAdded, &rules.EvidenceAdded{When: opened, By: "LI", Originals: []rules.Original{{Kind: rules.EvidencePickup, SHA256: "pickup_screenshotrefused"}}})
	assert.Empty(t, c.causes(opened), "the fact alone is believed")
	p, keys = plan(waybill)
	assert.Empty(t, p.Complaint.Missing)
	assert.Empty(t, keys, "nobody has judged it")
	p, _ = plan(waybill, original(rules.EvidencePickup, rules.VerdictRefused))
	assert.Equal(t, []rules.EvidenceKind{rules.EvidencePickup}, p.Complaint.Missing)
	assert.Equal(t, []rules.LossCode{rules.LossNoPickup}, lossesOf(p.Complaint.Causes))
}

// Originals are judged anew when what they are judged by changes, and only then.
func TestContestBasis(t *testing.T) {
	t.Parallel()
	c := newContested(t)
	now := contestStart.Add(100 * time.Hour)
	c.add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: now})
	basis := func() string { return rules.PlanComplaint(c.facts, c.rs, "F", nil, now).Basis }
	was := basis()
	same := func(t *testing.T, want bool) {
		t.Helper()
		is := basis()
		assert.Equal(t, want, was == is)
		was = is
	}
	same(t, true)
	c.add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "F", When: now})
	same(t, true)
	c.evidence(now, rules.EvidenceWaybill)
	same(t, false)
	c.add(rules.TypeAddressChanged, &rules.AddressChanged{When: now, AddressHash: "office"})
	same(t, false)
	c.moves(now.Add(-time.Hour), rules.Delivered)
	same(t, false)
	c.add(rules.TypeDisputeOpened, &rules.Dispute{DisputeID: "D", Kind: rules.DisputeNotReceived, When: now})
	same(t, false)
	same(t, true)
}

// The story of a complaint keeps its order open, restarts one that ended, and is told of each
// fact that it must hear.
func TestComplaintKeepsItsOrder(t *testing.T) {
	t.Parallel()
	c := newContested(t)
	end := contestStart.Add(200 * time.Hour)
	c.add(rules.TypeReceiptConfirmed, &rules.ReceiptConfirmed{When: end})
	require.Equal(t, rules.EndCancelled, rules.PlanOrder(c.facts, c.rs, end).End)
	require.False(t, rules.MustStart(c.facts, c.rs, end))
	told := func(t rules.EventType, d rules.Data) bool {
		before := rules.NewFacts(store, order)
		for e := range c.facts.Events() {
			before.Add(e)
		}
		c.add(t, d)
		return rules.MustTell(before, c.facts, c.rs, d.At())
	}
	opened := end.Add(time.Hour)
	assert.True(t, told(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: "F", When: opened}))
	assert.Empty(t, rules.PlanOrder(c.facts, c.rs, opened).End)
	assert.True(t, rules.MustStart(c.facts, c.rs, opened))
	assert.True(t, told(rules.TypeEvidenceAdded, &rules.EvidenceAdded{When: opened.Add(time.Hour), By: "LI", Originals: []rules.Original{{Kind: rules.EvidenceWaybill}}}))
	assert.True(t, told(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: "F", When: opened.Add(2 * time.Hour)}))
	assert.True(t, told(rules.TypeComplaintDecided, &rules.Complaint{ComplaintID: "F", When: opened.Add(3 * time.Hour)}))
	assert.Equal(t, rules.EndCancelled, rules.PlanOrder(c.facts, c.rs, opened.Add(3*time.Hour)).End)
	assert.False(t, told(rules.TypeEvidenceAdded, &rules.EvidenceAdded{When: opened.Add(4 * time.Hour), By: "LI", Originals: []rules.Original{{Kind: rules.EvidenceOther}}}))
	unknown := rules.NewFacts(store, order)
	unknown.Add(rules.Event{Source: "x", ID: "x", Type: rules.TypeComplaintOpened, Time: opened, Data: &rules.Complaint{ComplaintID: "F", When: opened}})
	assert.False(t, rules.MustStart(unknown, c.rs, opened), "it waits for its order")
}

// Complaints and disputes at random: arrival counts for nothing, a status changes by time only at a
// moment that NextChange names, and the wake of a story never lies behind its deadline.
func TestContestsHoldWhateverTheArrival(t *testing.T) {
	t.Parallel()
	rs := rulestest.Ruleset()
	rapid.Check(t, func(t *rapid.T) {
		events := rulestest.Order(t)
		at := func(label string) time.Time {
			base := rapid.SampledFrom(events).Draw(t, label).Time
			return base.Add(time.Duration(rapid.IntRange(0, 100*3600).Draw(t, label+" later")) * time.Second)
		}
		add := func(kind rules.EventType, d rules.Data) {
			events = append(events, rules.Event{Source: "contest", ID: fmt.Sprint(len(events)), Type: kind, Store: store, Order: order, Time: d.At(), Data: d})
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "complaints") {
			id := fmt.Sprint("F", i%2)
			add(rules.TypeComplaintOpened, &rules.Complaint{ComplaintID: id, When: at("opened")})
			add(rules.TypeComplaintAnswered, &rules.Complaint{ComplaintID: id, When: at("answered")})
			add(rules.TypeComplaintDecided, &rules.Complaint{ComplaintID: id, When: at("decided"), Points: 1})
		}
		add(rules.TypeDisputeAnswered, &rules.Dispute{DisputeID: "D0", Kind: rules.DisputeOther, When: at("dispute answered")})
		add(rules.TypeEvidenceAdded, &rules.EvidenceAdded{When: at("evidence"), By: "LI", Originals: []rules.Original{{Kind: rules.EvidenceRefusal}}})
		now := rulestest.AsOf(t, rs, store, order, events)
		show := func(events []rules.Event, now time.Time) string {
			complaints, disputes := rules.Contested(rulestest.Facts(store, order, events), rs, now)
			s := ""
			for i := range complaints {
				s += complaints[i].ID + complaints[i].Mark() + complaints[i].OpenedAt.String()
			}
			for i := range disputes {
				s += disputes[i].ID + disputes[i].Mark() + disputes[i].OpenedAt.String()
			}
			return s
		}
		if a, b := show(events, now), show(rapid.Permutation(events).Draw(t, "other arrival"), now); a != b {
			t.Fatalf("the arrival counts:\n%s\n%s", a, b)
		}
		facts := rulestest.Facts(store, order, events)
		status := func(now time.Time) string {
			s := rules.PlanOrder(facts, rs, now).End
			complaints, disputes := rules.Contested(facts, rs, now)
			for _, c := range complaints {
				s += " " + c.ID + string(c.Status)
			}
			for _, d := range disputes {
				s += " " + d.ID + string(d.Status)
			}
			return s
		}
		change := rules.NextChange(facts, rs, now)
		until := now.Add(400 * 24 * time.Hour)
		if !change.IsZero() {
			until = change.Add(-time.Second) // missed is from the next whole second on
		}
		if until.After(now) && status(now) != status(until) {
			t.Fatalf("changes between %s and %s:\n%s\n%s", now, until, status(now), status(until))
		}
		complaints, disputes := rules.Contested(facts, rs, now)
		for _, c := range complaints {
			p := rules.PlanComplaint(facts, rs, c.ID, nil, now)
			checkPlan(t, p.StoryPlan, now)
		}
		for _, d := range disputes {
			p := rules.PlanDispute(facts, rs, d.ID, nil, now)
			checkPlan(t, p.StoryPlan, now)
		}
	})
}

func checkPlan(t *rapid.T, p rules.StoryPlan, now time.Time) {
	if p.Next != nil && !p.Next.At.Time().Before(now) && (p.Wake.IsZero() || p.Wake.After(rules.MissedAt(p.Next.At.Time()))) {
		t.Fatalf("at %s it sleeps until %s, beyond %s", now, p.Wake, p.Next.At)
	}
	if p.Live && p.Wake.IsZero() && now.Before(p.Idle) || !p.Wake.IsZero() && !p.Wake.After(now) {
		t.Fatalf("at %s: wake %s", now, p.Wake)
	}
}
