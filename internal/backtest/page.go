package backtest

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/rules"
)

//go:embed page.html
var pageText string

// What a page shows at most; the rest is counted.
const (
	shownLosses = 50
	shownSaves  = 50
	shownStores = 20
	shownMonths = 24
)

// pageReport gathers what the page shows. It holds sums and the longest lists shown, never
// the orders.
type pageReport struct {
	w      *bufio.Writer
	asOf   time.Time
	zone   *time.Location
	total  purse
	months map[month]*purse
	stores map[string]*purse
	losses []pageOrder // largest first
	saves  []pageOrder // most urgent first
}

// pageOrder is an order in one of the page's tables.
type pageOrder struct {
	Order, Number string
	Kind, Cause   words
	Next          words
	Opened, By    string
	Left          words
	USD           string
	usd           decimal.Decimal
	by            time.Time
}

func newPage(w *bufio.Writer, asOf time.Time, zone *time.Location) *pageReport {
	return &pageReport{w: w, asOf: asOf, zone: zone, months: make(map[month]*purse), stores: make(map[string]*purse)}
}

func (r *pageReport) add(v *verdict) error {
	if v.fate.outcome == NoCase {
		return nil
	}
	a, err := v.assessment()
	if err != nil {
		return err
	}
	for _, p := range []*purse{&r.total, at(r.months, v.fate.month), at(r.stores, v.store)} {
		if err := p.add(v.fate, &a); err != nil {
			return err
		}
	}
	switch v.fate.outcome {
	default: // only counted
	case Lost:
		r.losses = keepFirst(r.losses, r.order(v, &a), shownLosses, func(a, b pageOrder) int { return b.usd.Cmp(a.usd) })
	case Savable:
		r.saves = keepFirst(r.saves, r.order(v, &a), shownSaves, func(a, b pageOrder) int { return a.by.Compare(b.by) })
	}
	return nil
}

// at is the purse of k, made when it is not there.
func at[K comparable](purses map[K]*purse, k K) *purse {
	p := purses[k]
	if p == nil {
		p = new(purse)
		purses[k] = p
	}
	return p
}

// keepFirst puts o into a sorted list of at most n.
func keepFirst(list []pageOrder, o pageOrder, n int, compare func(a, b pageOrder) int) []pageOrder {
	i, _ := slices.BinarySearchFunc(list, o, func(a, b pageOrder) int {
		if compare(a, b) <= 0 {
			return -1 // equals stay in the order of their coming
		}
		return 1
	})
	if i == n {
		return list
	}
	return slices.Insert(list, i, o)[:min(n, len(list)+1)]
}

func (r *pageReport) order(v *verdict, a *rules.Assessment) pageOrder {
	c := urgent(a)
	o := pageOrder{
		Order: v.store + "/" + v.order, Number: c.TrackingNumber, Kind: kindWords(c.Kind), Cause: v.fate.cause.words(),
		Opened: c.OpenedAt.Time().In(r.zone).Format(time.DateOnly), USD: "–",
	}
	if p := a.Claim.Payout; p != nil {
		o.usd, o.USD = p.Value, dollars(p.Value)
	}
	if d := c.NextDeadline; d != nil {
		o.by = d.At.Time()
		o.Next, o.By, o.Left = nextWords(d.Kind), clock(o.by, r.zone), left(o.by.Sub(r.asOf))
	}
	return o
}

// left says how much time there is.
func left(d time.Duration) words {
	if days := int(d.Hours()) / 24; days > 0 {
		return words{fmt.Sprintf("剩 %d 天 %d 小时", days, int(d.Hours())%24), fmt.Sprintf("%d d %d h left", days, int(d.Hours())%24)}
	}
	return words{fmt.Sprintf("剩 %d 小时 %d 分", int(d.Hours()), int(d.Minutes())%60), fmt.Sprintf("%d h %d min left", int(d.Hours()), int(d.Minutes())%60)}
}

// dollars writes an amount with thousands apart.
func dollars(d decimal.Decimal) string {
	whole, cents, _ := strings.Cut(d.Pad(2).String(), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + "." + cents
}

func (r *pageReport) end(s *Summary) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	data, err := r.data(s)
	if err != nil {
		return err
	}
	return t.Execute(r.w, data)
}

// pageData is what the template shows.
type pageData struct {
	AsOf, Zone          string
	Orders, WithCase    int
	Claimable           string
	ClaimableOrders     int
	Unknown             int
	Cards               []card
	Legend              []legend
	Months              monthChart
	Causes              []bar
	Stores              []storeBar
	MoreStores          int
	Saves, Losses       []pageOrder
	MoreSaves, MoreLost int
	Summary             *Summary
}

// card is one outcome's sum.
type card struct {
	Words  words
	Class  string
	USD    string
	Orders int
	Share  string // of the claimable sum, in percent
}

type legend struct {
	Words words
	Class string
}

// claimable are the outcomes of money that could have been claimed, in the order of the charts.
func claimable() []Outcome { return []Outcome{Paid, UnderWay, Savable, Lost, Refused} }

func (o Outcome) class() string {
	return [outcomes]string{"none", "paid", "way", "save", "lost", "refused", "settled"}[o]
}

func (r *pageReport) data(s *Summary) (*pageData, error) {
	all, err := r.total.claimable()
	if err != nil {
		return nil, err
	}
	d := &pageData{
		AsOf: clock(r.asOf, r.zone), Zone: r.zone.String(), Orders: s.Orders, Claimable: dollars(all.USD),
		ClaimableOrders: all.Orders, Unknown: all.Unknown, Saves: r.saves, Losses: r.losses, Summary: s,
		MoreSaves: r.total.outcome[Savable].Orders - len(r.saves), MoreLost: r.total.outcome[Lost].Orders - len(r.losses),
	}
	for o := Paid; o < outcomes; o++ {
		d.WithCase += r.total.outcome[o].Orders
	}
	for _, o := range claimable() {
		t := r.total.outcome[o]
		d.Cards = append(d.Cards, card{o.words(), o.class(), dollars(t.USD), t.Orders, percent(t.USD, all.USD)})
		d.Legend = append(d.Legend, legend{o.words(), o.class()})
	}
	if d.Months, err = r.monthChart(); err != nil {
		return nil, err
	}
	d.Causes = r.causeBars()
	d.Stores, d.MoreStores, err = r.storeBars()
	return d, err
}

// claimable is the sum of all money that could have been claimed.
func (p *purse) claimable() (tally, error) {
	var all tally
	for _, o := range claimable() {
		t := p.outcome[o]
		sum, err := all.USD.Add(t.USD)
		if err != nil {
			return all, fmt.Errorf("add up all claims: %w", err)
		}
		all = tally{all.Orders + t.Orders, sum, all.Unknown + t.Unknown}
	}
	return all, nil
}

func percent(part, whole decimal.Decimal) string {
	if whole.IsZero() {
		return "0"
	}
	return fmt.Sprintf("%.0f", 100*share(part, whole))
}

// share is for drawing only; money itself is never a float.
func share(part, whole decimal.Decimal) float64 {
	p, _ := part.Float64()
	w, _ := whole.Float64()
	if w == 0 {
		return 0
	}
	return p / w
}
