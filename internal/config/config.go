package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"parcelward/internal/protocol"
)

// Shared is what every program reads.
type Shared struct {
	DatabaseURL   string     `envconfig:"DATABASE_URL" desc:"Postgres, as a postgres:// URL; DATABASE_URL is read too"`
	Temporal      Temporal   `desc:"-"`
	Clock         Clock      `desc:"-"`
	LogLevel      slog.Level `split_words:"true" default:"info" desc:"debug, info, warn or error"`
	OTLPEndpoint  string     `envconfig:"OTLP_ENDPOINT" desc:"collector for traces and metrics, as an http:// or https:// URL; none: neither is sent"`
	PolicyFiles   []string   `split_words:"true" desc:"policy packs in YAML beside the built-in ones, separated by commas"`
	CalendarFiles []string   `split_words:"true" desc:"years of workdays in JSON beside the built-in ones, separated by commas"`
	StoresFile    string     `split_words:"true" desc:"what decides each store's channels for tickets (sales, rating, service partner), a YAML file; none: the ordinary ones"`
	EvidenceURL   string     `envconfig:"EVIDENCE_URL" desc:"serve, worker: where evidence is kept: file:///FOLDER, or s3://BUCKET?region=…; both must reach the same"`
	// TemplatesFile is read by serve.
	TemplatesFile string `split_words:"true" desc:"serve: freight templates of the stores, a YAML file; none: an order is checked against the freight shown alone"`
	Services
}

// Temporal tells how to reach a Temporal cluster. Without TLS files and without an API key
// the connection is plain.
type Temporal struct {
	Address   string `default:"127.0.0.1:7233" desc:"host:port of the frontend"`
	Namespace string `default:"default" desc:"namespace"`
	APIKey    string `envconfig:"API_KEY" desc:"API key of Temporal Cloud; turns TLS on"`
	TLSCert   string `envconfig:"TLS_CERT" desc:"client certificate, a PEM file (mTLS)"`
	TLSKey    string `envconfig:"TLS_KEY" desc:"key of the client certificate, a PEM file"`
	TLSCA     string `envconfig:"TLS_CA" desc:"certificate authority of the server, a PEM file; none: the system's"`
	TLSName   string `envconfig:"TLS_NAME" desc:"name in the server's certificate, where it is not the address's"`
}

// Clock tells virtual time; all three or none. See [protocol.Clock].
type Clock struct {
	Origin time.Time `desc:"virtual time at CLOCK_START, RFC 3339; none: real time"`
	Start  time.Time `desc:"real time at which the accelerated clock began, RFC 3339"`
	Speed  float64   `desc:"virtual seconds in a real one, such as 43200 (a day in 2 s)"`
}

// Protocol is the clock as workflows carry it.
func (c Clock) Protocol() protocol.Clock { return protocol.Clock(c) }

// The ways to file a claim.
const (
	FilingAssisted = "assisted" // a person files, with everything prepared
	FilingSandbox  = "sandbox"  // the invented interface of internal/sandbox: demos, tests and load
)

// FilingMode is how the worker hands claims in.
type FilingMode struct {
	Filing     string `default:"assisted" desc:"worker: assisted (a person files) or sandbox (invented interface, for demos and tests)"`
	SandboxURL string `envconfig:"SANDBOX_URL" desc:"worker: the sandbox of carrier and platform, for FILING=sandbox"`
}

// Worker is the configuration of the worker.
type Worker struct {
	Shared
	FilingMode
}

// Starter is the configuration of the starter's commands. DatabaseURL may be empty: those
// that need it call [Starter.NeedDatabase].
type Starter struct {
	Shared
	Listen string `default:"127.0.0.1:8080" desc:"host:port of the HTTP API"`
	Server string `default:"http://127.0.0.1:8080" desc:"the API that ingest, confirm and status speak to"`
	WebUI  string `envconfig:"WEB_UI" default:"http://127.0.0.1:8233" desc:"Temporal's Web UI, for links"`
	Worker string `desc:"the worker's program, for dev; none: built from the source, or the one beside this program"`
	// How fast facts must come to their orders, real time.
	OrderWithin time.Duration `split_words:"true" default:"10s" desc:"serve: an order's event counts as late after this, from the inbox to its workflow"`
	ScanWithin  time.Duration `split_words:"true" default:"1m" desc:"serve: a carrier's event counts as late after this, from the inbox to its order"`
	LatePercent int           `split_words:"true" default:"5" desc:"serve: more late or failed ones than this in five minutes alert the managers"`
}

// LoadWorker reads the worker's configuration. The error joins every problem.
func LoadWorker() (Worker, error) {
	var w Worker
	p := read(&w)
	w.check(p)
	if w.DatabaseURL == "" {
		p.add("PARCELWARD_DATABASE_URL", "", "a postgres:// URL")
	}
	if w.EvidenceURL == "" {
		p.add("PARCELWARD_EVIDENCE_URL", "", expectedEvidence)
	}
	switch w.Filing {
	case FilingAssisted:
	case FilingSandbox:
		if w.SandboxURL == "" {
			p.add("PARCELWARD_SANDBOX_URL", "", "an http:// URL, for PARCELWARD_FILING is sandbox")
		}
	default:
		p.add("PARCELWARD_FILING", w.Filing, "assisted or sandbox")
	}
	p.url("PARCELWARD_SANDBOX_URL", w.SandboxURL)
	return w, p.err()
}

// LoadStarter reads the starter's configuration. The error joins every problem.
func LoadStarter() (Starter, error) {
	var s Starter
	p := read(&s)
	s.check(p)
	p.address("PARCELWARD_LISTEN", s.Listen)
	p.url("PARCELWARD_SERVER", s.Server)
	p.url("PARCELWARD_WEB_UI", s.WebUI)
	return s, p.err()
}

// NeedDatabase returns an error when no database is configured.
func (s Starter) NeedDatabase() error {
	if s.DatabaseURL == "" {
		return errors.New("no database: expected DATABASE_URL or --database, such as postgres://user@127.0.0.1/parcelward")
	}
	return nil
}

// expectedEvidence is what the vault's URL may be.
const expectedEvidence = "file:///FOLDER, or s3://BUCKET?region=… in production: where the evidence of claims is kept"

// NeedEvidence returns an error when nothing says where evidence is kept.
func (s *Shared) NeedEvidence() error {
	if s.EvidenceURL == "" {
		return errors.New("no place for evidence: PARCELWARD_EVIDENCE_URL: expected " + expectedEvidence)
	}
	return nil
}

func (s *Shared) check(p *problems) {
	p.evidence("PARCELWARD_EVIDENCE_URL", s.EvidenceURL)
	if s.DatabaseURL != "" {
		if u, err := url.Parse(s.DatabaseURL); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			p.add("PARCELWARD_DATABASE_URL", "", "a URL that begins with postgres:// (the one found does not; it is not shown, for it may hold a password)")
		}
	}
	s.Services.check(p)
	p.url("PARCELWARD_OTLP_ENDPOINT", s.OTLPEndpoint)
	p.address("PARCELWARD_TEMPORAL_ADDRESS", s.Temporal.Address)
	if (s.Temporal.TLSCert == "") != (s.Temporal.TLSKey == "") {
		p.add("PARCELWARD_TEMPORAL_TLS_CERT, PARCELWARD_TEMPORAL_TLS_KEY", "one of them", "both or none")
	}
	files := append([]string{s.Temporal.TLSCert, s.Temporal.TLSKey, s.Temporal.TLSCA, s.StoresFile, s.TemplatesFile}, s.PolicyFiles...)
	for _, name := range append(files, s.CalendarFiles...) {
		if name == "" {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			p.list = append(p.list, fmt.Errorf("a file that the configuration names: %w", err))
		}
	}
	c := s.Clock
	set := 0
	for _, is := range []bool{!c.Origin.IsZero(), !c.Start.IsZero(), c.Speed != 0} {
		if is {
			set++
		}
	}
	if set != 0 && set != 3 {
		p.add("PARCELWARD_CLOCK_ORIGIN, _START, _SPEED", fmt.Sprintf("%d of them", set), "all three or none")
	}
	if c.Speed < 0 {
		p.add("PARCELWARD_CLOCK_SPEED", fmt.Sprint(c.Speed), "a number above zero")
	}
}

func (p *problems) url(key, value string) {
	if value == "" {
		return
	}
	if u, err := url.Parse(value); err != nil || !strings.HasPrefix(u.Scheme, "http") || u.Host == "" {
		p.add(key, value, "an http:// or https:// URL")
	}
}

// evidence takes the schemes that outlive a process and that several can reach.
func (p *problems) evidence(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err == nil && u.Scheme == "file" && strings.HasPrefix(u.Path, "/") && u.Path != "/" && (u.Host == "" || u.Host == "localhost"):
	case err == nil && u.Scheme == "s3" && u.Host != "":
	default:
		p.add(key, "", expectedEvidence+" (the one found is neither; it is not shown, for it may hold a password)")
	}
}

func (p *problems) address(key, value string) {
	if _, _, err := net.SplitHostPort(value); err != nil {
		p.add(key, value, "host:port")
	}
}
