package dev

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/config"
	"parcelward/internal/connect"
	"parcelward/internal/demo"
	"parcelward/internal/devstack"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/sandbox"
	"parcelward/internal/sandbox/aliexpress"
	"parcelward/internal/sandbox/world"
	"parcelward/internal/temporalclient"
	"parcelward/starter/server"
)

// Options say what to run. Only Dir is required.
type Options struct {
	Dir    string         // for data and logs; created
	Config config.Starter // its policy and calendar files, log level and worker are used
	// Speed is virtual seconds in a real one. Defaults to real time, where Origin means nothing.
	Speed  float64
	Origin time.Time // virtual time at the start; defaults to now
	Keep   bool      // take up the data of an earlier run in Dir, and keep them at Close
	Listen string    // of the API; defaults to a free loopback port
	Fates  []sandbox.Fate
	// Parcels are what the twins of the tracking services show.
	Parcels []world.Parcel
	// Unpushed keeps the twins from pushing: they are asked, which is what is measured.
	Unpushed bool
	// Orders are what the platform's twin shows of the demo's store.
	Orders []aliexpress.Order
	// Progress is told in one line what a step that takes long is doing. Defaults to silence.
	Progress func(string)
}

// Stack is all of Parcelward, running.
type Stack struct {
	Servers    *devstack.Stack
	Server     *server.Server
	Sandbox    *sandbox.Sandbox // the invented interface for claims
	Twins      *Twins           // of tracking services
	SandboxURL string           // of both
	Worker     *Child
	Clock      protocol.Clock
	Config     config.Starter // as the server got it

	dir      string
	program  string // the worker's
	serveLog *os.File
	closers  []func() error // in the order of starting
}

// lead is how far ahead an accelerated clock starts, so that the parts are up by then.
const lead = 2 * time.Second

// Start starts everything and returns when it serves. ctx bounds the starting only.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	s := &Stack{Config: o.Config}
	if s.dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("folder of the run: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil { //nolint:gosec // the postgres user must be able to enter
		return nil, fmt.Errorf("folder of the run: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.startServers(ctx, o); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w", err)
	}
	s.SandboxURL = "http://" + listener.Addr().String()
	if err := s.startServer(ctx, o); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if err := s.startSandbox(ctx, o, listener); err != nil {
		return nil, err
	}
	return s, s.StartWorker()
}

// startServers starts Postgres and Temporal, and meanwhile makes the worker.
func (s *Stack) startServers(ctx context.Context, o Options) error {
	var buildErr error
	built := make(chan struct{})
	go func() {
		defer close(built)
		s.program, buildErr = workerProgram(ctx, o.Config.Worker, o.Progress)
	}()
	log, err := s.openLog("servers")
	if err != nil {
		return err
	}
	attributes := make(map[string]string)
	for _, a := range protocol.SearchAttributes() {
		attributes[a.Name] = a.Type
	}
	options := devstack.Options{
		Dir: filepath.Join(s.dir, "data"), Log: log, SearchAttributes: attributes, Keep: o.Keep, Progress: o.Progress,
	}
	if o.Speed > 0 {
		options.TimerShift = 100 * time.Millisecond
	}
	s.Servers, err = devstack.Start(ctx, options)
	<-built
	if err == nil {
		s.closers = append(s.closers, s.Servers.Close)
	}
	return errors.Join(err, buildErr)
}

func (s *Stack) startServer(ctx context.Context, o Options) error {
	url := s.Servers.DatabaseURL()
	if !o.Keep {
		var err error
		if url, err = s.Servers.NewDatabase(ctx, "parcelward"); err != nil {
			return err
		}
	}
	var err error
	if s.Clock, err = s.clock(o); err != nil {
		return err
	}
	if s.serveLog, err = s.openLog("serve"); err != nil {
		return err
	}
	c := &s.Config
	c.DatabaseURL, c.Temporal = url, config.Temporal{Address: s.Servers.TemporalAddress(), Namespace: "default"}
	c.EvidenceURL = (&neturl.URL{Scheme: "file", Path: filepath.Join(s.dir, "evidence")}).String()
	c.Services = twinServices(c.Services, s.SandboxURL)
	c.SweepEvery = time.Second // a virtual day is short
	c.Clock, c.WebUI, c.Listen = config.Clock(s.Clock), s.Servers.WebUI(), cmp.Or(o.Listen, "127.0.0.1:0")
	log := slog.New(slog.NewJSONHandler(s.serveLog, &slog.HandlerOptions{Level: c.LogLevel}))
	if s.Server, err = server.Start(ctx, *c, log); err != nil {
		return err
	}
	c.Listen, c.Server = strings.TrimPrefix(s.Server.URL, "http://"), s.Server.URL
	s.closers = append(s.closers, s.Server.Close)
	return s.Server.Await(ctx)
}

// clock is the run's; kept data keep theirs, for workflows bear it.
func (s *Stack) clock(o Options) (protocol.Clock, error) {
	var clock protocol.Clock
	if o.Speed > 0 {
		start := time.Now().Add(lead)
		clock = protocol.Clock{Origin: o.Origin, Start: start, Speed: o.Speed}
		if o.Origin.IsZero() {
			clock.Origin = start
		}
	}
	if !o.Keep {
		return clock, nil
	}
	file := filepath.Join(s.dir, "clock.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		text, err = json.Marshal(clock)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
	} else if err == nil {
		err = json.Unmarshal(text, &clock)
	}
	if err != nil {
		return clock, fmt.Errorf("clock of the kept run: %w", err)
	}
	return clock, nil
}

// startSandbox serves the claims interface and the twins on a listener.
func (s *Stack) startSandbox(ctx context.Context, o Options, listener net.Listener) error {
	log, err := s.openLog("sandbox")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.Sandbox = sandbox.New(sandbox.Options{Clock: s.Clock, Callback: s.Server.URL + "/v1/events", Fates: o.Fates})
	w := world.New(s.Clock)
	w.Add(o.Parcels...)
	s.Twins = newTwins(w, s.Server.URL, !o.Unpushed)
	s.Twins.AliExpress.Add(o.Orders...)
	mux := http.NewServeMux()
	for _, path := range []string{"/platform/", "/sandbox/"} {
		mux.Handle(path, s.Sandbox.Handler())
	}
	mux.HandleFunc("POST /twins/faults", s.Twins.Faults.Order)
	mux.Handle("/", s.Twins.handler)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- api.Serve(serving, listener, mux, slog.New(slog.NewJSONHandler(log, nil)))
	}()
	s.closers = append(s.closers, func() error {
		stop()
		err := <-ended
		s.Twins.close()
		s.Sandbox.Close()
		return err
	})
	return s.authorise(ctx)
}

// authorise plays the seller of the demo's store, who lets the platform's orders be read.
func (s *Stack) authorise(ctx context.Context) error {
	client := connect.Connect(&s.Config.Services, s.Clock, s.Server.DB, s.Server.DB).AliExpress
	if client == nil {
		return errors.New("the platform's twin is not configured")
	}
	return client.Authorise(ctx, demo.Store, s.Twins.AliExpress.Code(demo.Store), "")
}

// StartWorker starts the worker, also again after it was killed.
func (s *Stack) StartWorker() error {
	first := s.Worker == nil
	worker, err := startChild(s.program, s.workerEnv(), filepath.Join(s.dir, "worker.log"))
	if err != nil {
		return err
	}
	s.Worker = worker
	if first {
		s.closers = append(s.closers, func() error { s.Worker.Stop(); return nil })
	}
	return nil
}

// workerEnv is our environment with the run's configuration in place of ours.
func (s *Stack) workerEnv() []string {
	c := &s.Config
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "PARCELWARD_") || strings.HasPrefix(entry, "DATABASE_URL=")
	})
	set := func(key, value string) { env = append(env, "PARCELWARD_"+key+"="+value) }
	set("DATABASE_URL", c.DatabaseURL)
	set("TEMPORAL_ADDRESS", c.Temporal.Address)
	set("FILING", config.FilingSandbox)
	set("SANDBOX_URL", s.SandboxURL)
	set("EVIDENCE_URL", c.EvidenceURL)
	set("LOG_LEVEL", c.LogLevel.String())
	set("OTLP_ENDPOINT", c.OTLPEndpoint)
	set("POLICY_FILES", strings.Join(c.PolicyFiles, ","))
	set("CALENDAR_FILES", strings.Join(c.CalendarFiles, ","))
	for key, value := range serviceEnv(c.Services) {
		set(key, value)
	}
	if s.Clock.Speed > 0 {
		set("CLOCK_ORIGIN", s.Clock.Origin.Format(time.RFC3339Nano))
		set("CLOCK_START", s.Clock.Start.Format(time.RFC3339Nano))
		set("CLOCK_SPEED", strconv.FormatFloat(s.Clock.Speed, 'g', -1, 64))
	}
	return env
}

// Watch returns nil when ctx is done, and an error as soon as a part ends by itself, with
// its last log lines. Postgres and Temporal count as ended when they do not answer for 10 s.
func (s *Stack) Watch(ctx context.Context) error {
	orders := temporalclient.Orders{Client: s.Server.Temporal}
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	silent := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Worker.Done():
			return s.Worker.ended("worker")
		case <-s.Server.Done():
			return fmt.Errorf("the server ended by itself; its last lines:\n%s", lastLines(s.serveLog.Name()))
		case <-tick.C:
			try, cancel := context.WithTimeout(ctx, 2*time.Second)
			err := errors.Join(s.Server.DB.Ping(try), orders.Check(try))
			cancel()
			if silent++; err == nil || ctx.Err() != nil {
				silent = 0
			}
			if silent == 3 { // ticks, each with its time-out
				log := filepath.Join(s.dir, "servers.log")
				return fmt.Errorf("the servers (Postgres, Temporal) do not answer: %w; the last lines of %s:\n%s", err, log, lastLines(log))
			}
		}
	}
}

// Inbox is the run's database.
func (s *Stack) Inbox() *postgres.DB { return s.Server.DB }

// Now is virtual time.
func (s *Stack) Now() time.Time { return s.Clock.Virtual(time.Now()) }

// Close stops everything, the last started first. Logs stay in the run's folder.
func (s *Stack) Close() error {
	var errs []error
	for _, stop := range slices.Backward(s.closers) {
		errs = append(errs, stop())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// openLog opens a log file of the run; it is closed last.
func (s *Stack) openLog(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of the run: %w", err)
	}
	s.closers = append(s.closers, f.Close)
	return f, nil
}
