package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/govalues/decimal"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/statement"
)

// StorePath names a store in a URL.
type StorePath struct {
	Store string `path:"store" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"the seller's shop"`
}

type statementInput struct {
	StorePath
	Month  string `path:"month" pattern:"^[0-9]{4}-[0-9]{2}$" example:"2026-03"`
	Format string `query:"format" enum:"json,xlsx,csv" default:"json" doc:"csv: the orders alone"`
	Live   bool   `query:"live" doc:"xlsx and csv: from the books as they are now, instead of the file that was kept. json always is"`
}

// StatementSums are the sums of a statement, which its JSON ends with.
type StatementSums struct {
	Store  string                `json:"store"`
	Month  string                `json:"month"`
	Totals rules.StatementTotals `json:"totals"`
}

type billInput struct {
	StorePath
	Name    string `query:"name" maxLength:"200" doc:"of the file, for people" example:"cainiao-2026-03.xlsx"`
	RawBody []byte `contentType:"application/octet-stream"`
}

type billOutput struct{ Body BillImported }

// BillImported is what became of a carrier's bill.
type BillImported struct {
	Store     string          `json:"store"`
	File      string          `json:"file" doc:"SHA-256 of the file: the same file again changes nothing but what became of its lines since"`
	Lines     int             `json:"lines"`
	Matched   int             `json:"matched"`
	Unmatched []UnmatchedLine `json:"unmatched"`
}

// UnmatchedLine is a line with the reason for which it is not matched.
type UnmatchedLine struct {
	Line   int    `json:"line"`
	Number string `json:"tracking_number"`
	Order  string `json:"order,omitempty" doc:"of the parcel, where there is one"`
	Reason string `json:"reason"`
	Words
}

type healthInput struct {
	StorePath
	Week string `query:"week" pattern:"^([0-9]{4}-W[0-9]{2})?$" doc:"ISO week; default: the running one" example:"2026-W10"`
}

type storeHealthOutput struct{ Body StoreHealth }

// StoreHealth is a store's health in a week.
type StoreHealth struct {
	Store string `json:"store"`
	rules.Health

	Report Words `json:"report"`
}

// Scores are what a person reads off the seller centre. What is left out stays as it was.
type Scores struct {
	ServiceScore        *decimal.Decimal `json:"service_score,omitempty" doc:"0 to 5" example:"4.8"`
	PositiveRatePercent *decimal.Decimal `json:"positive_rate_percent,omitempty" doc:"of the last 90 days" example:"96.5"`
	Programmes          *[]string        `json:"programmes,omitempty" doc:"joined; an empty list: none" example:"[\"anxinda\"]"`
	By                  string           `json:"by" minLength:"1" maxLength:"64" doc:"who read them"`
}

type scoresInput struct {
	StorePath
	Week string `path:"week" pattern:"^[0-9]{4}-W[0-9]{2}$" example:"2026-W10"`
	Body Scores
}

func (s *server) registerStores(api huma.API) {
	if s.Statements == nil || s.Bills == nil || s.Stores == nil {
		return
	}
	refusals := []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	huma.Register(api, huma.Operation{
		OperationID: "get-statement", Method: http.MethodGet, Path: "/v1/stores/{store}/statements/{month}",
		Summary:     "A store's monthly statement: orders, freight, fees, claims, seller protection, differences, carriers' bills",
		Description: "xlsx and csv are the files that were kept at the latest closing of the month, with their SHA-256 as ETag; of a month that was not closed yet they are made from the books as they are.",
		Errors:      refusals,
	}, s.getStatement)
	huma.Register(api, huma.Operation{
		OperationID: "import-bill", Method: http.MethodPost, Path: "/v1/stores/{store}/bills",
		Summary:      "Import a carrier's bill (CSV in UTF-8 or GB18030, or XLSX): every line is matched to a parcel, or listed with the reason",
		MaxBodyBytes: statement.MaxBillBytes + 1, BodyReadTimeout: bodyPatience, Errors: append(refusals, http.StatusRequestEntityTooLarge),
	}, s.importBill)
	huma.Register(api, huma.Operation{
		OperationID: "get-store-health", Method: http.MethodGet, Path: "/v1/stores/{store}/health",
		Summary: "A store's health in a week: each measure with its line and what a breach costs", Errors: refusals,
	}, s.getStoreHealth)
	huma.Register(api, huma.Operation{
		OperationID: "set-store-scores", Method: http.MethodPut, Path: "/v1/stores/{store}/health/{week}",
		Summary: "Enter what the seller centre shows of a store in a week", Errors: refusals,
	}, s.setScores)
}

// getStatement makes the file first: an error is an answer, not half a file.
func (s *server) getStatement(ctx context.Context, in *statementInput) (*huma.StreamResponse, error) {
	month, err := rules.ParseMonth(in.Month)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	if err := s.statements.Acquire(ctx, 1); err != nil {
		return nil, s.unavailable("the making of statements", err)
	}
	defer s.statements.Release(1)
	f, err := os.CreateTemp("", "statement")
	if err != nil {
		return nil, s.unavailable("the folder for temporary files", err)
	}
	_ = os.Remove(f.Name()) // it lives as long as it is open
	var kept port.StatementKept
	found := false
	if !in.Live {
		kept, found, err = s.Statements.Kept(ctx, f, in.Format, in.Store, month)
	}
	if err == nil && !found {
		_, err = s.Statements.Write(ctx, f, in.Format, in.Store, month, s.now())
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, s.unavailable("the books", err)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer f.Close() //nolint:errcheck // only read
		c.SetHeader("Content-Type", statement.MediaType(in.Format))
		if found {
			c.SetHeader("ETag", `"`+kept.Files[in.Format]+`"`)
		}
		if in.Format != statement.JSON {
			c.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "statement-"+in.Store+"-"+in.Month+"."+in.Format))
		}
		if _, err := io.Copy(c.BodyWriter(), f); err != nil {
			s.Log.Warn("a statement was not sent wholly", "store", in.Store, "month", in.Month, "error", err)
		}
	}}, nil
}

func (s *server) importBill(ctx context.Context, in *billInput) (*billOutput, error) {
	name := in.Name
	if name == "" {
		name = "bill"
	}
	if err := s.statements.Acquire(ctx, 1); err != nil {
		return nil, s.unavailable("the import of bills", err)
	}
	defer s.statements.Release(1)
	done, err := s.Bills.Import(ctx, in.Store, name, in.RawBody, s.now())
	if wrong, ok := errors.AsType[*statement.BillError](err); ok {
		return nil, huma.Error422UnprocessableEntity(wrong.Error())
	}
	if err != nil {
		return nil, s.unavailable("the books", err)
	}
	out := BillImported{Store: done.Store, File: done.File, Lines: done.Lines, Matched: done.Matched, Unmatched: []UnmatchedLine{}}
	for _, l := range done.Unmatched {
		out.Unmatched = append(out.Unmatched, Unmatched(&l))
	}
	return &billOutput{out}, nil
}

// Unmatched tells why a line is not matched.
func Unmatched(l *port.BilledLine) UnmatchedLine {
	text := wording.BillOutcome(l.BillLine, l.BillMatch)
	return UnmatchedLine{Line: l.Line, Number: l.BillLine.Number, Order: l.BillMatch.Order, Reason: l.Reason, Words: Words{text.ZH, text.EN}}
}

func (s *server) getStoreHealth(ctx context.Context, in *healthInput) (*storeHealthOutput, error) {
	now := s.now()
	week := rules.WeekOf(now, s.Statements.Location(now))
	if in.Week != "" {
		var err error
		if week, err = rules.ParseWeek(in.Week); err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
	}
	h, err := s.Stores.Week(ctx, in.Store, week, now)
	if err != nil {
		return nil, s.unavailable("the books", err)
	}
	report := wording.HealthReport(in.Store, &h)
	return &storeHealthOutput{StoreHealth{Store: in.Store, Health: h, Report: Words{report.ZH, report.EN}}}, nil
}

func (s *server) setScores(ctx context.Context, in *scoresInput) (*struct{}, error) {
	now := s.now()
	week, err := rules.ParseWeek(in.Week)
	if err == nil {
		scores := rules.HealthScores{ServiceScore: in.Body.ServiceScore, PositiveRatePercent: in.Body.PositiveRatePercent}
		if in.Body.Programmes != nil {
			scores.Programmes = append([]string{}, *in.Body.Programmes...)
		}
		if err = CheckScores(scores, week, now, s.Statements.Location(now)); err == nil {
			if err := s.Stores.SetScores(ctx, in.Store, week, scores, in.Body.By); err != nil {
				return nil, s.unavailable("the database", err)
			}
			return nil, nil //nolint:nilnil // no content
		}
	}
	return nil, huma.Error422UnprocessableEntity(err.Error())
}

// CheckScores tells what is wrong with entered scores.
func CheckScores(s rules.HealthScores, w rules.Week, now time.Time, loc *time.Location) error {
	outside := func(d *decimal.Decimal, most int64) bool {
		return d != nil && (d.IsNeg() || d.Cmp(decimal.MustNew(most, 0)) > 0)
	}
	from, _ := w.Bounds(loc)
	switch {
	case s.ServiceScore == nil && s.PositiveRatePercent == nil && s.Programmes == nil:
		return errors.New("没有填写任何指标 · nothing entered: expected a service score, a positive rate or programmes")
	case outside(s.ServiceScore, 5):
		return fmt.Errorf("服务分 %s 有误，应为 0 至 5 · service score %s: expected 0 to 5", s.ServiceScore, s.ServiceScore)
	case outside(s.PositiveRatePercent, 100):
		return fmt.Errorf("好评率 %s 有误，应为 0 至 100 · positive rate %s: expected 0 to 100", s.PositiveRatePercent, s.PositiveRatePercent)
	case from.After(now):
		return fmt.Errorf("%s 还没有开始 · week %s has not begun", w, w)
	case len(s.Programmes) > 20:
		return errors.New("计划过多 · programmes: expected at most 20")
	}
	return nil
}
