package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parcelward/internal/port"
	"parcelward/internal/protocol"
	"parcelward/internal/rules/money"
)

func (p *platform) toldOf(kind string) []protocol.Notice {
	var told []protocol.Notice
	seen := map[string]bool{}
	for _, n := range p.told {
		if n.Kind == kind && !seen[n.Key] { // who keeps notices tells each once
			seen[n.Key] = true
			told = append(told, n)
		}
	}
	return told
}

// Each abnormal order is told once for each of its codes, and no fact comes of it; the windows
// overlap, and the first goes back as far as the orders do.
func TestAbnormalOrders(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	p.abnormal = []port.AbnormalOrder{
		{Order: "8190001", Number: "LP1", Code: "E1", Reason: "违禁品\n退回", Warehouse: "东莞仓"},
		{Order: "8190002", Reason: "lost label"},
		{Order: "", Code: "E2"},
		{Order: "a/b", Code: "E3"},
	}
	_, err := p.poll(t, now, "")
	require.NoError(t, err)
	require.Len(t, p.lists, 1)
	end := now.Add(-5 * time.Second)
	require.WithinDuration(t, end.AddDate(0, 0, -1), p.lists[0][0], time.Second)
	told := p.toldOf("abnormal-order")
	require.Len(t, told, 2)
	require.Equal(t, "8190001", told[0].Order)
	require.Equal(t, "【订单 s/8190001，运单号 LP1】平台将此单列为异常订单：违禁品 退回 E1。仓库：东莞仓。请到卖家后台“物流 → 异常订单”查看原因并及时处理。", told[0].ZH)
	require.Contains(t, told[1].EN, "lost label")
	require.Empty(t, p.recorded, "no story changes")

	p.abnormal = append(p.abnormal, port.AbnormalOrder{Order: "8190001", Code: "E9"})
	_, err = p.poll(t, now.Add(time.Hour), "")
	require.NoError(t, err)
	require.WithinDuration(t, end.Add(-10*time.Minute), p.lists[1][0], time.Second)
	require.WithinDuration(t, end.Add(time.Hour), p.lists[1][1], time.Second)
	require.Len(t, p.toldOf("abnormal-order"), 3, "another code is news")
}

// Settlements are read once a day by the platform's clock: at -1 s, 0 and +1 s. One that cannot
// be kept holds up no other.
func TestSettlementsOnceADay(t *testing.T) {
	t.Parallel()
	usd, err := money.Parse("9.50", "USD")
	require.NoError(t, err)
	eur, err := money.Parse("1.00", "EUR")
	require.NoError(t, err)
	p := newPlatform()
	p.settlements = []port.Settlement{{Order: "1", Child: "11", Loan: &usd}, {Order: "2", Child: "21", Loan: &usd, Refund: &eur}, {Order: "3", Child: "", Loan: &usd}}
	_, err = p.poll(t, now, "")
	require.NoError(t, err)
	require.Len(t, p.settling, 4, "120 days back, 30 at once")
	require.WithinDuration(t, now.AddDate(0, 0, -120), p.settling[0][0], time.Second)
	require.False(t, p.settling[3][1].Before(now))
	require.Len(t, p.settled, 4, "the good one of each list")
	first := p.marks["settlements"]
	for after, lists := range map[time.Duration]int{-time.Second: 0, 0: 4, time.Second: 4} {
		p.marks["settlements"], p.settling = first, nil
		_, err := p.poll(t, first.Add(24*time.Hour+after), "")
		require.NoError(t, err)
		require.Len(t, p.settling, lists, after)
	}
}

// An app that may not read a list keeps its orders all the same, and tries again in an hour; a
// platform that wants no calls is left alone.
func TestListsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newPlatform(change("1", time.Hour))
	p.failing["abnormal"] = fmt.Errorf("no permission: %w", port.ErrRefused)
	p.failing["settlements"] = fmt.Errorf("no permission: %w", port.ErrRefused)
	out, err := p.poll(t, now, "")
	require.NoError(t, err)
	require.Equal(t, 1, out.Read)
	require.WithinDuration(t, now.Add(-23*time.Hour), p.marks["settlements"], time.Second)
	require.Zero(t, p.marks["abnormal"])

	p.failing["abnormal"] = &port.UnavailableError{Call: "abnormal", After: time.Hour}
	_, err = p.poll(t, now, "")
	require.Error(t, err)
}

// Compensation that an order shows is told once for each payment, whatever else is wrong with
// the order.
func TestPayoutIsTold(t *testing.T) {
	t.Parallel()
	sum, err := money.Parse("41.20", "USD")
	require.NoError(t, err)
	p := newPlatform(change("1", time.Hour))
	p.payouts = map[string][]port.Payout{"1": {{At: now.Add(-2 * time.Hour), Amount: &sum}, {Child: "11", At: now.Add(-2 * time.Hour)}}}
	for range 2 {
		_, err := p.poll(t, now, "1")
		require.NoError(t, err)
	}
	told := p.toldOf("platform-payout")
	require.Len(t, told, 2)
	require.Equal(t, "1", told[0].Order)
	require.Contains(t, told[0].EN, "USD 41.20")
	require.Contains(t, told[1].ZH, "金额未显示")
}
