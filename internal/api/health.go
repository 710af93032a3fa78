package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// checkPatience is how long a dependency may take to answer a readiness check.
const checkPatience = 2 * time.Second

// Health says whether the process, or what it depends on, works.
type Health struct {
	Status   string `json:"status" enum:"ok,unready"`
	Postgres string `json:"postgres,omitempty" doc:"ok, or what is wrong"`
	Temporal string `json:"temporal,omitempty" doc:"ok, or what is wrong; events are accepted all the same"`
}

type healthOutput struct {
	Status int
	Body   Health
}

func (s *server) registerHealth(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the process runs",
	}, func(context.Context, *struct{}) (*healthOutput, error) {
		return &healthOutput{http.StatusOK, Health{Status: "ok"}}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "Whether Postgres and Temporal answer; 503 names the one that does not",
	}, func(ctx context.Context, _ *struct{}) (*healthOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, checkPatience)
		defer cancel()
		temporal := make(chan error, 1)
		go func() { temporal <- s.Workflows.Check(ctx) }()
		out := &healthOutput{http.StatusOK, Health{Status: "ok", Postgres: "ok", Temporal: "ok"}}
		if err := s.Store.Ping(ctx); err != nil {
			s.Log.Warn("not ready: Postgres does not answer", "error", err)
			out.Body.Postgres = "does not answer"
		}
		if err := <-temporal; err != nil {
			s.Log.Warn("not ready: Temporal does not answer", "error", err)
			out.Body.Temporal = "does not answer"
		}
		if out.Body.Postgres != "ok" || out.Body.Temporal != "ok" {
			out.Status, out.Body.Status = http.StatusServiceUnavailable, "unready"
		}
		return out, nil
	})
}
