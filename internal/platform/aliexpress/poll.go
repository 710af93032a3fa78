package aliexpress

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// Summary is an order as the order list shows it.
type Summary struct {
	ID       string
	Status   string
	Issue    string
	Created  time.Time
	Updated  time.Time // zero: not told
	Children []Child
}

// Child is a child order in a [Summary].
type Child struct {
	ID    string
	Issue string // issue_status
}

const (
	pageSize  = 50                   // the most that the order list and the dispute list give
	finishMax = 30 * 24 * time.Hour  // the span of one query for finished orders
	openMax   = 180 * 24 * time.Hour // and of one for the others
	readings  = 4                    // of a list that changes meanwhile
)

// Poll lists the orders that the store's platform records as changed from from up to to, the
// finished ones too, the least recently changed first. to should lie in the past: windows that
// overlap by a few minutes make up for the platform's lists coming late.
//
// An order that changes while the list is read leaves the window, and those behind it move
// forward by one place; read from front to back, one would be lost at the edge of each page.
// So pages are read from the last to the first: what moves forward comes to a page that is
// still to be read. An order that joins moves others back; where the total that each page
// tells is not the same all the while, the list is read again, and what any reading has shown
// is kept. A list that still grows at the fourth reading is an *[port.UnavailableError].
func (c *Client) Poll(ctx context.Context, store string, from, to time.Time) ([]Summary, error) {
	found := map[string]Summary{}
	for _, q := range []struct {
		status string
		most   time.Duration
	}{{"", openMax}, {statusFinish, finishMax}} {
		for start := from; start.Before(to); start = start.Add(q.most) {
			end := start.Add(q.most)
			if end.After(to) {
				end = to
			}
			if err := c.readAll(ctx, store, start, end, q.status, found); err != nil {
				return nil, err
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Summary) int {
		return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID))
	}), nil
}

// readAll reads one window's list until it holds still.
func (c *Client) readAll(ctx context.Context, store string, from, to time.Time, status string, found map[string]Summary) error {
	grew := true
	for range readings {
		head, err := c.page(ctx, store, from, to, status, 1)
		if err != nil {
			return err
		}
		head.keep(found)
		still := true
		grew = false
		total := head.total
		for n := head.pages(); n >= 1 && head.pages() > 1; n-- {
			page, err := c.page(ctx, store, from, to, status, n)
			if err != nil {
				return err
			}
			page.keep(found)
			still, grew = still && page.total == total, grew || page.total > total
			total = page.total
		}
		if still {
			return nil
		}
	}
	if grew {
		return &port.UnavailableError{Call: "aliexpress: " + methodOrderList, Status: 200, Detail: "the list grows while it is read"}
	}
	return nil
}

type listPage struct {
	total  int
	orders []Summary
}

func (p *listPage) pages() int { return (p.total + pageSize - 1) / pageSize }

// keep adds a page's orders; of two states of one order the later stays.
func (p *listPage) keep(found map[string]Summary) {
	for _, s := range p.orders {
		if known, ok := found[s.ID]; !ok || s.Updated.After(known.Updated) {
			found[s.ID] = s
		}
	}
}

type listedDTO struct {
	OrderID     wire.Text `json:"order_id"`
	OrderStatus wire.Text `json:"order_status"`
	IssueStatus wire.Text `json:"issue_status"`
	GmtCreate   wire.Text `json:"gmt_create"`
	GmtUpdate   wire.Text `json:"gmt_update"`
	ProductList list[struct {
		ChildID     wire.Text `json:"child_id"`
		IssueStatus wire.Text `json:"issue_status"`
	}] `json:"product_list"`
}

func (c *Client) page(ctx context.Context, store string, from, to time.Time, status string, n int) (*listPage, error) {
	start, end := window(from, to, dateTime)
	query := map[string]any{"modified_date_start": start, "modified_date_end": end, "page_size": pageSize, "current_page": n}
	if status != "" {
		query["order_status"] = status
	}
	param, err := json.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("aliexpress: %s: %w", methodOrderList, err)
	}
	var out struct {
		Result *struct {
			Success    wire.Text       `json:"success"`
			ErrorCode  wire.Text       `json:"error_code"`
			Error      wire.Text       `json:"error_message"`
			TotalCount wire.Text       `json:"total_count"`
			TargetList list[listedDTO] `json:"target_list"`
		} `json:"result"`
	}
	if err := c.top(ctx, store, methodOrderList, map[string]string{"param0": string(param)}, &out); err != nil {
		return nil, err
	}
	switch {
	case out.Result == nil:
		return nil, odd(methodOrderList, "result")
	case out.Result.Success != "" && !yes(out.Result.Success):
		return nil, refusal(methodOrderList, out.Result.ErrorCode, out.Result.Error)
	}
	p := &listPage{total: count(out.Result.TotalCount)}
	switch {
	case out.Result.TotalCount == "" && len(out.Result.TargetList) > 0: // how many pages there are is not to be guessed
		return nil, odd(methodOrderList, "total_count")
	case len(out.Result.TargetList) == 0 && p.total > (n-1)*pageSize:
		return nil, odd(methodOrderList, "target_list with orders of "+strconv.Itoa(p.total))
	}
	for i, d := range out.Result.TargetList {
		if d.OrderID == "" {
			return nil, odd(methodOrderList, fmt.Sprintf("target_list.%d.order_id", i))
		}
		s := Summary{
			ID: string(d.OrderID), Status: string(d.OrderStatus), Issue: string(d.IssueStatus),
			Created: moment(d.GmtCreate), Updated: moment(d.GmtUpdate),
		}
		for _, p := range d.ProductList {
			s.Children = append(s.Children, Child{ID: string(p.ChildID), Issue: string(p.IssueStatus)})
		}
		p.orders = append(p.orders, s)
	}
	return p, nil
}

// count reads a count; 0 where there is none.
func count(t wire.Text) int {
	n, err := strconv.Atoi(string(t))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
