package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Order is what is known of an order.
type Order struct {
	Store      string                   `json:"store"`
	Order      string                   `json:"order"`
	AsOf       rules.Stamp              `json:"as_of" doc:"virtual time of this answer"`
	Facts      int                      `json:"facts" doc:"how many events concern the order"`
	WorkflowID string                   `json:"workflow_id"`
	WebUI      string                   `json:"web_ui,omitempty" doc:"the workflow in Temporal's Web UI"`
	Stage      *Words                   `json:"stage,omitempty" doc:"where the order stands, in words; absent while nobody knows when it was created"`
	Waiting    *Words                   `json:"waiting,omitempty" doc:"what it waits for and until when"`
	Assessment *rules.Assessment        `json:"assessment,omitempty"`
	Complaints []rules.FreightComplaint `json:"complaints,omitempty" doc:"freight complaints: where each stands, what is missing, what is at risk"`
	Disputes   []rules.BuyerDispute     `json:"disputes,omitempty" doc:"disputes: where each stands, what is missing, what is at risk"`
	Timeline   []protocol.TimelineEntry `json:"timeline"`
}

// Words is a sentence in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// OrderPath names an order in a URL.
type OrderPath struct {
	Store string `path:"store" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"the seller's shop"`
	Order string `path:"order" pattern:"^[A-Za-z0-9._-]{1,64}$"`
}

type assessmentInput struct {
	OrderPath
	AsOf string `query:"as_of" doc:"RFC 3339 with offset; default: now" example:"2026-03-01T08:00:00+08:00"`
}

type orderOutput struct{ Body Order }

type assessmentOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *server) registerOrders(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "get-order", Method: http.MethodGet, Path: "/v1/orders/{store}/{order}",
		Summary: "What is known of an order: where it stands, what it waits for, its timeline",
		Errors:  []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *OrderPath) (*orderOutput, error) {
		f, rs, err := s.known(ctx, in.Store, in.Order)
		if err != nil {
			return nil, err
		}
		return &orderOutput{s.order(f, rs, s.now())}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "get-assessment", Method: http.MethodGet, Path: "/v1/orders/{store}/{order}/assessment",
		Summary: "What the rules say of an order as of a moment: the same JSON as `starter backtest`",
		Errors:  []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflect.TypeFor[rules.Assessment]()),
		}}}},
	}, s.getAssessment)
}

func (s *server) getAssessment(ctx context.Context, in *assessmentInput) (*assessmentOutput, error) {
	asOf := s.now()
	if in.AsOf != "" {
		// An offset's plus sign that nobody escaped arrives as a space.
		at, err := time.Parse(time.RFC3339, strings.ReplaceAll(in.AsOf, " ", "+"))
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("as_of: expected an RFC 3339 time with offset", &huma.ErrorDetail{
				Location: "query.as_of", Message: "expected an RFC 3339 time with offset, such as 2026-03-01T08:00:00+08:00", Value: in.AsOf,
			})
		}
		asOf = at
	}
	f, rs, err := s.known(ctx, in.Store, in.Order)
	if err != nil {
		return nil, err
	}
	a, ok := assess(f, rs, asOf)
	if !ok {
		return nil, huma.Error404NotFound(fmt.Sprintf("order %s/%s was not created by %s: there is nothing to assess", in.Store, in.Order, rules.Stamp(asOf)))
	}
	line, err := json.Marshal(&a) //nolint:musttag // money and times write themselves
	if err != nil {
		return nil, fmt.Errorf("write the assessment: %w", err)
	}
	return &assessmentOutput{"application/json", append(line, '\n')}, nil
}

// assess reports false while the order is not created.
func assess(f *rules.Facts, rs rules.Ruleset, asOf time.Time) (rules.Assessment, bool) {
	if rs.Pack == nil {
		return rules.Assessment{}, false
	}
	return rules.Assess(f, rs, asOf)
}

// known are all facts of an order and what it is judged by; a 404 when it is unknown.
func (s *server) known(ctx context.Context, store, order string) (*rules.Facts, rules.Ruleset, error) {
	o, err := s.Store.Order(ctx, store, order)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, rules.Ruleset{}, huma.Error404NotFound(fmt.Sprintf("order %s/%s is unknown: no event names it", store, order))
	}
	var raw []postgres.Fact
	if err == nil {
		raw, err = s.Store.Facts(ctx, &o)
	}
	if err != nil {
		return nil, rules.Ruleset{}, s.unavailable("the inbox", err)
	}
	f := rules.NewFacts(store, order)
	for i := range raw {
		e, err := protocol.DecodeEvent([]byte(raw[i].Raw))
		if err != nil {
			return nil, rules.Ruleset{}, fmt.Errorf("fact %d of %s/%s in the inbox: %w", raw[i].Position, store, order, err)
		}
		f.Add(e)
	}
	rs, err := s.Rules.For(f, o.Policy)
	return f, rs, err
}

// order tells what is known as of now.
func (s *server) order(f *rules.Facts, rs rules.Ruleset, now time.Time) Order {
	id := protocol.OrderWorkflowID(f.Store, f.Order)
	o := Order{Store: f.Store, Order: f.Order, AsOf: rules.Stamp(now), Facts: f.Len(), WorkflowID: id, Timeline: []protocol.TimelineEntry{}}
	if s.WebUI != "" {
		o.WebUI = s.WebUI + "/namespaces/" + url.PathEscape(s.Namespace) + "/workflows/" + url.PathEscape(id)
	}
	if rs.Pack == nil {
		return o
	}
	loc := rs.Pack.Location()
	o.Complaints, o.Disputes = rules.Contested(f, rs, now)
	if a, ok := rules.Assess(f, rs, now); ok {
		stage, waiting := wording.Stage(a.Stage), wording.Waiting(rules.PlanOrder(f, rs, now), loc)
		o.Stage, o.Waiting, o.Assessment = &Words{stage.ZH, stage.EN}, &Words{waiting.ZH, waiting.EN}, &a
	}
	for _, m := range rules.Timeline(f, rs, now) {
		text := wording.Moment(m, loc)
		o.Timeline = append(o.Timeline, protocol.TimelineEntry{At: m.At.Time(), Future: m.Future, ZH: text.ZH, EN: text.EN})
	}
	return o
}
