package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/govalues/decimal"
)

// The month chart's geometry, in pixels of its drawing.
const (
	chartTop    = 12
	chartHeight = 200
	chartLeft   = 58
	chartColumn = 58
	chartBar    = 34
	chartLeast  = 6 // columns that it is wide at least
)

// monthChart is one column a month, stacked by outcome.
type monthChart struct {
	Width, Height, Bottom int
	Left                  int
	Lines                 []chartLine
	Columns               []monthColumn
	Earlier               bool // months before the first shown are left out
	Wide                  bool // too wide for half a page
}

type chartLine struct {
	Y     string
	Label string
}

type monthColumn struct {
	X      int
	Middle int
	Label  string
	Year   string // under the first month of a year
	Total  string
	TotalY string
	Parts  []chartPart
}

type chartPart struct {
	Class, Y, Height string
	Title            string
}

func (r *pageReport) monthChart() (monthChart, error) {
	c := monthChart{Left: chartLeft, Bottom: chartTop + chartHeight, Height: chartTop + chartHeight + 40}
	shown := slices.Sorted(maps.Keys(r.months))
	if len(shown) == 0 {
		return c, nil
	}
	last := shown[len(shown)-1]
	first := shown[0]
	if last-first >= shownMonths {
		first, c.Earlier = last-shownMonths+1, true
	}
	highest := 0.0
	sums := make(map[month]tally)
	for m := first; m <= last; m++ {
		if p := r.months[m]; p != nil {
			sum, err := p.claimable()
			if err != nil {
				return c, err
			}
			sums[m] = sum
			highest = max(highest, share(sum.USD, decimal.One))
		}
	}
	step := niceStep(highest)
	top := max(step, math.Ceil(highest/step)*step)
	for v := 0.0; v <= top+step/2; v += step {
		c.Lines = append(c.Lines, chartLine{pixels(float64(c.Bottom) - v/top*chartHeight), short(v)})
	}
	for m := first; m <= last; m++ {
		c.Columns = append(c.Columns, r.column(m, int(m-first), sums[m], top, c.Bottom))
	}
	c.Wide = len(c.Columns) > chartLeast+1
	c.Width = chartLeft + chartColumn*max(chartLeast, len(c.Columns)) + 10
	return c, nil
}

func (r *pageReport) column(m month, place int, sum tally, top float64, bottom int) monthColumn {
	x := chartLeft + place*chartColumn + (chartColumn-chartBar)/2
	label := m.String()
	col := monthColumn{X: x, Middle: x + chartBar/2, Label: label[5:]}
	if place == 0 || strings.HasSuffix(label, "-01") {
		col.Year = label[:4]
	}
	y := float64(bottom)
	if p := r.months[m]; p != nil {
		for _, o := range claimable() {
			t := p.outcome[o]
			if t.USD.IsZero() {
				continue
			}
			h := share(t.USD, decimal.One) / top * chartHeight
			y -= h
			col.Parts = append(col.Parts, chartPart{
				o.class(), pixels(y), pixels(h),
				fmt.Sprintf("%s %s %s: USD %s (%d)", label, o.words().ZH, o.words().EN, dollars(t.USD), t.Orders),
			})
		}
		col.Total = short(share(sum.USD, decimal.One))
	}
	col.TotalY = pixels(y - 4)
	return col
}

// niceStep is the distance of grid lines: 1, 2 or 5 times a power of ten, about four to the top.
func niceStep(highest float64) float64 {
	if highest <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(highest/4)))
	for _, m := range []float64{1, 2, 5} {
		if highest/4 <= m*power {
			return max(1, m*power)
		}
	}
	return max(1, 10*power)
}

func pixels(v float64) string { return fmt.Sprintf("%.1f", v) }

// short writes a sum of dollars for a chart: 950, 1.2k, 35k, 1.4M.
func short(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", v/unit.size), ".0") + unit.name
		}
	}
	return fmt.Sprintf("%.0f", v)
}

// bar is one cause of loss.
type bar struct {
	Words  words
	USD    string
	Orders int
	Width  string // percent of the longest
}

func (r *pageReport) causeBars() []bar {
	order := make([]Cause, 0, causes)
	for c := NotConfirmed; c < causes; c++ {
		if r.total.cause[c].Orders > 0 {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b Cause) int { return r.total.cause[b].USD.Cmp(r.total.cause[a].USD) })
	bars := make([]bar, 0, len(order))
	for _, c := range order {
		t := r.total.cause[c]
		bars = append(bars, bar{c.words(), dollars(t.USD), t.Orders, pixels(100 * share(t.USD, r.total.cause[order[0]].USD))})
	}
	return bars
}

// storeBar is one store's money, stacked by outcome.
type storeBar struct {
	Store, USD, Lost string
	Parts            []storePart
}

type storePart struct{ Class, Width, Title string }

// storeBars are the stores that lost most, and how many more there are.
func (r *pageReport) storeBars() ([]storeBar, int, error) {
	stores := slices.SortedFunc(maps.Keys(r.stores), func(a, b string) int {
		return cmp.Or(r.stores[b].outcome[Lost].USD.Cmp(r.stores[a].outcome[Lost].USD), cmp.Compare(a, b))
	})
	more := max(0, len(stores)-shownStores)
	stores = stores[:len(stores)-more]
	sums := make([]tally, len(stores))
	var largest decimal.Decimal
	for i, s := range stores {
		var err error
		if sums[i], err = r.stores[s].claimable(); err != nil {
			return nil, 0, err
		}
		if sums[i].USD.Cmp(largest) > 0 {
			largest = sums[i].USD
		}
	}
	bars := make([]storeBar, 0, len(stores))
	for i, s := range stores {
		b := storeBar{Store: s, USD: dollars(sums[i].USD), Lost: dollars(r.stores[s].outcome[Lost].USD)}
		for _, o := range claimable() {
			if t := r.stores[s].outcome[o]; !t.USD.IsZero() {
				b.Parts = append(b.Parts, storePart{
					o.class(), pixels(100 * share(t.USD, largest)), fmt.Sprintf("%s %s: USD %s (%d)", o.words().ZH, o.words().EN, dollars(t.USD), t.Orders),
				})
			}
		}
		bars = append(bars, b)
	}
	return bars, more, nil
}
