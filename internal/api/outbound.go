package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// OutboundImport is what became of a warehouse's export.
type OutboundImport struct {
	Orders    []OutboundOrder `json:"orders" doc:"one original each"`
	Unmatched []OutboundLine  `json:"unmatched" doc:"lines that are in no original"`
}

// OutboundOrder is an order whose outbound record came.
type OutboundOrder struct {
	Order   string   `json:"order"`
	SHA256  string   `json:"sha256"`
	Lines   int      `json:"lines"`
	New     bool     `json:"new" doc:"false: the same came before"`
	Verdict *Verdict `json:"verdict,omitempty" doc:"of the pre-flight"`
}

// OutboundLine is a line that belongs to none of the store's orders.
type OutboundLine struct {
	Row            int    `json:"row" doc:"in the file, from 1"`
	Order          string `json:"order,omitempty"`
	TrackingNumber string `json:"tracking_number,omitempty"`
	Code           string `json:"code"`
	Detail         string `json:"detail,omitempty"`
	Words
}

type outboundInput struct {
	Store string `path:"store" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"the seller's shop"`
	By    string `query:"by" required:"true" minLength:"1" maxLength:"100" doc:"who imports"`
	body  io.Reader
}

// Resolve leaves the body unread: huma would read it before its turn.
func (in *outboundInput) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	if err := uploadDeadlines(w); err != nil {
		return []error{err}
	}
	in.body = http.MaxBytesReader(w, r.Body, inspect.MaxBytes)
	return nil
}

type outboundOutput struct{ Body OutboundImport }

const outboundPath = "/v1/stores/{store}/outbound"

func (s *server) registerOutbound(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "import-outbound", Method: http.MethodPost, Path: outboundPath,
		Summary: "Import a warehouse's outbound records of many orders",
		Description: "CSV or XLSX with a header (订单号 or 运单号, SKU, 数量, 出库时间, or in English). Each order gets an original of its own lines; " +
			"lines of no order of the store are listed with the reason. The same file again changes nothing.",
		Errors: []int{http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postOutbound)
	// Told only now, as that of an upload.
	api.OpenAPI().Paths[outboundPath].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
}

// loc is the zone of warehouses' clocks: the platform's.
func (s *server) loc() *time.Location {
	return s.Rules.Book.InForce(port.Platform, s.now()).Location()
}

func (s *server) postOutbound(ctx context.Context, in *outboundInput) (*outboundOutput, error) {
	done, err := s.uploadTurn(ctx, outboundTurns)
	if err != nil {
		return nil, err
	}
	defer done()
	table, err := s.outboundTable(ctx, in.body)
	if err != nil {
		return nil, err
	}
	out := OutboundImport{Orders: []OutboundOrder{}, Unmatched: []OutboundLine{}}
	m := matching{server: s, store: in.Store, orders: map[string]recorded{}}
	lines := map[string][]inspect.OutboundLine{}
	var orders []string
	for _, l := range table.Lines {
		order, code, err := m.order(ctx, &l)
		if err != nil {
			return nil, err
		}
		if code != "" {
			text := wording.Unmatched(code)
			out.Unmatched = append(out.Unmatched, OutboundLine{l.Row, l.Order, l.Number, string(code), l.Problem, Words{text.ZH, text.EN}})
			continue
		}
		if lines[order] == nil {
			orders = append(orders, order)
		}
		lines[order] = append(lines[order], l)
	}
	for _, order := range orders {
		kept, err := s.keepOutbound(ctx, in, order, &table, lines[order])
		if err != nil {
			return nil, err
		}
		out.Orders = append(out.Orders, kept)
	}
	return &outboundOutput{out}, nil
}

// outboundTable reads the body and takes it apart; of the body nothing is held longer.
func (s *server) outboundTable(ctx context.Context, body io.Reader) (inspect.OutboundTable, error) {
	content, err := io.ReadAll(body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return inspect.OutboundTable{}, huma.NewError(http.StatusRequestEntityTooLarge, fmt.Sprintf("an outbound record may have %d MB", inspect.MaxBytes>>20))
	}
	if err != nil {
		return inspect.OutboundTable{}, huma.Error400BadRequest("the record cannot be read whole: send it again")
	}
	table, err := inspect.SplitOutbound(ctx, content, s.loc())
	if unread, ok := errors.AsType[*inspect.OutboundError](err); ok {
		return table, invalid("body", unread.Error(), "")
	}
	if err != nil {
		return table, s.unavailable("the reader of records", err)
	}
	return table, nil
}

// matching finds the orders that lines belong to.
type matching struct {
	*server
	store  string
	orders map[string]recorded
}

// recorded is all that matching needs of an order's facts, which may be many.
type recorded struct {
	known   bool
	numbers []string
}

// order is whose line it is, or why it is nobody's.
func (m *matching) order(ctx context.Context, l *inspect.OutboundLine) (order string, code rules.UnmatchedCode, err error) {
	switch {
	case l.Order == "" && l.Number == "":
		return "", rules.UnmatchedNameless, nil
	case l.Order == "":
		if m.Parcels == nil {
			return "", rules.UnmatchedNumber, nil
		}
		p, facts, err := m.Parcels.Parcel(ctx, m.store, l.Number)
		if err != nil {
			return "", "", m.unavailable("the records", err)
		}
		if facts == nil {
			return "", rules.UnmatchedNumber, nil
		}
		return p.Order, "", nil
	case !protocol.ValidName(l.Order):
		return "", rules.UnmatchedOrder, nil
	}
	r, looked := m.orders[l.Order]
	if !looked {
		f, _, err := m.known(ctx, m.store, l.Order)
		var problem huma.StatusError
		switch {
		case errors.As(err, &problem) && problem.GetStatus() == http.StatusNotFound:
		case err != nil:
			return "", "", err
		default:
			r = recorded{true, f.RecordedNumbers(m.now())}
		}
		m.orders[l.Order] = r
	}
	switch {
	case !r.known:
		return "", rules.UnmatchedOrder, nil
	case l.Number != "" && !slices.Contains(r.numbers, l.Number):
		return "", rules.UnmatchedOther, nil
	}
	return l.Order, "", nil
}

// keepOutbound keeps the lines of one order, and records the fact.
func (s *server) keepOutbound(ctx context.Context, in *outboundInput, order string, t *inspect.OutboundTable, lines []inspect.OutboundLine) (OutboundOrder, error) {
	out := OutboundOrder{Order: order, Lines: len(lines)}
	content, err := t.CSV(lines)
	if err != nil {
		return out, err
	}
	o := port.NewOriginal{
		Store: in.Store, Order: order, Kind: rules.EvidenceOutbound, Name: "outbound-" + order + ".csv", Source: port.SourceWarehouse, By: in.By,
		TakenAt: slices.MinFunc(lines, func(a, b inspect.OutboundLine) int { return a.At.Compare(b.At) }).At,
	}
	item, err := s.Vault.Keep(ctx, o, bytes.NewReader(content), func(ctx context.Context, kept port.EvidenceItem, path string) {
		out.Verdict = s.preflight(ctx, kept, path)
	})
	switch {
	case errors.Is(err, port.ErrRefused):
		return out, huma.Error422UnprocessableEntity("order " + order + ": " + err.Error())
	case err != nil:
		return out, s.unavailable("the vault", err)
	}
	out.SHA256 = item.SHA256
	e, raw, err := protocol.CollectedFact(in.Store, order, rules.EvidenceAdded{
		When: s.now(), By: in.By, Originals: []rules.Original{{Kind: rules.EvidenceOutbound, SHA256: item.SHA256}},
	})
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), factPatience)
	defer cancel()
	var told Receipt
	err = s.accept(ctx, []postgres.Incoming{{Event: e, Raw: raw}}, &told)
	out.New = told.Accepted > 0
	return out, err
}
