// Package server is the part of Parcelward that talks to the world: the HTTP API and the
// dispatcher, over one database and one Temporal cluster.
//
// Invariants: it starts, and takes events in, while Temporal is down; it does not start
// without its database, whose schema it brings up to date; [Server.Close] ends requests and
// hand-overs under way in good order and leaves nothing running.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/dispatch"
	"parcelward/internal/evidence"
	"parcelward/internal/evidence/casepack"
	"parcelward/internal/evidence/preflight"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/statement"
	"parcelward/internal/temporalclient"
)

// Server is a running API and dispatcher.
type Server struct {
	URL      string // of the API
	DB       *postgres.DB
	Vault    *evidence.Vault
	Temporal client.Client
	Rules    config.Rules

	stop      context.CancelFunc
	done      chan struct{}
	templates map[string][]rules.FreightTemplate
	failed    error // why it ended by itself; set before done is closed
}

// Start starts a server that c describes. It runs until Close, or until it fails: see Done.
// ctx bounds the starting only.
func Start(ctx context.Context, c config.Starter, log *slog.Logger) (_ *Server, err error) {
	if err := c.NeedDatabase(); err != nil {
		return nil, err
	}
	if err := c.NeedEvidence(); err != nil {
		return nil, err
	}
	s := &Server{done: make(chan struct{})}
	if s.Rules, err = c.Rules(); err != nil {
		return nil, err
	}
	params, err := c.AliExpress.OrderParams()
	if err != nil {
		return nil, fmt.Errorf("order_param of the stores: %w", err)
	}
	stores, err := c.StoreProfiles()
	if err != nil {
		return nil, err
	}
	if s.templates, err = c.FreightTemplates(); err != nil {
		return nil, err
	}
	if err := postgres.Migrate(ctx, c.DatabaseURL); err != nil {
		return nil, err
	}
	if s.DB, err = postgres.Open(ctx, c.DatabaseURL, postgres.Options{}); err != nil {
		return nil, err
	}
	bucket, err := evidence.OpenBucket(ctx, c.EvidenceURL)
	if err != nil {
		s.DB.Close()
		return nil, err
	}
	s.Vault = evidence.New(bucket, s.DB, "")
	if s.Temporal, err = temporalclient.Lazy(c.Temporal, log); err != nil {
		s.DB.Close()
		return nil, errors.Join(err, s.Vault.Close())
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the API: %w", err), s.release())
	}
	s.URL = "http://" + listener.Addr().String()
	s.run(context.WithoutCancel(ctx), c, stores, params, listener, log)
	return s, nil
}

func (s *Server) run(ctx context.Context, c config.Starter, stores map[string]rules.StoreProfile, params map[string]json.RawMessage, listener net.Listener, log *slog.Logger) {
	ctx, s.stop = context.WithCancel(ctx)
	clock := c.Clock.Protocol()
	dispatcher := dispatch.New(s.DB, s.Temporal, s.Rules.Book, s.Rules.Calendar, clock, log, dispatch.Options{
		Pace: dispatch.Pace{OrderWithin: c.OrderWithin, ScanWithin: c.ScanWithin, LatePercent: c.LatePercent, Alert: s.alert},
	})
	services := connect.Connect(&c.Services, clock, s.DB, s.DB)
	for _, problem := range services.Problems {
		log.Error("a service is not heard; the others are", "problem", problem.Error())
	}
	inbox := waking{s.DB, dispatcher.Wake}
	checker := &preflight.Checker{Vault: s.Vault, Facts: s.DB, Aliases: s.DB, For: s.Rules.For, Now: func() time.Time { return clock.Virtual(time.Now()) }}
	packs := &casepack.Maker{Vault: s.Vault, Judge: checker, Facts: s.DB, For: s.Rules.For, Now: checker.Now}
	books := &statement.Maker{Books: s.DB, Book: s.Rules.Book, For: s.Rules.For}
	handler := api.New(api.Options{
		Store: inbox, Workflows: temporalclient.Orders{Client: s.Temporal}, Receipts: services.Receipts(c.AliExpress.Stores), Rules: s.Rules, Clock: clock,
		Tickets: temporalclient.Tickets{Client: s.Temporal, Stores: stores, Calendar: s.Rules.Calendar.Revision(), Clock: clock}, Profiles: stores,
		WebUI: c.WebUI, Namespace: c.Temporal.Namespace, OrderParams: params, Log: log, Vault: s.Vault, Check: s.check(checker), Packs: packs, Parcels: s.DB, Pushers: services.Pushers, OrderPushers: services.OrderPushers, Traces: inbox,
		Statements: books, Bills: &statement.Importer{Bills: s.DB, Book: s.Rules.Book, For: s.Rules.For},
		Stores:    &statement.Stores{Books: s.DB, Facts: s.DB, Book: s.Rules.Book, For: s.Rules.For},
		Templates: s.templates,
	})
	var served, dispatched error
	var parts sync.WaitGroup
	parts.Go(func() {
		defer s.stop()
		served = api.Serve(ctx, listener, handler, log)
	})
	parts.Go(func() {
		defer s.stop()
		dispatched = dispatcher.Run(ctx)
	})
	parts.Go(func() { s.adopt(ctx, dispatcher.Wake, log) })
	go func() {
		parts.Wait()
		s.failed = errors.Join(served, dispatched)
		close(s.done)
	}()
	log.Info("API serves", "url", s.URL)
}

// check is the pre-flight of what is uploaded.
func (*Server) check(checker *preflight.Checker) api.Check {
	return func(ctx context.Context, o port.NewOriginal, path string) (api.Verdict, error) {
		judged, rs, err := checker.Upload(ctx, o, path)
		if err != nil {
			return api.Verdict{}, err
		}
		out := api.Verdict{Verdict: string(judged.Verdict), Barcodes: judged.Barcodes, Findings: make([]api.Found, len(judged.Findings))}
		for i, f := range judged.Findings {
			text := wording.Preflight(f, rs.Pack)
			out.Findings[i] = api.Found{Code: string(f.Code), Words: api.Words{ZH: text.ZH, EN: text.EN}}
		}
		return out, nil
	}
}

// alert keeps a notice where people see it.
func (s *Server) alert(ctx context.Context, n protocol.Notice) error {
	_, err := s.DB.Told(ctx, n)
	return err
}

// adoptEvery is how often pushes about numbers that were unknown are looked through.
const adoptEvery = 5 * time.Second

// adopt gives what was pushed of unknown numbers to the orders that record them.
func (s *Server) adopt(ctx context.Context, wake func(), log *slog.Logger) {
	tick := time.NewTicker(adoptEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch n, err := s.DB.AdoptStrays(ctx); {
		case err != nil && ctx.Err() == nil:
			log.Error("pushes about numbers recorded since cannot be looked through", "error", err)
		case n > 0:
			wake()
		}
	}
}

// Done is closed when the server has ended, by Close or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close stops the server and waits for it.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	return errors.Join(s.failed, s.release())
}

func (s *Server) release() error {
	s.Temporal.Close()
	s.DB.Close()
	return s.Vault.Close()
}

// Client speaks to the server's API.
func (s *Server) Client() api.Client { return api.Client{Base: s.URL} }

// Await waits until the database and Temporal answer.
func (s *Server) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return s.Client().Await(ctx)
}

// Learn implements [port.Traces].
func (w waking) Learn(ctx context.Context, service string, answers []port.Answer) (port.Learnt, error) {
	learnt, err := w.DB.Learn(ctx, service, answers)
	w.wake()
	return learnt, err
}

// waking tells the dispatcher at once of what was taken in.
type waking struct {
	*postgres.DB
	wake func()
}

// Accept implements [api.Store].
func (w waking) Accept(ctx context.Context, events []postgres.Incoming) (postgres.Accepted, error) {
	kept, err := w.DB.Accept(ctx, events)
	w.wake()
	return kept, err
}
