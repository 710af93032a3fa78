package inspect

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	textunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

const (
	maxRows      = 20_000   // of a table
	maxColumns   = 100      // of a row
	maxCell      = 500      // bytes of a cell that are kept
	maxUnzipped  = 24 << 20 // bytes of a workbook: rows of 1,000 bytes and more
	maxHeaderRow = 20       // titles may stand above the header
	maxUnread    = 20       // rows that are named as unread
)

// columns are the headers of warehouses' records, in the form of headerKey.
func columns() map[string][]string {
	return map[string][]string{
		"at": {
			"出库时间", "出库日期", "发货时间", "出库扫描时间", "扫描时间", "操作时间", "复核时间", "打包时间", "时间", "outboundtime", "outboundat",
			"outbounddate", "shippedat", "shiptime", "shipdate", "dispatchtime", "dispatchedat", "timestamp", "time", "datetime", "date", "recordedat", "scantime",
		},
		"order":    {"订单号", "订单编号", "平台订单号", "交易号", "速卖通订单号", "order", "orderid", "orderno", "ordernumber", "platformorder", "platformorderid"},
		"number":   {"运单号", "物流单号", "快递单号", "跟踪号", "追踪号", "面单号", "物流跟踪号", "trackingnumber", "trackingno", "tracking", "waybill", "waybillnumber", "waybillno"},
		"sku":      {"sku", "sku编码", "sku编号", "商品sku", "商品编码", "产品编码", "产品sku", "货号", "商家编码", "sellersku", "skucode", "skuid", "itemsku", "item"},
		"quantity": {"数量", "出库数量", "发货数量", "商品数量", "件数", "qty", "quantity", "units", "pcs", "count", "shippedqty"},
	}
}

// headerKey is a header without case, spaces, marks and what stands in brackets.
func headerKey(text string) string {
	text, _, _ = strings.Cut(norm.NFKC.String(text), "(")
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// table reads a warehouse's record. What cannot be read of it is unseen.
func table(content []byte, mediaType string, loc *time.Location) ([]rules.OutboundRow, []rules.Unseen) {
	var rows [][]string
	var err error
	if mediaType == typeXLSX {
		rows, err = workbookRows(content)
	} else {
		rows, err = csvRows(content)
	}
	if err != nil {
		code := rules.UnseenDamaged
		if errors.Is(err, errRows) {
			code = rules.UnseenTooLarge
		}
		return nil, []rules.Unseen{{Code: code, Detail: err.Error()}}
	}
	if i, place := headerRow(rows); i >= 0 {
		return outboundRows(rows[i+1:], i+2, place, mediaType, loc)
	}
	return nil, []rules.Unseen{{Code: rules.UnseenColumns}}
}

// headerRow finds the header and what stands in which column; -1: there is none.
func headerRow(rows [][]string) (int, map[string]int) {
	known := columns()
	for i := range rows[:min(len(rows), maxHeaderRow)] {
		place := map[string]int{}
		for j, cell := range rows[i] {
			key := headerKey(cell)
			for name, headers := range known {
				if _, taken := place[name]; !taken && slices.Contains(headers, key) {
					place[name] = j
				}
			}
		}
		if _, ok := place["sku"]; ok && len(place) > 1 {
			return i, place
		}
	}
	return -1, nil
}

var (
	errRows  = fmt.Errorf("more than %d rows", maxRows)
	errCells = fmt.Errorf("more than %d cells: %w", maxRows*maxColumns, errRows)
)

// outboundRows reads the rows below a header. first is the number of the first of them.
func outboundRows(cells [][]string, first int, place map[string]int, mediaType string, loc *time.Location) (rows []rules.OutboundRow, unseen []rules.Unseen) {
	unread := func(i int, what string) {
		if len(unseen) < maxUnread {
			unseen = append(unseen, rules.Unseen{Code: rules.UnseenRows, Detail: fmt.Sprintf("row %d: %s", first+i, what)})
		}
	}
	for i, line := range cells {
		cell := func(name string) string {
			if j, ok := place[name]; ok && j < len(line) {
				return strings.TrimSpace(line[j])
			}
			return ""
		}
		if strings.TrimSpace(strings.Join(line, "")) == "" {
			continue
		}
		row := rules.OutboundRow{Order: cell("order"), Number: tracknum.Normalize(cell("number")), SKU: cell("sku")}
		for _, number := range []string{row.Order, cell("number")} {
			if scientific(number) {
				unread(i, "number in scientific notation: "+number)
			}
		}
		if text := cell("at"); text != "" {
			var ok bool
			if row.At, ok = moment(text, mediaType == typeXLSX, loc); !ok {
				unread(i, "time: "+text)
			}
		}
		if text := cell("quantity"); text != "" {
			n, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
			if err != nil || n < 1 || n > 1_000_000 {
				unread(i, "quantity: "+text)
			} else {
				row.Quantity = n
			}
		}
		rows = append(rows, row)
	}
	return rows, unseen
}

// scientific tells whether a spreadsheet has ruined a number.
func scientific(text string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(text), "E+")
	return ok && mantissa != "" && exponent != "" && strings.Trim(mantissa, "0123456789.") == "" && strings.Trim(exponent, "0123456789") == ""
}

// moment reads a time of day on a date, in loc where it names no zone. A date alone is none.
// Workbooks count days since 1900.
func moment(text string, serial bool, loc *time.Location) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	for _, layout := range []string{
		"2006-1-2 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006-1-2T15:04:05", "2006.1.2 15:04:05", "2006.1.2 15:04",
		"2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日15:04:05", "2006年1月2日15:04", "2006年1月2日 15时4分5秒", "2006年1月2日15时4分",
	} {
		if at, err := time.ParseInLocation(layout, text, loc); err == nil {
			return at, true
		}
	}
	if days, err := strconv.ParseFloat(text, 64); serial && err == nil && days > 36526 && days < 73050 && days != float64(int(days)) { // 2000 to 2099
		if at, err := excelize.ExcelDateToTime(days, false); err == nil {
			at = at.Round(time.Second)
			return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, loc), true
		}
	}
	return time.Time{}, false
}

// csvRows reads a text of fields parted by comma, semicolon or tab, in UTF-8, UTF-16 or GB18030.
func csvRows(content []byte) ([][]string, error) {
	text := utf8Of(content)
	if separators(text) > maxRows*maxColumns { // one row may have them all
		return nil, errCells
	}
	head, _, _ := bytes.Cut(text, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	for _, comma := range []rune{';', '\t'} {
		if bytes.ContainsRune(head, comma) && bytes.Count(head, []byte(string(comma))) > bytes.Count(head, []byte(string(r.Comma))) {
			r.Comma = comma
		}
	}
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	var rows [][]string
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, fmt.Errorf("CSV: %w", err)
		case len(rows) == maxRows:
			return nil, errRows
		}
		rows = append(rows, bounded(row))
	}
}

// workbookRows reads the first sheet that has rows, with numbers as they are kept, not as they
// are shown.
func workbookRows(content []byte) ([][]string, error) {
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped,
	})
	if err != nil {
		return nil, fmt.Errorf("XLSX: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	for _, name := range f.GetSheetList() {
		rows, err := sheetRows(f, name)
		if err != nil || len(rows) > 1 {
			return rows, err
		}
	}
	return nil, nil
}

func sheetRows(f *excelize.File, name string) ([][]string, error) {
	it, err := f.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("XLSX: %s: %w", name, err)
	}
	defer it.Close() //nolint:errcheck // it was only read
	var rows [][]string
	for it.Next() {
		if len(rows) == maxRows {
			return nil, errRows
		}
		row, err := it.Columns()
		if err != nil {
			return nil, fmt.Errorf("XLSX: %s: %w", name, err)
		}
		rows = append(rows, bounded(row))
	}
	if err := it.Error(); err != nil {
		return nil, fmt.Errorf("XLSX: %s: %w", name, err)
	}
	return rows, nil
}

// bounded keeps what a record needs of a row.
func bounded(row []string) []string {
	row = row[:min(len(row), maxColumns)]
	for i, cell := range row {
		if len(cell) > maxCell {
			row[i] = strings.ToValidUTF8(cell[:maxCell], "")
		}
	}
	return row
}

const bom = "\xef\xbb\xbf"

func utf16Marked(content []byte) bool {
	return bytes.HasPrefix(content, []byte{0xff, 0xfe}) || bytes.HasPrefix(content, []byte{0xfe, 0xff})
}

// utf8Of brings a text to UTF-8: what is neither that nor marked as UTF-16 is GB18030, which
// warehouses' systems write.
func utf8Of(content []byte) []byte {
	switch {
	case bytes.HasPrefix(content, []byte(bom)):
		content = content[len(bom):]
	case utf16Marked(content):
		if text, err := textunicode.UTF16(textunicode.LittleEndian, textunicode.UseBOM).NewDecoder().Bytes(content); err == nil {
			return text
		}
	case !utf8.Valid(content):
		if text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(content); err == nil {
			return text
		}
	}
	return bytes.ToValidUTF8(content, nil)
}
