package backtest

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"parcelward/internal/rules"
)

// blockRows is how many orders a table holds at once: columns have fixed widths, so that
// the blocks fit together and memory stays flat.
const blockRows = 500

// columns are the table's, 117 characters wide in all.
var columns = []table.ColumnConfig{ //nolint:gochecknoglobals // a constant that Go cannot write as one
	column(1, 20, text.AlignLeft), // order
	column(2, 11, text.AlignLeft), // stage
	column(3, 16, text.AlignLeft), // next deadline
	column(4, 18, text.AlignLeft), // case
	column(5, 13, text.AlignLeft), // status
	column(6, 6, text.AlignRight), // payout
	column(7, 20, text.AlignLeft), // reasons
}

func column(number, width int, align text.Align) table.ColumnConfig {
	return table.ColumnConfig{
		Number: number, Align: align, AlignHeader: align, WidthMin: width, WidthMax: width, WidthMaxEnforcer: wrap,
	}
}

// wrap breaks lines after hyphens, then anywhere.
func wrap(s string, width int) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		rest := line
		for text.StringWidthWithoutEscSequences(rest) > width {
			cut := len(text.Trim(rest, width))
			if i := strings.LastIndexAny(rest[:cut], "-/ "); i > 0 {
				cut = i + 1
			}
			out = append(out, strings.TrimRight(rest[:cut], " "))
			rest = rest[cut:]
		}
		out = append(out, rest)
	}
	return strings.Join(out, "\n")
}

// tableReport writes a table for a person.
type tableReport struct {
	w      *bufio.Writer
	asOf   time.Time
	zone   *time.Location
	rows   table.Writer
	header bool
	stages map[rules.Stage]int
	money  purse
}

func newTable(w *bufio.Writer, asOf time.Time, zone *time.Location) *tableReport {
	return &tableReport{w: w, asOf: asOf, zone: zone, stages: make(map[rules.Stage]int)}
}

func (r *tableReport) add(v *verdict) error {
	a, err := v.assessment()
	if err != nil {
		return err
	}
	r.stages[a.Stage]++
	if err := r.money.add(v.fate, &a); err != nil {
		return err
	}
	if r.rows == nil {
		r.rows = table.NewWriter()
		r.rows.SetStyle(tableStyle())
		r.rows.SetColumnConfigs(columns)
		r.rows.SuppressTrailingSpaces()
		if !r.header {
			r.rows.AppendHeader(table.Row{"Order", "Stage", "Next deadline", "Case", "Status", "USD", "Not payable:"})
			r.header = true
		}
	}
	r.rows.AppendRow(r.row(&a))
	if r.rows.Length() == blockRows {
		return r.flush()
	}
	return nil
}

func tableStyle() table.Style {
	style := table.StyleLight
	style.Options = table.Options{SeparateColumns: true, SeparateHeader: true}
	style.Box.MiddleVertical, style.Box.MiddleSeparator = " ", "─"
	style.Box.PaddingLeft, style.Box.PaddingRight = "", " "
	style.Format.Header = text.FormatDefault
	return style
}

// row shows the case that needs somebody first, or else the latest.
func (r *tableReport) row(a *rules.Assessment) table.Row {
	row := table.Row{printable(a.Store + "/" + a.Order), a.Stage, "", "", "", "", ""}
	if len(a.Cases) == 0 {
		return row
	}
	shown := urgent(a)
	if d := shown.NextDeadline; d != nil {
		row[2] = d.Kind + "\n" + clock(d.At.Time(), r.zone)
	}
	row[3] = string(shown.Kind) + "\n" + shown.TrackingNumber
	if more := len(a.Cases) - 1; more > 0 {
		row[3] = fmt.Sprintf("%s\nand %d more", row[3], more)
	}
	row[4] = shown.Status
	if a.Claim.Payout != nil {
		row[5] = a.Claim.Payout.Value.String()
	}
	row[6] = strings.Join(a.Claim.Reasons, "\n")
	return row
}

// urgent is the case with the earliest deadline, or else the latest that is live, or else
// the latest. The order must have cases.
func urgent(a *rules.Assessment) *rules.Case {
	best := &a.Cases[len(a.Cases)-1]
	for i := range a.Cases {
		c := &a.Cases[i]
		switch {
		case c.NextDeadline == nil:
			if c.Status.Live() && !best.Status.Live() {
				best = c
			}
		case best.NextDeadline == nil || c.NextDeadline.At.Time().Before(best.NextDeadline.At.Time()):
			best = c
		}
	}
	return best
}

// printable keeps what an event says from steering a terminal.
func printable(s string) string {
	if q := strconv.Quote(s); q[1:len(q)-1] != s {
		return q
	}
	return s
}

func (r *tableReport) flush() error {
	if r.rows == nil {
		return nil
	}
	_, err := r.w.WriteString(r.rows.Render() + "\n")
	r.rows = nil
	return err
}

func (r *tableReport) end(s *Summary) error {
	if err := r.flush(); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d orders as of %s (%s)", s.Orders, clock(r.asOf, r.zone), r.zone)
	sep := ": "
	for _, stage := range rules.Stages() {
		if n := r.stages[stage]; n > 0 {
			fmt.Fprintf(&b, "%s%d %s", sep, n, stage)
			sep = ", "
		}
	}
	b.WriteByte('\n')
	for o := Paid; o < outcomes; o++ {
		if t := r.money.outcome[o]; t.Orders > 0 {
			fmt.Fprintf(&b, "%-22s %6d orders  USD %12s\n", o.words().EN, t.Orders, t.USD)
		}
	}
	for c := NotConfirmed; c < causes; c++ {
		if t := r.money.cause[c]; t.Orders > 0 {
			fmt.Fprintf(&b, "  lost: %-40s %6d orders  USD %12s\n", c.words().EN, t.Orders, t.USD)
		}
	}
	_, err := r.w.WriteString(b.String())
	return err
}
