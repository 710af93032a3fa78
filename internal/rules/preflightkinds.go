package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules/policy"
)

// outbound judges a warehouse's record: of this order, with a time stamp from the order on and
// before the first scan, and the order's SKUs.
func (j *judge) outbound() {
	if j.Order == "" {
		j.find(VerdictLook, PreflightNoOrder, "", "")
	}
	rows, read := j.sight.Outbound, true
	if j.sight.Form != policy.FormTable || j.sight.Unsees(UnseenColumns) {
		// What its uploader states is compared; that the picture shows it a person must see.
		j.find(VerdictLook, PreflightOutboundPicture, "", "")
		read = false
		var stated bool
		if rows, stated = j.statedRows(); !stated {
			return
		}
	}
	rows = j.ownRows(rows)
	if len(rows) == 0 {
		j.find(VerdictRefused, PreflightOutboundNone, "", strings.Join(append([]string{j.Order}, j.Numbers...), ", "))
		return
	}
	if read && slices.ContainsFunc(rows, func(r OutboundRow) bool { return r.Order == "" && r.Number == "" }) {
		j.find(VerdictLook, PreflightOutboundNameless, "", strings.Join(append([]string{j.Order}, j.Numbers...), ", "))
	}
	j.stamps(rows)
	j.skus(rows)
}

// stamps judges the times of a record's rows. "Before" the first scan is strict (formats.md).
func (j *judge) stamps(rows []OutboundRow) {
	var first, last time.Time
	for _, r := range rows {
		if r.At.IsZero() {
			j.find(VerdictRefused, PreflightOutboundTime, "", "")
			return
		}
		first, last = sooner(first, r.At), later(last, r.At)
	}
	if j.beforeOrder(first) {
		j.find(VerdictLook, PreflightOutboundEarly, j.at(first), ">= "+j.at(j.CreatedAt))
	}
	switch {
	case !j.Moved:
		j.find(VerdictLook, PreflightOutboundScan, j.at(last), "")
	case !j.FirstScan.IsZero() && !last.Before(j.FirstScan):
		j.find(VerdictRefused, PreflightOutboundLate, j.at(last), "< "+j.at(j.FirstScan))
	}
}

// beforeOrder tells whether a moment, which papers show in whole seconds, lies before the order.
func (j *judge) beforeOrder(t time.Time) bool {
	return !j.CreatedAt.IsZero() && t.Before(j.CreatedAt.Truncate(time.Second))
}

// statedRows are the rows that the uploader states of a record that no machine reads.
func (j *judge) statedRows() ([]OutboundRow, bool) {
	skus := strings.TrimSpace(j.Given[GivenSKUs])
	recorded, timed := j.moment(GivenRecordedAt)
	if skus == "" && !timed {
		return nil, false
	}
	var rows []OutboundRow
	for part := range strings.SplitSeq(skus, ",") {
		sku, count, counted := strings.Cut(part, "=")
		row := OutboundRow{At: recorded, SKU: strings.TrimSpace(sku)}
		if counted {
			n, err := strconv.Atoi(strings.TrimSpace(count))
			if err != nil || n < 1 {
				j.unread(GivenSKUs, part, "SKU=1")
				continue
			}
			row.Quantity = n
		}
		rows = append(rows, row)
	}
	return rows, true
}

// ownRows are the rows of the order and the parcel, and those that name neither.
func (j *judge) ownRows(rows []OutboundRow) []OutboundRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r OutboundRow) bool {
		return r.Order != "" && j.Order != "" && r.Order != j.Order ||
			r.Number != "" && len(j.Numbers) > 0 && !slices.Contains(j.Numbers, r.Number)
	})
}

// skus compares a record's SKUs and quantities with the parcel's.
func (j *judge) skus(rows []OutboundRow) {
	if len(j.Items) == 0 {
		j.find(VerdictLook, PreflightSKUsUnknown, "", "")
		return
	}
	wanted, shown, uncounted := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, item := range j.Items {
		wanted[skuKey(item.SKU)] += item.Quantity
	}
	for _, r := range rows {
		key := skuKey(r.SKU)
		shown[key] += r.Quantity
		uncounted[key] = uncounted[key] || r.Quantity == 0
		if _, ours := wanted[key]; !ours {
			j.find(VerdictRefused, PreflightSKUOther, cmp.Or(r.SKU, "—"), "")
		}
	}
	told := map[string]bool{}
	for _, item := range j.Items {
		key := skuKey(item.SKU)
		if told[key] {
			continue
		}
		told[key] = true
		n, there := shown[key]
		switch {
		case !there:
			j.find(VerdictRefused, PreflightSKUMissing, "", item.SKU)
		case uncounted[key]:
			j.find(VerdictLook, PreflightQuantity, item.SKU+" × ?", fmt.Sprintf("%s × %d", item.SKU, wanted[key]))
		case n != wanted[key]:
			j.find(VerdictRefused, PreflightQuantity, fmt.Sprintf("%s × %d", item.SKU, n), fmt.Sprintf("%s × %d", item.SKU, wanted[key]))
		}
	}
}

// skuKey is a SKU as two spellings of it are compared.
func skuKey(sku string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(sku))), " ")
}

// unknownZone is how far a clock without a zone may be from one in the platform's.
const unknownZone = 20 * time.Hour

// clockSlack is how far a stated time may be from the one that a camera, or the vault, notes. Ours.
const clockSlack = time.Hour

// noted are the moments at which the original was taken by other witnesses than its uploader's
// statement, each with how far off it may be.
func (j *judge) noted() []notedTime {
	var list []notedTime
	if at := j.sight.TakenAt; !at.IsZero() {
		slack := clockSlack
		if !j.sight.TakenAtZone {
			slack += unknownZone
		}
		list = append(list, notedTime{at, slack})
	}
	if !j.TakenAt.IsZero() {
		list = append(list, notedTime{j.TakenAt, clockSlack})
	}
	return list
}

type notedTime struct {
	at    time.Time
	slack time.Duration
}

// sameTaken compares when the original was taken, as stated, with the other witnesses.
func (j *judge) sameTaken(stated time.Time) {
	for _, n := range j.noted() {
		if stated.Sub(n.at).Abs() > n.slack {
			j.find(VerdictLook, PreflightTimesDiffer, j.at(stated), j.at(n.at))
			return
		}
	}
}

// shownBefore compares a time that a picture shows: it must lie before the picture was taken.
func (j *judge) shownBefore(shown time.Time) {
	for _, n := range j.noted() {
		if shown.Sub(n.at) > n.slack {
			j.find(VerdictLook, PreflightTimesDiffer, j.at(shown), "<= "+j.at(n.at))
			return
		}
	}
}

// refusal judges a video or photo of a refused parcel: its time mark inside the dispute period,
// and the label visible.
func (j *judge) refusal() {
	at, stated := j.moment(GivenTakenAt)
	exact := stated
	if stated {
		j.sameTaken(at)
	}
	if !stated && !j.sight.TakenAt.IsZero() {
		at, exact = j.sight.TakenAt, j.sight.TakenAtZone
	}
	j.shownAt = at
	switch period := j.at(j.DisputeFrom) + " – " + j.at(j.DisputeTo); {
	case at.IsZero():
		j.find(VerdictLook, PreflightNoTimeMark, "", "")
	case j.DisputeFrom.IsZero():
		j.find(VerdictLook, PreflightPeriod, j.at(at), "")
	case !exact && (at.Add(unknownZone).Before(j.DisputeFrom) || at.Add(-unknownZone).After(j.DisputeTo)),
		exact && (at.Before(j.DisputeFrom) || at.After(j.DisputeTo)):
		j.find(VerdictRefused, PreflightTimeMark, j.at(at), period)
	case !exact && (at.Add(-unknownZone).Before(j.DisputeFrom) || at.Add(unknownZone).After(j.DisputeTo)):
		j.find(VerdictLook, PreflightMarkZone, at.Format(time.DateTime), period)
	}
	if j.sight.Form == policy.FormPicture {
		j.label()
	}
}

// pickup judges the screenshot that a freight complaint wants: the time at which the carrier
// took the parcel, from the order on and within the policy's time from paid. Where nobody states
// that time, the parcel was picked up before the screenshot was taken: one taken in time is for a
// person, who sees whether it shows the time; one taken later tells nothing. It need not show a
// code, but never another parcel's.
func (j *judge) pickup() {
	j.otherLabel()
	at, stated := j.moment(GivenPickedUpAt)
	taken, told := j.moment(GivenTakenAt)
	if told {
		j.sameTaken(taken)
	}
	if !stated {
		if strings.TrimSpace(j.Given[GivenPickedUpAt]) != "" {
			return // it cannot be read, and that is found
		}
		if !told && j.sight.TakenAtZone {
			taken = j.sight.TakenAt
		}
		j.unstatedPickup(taken)
		return
	}
	j.shownAt = at
	j.shownBefore(at)
	switch due := j.pickupDue(); {
	case j.beforeOrder(at):
		j.find(VerdictRefused, PreflightPickupEarly, j.at(at), ">= "+j.at(j.CreatedAt))
	case j.PaidAt.IsZero():
		j.find(VerdictLook, PreflightPaid, j.at(at), "")
	case at.After(due):
		j.find(VerdictRefused, PreflightLatePickup, j.at(at), "<= "+j.at(due))
	}
}

func (j *judge) pickupDue() time.Time {
	return j.PaidAt.Add(j.policy.Complaint.PickupWithin.Value.Std())
}

// unstatedPickup judges a screenshot by when it was taken; zero: nobody knows.
func (j *judge) unstatedPickup(taken time.Time) {
	switch {
	case taken.IsZero() || j.PaidAt.IsZero() || taken.After(j.pickupDue()):
		j.find(VerdictRefused, PreflightNoPickup, "", "")
	case j.beforeOrder(taken):
		j.find(VerdictRefused, PreflightPickupEarly, j.at(taken), ">= "+j.at(j.CreatedAt))
	default:
		j.shownAt = taken
		j.find(VerdictLook, PreflightNoPickup, j.at(taken), "")
	}
}

// stated is the hash of the recipient that the uploader read on a label; empty: none.
func (j *judge) stated() string {
	if hash := strings.ToLower(strings.TrimSpace(j.Given[GivenAddressHash])); hash != "" {
		return hash
	}
	return AddressHash("", "", "", strings.TrimSpace(j.Given[GivenAddress]), "")
}

// address compares the recipient on a label with the order's, by hash.
func (j *judge) address() {
	hash := j.stated()
	j.hash = hash
	switch {
	case hash == "" && j.Given == nil:
		j.find(VerdictReady, PreflightNoAddress, "", "")
	case hash == "" || j.AddressHash == "":
		j.find(VerdictLook, PreflightNoAddress, "", "")
	case !strings.EqualFold(hash, j.AddressHash):
		j.find(VerdictRefused, PreflightAddress, shortHash(hash), shortHash(j.AddressHash))
	}
}

// shortHash is as much of a hash as tells two apart.
func shortHash(hash string) string { return hash[:min(len(hash), 12)] }
