package demo

import (
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/wording"
	"parcelward/internal/sandbox"
)

// The stories of what follows a claim, and of what is none.

// lostOn reports a parcel as lost on the twelfth day, which leaves time for all that follows.
func (s *story) lostOn(o sale, from, to string) (number string, opened time.Duration) {
	s.ordered(o)
	number = s.recorded(20*hour, "")
	s.scan(34*hour, number, rules.PickedUp, from)
	s.scan(7*day, number, rules.ArrivedDestination, to)
	opened = 12 * day
	s.scan(opened, number, rules.Lost, to)
	return number, opened
}

func blurredWaybill(s *story) (Outcome, *sandbox.Fate) {
	number, opened := s.lostOn(sale{buyer: "Nadia Costa", country: "PT", paid: "58.40", freight: "4.40", commission: "4.67", sku: "SPEAKER-B"}, "Shenzhen", "Lisbon")
	s.photographed(23*hour, number, "waybill-blurred.png", 6)
	s.outbound(23*hour, number)
	s.complained(opened-day, number)
	s.confirmed(opened+20*hour, number, "陈敏")
	s.photographed(opened+4*day, number, "waybill-sharp.png", 0)
	s.refunded(opened + 6*day)
	return Outcome{Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "面单拍糊了，预检拦下、暂不提交；期限内补拍清晰面单，随即自动提交并获赔。",
		EN: "A blurred waybill: the pre-flight stopped the filing; a sharp photo came in time, and it was filed and paid.",
	}}, approved()
}

func protected(s *story) (Outcome, *sandbox.Fate) {
	number, opened := s.lostOn(sale{buyer: "Erik Dahl", country: "SE", paid: "66.00", freight: "6.00", commission: "5.28", sku: "LENS-50"}, "Hangzhou", "Malmo")
	s.papers(number, opened-day)
	s.confirmed(opened+20*hour, number, "李伟")
	s.refunded(opened + 5*day)
	s.added(opened+6*day, number, rules.EvidenceCarrierProof, "carrier-statement.png", "CARRIER: LOST IN MALMO.")
	s.scored(opened + 8*day) // the week of the second refusal, and the one before
	s.scored(opened + 11*day)
	fate := &sandbox.Fate{
		Decision: rules.DecisionRejected, DecideAfter: 4 * day, Reason: "出库记录不足以证明已发货 / outbound record not sufficient",
		AppealDecision: rules.DecisionRejected, AppealAfter: 4 * day,
		ProtectDecision: rules.DecisionApproved, ProtectAfter: 4 * day, ProtectPayAfter: 2 * day,
	}
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusClosed}, Beside: Beside{Protection: rules.ProtectionPaid},
		Why: wording.Text{
			ZH: "首次被拒，补充新凭证申诉再次被拒；店铺指标达标，申请卖家保障，获赔损失的 70%。",
			EN: "Rejected, appealed with a new original, refused again; the store's figures are good, so seller protection paid 70 % of the loss.",
		},
	}, fate
}

func morePapers(s *story) (Outcome, *sandbox.Fate) {
	number, opened := s.lostOn(sale{buyer: "Clara Weiss", country: "AT", paid: "74.50", freight: "4.50", commission: "5.96", sku: "COFFEE-M"}, "Ningbo", "Vienna")
	s.papers(number, opened-day)
	s.confirmed(opened+20*hour, number, "陈敏")
	s.added(opened+4*day+12*hour, number, rules.EvidenceProductPhotos, "product.png", "COFFEE-M, AS PACKED")
	s.refunded(opened + 6*day)
	fate := &sandbox.Fate{
		PapersAfter: 2 * day, Papers: []rules.EvidenceKind{rules.EvidenceProductPhotos},
		Decision: rules.DecisionApproved, DecideAfter: 4 * day, PayAfter: 3 * day, PaidLess: "10.00",
	}
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid},
		Beside: Beside{Tickets: []Ticket{{
			ID:    s.ticketID(rules.TopicPayout, "approved-"+s.claimID(number, rules.KindLost, opened)),
			Topic: rules.TopicPayout, Status: rules.TicketSettled,
		}}},
		Why: wording.Text{
			ZH: "平台要求补充材料，及时补交；批准金额比应赔少 10 美元，自动建工单催问，款到后工单了结。",
			EN: "The platform asked for more papers and got them; it approved USD 10 too little, so a ticket was opened, which ended with the payment.",
		},
	}, fate
}

// complainedOf is received in time, after a freight complaint on the way.
func (s *story) complainedOf(o sale) {
	s.ordered(o)
	number := s.recorded(18*hour, "")
	left := s.shipped[number].Sub(s.born)
	s.scan(30*hour, number, rules.PickedUp, "Guangzhou")
	s.upload(left+2*hour, Upload{
		Number: number, Kind: rules.EvidenceShippingLabel, Name: "label.png", By: packer,
		Content: drawn(number, 0, "LABEL "+number, "SHIP TO: AS ORDERED"),
	})
	s.scan(4*day, number, rules.DepartedOrigin, "Guangzhou")
	s.complains(8 * day)
	s.scan(16*day, number, rules.ArrivedDestination, "Lyon")
	s.scan(18*day, number, rules.Delivered, "Lyon")
	s.received(20 * day)
}

func complaintAnswered(s *story) (Outcome, *sandbox.Fate) {
	s.complainedOf(sale{buyer: "Jules Martin", country: "FR", paid: "39.90", freight: "5.90", commission: "3.19", sku: "VASE-3"})
	number, pickedUp := s.parcels[0].Number, s.born.Add(30*hour)
	s.upload(8*day+6*hour, Upload{
		Number: number, Kind: rules.EvidencePickup, Name: "pickup.png", By: service,
		Given:   map[string]string{rules.GivenPickedUpAt: pickedUp.Format(time.RFC3339)},
		Content: drawn("", 0, "PICKED UP "+pickedUp.In(beijing()).Format(time.DateTime), number),
	})
	s.answers(8*day + 23*hour)
	s.judged(11*day, false, 0)
	return Outcome{Stage: rules.StageClosed, Beside: Beside{Complaints: []rules.ComplaintStatus{rules.ComplaintDismissed}}, Why: wording.Text{
		ZH: "运费投诉：第 23 小时提交面单和揽收截图，投诉不成立。",
		EN: "Freight complaint: label and pick-up screenshot handed in at hour 23, and it was dismissed.",
	}}, nil
}

func complaintLost(s *story) (Outcome, *sandbox.Fate) {
	s.complainedOf(sale{buyer: "Amelie Roux", country: "FR", paid: "31.00", freight: "6.00", commission: "2.48", sku: "CLOCK-W"})
	s.answers(8*day + 25*hour)
	s.judged(11*day, true, 2)
	return Outcome{Stage: rules.StageClosed, Beside: Beside{Complaints: []rules.ComplaintStatus{rules.ComplaintUpheld}}, Why: wording.Text{
		ZH: "运费投诉：24 小时内没有回应，第 25 小时才提交为时已晚，判为卖家责任，扣 2 分并冻结货款。",
		EN: "Freight complaint: nobody answered within 24 hours; the answer at hour 25 came too late, and it was lost: 2 points, and the money frozen.",
	}}, nil
}

// reviewWorkdays is how long the platform may take for a decision, by the policy.
const reviewWorkdays = 7

func lateDecision(s *story) (Outcome, *sandbox.Fate) {
	number, opened := s.lostOn(sale{buyer: "Sofia Lind", country: "FI", paid: "92.00", freight: "7.00", commission: "7.36", sku: "MIXER-1"}, "Yiwu", "Helsinki")
	s.papers(number, opened-day)
	confirmed := opened + 20*hour
	s.confirmed(confirmed, number, "李伟")
	s.refunded(opened + 6*day)
	filed := s.lateTicket(confirmed)
	claim := s.claimID(number, rules.KindLost, opened)
	ticket := s.ticketID(rules.TopicReview, claim)
	again := filed + 34*hour // unanswered for a day, and ten hours to do it in
	s.ticketed(filed, ticket, "T-"+s.order)
	s.ticketed(again, ticket, "P-"+s.order)
	fate := &sandbox.Fate{Decision: rules.DecisionApproved, DecideAfter: again + 18*hour - confirmed, PayAfter: 2 * day}
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid},
		Beside: Beside{Tickets: []Ticket{{ID: ticket, Topic: rules.TopicReview, Status: rules.TicketSettled, Number: "P-" + s.order}}},
		Why: wording.Text{
			ZH: "平台审核逾期，自动建工单；24 小时无回复，升级到服务商；随后平台批准并赔付。",
			EN: "The decision was late: a ticket, and when it stayed unanswered for 24 hours the service partner; then approved, and paid.",
		},
	}, fate
}

// lateTicket is noon of the workday after the last moment at which a decision is due on a claim
// that was confirmed then and filed at most slack later.
func (s *story) lateTicket(confirmed time.Duration) time.Duration {
	const slack = 30 * hour
	days, err := calendar.Embedded()
	if err != nil {
		panic("demo: " + err.Error())
	}
	due, _ := days.WorkdayEnd(s.born.Add(confirmed+slack), reviewWorkdays, beijing())
	next, _ := days.WorkdayEnd(due, 1, beijing())
	return next.Truncate(time.Second).Add(time.Second - 12*hour).Sub(s.born)
}
