package statement

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"
	"github.com/xuri/excelize/v2"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/wording"
)

// workbook writes a statement as XLSX. Rows go to a temporary file as they come.
type workbook struct {
	w     io.Writer
	file  *excelize.File
	store string
	month rules.Month
	pack  *policy.Pack
	loc   *time.Location

	orders, differs, billed *sheet
	head, text              int         // styles of headings and of long texts
	numbers                 map[int]int // style of amounts, by decimal places
}

// sheet is one of its sheets.
type sheet struct {
	out *excelize.StreamWriter
	row int
}

func newWorkbook(w io.Writer, store string, month rules.Month, pack *policy.Pack) (*workbook, error) {
	b := &workbook{w: w, file: excelize.NewFile(), store: store, month: month, pack: pack, loc: pack.Location(), numbers: map[int]int{}}
	if err := b.begin(); err != nil {
		b.close()
		return nil, fmt.Errorf("begin the workbook: %w", err)
	}
	return b, nil
}

func (b *workbook) begin() error {
	if err := b.file.SetSheetName("Sheet1", title("summary")); err != nil {
		return err
	}
	var err error
	if b.head, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}); err != nil {
		return err
	}
	if b.text, err = b.file.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true}}); err != nil {
		return err
	}
	for _, places := range []int{0, 2, 3} { // in order: the same month gives the same bytes
		format := "#,##0"
		if places > 0 {
			format += "." + strings.Repeat("0", places)
		}
		if b.numbers[places], err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return err
		}
	}
	if b.orders, err = b.sheet("orders", orderColumns()); err != nil {
		return err
	}
	if b.differs, err = b.sheet("differences", []string{"order", "difference", "currency", "should", "got", "by"}); err != nil {
		return err
	}
	b.billed, err = b.sheet("bill", []string{"file", "line", "number", "order", "date", "weight", "fee", "currency", "amount", "match", "of_order", "should", "by"})
	return err
}

// sheet begins one whose heading and first column stay in sight.
func (b *workbook) sheet(name string, columns []string) (*sheet, error) {
	if _, err := b.file.NewSheet(title(name)); err != nil {
		return nil, err
	}
	out, err := b.file.NewStreamWriter(title(name))
	if err != nil {
		return nil, err
	}
	for i, key := range columns {
		if err := out.SetColWidth(i+1, i+1, width(key)); err != nil {
			return nil, err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}); err != nil {
		return nil, err
	}
	s := &sheet{out: out}
	head := make([]any, len(columns))
	for i, key := range columns {
		head[i] = b.heading(key)
	}
	return s, s.add(head...)
}

// heading has its languages one below the other: columns are narrow.
func (b *workbook) heading(key string) excelize.Cell {
	h := wording.Column(key)
	return excelize.Cell{StyleID: b.head, Value: h.ZH + "\n" + h.EN}
}

func width(key string) float64 {
	switch key {
	case "order", "number", "of_order", "created", "file":
		return 24
	case "difference", "match":
		return 56
	case rules.LedgerProtectionAsked, rules.LedgerProtectionApproved, rules.LedgerProtectionRejected, rules.LedgerProtectionPaid:
		return 18
	}
	return 14
}

func (s *sheet) add(cells ...any) error {
	s.row++
	at, err := excelize.CoordinatesToCellName(1, s.row)
	if err != nil {
		return err
	}
	return s.out.SetRow(at, cells)
}

// number is an amount as a number, unless it has more digits than spreadsheets keep.
func (b *workbook) number(d decimal.Decimal, currency string) any {
	if f, ok := plain(d).(float64); ok {
		return excelize.Cell{StyleID: b.numbers[money.Places(currency)], Value: f}
	}
	return d.String()
}

// plain is a number that is no amount, with the same exception.
func plain(d decimal.Decimal) any {
	const digits = 15
	f, ok := d.Float64()
	if !ok || d.Prec() > digits || math.IsInf(f, 0) {
		return d.String()
	}
	return f
}

func (b *workbook) amount(a *money.Amount) any {
	if a == nil {
		return nil
	}
	return b.number(a.Value, a.Currency)
}

func (b *workbook) order(l *rules.StatementLine) error {
	for i := range max(1, len(l.Books)) {
		row := make([]any, len(orderColumns()))
		row[0], row[1] = l.Order, local(l.CreatedAt, b.loc)
		if c := l.Charges; c != nil && i == 0 {
			row[2], row[3], row[4], row[5], row[6] = c.Freight.Currency, b.amount(&c.Freight), b.amount(&c.ServiceFee), b.amount(&c.Insurance), waived(c)
			if u := c.USD; u != nil {
				row[7], row[8], row[9], row[10] = plain(u.Rate), b.number(u.Freight, "USD"), b.number(u.ServiceFee, "USD"), b.number(u.Insurance, "USD")
			}
		}
		if i < len(l.Books) {
			k := &l.Books[i]
			row[11] = k.Currency
			for n, cell := range bookCells(k) {
				row[12+n] = b.number(cell, k.Currency)
			}
		}
		if i == 0 {
			row[len(row)-2] = b.amount(l.Expected)
			row[len(row)-1] = excelize.Cell{StyleID: b.text, Value: differences(l.Differences, "\n")}
		}
		if err := b.orders.add(row...); err != nil {
			return fmt.Errorf("write order %s: %w", l.Order, err)
		}
	}
	for _, d := range l.Differences {
		what := wording.Difference(d.Code)
		currency := ""
		for _, a := range []*money.Amount{d.Expected, d.Got} {
			if a != nil {
				currency = a.Currency
			}
		}
		if err := b.differs.add(l.Order, excelize.Cell{StyleID: b.text, Value: what.ZH + " " + what.EN}, currency, b.amount(d.Expected), b.amount(d.Got), b.amount(d.By)); err != nil {
			return fmt.Errorf("write order %s: %w", l.Order, err)
		}
	}
	return nil
}

func (b *workbook) bill(l *port.BilledLine) error {
	var weight any
	if l.Weight != nil {
		weight = plain(*l.Weight)
	}
	reason := wording.BillReason(l.Reason)
	err := b.billed.add(l.File, l.Line, l.BillLine.Number, l.BillLine.Order, l.Date, weight, l.Fee, l.Amount.Currency, b.amount(&l.Amount),
		excelize.Cell{StyleID: b.text, Value: reason.ZH + " " + reason.EN}, l.BillMatch.Order, b.amount(l.Expected), b.amount(l.By))
	if err != nil {
		return fmt.Errorf("write line %d of bill %s: %w", l.Line, l.File, err)
	}
	return nil
}

func (b *workbook) end(t *rules.StatementTotals) error {
	if err := b.summary(t); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	for _, s := range []*sheet{b.orders, b.differs, b.billed} {
		if err := s.out.Flush(); err != nil {
			return fmt.Errorf("write the workbook: %w", err)
		}
	}
	if err := b.save(); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	return nil
}

// save writes the file with its parts in order: the library's order is another each time.
func (b *workbook) save() (err error) {
	f, err := os.CreateTemp("", "workbook")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	size, err := b.file.WriteTo(f)
	if err != nil {
		return err
	}
	parts, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	out := zip.NewWriter(b.w)
	for _, part := range parts.File {
		if err := out.Copy(part); err != nil {
			return err
		}
	}
	return out.Close()
}

// close removes the temporary files.
func (b *workbook) close() { _ = b.file.Close() }

func (b *workbook) summary(t *rules.StatementTotals) error {
	out, err := b.file.NewStreamWriter(title("summary"))
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, 1, 56); err != nil {
		return err
	}
	if err := out.SetColWidth(2, 8, 18); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	s := &sheet{out: out}
	for _, row := range b.summaryRows(t) {
		if err := s.add(row...); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (b *workbook) summaryRows(t *rules.StatementTotals) [][]any {
	head := func(keys ...string) []any {
		row := make([]any, len(keys))
		for i, key := range keys {
			if key != "" {
				row[i] = b.heading(key)
			}
		}
		return row
	}
	both := func(x wording.Text) string { return x.ZH + " " + x.EN }
	rows := [][]any{
		{b.heading("store"), b.store, b.heading("month"), b.month.String()},
		nil,
		head("orders", "currency", "count", "freight", "service_fee", "insurance"),
	}
	for _, c := range t.Charges {
		rows = append(rows, []any{nil, c.Currency, c.Orders, b.number(c.Freight, c.Currency), b.number(c.ServiceFee, c.Currency), b.number(c.Insurance, c.Currency)})
	}
	u := &t.USD
	rows = append(rows,
		[]any{title("usd_all"), "USD", u.Orders, b.number(u.Freight, "USD"), b.number(u.ServiceFee, "USD"), b.number(u.Insurance, "USD")},
		[]any{title("without_rate"), nil, u.WithoutUSD}, []any{title("waived"), nil, t.Waived}, nil, head("ledger", "currency", "count", "sum"))
	for _, l := range t.Ledger {
		rows = append(rows, []any{both(wording.LedgerKind(l.Kind)), l.Currency, l.Entries, b.number(l.Sum, l.Currency)})
	}
	if t.Expected != nil {
		rows = append(rows, []any{title("expected"), t.Expected.Currency, nil, b.amount(t.Expected)})
	}
	rows = append(rows, nil, head("differences", "", "count"))
	for _, d := range t.Differences {
		rows = append(rows, []any{both(wording.Difference(d.Code)), nil, d.Count})
	}
	rows = append(rows, nil, head("bill", "currency", "count", "sum"))
	for _, l := range t.Bill {
		rows = append(rows, []any{both(wording.BillReason(l.Reason)), l.Currency, l.Lines, b.number(l.Sum, l.Currency)})
	}
	rows = append(rows, nil)
	p := &b.pack.Statement
	for _, note := range wording.StatementNotes(p.ServiceFeePercent.Value.String(), p.InsurancePercent.Value.String(), p.InsuranceCap.Value.String()) {
		rows = append(rows, []any{note.ZH}, []any{note.EN})
	}
	return rows
}
