package statement

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/tracknum"
)

// What a bill may hold.
const (
	MaxBillBytes = 20 << 20
	maxBillLines = 50_000
	maxUnpacked  = 200 << 20 // of an XLSX file
	maxCell      = 200       // characters
	maxCells     = 200       // of a row
	headWithin   = 10        // rows: titles stand above the heading
	mostProblems = 20        // told; the rest is counted
)

// BillError says what is wrong with a bill; nothing of it was imported.
type BillError struct {
	Name     string
	Problems []string // each with its line
	More     int      // that are not listed
}

// Error implements error.
func (e *BillError) Error() string {
	more := ""
	if e.More > 0 {
		more = fmt.Sprintf("\n… 另有 %d 处 · and %d more", e.More, e.More)
	}
	return fmt.Sprintf("账单 %s 未导入，请改正后重试 · bill %s is not imported; mend it and try again:\n%s%s", e.Name, e.Name, strings.Join(e.Problems, "\n"), more)
}

func (e *BillError) add(line int, format string, args ...any) {
	if len(e.Problems) == mostProblems {
		e.More++
		return
	}
	what := fmt.Sprintf(format, args...)
	if line > 0 {
		what = fmt.Sprintf("第 %d 行 · line %d: %s", line, line, what)
	}
	e.Problems = append(e.Problems, what)
}

// ReadBill reads a carrier's bill: CSV in UTF-8 or GB18030, or the first sheet of an XLSX file.
// The error is a *[BillError] with everything that is wrong.
func ReadBill(name string, data []byte) ([]rules.BillLine, error) {
	wrong := &BillError{Name: name}
	if len(data) > MaxBillBytes {
		wrong.add(0, "文件过大 · expected at most %d MB", MaxBillBytes>>20)
		return nil, wrong
	}
	r := &billReader{wrong: wrong}
	var err error
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		err = r.workbook(data)
	} else {
		err = r.text(data)
	}
	switch {
	case err != nil:
		wrong.add(0, "%v", err)
	case r.columns == nil:
		wrong.add(0, "前 %d 行里没有表头：须有运单号、日期、金额、币种四列 · no heading in the first %d rows: expected columns for tracking number, date, amount and currency", headWithin, headWithin)
	case len(r.lines) == 0 && len(wrong.Problems) == 0:
		wrong.add(0, "没有数据行 · no lines")
	}
	if len(wrong.Problems) > 0 {
		return nil, wrong
	}
	return r.lines, nil
}

type billReader struct {
	wrong   *BillError
	rows    int
	columns map[string]int // by key
	lines   []rules.BillLine
	serials bool // dates may be a spreadsheet's day numbers
}

// text reads CSV, separated by commas or tabs.
func (r *billReader) text(data []byte) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return errors.New("编码不是 UTF-8 或 GB18030 · expected UTF-8 or GB18030")
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return errors.New("不是 CSV 文件 · expected CSV, got binary data")
	}
	data = asFormula.ReplaceAll(data, []byte(`$1"$2"`))
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		in.Comma = '\t'
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("CSV 格式有误 · malformed CSV: %w", err)
		}
		line, _ := in.FieldPos(0)
		if err := r.row(line, cells, nil); err != nil {
			return err
		}
	}
}

// asFormula is ="123", by which exports keep spreadsheets from rounding a number.
var asFormula = regexp.MustCompile(`(?m)(^|[,\t])="([^"\r\n]*)"`)

// workbook reads the first sheet. The library panics on some crafted files.
func (r *billReader) workbook(data []byte) (err error) {
	unreadable := func(why any) error {
		return fmt.Errorf("XLSX 文件无法读取 · the XLSX file cannot be read: %v", why)
	}
	defer func() {
		if p := recover(); p != nil {
			err = unreadable(p)
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: 32 << 20})
	if err != nil {
		return unreadable(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r.serials = true
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return unreadable("no sheet")
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return unreadable(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return unreadable(err)
		}
		numeric := func(column int) bool {
			at, err := excelize.CoordinatesToCellName(column+1, n)
			if err != nil {
				return false
			}
			kind, err := f.GetCellType(sheets[0], at)
			return err == nil && (kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber)
		}
		if err := r.row(n, cells, numeric); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return unreadable(err)
	}
	return nil
}

// row takes a row in; numeric tells whether a cell is a spreadsheet's number.
func (r *billReader) row(line int, cells []string, numeric func(int) bool) error {
	if len(cells) > maxCells {
		return fmt.Errorf("第 %d 行列数过多 · line %d: expected at most %d columns", line, line, maxCells)
	}
	empty := !slices.ContainsFunc(cells, func(c string) bool { return clean(c) != "" })
	switch {
	case r.columns == nil:
		if r.rows++; r.rows <= headWithin {
			r.heading(line, cells)
		}
		return nil
	case empty:
		return nil
	}
	if r.rows++; r.rows > maxBillLines+headWithin {
		return fmt.Errorf("行数过多 · expected at most %d lines", maxBillLines)
	}
	b := lineReader{reader: r, line: line, cells: cells, numeric: numeric}
	l := b.read()
	if !b.failed {
		r.lines = append(r.lines, l)
	}
	return nil
}

// billHeadings are the names of columns as carriers write them, brackets and spaces aside.
func billHeadings() map[string][]string {
	return map[string][]string{
		"number":   {"运单号", "物流单号", "物流运单号", "跟踪号", "追踪号", "跟踪单号", "快递单号", "国际运单号", "服务商单号", "trackingnumber", "trackingno", "trackingno.", "tracking", "waybill", "waybillnumber", "waybillno"},
		"order":    {"订单号", "订单编号", "平台订单号", "交易订单号", "ordernumber", "orderno", "orderno.", "orderid", "order"},
		"date":     {"日期", "账单日期", "计费日期", "业务日期", "发货日期", "出账日期", "扣费日期", "date", "billdate", "billingdate", "chargedate", "shipdate"},
		"weight":   {"重量", "计费重量", "计费重", "结算重量", "weight", "chargeableweight", "billedweight"},
		"amount":   {"运费", "金额", "账单金额", "应付金额", "应付", "费用", "费用金额", "总金额", "freight", "amount", "charge", "total", "totalamount", "billed"},
		"currency": {"币种", "货币", "币别", "结算币种", "currency"},
		"fee":      {"费用名称", "费用类型", "费用项", "费用项目", "收费项目", "费用种类", "feename", "feetype", "chargetype", "chargename", "fee"},
	}
}

var bracketed = regexp.MustCompile(`\([^)]*\)|\s+`)

// heading is the first row that names the four columns that must be there.
func (r *billReader) heading(line int, cells []string) {
	found := map[string]int{}
	for i, cell := range cells {
		name := bracketed.ReplaceAllString(strings.ToLower(norm.NFKC.String(clean(cell))), "")
		for key, names := range billHeadings() {
			if !slices.ContainsFunc(names, func(n string) bool { return name == n || headsBoth(name, n, names) }) {
				continue
			}
			if _, twice := found[key]; twice {
				r.wrong.add(line, "有两列都像“%s” · two columns for the same: %s", clean(cell), clean(cell))
			}
			found[key] = i
		}
	}
	for _, key := range []string{"number", "date", "amount", "currency"} {
		if _, ok := found[key]; !ok {
			r.wrong.Problems, r.wrong.More = nil, 0 // this row is no heading
			return
		}
	}
	r.columns = found
}

// headsBoth tells whether a name is a heading in both languages, as our own files have it.
func headsBoth(name, one string, names []string) bool {
	rest, ok := strings.CutPrefix(name, one)
	return ok && rest != "" && slices.Contains(names, rest)
}

// clean is a cell without what spreadsheets and exports put around text.
func clean(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\ufeff", ""))
	return strings.TrimSpace(strings.TrimPrefix(s, "'"))
}

// lineReader reads one line's cells.
type lineReader struct {
	reader  *billReader
	line    int
	cells   []string
	numeric func(int) bool
	failed  bool
}

func (b *lineReader) fail(format string, args ...any) {
	b.failed = true
	b.reader.wrong.add(b.line, format, args...)
}

// cell is a column's text; empty: there is none.
func (b *lineReader) cell(key string) string {
	i, ok := b.reader.columns[key]
	if !ok || i >= len(b.cells) {
		return ""
	}
	s := clean(b.cells[i])
	if utf8.RuneCountInString(s) > maxCell {
		b.fail("内容过长 · %s: expected at most %d characters", key, maxCell)
		return ""
	}
	return s
}

// scientific is how spreadsheets show numbers that they have rounded.
var scientific = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?[eE][+-][0-9]+$|^[+-]?[0-9](\.[0-9]+)?[eE][0-9]{1,3}$`)

// name is a number that names something; one that a spreadsheet has rounded is lost.
func (b *lineReader) name(key string) string {
	s := b.cell(key)
	const kept = 15 // digits, in a spreadsheet's number
	column := b.reader.columns[key]
	rounded := scientific.MatchString(s) || b.numeric != nil && len(s) > kept && strings.Trim(s, "0123456789.") == "" && b.numeric(column)
	if rounded {
		b.fail("单号 %s 是科学计数或已被表格软件截断，位数已丢失；请把该列设为文本后重新导出 · %s: the spreadsheet has rounded it and digits are lost; make the column text and export again", s, s)
		return ""
	}
	return s
}

func (b *lineReader) read() rules.BillLine {
	l := rules.BillLine{Line: b.line, Number: tracknum.Normalize(b.name("number")), Order: b.name("order"), Fee: b.cell("fee")}
	const longest = 64 // what the exchange format takes
	if !b.failed && (l.Number == "" || len(l.Number) > longest) {
		b.fail("缺少运单号或过长 · tracking number: expected 1 to %d letters and digits", longest)
	}
	l.Date = b.date()
	l.Amount = b.amount()
	if s := b.cell("weight"); s != "" {
		s = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(s), "kg"))
		w, err := decimal.Parse(s)
		if err != nil || w.IsNeg() || scientific.MatchString(s) || w.Cmp(decimal.MustNew(1_000_000, 0)) > 0 {
			b.fail("重量 %q 不是数字 · weight: expected a plain number", s)
		} else {
			l.Weight = &w
		}
	}
	return l
}

func (b *lineReader) amount() money.Amount {
	currency := strings.ToUpper(b.cell("currency"))
	switch currency {
	case "人民币", "RMB", "人民币元":
		currency = "CNY"
	case "美元", "美金":
		currency = "USD"
	case "欧元":
		currency = "EUR"
	}
	s := strings.ReplaceAll(strings.TrimLeft(b.cell("amount"), "¥￥$€"), ",", "")
	a, err := money.Parse(s, currency)
	if err != nil {
		b.fail("金额 %q 或币种 %q 有误 · %v", s, currency, err)
	}
	return a
}

// date reads a day, with or without its time of day.
func (b *lineReader) date() string {
	s := b.cell("date")
	if b.reader.serials {
		if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 36526 && n < 73051 { // the years 2000 to 2099
			if t, err := excelize.ExcelDateToTime(n, false); err == nil {
				return t.Format(time.DateOnly)
			}
		}
	}
	day, _, _ := strings.Cut(strings.ReplaceAll(s, "T", " "), " ")
	day = strings.TrimRight(strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-").Replace(day), "-")
	for _, layout := range []string{"2006-1-2", "20060102"} {
		if t, err := time.Parse(layout, day); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
			return t.Format(time.DateOnly)
		}
	}
	b.fail("日期 %q 无法识别，应如 2026-03-31 · date: expected a day such as 2026-03-31", s)
	return ""
}
