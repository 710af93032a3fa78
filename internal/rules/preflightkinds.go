package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules/policy"
)

// outbound judges a warehouse's record: of this order, with a time stamp before the first scan,
// and the order's SKUs.
func (j *judge) outbound() {
	rows := j.sight.Outbound
	if j.sight.Form != policy.FormTable || j.sight.Unsees(UnseenColumns) {
		// What its uploader states is compared; that the picture shows it a person must see.
		j.find(VerdictLook, PreflightOutboundPicture, "", "")
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
	var late time.Time
	timeless := false
	for _, r := range rows {
		timeless = timeless || r.At.IsZero()
		late = later(late, r.At)
	}
	switch {
	case timeless:
		j.find(VerdictRefused, PreflightOutboundTime, "", "")
	case !j.Moved:
		j.find(VerdictLook, PreflightOutboundScan, j.at(late), "")
	case !j.FirstScan.IsZero() && late.After(j.FirstScan):
		j.find(VerdictRefused, PreflightOutboundLate, j.at(late), "<= "+j.at(j.FirstScan))
	}
	j.skus(rows)
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

// ownRows are the rows of the order and the parcel; a record that names neither is of this one.
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

// messages judges a conversation: the platform's own, of this order, in which the buyer says
// that nothing came or that it was refused.
func (j *judge) messages() {
	if j.Source != SourcePlatform {
		j.find(VerdictLook, PreflightNotInbox, cmp.Or(j.Source, "?"), SourcePlatform)
	}
	if j.sight.Form != policy.FormMessages {
		j.find(VerdictLook, PreflightMessagesText, j.sight.Form, policy.FormMessages)
		return
	}
	var own, said []Message
	others := ""
	for _, m := range j.sight.Messages {
		switch {
		case j.Order != "" && m.Order != j.Order:
			others = cmp.Or(m.Order, "?")
			continue
		case m.From == FromBuyer:
			said = append(said, m)
		}
		own = append(own, m)
	}
	switch {
	case len(own) == 0:
		j.find(VerdictRefused, PreflightOtherOrder, others, j.Order)
		return
	case len(said) == 0:
		j.find(VerdictRefused, PreflightNoBuyer, "", "")
		return
	}
	e := &j.policy.Evidence
	complaints := newPhrases(e.NotReceivedPhrases.Value, e.RefusalPhrases.Value)
	receipts := newPhrases(e.ReceivedPhrases.Value)
	var shown, received time.Time
	found, came := false, false
	for _, m := range said {
		switch {
		case complaints.in(m.Text):
			found, shown = true, later(shown, m.At)
		case receipts.in(m.Text) && !m.At.Before(received):
			received, came = m.At, true
		}
	}
	switch { // findings go where a buyer's words have no business: they name the message by its time
	case came && (!found || !received.Before(shown)):
		j.find(VerdictLook, PreflightReceived, j.at(received), "")
	case !found:
		j.find(VerdictLook, PreflightNotShown, j.at(said[len(said)-1].At), "")
	}
}

// phrases are what people write, in the form of plain.
type phrases []string

func newPhrases(lists ...map[string][]string) phrases {
	var all phrases
	for _, list := range lists {
		for _, texts := range list {
			for _, text := range texts {
				all = append(all, plain(text))
			}
		}
	}
	return all
}

// in tells whether a text holds one of the phrases. A phrase of letters begins where a word
// begins, so that "not received" is no "received".
func (p phrases) in(text string) bool {
	text = " " + plain(text)
	return slices.ContainsFunc(p, func(phrase string) bool {
		if r := []rune(phrase); len(r) > 0 && unicode.In(r[0], unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
			return strings.Contains(text, phrase)
		}
		return strings.Contains(text, " "+phrase)
	})
}

// plain is a text without case, accents, apostrophes, punctuation and surplus spaces.
func plain(text string) string {
	folded := cases.Fold().String(norm.NFKC.String(text))
	var b strings.Builder
	for _, r := range norm.NFD.String(folded) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`', r == '´':
		case r == 'ı': // Turkish
			b.WriteByte('i')
		case r == 'ł': // Polish; it has no decomposition
			b.WriteByte('l')
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
}

// unknownZone is how far a clock without a zone may be from one in the platform's.
const unknownZone = 20 * time.Hour

// refusal judges a video or photo of a refused parcel: its time mark inside the dispute period,
// and the label visible.
func (j *judge) refusal() {
	at, stated := j.moment(GivenTakenAt)
	exact := stated
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
// took the parcel, within the policy's time from paid. Where nobody states that time, the parcel
// was picked up before the screenshot was taken: one taken in time is for a person, who sees
// whether it shows the time; one taken later tells nothing.
func (j *judge) pickup() {
	at, stated := j.moment(GivenPickedUpAt)
	due := j.PaidAt.Add(j.policy.Complaint.PickupWithin.Value.Std())
	if !stated {
		if strings.TrimSpace(j.Given[GivenPickedUpAt]) != "" {
			return // it cannot be read, and that is found
		}
		taken, told := j.moment(GivenTakenAt)
		if !told && j.sight.TakenAtZone {
			taken = j.sight.TakenAt
		}
		if taken.IsZero() || j.PaidAt.IsZero() || taken.After(due) {
			j.find(VerdictRefused, PreflightNoPickup, "", "")
			return
		}
		j.shownAt = taken
		j.find(VerdictLook, PreflightNoPickup, j.at(taken), "")
		return
	}
	j.shownAt = at
	switch {
	case j.PaidAt.IsZero():
		j.find(VerdictLook, PreflightPaid, j.at(at), "")
	case at.After(due):
		j.find(VerdictRefused, PreflightLatePickup, j.at(at), "<= "+j.at(due))
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
