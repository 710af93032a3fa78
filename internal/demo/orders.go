package demo

import (
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/sandbox"
)

// The policy's numbers that the stories count on, in days. A test plays every story against
// the pack in force, so that they cannot drift apart.
const (
	threshold = 30 * day // of standard goods
	linehaul  = 7 * day  // more after the departure from the country of origin
)

func approved() *sandbox.Fate {
	return &sandbox.Fate{Decision: rules.DecisionApproved, DecideAfter: 5 * day, PayAfter: 2 * day}
}

func delivered(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Lucía Ferrer", country: "ES", freeShipping: true, paid: "25.90", commission: "2.07", sku: "SCARF-RED"})
	number := s.recorded(20*hour, "")
	s.scan(32*hour, number, rules.PickedUp, "Hangzhou")
	s.scan(3*day, number, rules.DepartedOrigin, "Shanghai")
	s.scan(10*day, number, rules.ArrivedDestination, "Madrid")
	s.scan(14*day, number, rules.OutForDelivery, "Valencia")
	s.scanned(15*day, number, rules.Row{Milestone: rules.Delivered, Location: "Valencia", SignedBy: "LUCÍA  FERRER"})
	s.received(18 * day)
	return Outcome{Stage: rules.StageClosed, Why: wording.Text{
		ZH: "按时发货、按时上网，妥投后买家确认收货。",
		EN: "Shipped and scanned in time, delivered, and received by the buyer.",
	}}, nil
}

func stalledPaid(s *story) (Outcome, *sandbox.Fate) {
	s.by("YANWEN", "YANWEN_ECONOMY")
	s.ordered(sale{buyer: "Emil Novak", country: "GB", paid: "88.20", freight: "6.20", commission: "7.06", tax: "1.14", sku: "DRILL-18V"})
	number := s.recorded(22*hour, "")
	s.scan(40*hour, number, rules.PickedUp, "Yiwu")
	s.scan(5*day, number, rules.DepartedOrigin, "Guangzhou")
	const opened = 5*day + linehaul + threshold
	s.papers(number, opened-2*day)
	s.alerted(opened+12*hour, number)
	s.confirmed(opened+20*hour, number, "陈敏")
	s.refunded(opened + 5*day)
	return Outcome{Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "离境后再无轨迹：7 天静默期加 30 天，判定停滞；及时确认、提交，平台赔付。",
		EN: "Silent after leaving the country: 7 days of line-haul and 30 more, then a stall; confirmed and filed in time, and paid.",
	}}, approved()
}

func unconfirmed(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Tom Whitfield", country: "US", paid: "35.00", freight: "5.00", commission: "2.80", sku: "MUG-SET"})
	number := s.recorded(30*hour, "")
	s.scan(2*day, number, rules.PickedUp, "Shenzhen")
	s.scan(8*day, number, rules.InTransit, "Hong Kong")
	const opened = 8*day + threshold
	s.alerted(opened+26*hour, number)
	s.refunded(opened + 8*day)
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusExpired}, Reasons: []string{rules.ReasonWindowClosed},
		Why: wording.Text{
			ZH: "预警后 72 小时内没有人到卖家后台确认异常，索赔机会作废。",
			EN: "Nobody confirmed within 72 hours of the alert, and the claim was gone.",
		},
	}, nil
}

func lost(s *story) (Outcome, *sandbox.Fate) {
	s.by("YANWEN", "YANWEN_ECONOMY")
	s.ordered(sale{
		buyer: "Ingrid Solberg", country: "NO", currency: "CNY", usdRate: "0.1382", paid: "540.00", freight: "40.00",
		commission: "43.20", sku: "TENT-4P", pieces: 2,
	})
	first := s.recorded(18*hour, "A")
	second := s.recorded(26*hour, "B")
	s.scan(36*hour, first, rules.PickedUp, "Xiamen")
	s.scan(44*hour, second, rules.PickedUp, "Xiamen")
	s.scan(9*day, first, rules.ArrivedDestination, "Oslo")
	s.scan(9*day, second, rules.ArrivedDestination, "Oslo")
	s.scan(12*day, first, rules.Delivered, "Bergen")
	const opened = 14 * day
	s.scan(opened, second, rules.Lost, "Oslo")
	s.papers(second, opened-day)
	s.confirmed(opened+20*hour, second, "陈敏")
	s.refunded(opened + 5*day)
	return Outcome{Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "一单两个包裹，一个妥投，一个丢失；订单按人民币付款，赔付按汇率折成美元。",
		EN: "Two parcels: one arrived, one was lost. Paid for in CNY, so the payout is reckoned in USD by the order's rate.",
	}}, approved()
}

func lateNumber(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Hana Kim", country: "KR", paid: "19.80", freight: "2.00", commission: "1.58", sku: "PHONE-CASE"})
	number := s.recorded(80*hour, "")
	s.scan(4*day, number, rules.PickedUp, "Dongguan")
	s.scan(7*day, number, rules.InTransit, "Weihai")
	s.refunded(7*day + threshold + 44*hour)
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusClosed}, Reasons: []string{rules.ReasonLateNumber, rules.ReasonWindowClosed},
		Why: wording.Text{
			ZH: "运单号在下单 72 小时后才录入，平台视为未使用官方物流；停滞后卖家只能自行退款。",
			EN: "The number came more than 72 hours after the order, so the platform pays nothing; when the parcel stalled the seller refunded.",
		},
	}, nil
}

func noTaxID(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Rafael Moura", country: "BR", paid: "47.00", freight: "4.50", commission: "3.76", sku: "HEADSET-X"})
	const recorded = 24 * hour
	number := s.recorded(recorded, "")
	s.scan(30*hour, number, rules.InfoReceived, "Shenzhen")
	s.refunded(recorded + threshold + 44*hour)
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusClosed}, Reasons: []string{rules.ReasonMissingTaxID, rules.ReasonWindowClosed},
		Why: wording.Text{
			ZH: "发往巴西却没有 CPF：全程没有轨迹，索赔必然失败，卖家退款了事。",
			EN: "To Brazil without a CPF: no scan ever came, no claim would be paid, and the seller refunded.",
		},
	}, nil
}

func customsHold(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Inna Petrova", country: "UA", paid: "73.40", freight: "5.40", commission: "5.87", sku: "CAMERA-MINI"})
	number := s.recorded(21*hour, "")
	s.scan(38*hour, number, rules.PickedUp, "Shenzhen")
	s.scan(9*day, number, rules.CustomsHold, "Kyiv")
	s.customsDocument(20*day, number)
	const opened = 9*day + threshold
	s.papers(number, opened-2*day)
	s.confirmed(opened+20*hour, number, "陈敏")
	s.refunded(opened + 5*day)
	return Outcome{Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "海关查验期间及时提交清关文件，提交索赔的期限延长 7 天；最终获赔。",
		EN: "Held by customs; the clearance document came in time and moved the filing deadline by 7 days. Paid.",
	}}, approved()
}

func rejectedAppealedPaid(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Maeve Doyle", country: "AU", paid: "132.00", freight: "9.00", commission: "10.56", tax: "2.00", sku: "DRONE-S"})
	number := s.recorded(20*hour, "")
	s.scan(34*hour, number, rules.PickedUp, "Hangzhou")
	s.scan(7*day, number, rules.ArrivedDestination, "Sydney")
	const opened = 7*day + threshold
	s.papers(number, opened-2*day)
	s.confirmed(opened+20*hour, number, "李伟")
	s.refunded(opened + 5*day)
	s.added(opened+6*day, number, rules.EvidenceCarrierProof, "carrier-statement.png", "CARRIER: NO SCAN SINCE", "ARRIVAL IN SYDNEY.")
	fate := &sandbox.Fate{
		Decision: rules.DecisionRejected, DecideAfter: 4 * day, Reason: "物流底单不清晰 / waybill not legible",
		AppealDecision: rules.DecisionApproved, AppealAfter: 4 * day, PayAfter: 2 * day,
	}
	return Outcome{Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "首次提交被拒，72 小时内补充原始凭证申诉，复审通过，按上限赔付。",
		EN: "Rejected at first, appealed within 72 hours with further originals, approved, and paid up to the cap.",
	}}, fate
}

func stranger(s *story) (Outcome, *sandbox.Fate) {
	s.by("4PX", "4PX_STANDARD")
	s.ordered(sale{buyer: "Oscar Lindqvist", country: "NZ", freeShipping: true, paid: "54.00", commission: "4.32", sku: "JACKET-M"})
	number := s.recorded(19*hour, "")
	s.scan(35*hour, number, rules.PickedUp, "Ningbo")
	s.scan(8*day, number, rules.ArrivedDestination, "Auckland")
	const opened = 13 * day
	s.scanned(opened, number, rules.Row{Milestone: rules.Delivered, Location: "Auckland", SignedBy: "J. Unknown"})
	s.papers(number, opened+6*hour)
	s.confirmed(opened+20*hour, number, "李伟")
	return Outcome{Stage: rules.StageDelivered, Cases: []rules.CaseStatus{rules.StatusPaid}, Why: wording.Text{
		ZH: "签收人不是买家本人且无授权，按签收异常索赔成功。",
		EN: "Signed for by somebody else without authority; claimed as such, and paid.",
	}}, approved()
}

func resumed(s *story) (Outcome, *sandbox.Fate) {
	s.ordered(sale{buyer: "Paul Meier", country: "CH", paid: "28.60", freight: "3.00", commission: "2.29", sku: "BACKPACK-20L"})
	number := s.recorded(25*hour, "")
	s.scan(42*hour, number, rules.PickedUp, "Shanghai")
	s.scan(6*day, number, rules.InTransit, "Urumqi")
	const opened = 6*day + threshold
	s.scan(opened+2*day, number, rules.InTransit, "Zurich")
	s.scan(opened+7*day, number, rules.Delivered, "Basel")
	s.received(opened + 9*day)
	return Outcome{
		Stage: rules.StageClosed, Cases: []rules.CaseStatus{rules.StatusResumed}, Reasons: []string{rules.ReasonReceipt, rules.ReasonWindowClosed},
		Why: wording.Text{
			ZH: "停滞 30 天后轨迹恢复，案件自动结束，随后妥投、确认收货。",
			EN: "Stalled for 30 days, then moved again: the case ended by itself, and the parcel arrived.",
		},
	}, nil
}

func bulky(s *story) (Outcome, *sandbox.Fate) {
	s.by("4PX", "4PX_STANDARD")
	s.ordered(sale{buyer: "Grace Otieno", country: "KE", category: rules.Bulky, paid: "210.00", freight: "60.00", commission: "16.80", sku: "DESK-OAK"})
	number := s.recorded(28*hour, "")
	s.scan(2*day, number, rules.PickedUp, "Foshan")
	s.scan(4*day, number, rules.InTransit, "Guangzhou")
	s.scan(43*day, number, rules.ArrivedDestination, "Mombasa")
	s.scan(48*day, number, rules.Delivered, "Nairobi")
	s.received(50 * day)
	return Outcome{Stage: rules.StageClosed, Why: wording.Text{
		ZH: "大件海运静默 39 天，未到 45 天门槛，不算停滞。",
		EN: "Bulky goods, 39 days at sea without a scan: below the threshold of 45, so never a stall.",
	}}, nil
}
