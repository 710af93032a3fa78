package backtest

import (
	"time"

	"parcelward/internal/rules"
)

// words is a text in both languages of the reports.
type words struct{ ZH, EN string }

// words names an outcome to people.
func (o Outcome) words() words {
	switch o {
	case Paid:
		return words{"已赔付", "Paid"}
	case UnderWay:
		return words{"平台处理中", "With the platform"}
	case Savable:
		return words{"仍可挽回", "Can still be saved"}
	case Lost:
		return words{"已损失", "Lost"}
	case Refused:
		return words{"申诉后仍驳回", "Refused after appeal"}
	case Settled:
		return words{"无需索赔", "Nothing to claim"}
	default:
		return words{"无异常", "No case"}
	}
}

// words names a cause to people: what was missed, by which deadline.
func (c Cause) words() words {
	switch c {
	case NotConfirmed:
		return words{"72 小时内未确认异常", "Not confirmed within 72 h"}
	case NotFiled:
		return words{"索赔窗口内未提交", "Not filed before the window closed"}
	case NotAppealed:
		return words{"驳回后 72 小时内未申诉", "Not appealed within 72 h"}
	case LateNumber:
		return words{"运单号录入过晚或未录入", "Tracking number late or never recorded"}
	case NoTaxID:
		return words{"买家税号缺失或无效", "Buyer's tax ID missing or invalid"}
	case AlertsOff:
		return words{"经济线路未开轨迹预警", "Economy line without trace alerts"}
	case NotCertified:
		return words{"使用非认证物流", "Service not certified"}
	case Falsified:
		return words{"轨迹被判定虚假", "Trace flagged as false"}
	default:
		return words{}
	}
}

func kindWords(k rules.CaseKind) words {
	switch k {
	case rules.KindStall:
		return words{"轨迹停滞", "Stalled"}
	case rules.KindLost:
		return words{"丢件", "Lost parcel"}
	case rules.KindSignature:
		return words{"签收异常", "Signed by a stranger"}
	default:
		return words{"未收到货", "Not received"}
	}
}

// nextWords says what the seller must do before a deadline.
func nextWords(kind string) words {
	switch kind {
	case rules.DeadlineConfirm:
		return words{"确认异常", "Confirm"}
	case rules.DeadlineFile:
		return words{"提交索赔", "File the claim"}
	case rules.DeadlineAppeal:
		return words{"提交申诉", "Appeal"}
	default:
		return words{"等待平台", "Wait for the platform"}
	}
}

// clock shows a time in the platform's zone to people.
func clock(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }
