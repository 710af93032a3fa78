package statement

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// orderColumns are the columns of an order's line, in all formats of a table.
func orderColumns() []string {
	columns := []string{
		"order", "created", "currency", "freight", "service_fee", "insurance", "waived", "usd_rate", "freight_usd", "service_fee_usd", "insurance_usd",
		"claim_currency",
	}
	return append(append(columns, bookColumns()...), "expected", "difference")
}

// bookColumns are those of the ledger.
func bookColumns() []string { return append(rules.LedgerKinds(), "other") }

// bookCells are what an order's books of a currency have in them.
func bookCells(b *rules.BookLine) []decimal.Decimal {
	var cells []decimal.Decimal
	for _, kind := range bookColumns() {
		cells = append(cells, b.Sum(kind))
	}
	return cells
}

// local is a moment in the platform's zone.
func local(t time.Time, loc *time.Location) string { return t.In(loc).Format("2006-01-02 15:04:05") }

// table writes the orders as CSV for spreadsheets: UTF-8 with a byte order mark.
type table struct {
	w   io.Writer
	out *csv.Writer
	loc *time.Location
}

func newTable(w io.Writer, loc *time.Location) *table { return &table{w: w, loc: loc} }

func (t *table) begin() error {
	if t.out != nil {
		return nil
	}
	if _, err := io.WriteString(t.w, "\ufeff"); err != nil {
		return err
	}
	t.out = csv.NewWriter(t.w)
	t.out.UseCRLF = true
	var head []string
	for _, key := range orderColumns() {
		head = append(head, title(key))
	}
	return t.out.Write(head)
}

// title is a heading in both languages.
func title(key string) string {
	h := wording.Column(key)
	return h.ZH + " " + h.EN
}

func (t *table) order(l *rules.StatementLine) error {
	if err := t.begin(); err != nil {
		return err
	}
	for i := range max(1, len(l.Books)) {
		row := make([]string, 0, len(orderColumns()))
		row = append(row, named(l.Order), local(l.CreatedAt, t.loc))
		if c := l.Charges; c != nil && i == 0 {
			row = append(row, c.Freight.Currency, c.Freight.Value.String(), c.ServiceFee.Value.String(), c.Insurance.Value.String(), waived(c))
			if u := c.USD; u != nil {
				row = append(row, u.Rate.String(), u.Freight.String(), u.ServiceFee.String(), u.Insurance.String())
			} else {
				row = append(row, "", "", "", "")
			}
		} else {
			row = append(row, "", "", "", "", "", "", "", "", "")
		}
		if i < len(l.Books) {
			row = append(row, l.Books[i].Currency)
			for _, cell := range bookCells(&l.Books[i]) {
				row = append(row, cell.String())
			}
		} else {
			row = append(row, make([]string, 1+len(bookColumns()))...)
		}
		expected, differs := "", ""
		if i == 0 {
			if l.Expected != nil {
				expected = l.Expected.String()
			}
			differs = differences(l.Differences, "; ")
		}
		if err := t.out.Write(append(row, expected, guarded(differs))); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) bill(*port.BilledLine) error { return t.begin() }

func (t *table) end(*rules.StatementTotals) error {
	if err := t.begin(); err != nil {
		return err
	}
	t.out.Flush()
	return t.out.Error()
}

func waived(c *rules.Charges) string {
	if !c.Waived {
		return ""
	}
	return "是 yes"
}

func differences(found []rules.StatementDiffer, between string) string {
	all := make([]string, len(found))
	for i, d := range found {
		t := wording.Difference(d.Code)
		all[i] = t.ZH + " " + t.EN
		if d.By != nil {
			all[i] += " (" + d.By.String() + ")"
		}
	}
	return strings.Join(all, between)
}

// named is a number that names something: a tab before it keeps spreadsheets from making
// 8.19E+18, or a date, of it, and from taking it for a formula.
func named(s string) string { return "\t" + s }

// guarded keeps a text from being taken for a formula.
func guarded(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// document writes a statement as one JSON object, line by line.
type document struct {
	w     io.Writer
	store string
	month rules.Month
	part  string // the array that is open
	n     int    // in it
}

func newDocument(w io.Writer, store string, month rules.Month) *document {
	return &document{w: w, store: store, month: month}
}

func (d *document) open(part string) error {
	if d.part == part {
		return nil
	}
	text := fmt.Sprintf("{\"store\":%q,\"month\":%q,\"orders\":[", d.store, d.month)
	if d.part == "orders" {
		text = "],\"bill\":["
	}
	d.part, d.n = part, 0
	_, err := io.WriteString(d.w, text)
	return err
}

func (d *document) item(x any) error {
	raw, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	sep := "\n"
	if d.n++; d.n > 1 {
		sep = ",\n"
	}
	_, err = d.w.Write(append([]byte(sep), raw...))
	return err
}

func (d *document) order(l *rules.StatementLine) error {
	if err := d.open("orders"); err != nil {
		return err
	}
	return d.item(l)
}

func (d *document) bill(l *port.BilledLine) error {
	if err := d.toBill(); err != nil {
		return err
	}
	return d.item(l)
}

// toBill opens the lines of bills, behind the orders.
func (d *document) toBill() error {
	if d.part == "bill" {
		return nil
	}
	if err := d.open("orders"); err != nil {
		return err
	}
	return d.open("bill")
}

func (d *document) end(t *rules.StatementTotals) error {
	if err := d.toBill(); err != nil {
		return err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write the sums: %w", err)
	}
	_, err = fmt.Fprintf(d.w, "],\"totals\":%s}\n", raw)
	return err
}
