package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parcelward/internal/port"
)

type downloadInput struct {
	SHA256 string `path:"sha256" pattern:"^[0-9a-f]{64}$"`
	Store  string `query:"store" required:"true" pattern:"^[A-Za-z0-9._-]{1,64}$"`
	Order  string `query:"order" required:"true" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"an order that has the original"`
}

func (s *server) registerDownload(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "get-original", Method: http.MethodGet, Path: "/v1/evidence/{sha256}",
		Summary: "An original as it was uploaded",
		Responses: map[string]*huma.Response{"200": {Description: "its bytes", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}},
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, s.getOriginal)
}

func (s *server) getOriginal(ctx context.Context, in *downloadInput) (*huma.StreamResponse, error) {
	items, err := s.Vault.Items(ctx, in.Store, in.Order)
	if err != nil {
		return nil, s.unavailable("the vault", err)
	}
	i := slices.IndexFunc(items, func(item port.EvidenceItem) bool { return item.SHA256 == in.SHA256 && !item.Noted() })
	if i < 0 {
		return nil, huma.Error404NotFound(fmt.Sprintf("order %s/%s has no original %s", in.Store, in.Order, in.SHA256))
	}
	content, err := s.Vault.Open(ctx, in.SHA256)
	if err != nil {
		return nil, s.unavailable("the vault", err)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		s.stream(w, &items[i], content)
	}}, nil
}

// stream sends an original that a browser must keep and never show: whatever is in it runs
// nowhere.
func (s *server) stream(w http.ResponseWriter, item *port.EvidenceItem, content io.ReadCloser) {
	defer content.Close() //nolint:errcheck // only read
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadPatience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.Log.Warn("a download has the usual time only", "error", err)
	}
	mediaType := item.MediaType
	if mediaType == "text/plain" {
		mediaType += "; charset=utf-8"
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.FormatInt(item.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": item.Name}))
	h.Set("ETag", `"`+item.SHA256+`"`)
	untrusted(h)
	w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(w, content); err != nil {
		s.Log.Error("a download broke off", "sha256", item.SHA256, "error", err)
		panic(http.ErrAbortHandler) // so that nobody takes what was sent for the whole
	}
}

// untrusted keeps a browser from showing or keeping what others wrote.
func untrusted(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-store")
}
