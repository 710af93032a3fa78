package wording

import (
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// PapersUnready tells why a machine does not file with the papers that there are, original by
// original, and what to do.
func PapersUnready(p *rules.Papers, store, order, number string, fileBy time.Time, pack *policy.Pack) Text {
	loc := pack.Location()
	t := both("【订单 %s，运单号 %s】凭证还不能提交，系统不会代为提交。", "[Order %s, parcel %s] The papers are not fit to be filed, and no machine files them.", store+"/"+order, number)
	if len(p.Missing) > 0 {
		t = t.and(both("缺少：%s。", "Missing: %s.", join(each(p.Missing, func(k rules.EvidenceKind) Text { return Evidence(string(k)) }))))
	}
	for _, o := range p.Faults() {
		t = t.and(both("%s（%s）：%s。", "%s (%s): %s.", Evidence(string(o.Kind)), o.Name, Verdict(o.Verdict)))
		for _, f := range o.Findings {
			if f.Verdict != rules.VerdictReady {
				t = t.and(Preflight(f, pack))
			}
		}
	}
	if from, ok := p.FileFrom(rules.Ruleset{Pack: pack}, fileBy); ok {
		return t.and(both("请人工核对；核对无误请在上传时填写 looked_by。无人处理时，系统将于 %s 照此提交（截止 %s）。",
			"Look at them, and say so by looked_by. If nobody does, they are filed as they are from %s on (the time ends %s).", clock(from, loc), clock(fileBy, loc)))
	}
	return t.and(both("请补齐或更换后重新上传，截止 %s；系统会自动重新预检并提交。", "Add or replace them by %s: they are judged again at once, and filed.", clock(fileBy, loc)))
}

// aftermath is what people are told once a claim is filed: papers that the platform wants,
// money that differs, seller protection. p may be nil.
func aftermath(code string, p *rules.ClaimPlan, by Text, loc *time.Location) Text {
	switch {
	case code == rules.NoticePapers && p != nil && p.Papers != nil:
		t := both("平台要求补充材料，截止 %s。", "The platform wants more papers by %s.", by)
		if len(p.Papers.Kinds) > 0 {
			kinds := make([]string, len(p.Papers.Kinds))
			for i, k := range p.Papers.Kinds {
				kinds[i] = string(k)
			}
			t = t.and(both("需要：%s。", "Wanted: %s.", join(each(kinds, Evidence))))
		}
		if p.Papers.Reason != "" {
			t = t.and(both("平台说明：%s", "The platform says: %s", p.Papers.Reason))
		}
		return t
	case code == rules.NoticeDiffers && p != nil && p.Differs != nil:
		got, expected := amount(p.Differs.Got), amount(p.Differs.Expected)
		if p.Case.Status == rules.StatusPaid {
			return both("到账 %s，与批准的 %s 不符，请提交资金类工单核对。", "%s arrived, but %s was approved: submit a funds ticket.", got, expected)
		}
		return both("平台批准 %s，与应赔的 %s 不符，请核对运费、佣金和税费，必要时提交工单。",
			"The platform approved %s where %s was to be expected: check freight, commission and tax, and submit a ticket if it is wrong.", got, expected)
	case code == rules.NoticeProtection && p != nil && p.Protection != nil:
		return protection(p.Protection, loc)
	}
	return unknown(code)
}

// protection tells how a claim that was refused twice can go on, or how that ended.
func protection(p *rules.ProtectionPlan, loc *time.Location) Text {
	refused := Text{"申诉后仍被拒赔。", "Refused again after the appeal."}
	switch p.State {
	case rules.ProtectionOpen:
		switch {
		case p.Amount != nil:
			return refused.and(both("本店符合“卖家保障计划”条件，可申请补偿 %s（实际损失 %s 的一部分）。请在卖家后台申请，并在 %s 前登记。",
				"The store meets the Seller Protection Program's conditions: ask for %s, its share of the loss of %s, in the seller centre, and record it by %s.",
				amount(*p.Amount), amount(*p.Loss), clock(p.Next.At.Time(), loc)))
		case len(p.Reasons) > 0:
			return refused.and(both("暂不能申请“卖家保障计划”补偿：%s。如情况改变，可在 %s 前申请。",
				"The Seller Protection Program pays nothing as things stand: %s. Should that change, ask by %s.",
				join(each(p.Reasons, ProtectionReason)), clock(p.Next.At.Time(), loc)))
		}
		return refused.and(both("可在 %s 前申请“卖家保障计划”补偿。", "The Seller Protection Program may pay: ask by %s.", clock(p.Next.At.Time(), loc)))
	case rules.ProtectionLapsed:
		return refused.and(Text{"没有申请“卖家保障计划”补偿，案件结束。", "Seller protection was not asked for; the case is over."})
	case rules.ProtectionRequested:
		return both("已申请“卖家保障计划”补偿，等待平台答复，期限 %s。", "Seller protection was asked for; the platform's answer is due %s.", clock(p.Next.At.Time(), loc))
	case rules.ProtectionApproved:
		return both("“卖家保障计划”补偿已通过，等待到账，期限 %s。", "Seller protection was granted; the money is due %s.", clock(p.Next.At.Time(), loc))
	case rules.ProtectionRejected:
		return Text{"“卖家保障计划”补偿被拒，案件结束。", "Seller protection was refused; the case is over."}
	case rules.ProtectionPaid:
		return Text{"“卖家保障计划”补偿已到账，案件结束。", "Seller protection was paid; the case is over."}
	}
	return unknown(p.State)
}

// ProtectionReason names why seller protection pays nothing.
func ProtectionReason(reason string) Text {
	switch reason {
	case rules.ReasonNoLoss:
		return Text{"还没有向买家退款，没有实际损失", "the buyer was not refunded, so nothing is lost yet"}
	case rules.ReasonNoRate:
		return Text{"缺少汇率，损失金额未知", "the exchange rate is missing, so the loss is not known"}
	case rules.ReasonHealthUnknown:
		return Text{"本店近 90 天好评率、纠纷率等数据未录入", "the store's positive rate, dispute rate and programmes are not recorded"}
	case "positive-rate":
		return Text{"近 90 天好评率低于要求", "the positive rate of the last 90 days is below the limit"}
	case "dispute-rate":
		return Text{"纠纷率高于要求", "the dispute rate is above the limit"}
	case "not-joined-anxinda":
		return Text{"未加入“安心达”服务", "the store has not joined Anxinda"}
	}
	return unknown(reason)
}

// ProtectionState names where seller protection stands.
func ProtectionState(s rules.ProtectionState) Text {
	switch s {
	case rules.ProtectionOpen:
		return Text{"可申请", "to be asked for"}
	case rules.ProtectionLapsed:
		return Text{"逾期未申请", "not asked for in time"}
	case rules.ProtectionRequested:
		return Text{"已申请，等待结果", "asked for"}
	case rules.ProtectionApproved:
		return Text{"已批准，等待到账", "approved"}
	case rules.ProtectionRejected:
		return Text{"未获批准", "refused"}
	case rules.ProtectionPaid:
		return Text{"已到账", "paid"}
	}
	return unknown(s)
}
