package kdniao_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/port"
	"parcelward/internal/rules"
)

type (
	object = map[string]any
	list   = []any
)

// parse is what one waybill says.
func parse(t *testing.T, waybill object) port.Answer {
	t.Helper()
	raw, err := json.Marshal(waybill)
	require.NoError(t, err)
	answers, err := kdniao.Parse(raw)
	require.NoError(t, err)
	require.Len(t, answers, 1)
	return answers[0]
}

func row(at, text, action string) object {
	r := object{"AcceptTime": at, "AcceptStation": text}
	if action != "" {
		r["Action"] = action
	}
	return r
}

const noon = "2026-03-02 12:00:00"

func TestCodes(t *testing.T) {
	t.Parallel()
	codes := map[rules.Milestone]string{
		rules.InfoReceived:       "0 10 401",
		rules.Advisory:           "402 403 415 430",
		rules.PickedUp:           "1",
		rules.DepartedOrigin:     "220",
		rules.InTransit:          "2 204 205 206 221 5 6 601 602 605 999 X",
		rules.ArrivedDestination: "201 222",
		rules.CustomsHold:        "604 606",
		rules.CustomsReleased:    "603",
		rules.OutForDelivery:     "202 419",
		rules.AvailableForPickup: "211 412 424",
		rules.DeliveryFailed:     "404 405 416",
		rules.Delivered:          "3 301 302 304 311",
		rules.Returned:           "406",
		rules.Lost:               "426",
		rules.ExceptionScan:      "4 407 413 414 417 418 420 421 422 423 425 427",
	}
	require.Len(t, codes, len(rules.Milestones()))
	for m, all := range codes {
		for code := range strings.FieldsSeq(all) {
			a := parse(t, object{"LogisticCode": "YT1", "Success": true, "Traces": list{row(noon, "…", code), row(noon, "last", "")}})
			require.Equal(t, m, a.Rows[0].Milestone, code)
			require.Equal(t, code, a.Rows[0].Code)
			if code == "0" {
				continue
			}
			for _, key := range []string{"State", "StateEx"} { // of a last row that says nothing
				a = parse(t, object{"LogisticCode": "YT1", "Success": true, key: code, "Traces": list{row(noon, "…", ""), row(noon, "last", "")}})
				require.Equal(t, rules.InTransit, a.Rows[0].Milestone)
				require.Empty(t, a.Rows[0].Code)
				require.Equal(t, m, a.Rows[1].Milestone, "%s %s", key, code)
				require.Equal(t, code, a.Rows[1].Code)
			}
		}
	}
}

func TestStateOfTheWaybill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waybill object
		want    []rules.Milestone
	}{
		"StateEx before State":       {object{"State": "4", "StateEx": "426", "Traces": list{row(noon, "x", "")}}, []rules.Milestone{rules.Lost}},
		"State alone, as a number":   {object{"State": 3, "Traces": list{row(noon, "x", "")}}, []rules.Milestone{rules.Delivered}},
		"neither":                    {object{"Traces": list{row(noon, "x", "")}}, []rules.Milestone{rules.InTransit}},
		"State 0 tells nothing":      {object{"State": "0", "Traces": list{row(noon, "x", "")}}, []rules.Milestone{rules.InTransit}},
		"a code that nobody knows":   {object{"State": "9", "Traces": list{row(noon, "x", "")}}, []rules.Milestone{rules.InTransit}},
		"not where the wording says": {object{"State": "4", "StateEx": "405", "Traces": list{row(noon, "快件已揽收", "")}}, []rules.Milestone{rules.PickedUp}},
		"not where there is Action":  {object{"State": "3", "Traces": list{row(noon, "x", "2")}}, []rules.Milestone{rules.InTransit}},
		"the latest, wherever it stands": {
			object{"State": "3", "Traces": list{row("2026-03-02 12:00:01", "x", ""), row(noon, "y", "")}},
			[]rules.Milestone{rules.InTransit, rules.Delivered},
		},
		"newest first, two of one moment": {
			object{"State": "3", "Traces": list{row(noon, "z", ""), row(noon, "y", ""), row("2026-03-01 12:00:00", "x", "")}},
			[]rules.Milestone{rules.InTransit, rules.InTransit, rules.Delivered},
		},
		"never one without a time": {object{"State": "3", "Traces": list{row(noon, "x", ""), row("", "y", "")}}, []rules.Milestone{rules.Delivered}},
	} {
		a := parse(t, c.waybill)
		var got []rules.Milestone
		for _, r := range a.Rows {
			got = append(got, r.Milestone)
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	a := parse(t, object{"Traces": list{row(noon, "third", "2"), row(noon, "second", "2"), row("2026-03-01 12:00:00", "first", "2")}})
	require.Equal(t, "first second third", a.Rows[0].Description+" "+a.Rows[1].Description+" "+a.Rows[2].Description)
}

func TestSignOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action, text string
		m            rules.Milestone
		signer       string
	}{
		"304 names the signer":           {"304", "【杭州市】已签收，签收人：王阿姨，如有疑问请联系", rules.Delivered, "王阿姨"},
		"304 names a proxy":              {"304", "您的快件已由【门卫】代收", rules.Delivered, "门卫"},
		"304 names a place":              {"304", "快件已被菜鸟驿站代收", rules.Delivered, "菜鸟驿站"},
		"304 says nothing":               {"304", "已签收", rules.Delivered, "代收"},
		"304 contradicts itself":         {"304", "已签收，签收人：本人", rules.Delivered, "代收"},
		"304 masks the name":             {"304", "已签收，签收人：张**", rules.Delivered, "代收"},
		"304 in English":                 {"304", "Delivered", rules.Delivered, "代收"},
		"301 by the addressee":           {"301", "已签收，签收人：本人", rules.Delivered, ""},
		"301 by a name":                  {"301", "已签收，签收人: Maria Del Carmen。感谢使用", rules.Delivered, "Maria Del Carmen"},
		"301 by nobody named":            {"301", "已签收，签收人凭取货码签收", rules.Delivered, ""},
		"301 masked":                     {"301", "签收人：李*", rules.Delivered, ""},
		"3 at a station":                 {"3", "快件已由丰巢快递柜代收，请及时取件", rules.AvailableForPickup, ""},
		"3 signed by a station":          {"3", "已签收，签收人：菜鸟驿站", rules.AvailableForPickup, ""},
		"301 by the sender":              {"301", "退件已签收，寄件人签收", rules.Returned, ""},
		"302":                            {"302", "", rules.Delivered, ""},
		"311 out of a station":           {"311", "快件已由驿站代收", rules.Delivered, ""},
		"a proxy, without a code":        {"", "您的快件已由邻居代收，如有疑问请联系", rules.Delivered, "邻居"},
		"signed for, without a code":     {"", "已签收，他人代签", rules.Delivered, "代收"},
		"two signers, one of them named": {"", "签收人：本人 签收人：前台", rules.Delivered, "前台"},
	} {
		a := parse(t, object{"Success": true, "Traces": list{row(noon, c.text, c.action)}})
		require.Equal(t, c.m, a.Rows[0].Milestone, name)
		require.Equal(t, c.signer, a.Rows[0].SignedBy, name)
		require.False(t, a.Rows[0].Authorised)
	}
}

func TestTheSendersSignatureIsNoDelivery(t *testing.T) {
	t.Parallel()
	a := parse(t, object{"Traces": list{
		row("2026-03-01 12:00:00", "正在退回寄件人", "407"), row("2026-03-02 12:00:00", "运输中", "2"), row("2026-03-03 12:00:00", "已签收", "301"),
	}})
	require.Equal(t, []rules.Milestone{rules.ExceptionScan, rules.InTransit, rules.Returned},
		[]rules.Milestone{a.Rows[0].Milestone, a.Rows[1].Milestone, a.Rows[2].Milestone})
	a = parse(t, object{"Traces": list{row("2026-03-01 12:00:00", "包裹已退回", ""), row("2026-03-03 12:00:00", "已签收", "")}})
	require.Equal(t, []rules.Milestone{rules.ExceptionScan, rules.Returned}, []rules.Milestone{a.Rows[0].Milestone, a.Rows[1].Milestone})
	a = parse(t, object{"Traces": list{row("2026-03-03 12:00:00", "已退回商家", "301")}})
	require.Equal(t, rules.Returned, a.Rows[0].Milestone)
}

func TestWording(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rules.Milestone{
		"":            rules.InTransit,
		"快件运输中":       rules.InTransit,
		"顺丰速运 已收取快件":  rules.PickedUp,
		"【上海市】已揽收":    rules.PickedUp,
		"【菜鸟驿站】已揽收":   rules.PickedUp,
		"商家正通知快递公司揽件": rules.InfoReceived,
		"接收到电子预报":     rules.InfoReceived,
		"收件人要求修改地址":   rules.Advisory,
		"揽收失败":        rules.ExceptionScan,
		"快件离开【昆山】已发往【丰巢转运点】":   rules.InTransit,
		"快件到达【济南派送点】":          rules.InTransit,
		"【海关路营业部】正在派件":         rules.OutForDelivery,
		"派件员：小王 电话 123 正在为您派件": rules.OutForDelivery,
		"安排投递":              rules.OutForDelivery,
		"派送不成功，退回网点":        rules.DeliveryFailed,
		"收件人拒收":             rules.DeliveryFailed,
		"收件人无法联系，未妥投":       rules.DeliveryFailed,
		"已由代收点代收":           rules.AvailableForPickup,
		"快件已到达菜鸟驿站，请凭取件码取件": rules.AvailableForPickup,
		"已放入自提柜":            rules.AvailableForPickup,
		"包裹已到自提点，请领取":       rules.AvailableForPickup,
		"已签收":               rules.Delivered,
		"邮件已妥投":             rules.Delivered,
		"快件已从驿站被取走":         rules.Delivered,
		"您的快件已取出，丰巢":        rules.Delivered,
		"到付件，代收货款":          rules.InTransit,
		"到付件，代收货款，正在派送中":    rules.OutForDelivery,
		"拒收，退件中":            rules.ExceptionScan, // on its way back, where it can still be lost
		"包裹已退回":             rules.ExceptionScan,
		"海关退运":              rules.ExceptionScan,
		"退件未签收":             rules.ExceptionScan,
		"退件已签收":             rules.Returned,
		"寄件人已签收":            rules.Returned,
		"分拨中心签收成功":          rules.InTransit,
		"送交出口海关":            rules.InTransit,
		"等待清关":              rules.InTransit,
		"资料已提交海关":           rules.InTransit,
		"清关异常，等待补充资料":       rules.CustomsHold,
		"海关扣留":              rules.CustomsHold,
		"需缴纳关税":             rules.CustomsHold,
		"关税已缴，海关放行":         rules.CustomsReleased,
		"清关完成":              rules.CustomsReleased,
		"航班起飞":              rules.DepartedOrigin,
		"到达目的国":             rules.ArrivedDestination,
		"包裹已丢失":             rules.Lost,
		"疑似快件丢失，核实中":        rules.InTransit,
		"外包装破损":             rules.ExceptionScan,
		"已揽收，如您拒收或退件，请联系":   rules.PickedUp,
		"正在派件，请准备签收。若您不在家，可放驿站": rules.OutForDelivery,
	} {
		a := parse(t, object{"Traces": list{row(noon, text, "")}})
		require.Equal(t, want, a.Rows[0].Milestone, text)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, zone, want string }{
		{"2026-03-01 08:05:37", "", "2026-03-01T00:05:37Z"},
		{" 2026-03-01 08:05:37 ", "", "2026-03-01T00:05:37Z"},
		{"2026/3/1 8:05:37", "", "2026-03-01T00:05:37Z"},
		{"2026-03-01 08:05", "", "2026-03-01T00:05:00Z"},
		{"2026-03-01T08:05:37", "", "2026-03-01T00:05:37Z"},
		{"2026-03-01T08:05:37Z", "-05:00", "2026-03-01T08:05:37Z"},
		{"2026-03-01T08:05:37+02:00", "", "2026-03-01T06:05:37Z"},
		{"2024-06-28T11:23:51", "-05:00", "2024-06-28T16:23:51Z"},
		{"2024-06-28T11:23:51", "+0530", "2024-06-28T05:53:51Z"},
		{"2024-06-28T11:23:51", "UTC-3", "2024-06-28T14:23:51Z"},
		{"2024-06-28T11:23:51", "GMT+8", "2024-06-28T03:23:51Z"},
		{"2024-06-28T11:23:51", "UTC", "2024-06-28T11:23:51Z"},
		{"2024-06-28T11:23:51", "z", "2024-06-28T11:23:51Z"},
		{"2024-06-28T11:23:51", "America/Chicago", ""},
		{"2024-06-28T11:23:51", "+15:00", ""},
		{"2024-06-28T11:23:51", "+1:99", ""},
		{"2024-06-28T11:23:51", "+", ""},
		{"0001-01-01 00:00:00", "", ""},
		{"9999-12-31T23:00:00-05:00", "", ""},
		{"2026-02-30 08:05:37", "", ""},
		{"2026-03-01", "", ""},
		{"昨天", "", ""},
		{"", "", ""},
	} {
		of := row(c.at, "x", "2")
		of["Timezone"] = c.zone
		for _, waybill := range []object{{"Traces": list{of}}, {"Timezone": c.zone, "Traces": list{row(c.at, "x", "2")}}} {
			a := parse(t, waybill)
			if c.want == "" {
				require.Len(t, a.Unplaced, 1, c)
				require.Equal(t, rules.InTransit, a.Unplaced[0].Milestone)
				require.True(t, a.Unplaced[0].At.IsZero())
				continue
			}
			require.Len(t, a.Rows, 1, c)
			require.Equal(t, c.want, a.Rows[0].At.Format(time.RFC3339), c)
			require.Equal(t, time.UTC, a.Rows[0].At.Location())
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	a := parse(t, object{"logisticcode": "yt 1", "success": "True", "Unknown": object{}, "Traces": list{
		object{"acceptTime": noon, "acceptStation": " 已揽收 ", "location": "义乌市", "Remark": "易碎", "Action": nil},
		object{"AcceptTime": noon, "AcceptStation": " 已揽收 ", "Location": "义乌市", "Remark": "易碎"},
		object{"AcceptTime": noon, "AcceptStation": "", "Remark": "备注", "Action": "2"},
		nil,
	}})
	at := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	require.Equal(t, port.Answer{
		Number: "YT1",
		Rows: []rules.Row{
			{At: at, Milestone: rules.PickedUp, Location: "义乌市", Description: "已揽收 易碎", Source: rules.FromAggregator},
			{At: at, Milestone: rules.InTransit, Code: "2", Description: "备注", Source: rules.FromAggregator},
		},
		Unplaced: []rules.Row{{Milestone: rules.InTransit, Source: rules.FromAggregator}},
	}, a)
}

func TestParseKeepsRowsBesideARefusal(t *testing.T) {
	t.Parallel()
	a := parse(t, object{"LogisticCode": "YT1", "Success": false, "ResultCode": "405", "Traces": list{row(noon, "已揽收", "1")}})
	require.Equal(t, inAnHour, verdict(t, a.Err))
	require.Len(t, a.Rows, 1)
}

// shared is the folder of real traces; it is no part of the project.
var shared = filepath.Join("..", "..", "..", "..", "shared", "data", "tracking")

// recorded are the legs of a file, by ID, with their rows oldest first.
func recorded(tb testing.TB, file string) map[string]list {
	tb.Helper()
	f, err := os.Open(filepath.Join(shared, file))
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			tb.Fatalf("no real traces: %s is missing", filepath.Join(shared, file))
		}
		tb.Skipf("no real traces: %s is missing", filepath.Join(shared, file))
	}
	require.NoError(tb, err)
	defer func() { require.NoError(tb, f.Close()) }()
	legs := map[string]list{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var leg struct {
			ID     string `json:"id"`
			Events []struct {
				T    string `json:"t"`
				Text string `json:"text"`
				Code string `json:"code"`
			} `json:"events"`
		}
		require.NoError(tb, json.Unmarshal(lines.Bytes(), &leg))
		var rows list
		for _, e := range leg.Events {
			if strings.HasPrefix(leg.ID, "kuaidi100/") { // its codes are another service's
				e.Code = ""
			}
			rows = append(rows, row(e.T, e.Text, e.Code))
		}
		slices.Reverse(rows)
		legs[leg.ID] = rows
	}
	require.NoError(tb, lines.Err())
	return legs
}

// What a human reads out of real Chinese traces.
func TestRealWording(t *testing.T) {
	t.Parallel()
	const (
		pick, move, out, wait, done = rules.PickedUp, rules.InTransit, rules.OutForDelivery, rules.AvailableForPickup, rules.Delivered
	)
	for _, c := range []struct {
		file, id string
		want     []rules.Milestone
	}{
		{"timelines.jsonl", "kuaidi100/YT5555508965056", []rules.Milestone{pick, move, move, move, move, out, move, wait, done}},
		{"timelines.jsonl", "kdniao/73190553102532", []rules.Milestone{pick, move, move, move, move, move, move, out, wait, done}},
		{"labelled_status_cases.jsonl", "t123-IN_TRANSIT_04-LZ339063340CN", []rules.Milestone{move, move, rules.CustomsReleased, move}},
		{"labelled_status_cases.jsonl", "t123-IN_TRANSIT_01-ZC53472203799", []rules.Milestone{pick, move, move, move, move}},
		{"labelled_status_cases.jsonl", "t123-IN_TRANSIT_08-LZ339063340CN", []rules.Milestone{move, move, move, rules.DepartedOrigin, rules.DepartedOrigin}},
		{"labelled_status_cases.jsonl", "t123-IN_TRANSIT_06-XSSY00006132922", []rules.Milestone{move, move, move, rules.DepartedOrigin, rules.ArrivedDestination}},
	} {
		rows := recorded(t, c.file)[c.id]
		require.NotEmpty(t, rows, c.id)
		var coded bool
		for _, free := range []bool{false, true} {
			if free {
				for _, r := range rows {
					coded = coded || r.(object)["Action"] != nil
					delete(r.(object), "Action")
				}
			}
			a := parse(t, object{"LogisticCode": "X", "Success": true, "Traces": rows})
			require.Len(t, a.Rows, len(rows))
			for i, r := range a.Rows {
				require.Equal(t, c.want[i], r.Milestone, "%s: %s", c.id, r.Description)
			}
		}
		require.Equal(t, strings.HasPrefix(c.id, "kdniao/"), coded)
	}
}
