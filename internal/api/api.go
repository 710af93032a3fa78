package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/govalues/decimal"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/semaphore"

	"parcelward/internal/config"
	"parcelward/internal/evidence/casepack"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/statement"
)

// Store is what the API needs of Postgres; postgres.DB is one.
type Store interface {
	// Accept keeps events durably. After an error some may be kept; sending all again is right.
	Accept(ctx context.Context, events []postgres.Incoming) (postgres.Accepted, error)
	// Order returns what is known of an order, or an error that wraps postgres.ErrNotFound.
	Order(ctx context.Context, store, order string) (postgres.Order, error)
	// Facts returns the facts of an order.
	Facts(ctx context.Context, o *postgres.Order) ([]postgres.Fact, error)
	// Log appends to the audit log: who did what to which order. detail is kept as JSON.
	Log(ctx context.Context, actor, action, store, order string, detail any) error
	// Logged is the detail of the first entry of an action on an order that bears a key in it;
	// nil: there is none.
	Logged(ctx context.Context, action, store, order, key string) (json.RawMessage, error)
	// AddShipment notes that a Shipment workflow of an order was started, so that it hears of it.
	AddShipment(ctx context.Context, store, order string, serial int) error
	// Ping tells whether Postgres answers.
	Ping(ctx context.Context) error
}

// Workflows is what the API needs of Temporal; see temporalclient.Orders for the errors.
type Workflows interface {
	Confirm(ctx context.Context, store, order, key string, c protocol.Confirmation) (protocol.ConfirmationResult, error)
	StartShipment(ctx context.Context, serial int, in protocol.ShipmentInput) error
	Ship(ctx context.Context, store, order string, serial int, key string, n protocol.ShipNumber) (protocol.ShipNumber, error)
	Check(ctx context.Context) error
	Read(ctx context.Context, in protocol.OrdersInput) error
}

// Tickets is what the API needs of Temporal for tickets; see temporalclient.Tickets for the errors.
type Tickets interface {
	StartTicket(ctx context.Context, in protocol.TicketInput) error
	UpdateTicket(ctx context.Context, id, key string, u protocol.TicketUpdate) (protocol.TicketState, error)
}

// Options are the parts of an API. All but Clock, WebUI and Check are required.
type Options struct {
	Store     Store
	Workflows Workflows
	Receipts  port.Receipts // at the platform
	Tickets   Tickets
	Profiles  map[string]rules.StoreProfile // which channels each store has; one that is missing has the ordinary ones
	Rules     config.Rules
	Clock     protocol.Clock // defaults to real time
	WebUI     string         // base URL of Temporal's Web UI, for links; empty: no links
	Namespace string
	// OrderParams is what the platform wants for the labels of each store, for shipments that
	// name none; may be nil.
	OrderParams map[string]json.RawMessage
	Log         *slog.Logger
	Vault       Vault
	Parcels     port.Parcels // whose a tracking number is; none: outbound records must name orders
	Check       Check        // pre-flight of what is uploaded; none: no verdicts
	Packs       *casepack.Maker

	Pushers      map[string]port.Pusher      // services that push to us, by name
	OrderPushers map[string]port.OrderPusher // platforms that push which orders changed, by name
	Traces       port.Traces                 // where what they push goes; required with either

	// The books and the health of stores; all or none.
	Statements *statement.Maker
	Bills      *statement.Importer
	Stores     port.Stores
	Templates  map[string][]rules.FreightTemplate // by store
}

type server struct {
	Options
	bodies     *semaphore.Weighted // by bytes
	uploads    *semaphore.Weighted // of evidence
	packs      *semaphore.Weighted
	hooks      metric.Int64Counter // pushes, by service and outcome
	statements *semaphore.Weighted // made, or bills read, at once
}

// New is the API's handler.
func New(o Options) http.Handler {
	s := &server{Options: o, bodies: semaphore.NewWeighted(maxDecoding), uploads: semaphore.NewWeighted(maxUploads), packs: semaphore.NewWeighted(maxPacks), hooks: pushCounter(), statements: semaphore.NewWeighted(2)}
	mux := http.NewServeMux()
	c := huma.DefaultConfig("Parcelward", "1")
	c.Info.Description = "Keeps every deadline of a cross-border seller's orders: events in, assessments and confirmations out."
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil // no pages that load from elsewhere, no $schema in answers
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[rules.Stamp](), reflect.TypeFor[time.Time]())
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[decimal.Decimal](), reflect.TypeFor[string]())
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[money.Amount](), reflect.TypeFor[amount]())
	api := humago.New(mux, c)
	s.registerEvents(api)
	s.registerOrders(api)
	s.registerConfirm(api)
	s.registerShipments(api)
	s.registerReceipt(api)
	s.registerTickets(api)
	s.registerEvidence(api)
	s.registerOutbound(api)
	s.registerPacks(api)
	s.registerHealth(api)
	s.registerStores(api)
	mux.HandleFunc("POST /v1/hooks/{service}", s.hook)
	return s.logged(http.NewCrossOriginProtection().Handler(mux))
}

// amount is how money is written.
type amount struct {
	Amount   string `json:"amount" example:"88.20"`
	Currency string `json:"currency" example:"USD"`
}

// now is virtual time.
func (s *server) now() time.Time { return s.Clock.Virtual(time.Now()) }

// unavailable hides what went wrong inside from the caller and tells the log.
func (s *server) unavailable(what string, err error) error {
	s.Log.Error("request failed: "+what+" does not answer", "error", err)
	return huma.Error503ServiceUnavailable(what + " does not answer; try again: what is sent twice counts once")
}

// statusWriter notes what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logged logs requests without their bodies.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r)
		level := slog.LevelInfo
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			level = slog.LevelDebug
		}
		s.Log.LogAttrs(r.Context(), level, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", sw.status),
			slog.Int64("bytes_in", r.ContentLength), slog.Int64("bytes_out", sw.bytes), slog.Duration("took", time.Since(start)))
	})
}
