package kdniao

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/sandbox/world"
)

// snapshot is what the service tells of a waybill.
type snapshot struct {
	EBusinessID           string
	OrderCode             string
	ShipperCode           string
	LogisticCode          string
	Success               bool
	Reason                *string
	State                 string
	StateEx               string  `json:",omitempty"`
	Location              string  `json:",omitempty"`
	CallBack              string  `json:",omitempty"`
	EstimatedDeliveryTime string  `json:",omitempty"`
	Traces                []trace // never null
}

type trace struct {
	AcceptTime    string
	AcceptStation string
	Location      string `json:",omitempty"`
	Action        string `json:",omitempty"`
	Remark        *string
}

// snapshot shows what has come to pass of a parcel by now.
func (t *Twin) snapshot(q request, paid bool) snapshot {
	p, _ := t.world.Parcel(q.LogisticCode)
	return t.show(q, paid, p)
}

// show tells a parcel's rows; only the value-added kinds bear codes and places.
func (t *Twin) show(q request, paid bool, p world.Parcel) snapshot {
	s := snapshot{
		EBusinessID: t.o.EBusinessID, OrderCode: q.OrderCode, ShipperCode: q.ShipperCode, LogisticCode: q.LogisticCode,
		Success: true, State: "0", CallBack: q.CallBack, Traces: []trace{},
	}
	if len(p.Rows) == 0 {
		none := "暂无轨迹信息"
		s.Reason = &none
		return s
	}
	problem := false
	for _, r := range p.Rows {
		code := codeOf(r, problem)
		problem = problem || code[0] == '4'
		s.State, s.StateEx, s.Location = stateOf(code, problem), code, r.Location
		row := trace{AcceptTime: r.At.In(beijing()).Format(time.DateTime), AcceptStation: station(r), Location: r.Location, Action: code}
		if !paid {
			row.Location, row.Action = "", ""
		}
		for range t.o.Repeat + 1 {
			s.Traces = append(s.Traces, row)
		}
	}
	if !paid {
		s.StateEx, s.Location = "", ""
	}
	if t.o.Shuffle {
		seed := fnv.New64a()
		_, _ = seed.Write([]byte(q.LogisticCode))      // a hash takes everything
		dice := rand.New(rand.NewPCG(seed.Sum64(), 0)) //nolint:gosec // the same order each time
		dice.Shuffle(len(s.Traces), func(i, j int) { s.Traces[i], s.Traces[j] = s.Traces[j], s.Traces[i] })
	}
	return s
}

// codeOf is the code of a row; problem tells whether an earlier row had one.
func codeOf(r rules.Row, problem bool) string {
	switch r.Milestone {
	case rules.InfoReceived:
		return "10"
	case rules.PickedUp:
		return "1"
	case rules.DepartedOrigin:
		return "220"
	case rules.ArrivedDestination:
		return "201"
	case rules.CustomsHold:
		return "604"
	case rules.CustomsReleased:
		return "603"
	case rules.OutForDelivery:
		return "202"
	case rules.AvailableForPickup:
		return "211"
	case rules.DeliveryFailed:
		return "405"
	case rules.Delivered:
		switch {
		case r.SignedBy != "":
			return "304"
		case problem:
			return "302"
		}
		return "301"
	case rules.Returned:
		return "406"
	case rules.Lost:
		return "426"
	case rules.ExceptionScan:
		return "414"
	case rules.Advisory:
		return "403"
	default:
		return "2"
	}
}

// stateOf is the waybill's state. Once it has a problem it keeps that, until it is signed.
func stateOf(code string, problem bool) string {
	switch {
	case code == "10":
		return "0"
	case problem && code[0] != '3':
		return "4"
	}
	return code[:1]
}

// station is a row in the words of a Chinese carrier, for the kinds without codes.
func station(r rules.Row) string {
	words := map[rules.Milestone]string{
		rules.InfoReceived: "已下单，等待揽收", rules.PickedUp: "已揽收", rules.DepartedOrigin: "航班起飞",
		rules.InTransit: "已发往下一站", rules.ArrivedDestination: "到达目的国", rules.CustomsHold: "海关扣留，清关异常",
		rules.CustomsReleased: "清关完成，海关放行", rules.OutForDelivery: "正在派件", rules.AvailableForPickup: "已由驿站代收，请及时取件",
		rules.DeliveryFailed: "派送失败", rules.Delivered: "已签收", rules.Returned: "退件已签收", rules.Lost: "快件丢失",
		rules.ExceptionScan: "外包装破损", rules.Advisory: "收件地址已更改",
	}[r.Milestone]
	if r.SignedBy != "" {
		words += "，签收人：" + r.SignedBy
	}
	if r.Description == "" {
		return words
	}
	return fmt.Sprintf("%s。%s", words, r.Description)
}
