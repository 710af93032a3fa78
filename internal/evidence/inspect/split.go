package inspect

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"time"

	"parcelward/internal/rules"
)

// OutboundLine is one line of a warehouse's record.
type OutboundLine struct {
	Row int // in the file, from 1
	rules.OutboundRow
	Problem string // what could not be read of it; empty: nothing
	cells   []string
}

// OutboundTable is a warehouse's record, taken apart.
type OutboundTable struct {
	Lines  []OutboundLine
	header []string
}

// SplitOutbound takes apart a warehouse's record, which may be of many orders: CSV, or the first
// sheet of an XLSX workbook. loc is the zone of clocks that name none. What cannot be read as a
// table of outbound records is an *OutboundError. It waits until there is memory for it, or ctx
// ends.
func SplitOutbound(ctx context.Context, content []byte, loc *time.Location) (t OutboundTable, err error) {
	done, err := turn(ctx, weight(content, rules.EvidenceOutbound))
	if err != nil {
		return t, err
	}
	defer done()
	defer func() {
		if r := recover(); r != nil {
			err = &OutboundError{rules.Unseen{Code: rules.UnseenDamaged, Detail: fmt.Sprint(r)}}
		}
	}()
	if len(content) > MaxBytes {
		return t, &OutboundError{rules.Unseen{Code: rules.UnseenTooLarge, Detail: fmt.Sprintf("> %d MB", MaxBytes>>20)}}
	}
	mediaType, form := sniff(content, rules.EvidenceOutbound)
	var rows [][]string
	switch mediaType {
	case typeXLSX:
		rows, err = workbookRows(content)
	case typeCSV:
		rows, err = csvRows(content)
	default:
		return t, &OutboundError{rules.Unseen{Code: rules.UnseenDamaged, Detail: "expected CSV or XLSX, got " + mediaType + form}}
	}
	if err != nil {
		return t, &OutboundError{rules.Unseen{Code: rules.UnseenDamaged, Detail: err.Error()}}
	}
	at, place := headerRow(rows)
	if at < 0 {
		return t, &OutboundError{rules.Unseen{Code: rules.UnseenColumns}}
	}
	t.header = rows[at]
	for i := at + 1; i < len(rows); i++ {
		read, unseen := outboundRows(rows[i:i+1], i+1, place, mediaType, loc)
		if len(read) == 0 {
			continue // blank
		}
		line := OutboundLine{Row: i + 1, OutboundRow: read[0], cells: slices.Clone(rows[i])}
		if len(unseen) > 0 {
			line.Problem = unseen[0].Detail
		}
		if j, ok := place["at"]; ok && mediaType == typeXLSX && j < len(line.cells) && !line.At.IsZero() {
			line.cells[j] = line.At.In(loc).Format(time.DateTime) // a workbook counts days
		}
		t.Lines = append(t.Lines, line)
	}
	return t, nil
}

// CSV is an original of some of the lines: the header and they, as they stand in the file.
func (t *OutboundTable) CSV(lines []OutboundLine) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(t.header) // what fails is told at the end
	for i := range lines {
		_ = w.Write(lines[i].cells)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write the outbound record: %w", err)
	}
	return out.Bytes(), nil
}

// OutboundError says why a file is no warehouse's record.
type OutboundError struct{ rules.Unseen }

// Error implements error.
func (e *OutboundError) Error() string {
	if e.Code == rules.UnseenColumns {
		return "outbound record: expected a header with SKU and time, order or tracking number (订单号, 运单号, SKU, 数量, 出库时间), found none in the first rows"
	}
	return "outbound record: expected CSV or XLSX of at most 20,000 rows and 20 MB: " + e.Detail
}
