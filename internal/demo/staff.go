package demo

import (
	"fmt"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/sandbox"
	"parcelward/internal/sandbox/aliexpress"
)

// Upload is an original that a person puts into the vault.
type Upload struct {
	Store, Order string
	Number       string // of the parcel; empty: of the order as a whole
	Kind         rules.EvidenceKind
	Name, By     string
	Given        map[string]string // what the uploader states, by the rules.Given… keys
	Content      []byte
}

// Scores are what a person reads off the seller centre of a store, and enters.
type Scores struct {
	Store, By string
	Week      string // such as 2026-W10
	rules.HealthScores
}

// Ticket is what became of a ticket that a story's claim had opened.
type Ticket struct {
	ID     string // of its workflow
	Topic  rules.TicketTopic
	Status rules.TicketStatus
	Number string // of its latest filing; empty: nobody filed it
}

// The demo's people.
const (
	packer  = "周婷" // packs, and keeps the warehouse's papers
	service = "李伟" // speaks with buyers and with the platform
)

// beijing is the platform's zone, in which papers are dated.
func beijing() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

func (s *story) upload(after time.Duration, u Upload) {
	u.Store, u.Order = s.store, s.order
	s.sent = append(s.sent, Sent{At: s.born.Add(after), Upload: &u})
}

// waybill uploads a parcel's label as its PDF.
func (s *story) waybill(after time.Duration, number string) {
	s.upload(after, Upload{
		Number: number, Kind: rules.EvidenceWaybill, Name: "waybill-" + number + ".pdf", By: packer,
		Given: s.labelled(number), Content: aliexpress.Waybill(number),
	})
}

// photographed uploads the same as a photo.
func (s *story) photographed(after time.Duration, number, name string, blur int) {
	given := s.labelled(number)
	s.upload(after, Upload{
		Number: number, Kind: rules.EvidenceWaybill, Name: name, By: packer, Given: given,
		Content: drawn(number, blur, "WAYBILL "+number, "SHIPPED "+given[rules.GivenShipDate]+"  0.42 KG"),
	})
}

// labelled is what is read off a label.
func (s *story) labelled(number string) map[string]string {
	return map[string]string{
		rules.GivenShipDate: s.shipped[number].In(beijing()).Format(time.DateOnly), rules.GivenWeight: "0.42", rules.GivenVolume: "1800",
	}
}

// papers keeps what a claim will need: the warehouse's papers when a parcel leaves, the buyer's
// words at a later moment.
func (s *story) papers(number string, asked time.Duration) {
	left := s.shipped[number].Sub(s.born) + 2*hour
	s.waybill(left, number)
	s.outbound(left, number)
	s.complained(asked, number)
}

// outbound uploads the warehouse's record.
func (s *story) outbound(after time.Duration, number string) {
	s.upload(after, Upload{
		Number: number, Kind: rules.EvidenceOutbound, Name: "outbound-" + number + ".csv", By: packer,
		Content: table([]any{s.order, number, s.sku, s.pieces[number], s.shipped[number].In(beijing()).Format(time.DateTime)}),
	})
}

// complained uploads what the buyer wrote, which a person has looked at.
func (s *story) complained(after time.Duration, number string) {
	s.upload(after, Upload{
		Number: number, Kind: rules.EvidenceMessages, Name: "messages-" + s.order + ".txt", By: service, Given: map[string]string{rules.GivenLookedBy: service},
		Content: fmt.Appendf(nil, "%s\nbuyer: Where is my parcel %s? I have not received it.\nseller: We are asking the carrier.\n", s.order, number),
	})
}

// added uploads a further original, for an appeal or because the platform asks for one.
func (s *story) added(after time.Duration, number string, kind rules.EvidenceKind, name string, lines ...string) {
	s.upload(after, Upload{
		Number: number, Kind: kind, Name: name, By: service, Given: map[string]string{rules.GivenLookedBy: service}, Content: drawn("", 0, append(lines, number)...),
	})
}

// scored: a person enters what the seller centre shows of the store in that week.
func (s *story) scored(after time.Duration) {
	at := s.born.Add(after)
	rate := decimal.MustParse("97.4")
	score := decimal.MustParse("4.8")
	s.sent = append(s.sent, Sent{At: at, Scores: &Scores{
		Store: s.store, By: service, Week: rules.WeekOf(at, beijing()).String(),
		HealthScores: rules.HealthScores{ServiceScore: &score, PositiveRatePercent: &rate, Programmes: []string{"anxinda"}},
	}})
}

// complaint is the number of the order's freight complaint.
func (s *story) complaint() string { return "FC-" + s.order }

func (s *story) complains(after time.Duration) {
	s.tell(after, fromShop, rules.TypeComplaintOpened, func(at time.Time) rules.Data {
		return &rules.Complaint{ComplaintID: s.complaint(), When: at}
	})
}

func (s *story) answers(after time.Duration) {
	s.tell(after, fromStaff, rules.TypeComplaintAnswered, func(at time.Time) rules.Data {
		return &rules.Complaint{ComplaintID: s.complaint(), When: at}
	})
}

func (s *story) judged(after time.Duration, upheld bool, points int) {
	s.tell(after, fromShop, rules.TypeComplaintDecided, func(at time.Time) rules.Data {
		return &rules.Complaint{ComplaintID: s.complaint(), When: at, Upheld: &upheld, Points: points}
	})
}

// claimID is the number that the invented platform gives to the claim of a case.
func (s *story) claimID(number string, kind rules.CaseKind, opened time.Duration) string {
	id := rules.CaseID{TrackingNumber: number, Kind: kind, OpenedAt: s.born.Add(opened)}
	return sandbox.ClaimID(protocol.ClaimWorkflowID(s.store, s.order, id) + "#file")
}

// ticketID is the workflow ID of the ticket that a claim opens.
func (s *story) ticketID(topic rules.TicketTopic, serial string) string {
	return protocol.TicketWorkflowID(s.store, s.order, topic, protocol.TicketSerial(serial))
}

// ticketed: a person hands a ticket in, and notes the number that it got.
func (s *story) ticketed(after time.Duration, about, number string) {
	s.tell(after, fromStaff, rules.TypeTicketFiled, func(at time.Time) rules.Data {
		return &rules.Ticket{TicketID: number, When: at, About: about}
	})
}
