package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parcelward/internal/evidence"
	"parcelward/internal/port"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Vault is what the API needs of the vault; evidence.Vault is one.
type Vault interface {
	// Keep keeps an original, or refuses it by a *port.OriginalError.
	Keep(ctx context.Context, o port.NewOriginal, content io.Reader, look evidence.Look) (port.EvidenceItem, error)
	// Items lists the originals of an order.
	Items(ctx context.Context, store, order string) ([]port.EvidenceItem, error)
	// Open reads an original.
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// Verdict is what the pre-flight says of an original.
type Verdict struct {
	Verdict  string   `json:"verdict" enum:"ready,look,refused"`
	Barcodes []string `json:"barcodes,omitempty" doc:"what was read in it"`
	Findings []Found  `json:"findings"`
}

// Check is the pre-flight of an original that is kept, whose bytes lie in a file.
type Check func(ctx context.Context, o port.NewOriginal, path string) (Verdict, error)

// EvidenceItem is an original in the vault.
type EvidenceItem struct {
	protocol.Evidence
	TrackingNumber string            `json:"tracking_number,omitempty" doc:"none: of the order as a whole"`
	Given          map[string]string `json:"given,omitempty" doc:"what the uploader stated"`
	KeptAt         time.Time         `json:"kept_at" doc:"real time"`
	Verdict        *Verdict          `json:"verdict,omitempty" doc:"of the pre-flight at upload"`
}

// EvidenceList answers an upload, and the question what there is.
type EvidenceList struct {
	Items []EvidenceItem `json:"items"`
}

// FileRefusal says why a file is not kept.
type FileRefusal struct {
	File     string `json:"file"`
	Code     string `json:"code"`
	Found    string `json:"found,omitempty"`
	Expected string `json:"expected,omitempty"`
	Words
}

// uploadError is a problem (RFC 9457) with the refused files, and with those that are kept.
type uploadError struct {
	huma.ErrorModel
	Items   []EvidenceItem `json:"items"`
	Refused []FileRefusal  `json:"refused"`
}

// SourceEvidence is the event source of evidence that came in by the API.
const SourceEvidence = "parcelward/api/evidence"

// The bounds of an upload.
const (
	maxUpload      = 512 << 20 // bytes of one request
	maxFiles       = 20
	maxUploads     = 16               // at once: their files lie on the disk until they are looked through
	outboundTurns  = 4                // that an outbound record takes of them: it lies in memory
	uploadWait     = 10 * time.Second // for a turn
	uploadPatience = 15 * time.Minute
	factPatience   = 10 * time.Second // for the fact, also when the sender has gone
)

type uploadInput struct {
	OrderPath
	form *uploadForm
}

// Resolve takes the body as a stream; huma would read it into memory.
func (in *uploadInput) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	if err := uploadDeadlines(w); err != nil {
		return []error{err}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	var err error
	if in.form, err = newUploadForm(r); err != nil {
		return []error{err}
	}
	return nil
}

// uploadDeadlines gives a request the time that an upload takes.
func uploadDeadlines(w http.ResponseWriter) error {
	deadline := time.Now().Add(uploadPatience)
	control := http.NewResponseController(w)
	err := errors.Join(control.SetReadDeadline(deadline), control.SetWriteDeadline(deadline.Add(time.Minute)))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

type uploadOutput struct{ Body EvidenceList }

type evidenceOutput struct{ Body EvidenceList }

// evidencePath is where an order's originals are.
const evidencePath = "/v1/orders/{store}/{order}/evidence"

func (s *server) registerEvidence(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "add-evidence", Method: http.MethodPost, Path: evidencePath,
		Summary: "Upload originals that prove a case",
		Description: "A form whose fields come before its files. Each file is looked through and kept on its own; 422 lists those that were refused, each with its reason, " +
			"and those that are kept all the same. The same file again changes nothing. JPEG, PNG, WebP, PDF and UTF-8 text up to 20 MB, MP4 up to 200 MB.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.postEvidence)
	// Told only now, for huma reads into memory what it is told of before.
	api.OpenAPI().Paths[evidencePath].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
		Type: "object", Required: []string{"kind", "by", "file"},
		Properties: map[string]*huma.Schema{
			"kind":            {Type: "string", Enum: kinds()},
			"by":              {Type: "string", Description: "who uploads"},
			"tracking_number": {Type: "string", Description: "default: evidence of the order as a whole"},
			"taken_at":        {Type: "string", Format: "date-time", Description: "default: as the file tells, where it is sure"},
			"file":            {Type: "array", Items: &huma.Schema{Type: "string", Format: "binary"}},
		},
		AdditionalProperties: &huma.Schema{Type: "string"}, // given.NAME
	}}}}
	huma.Register(api, huma.Operation{
		OperationID: "list-evidence", Method: http.MethodGet, Path: evidencePath,
		Summary: "What the vault holds for an order, the latest first",
		Errors:  []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *OrderPath) (*evidenceOutput, error) {
		items, err := s.Vault.Items(ctx, in.Store, in.Order)
		if err != nil {
			return nil, s.unavailable("the vault", err)
		}
		out := evidenceOutput{EvidenceList{Items: make([]EvidenceItem, len(items))}}
		for i := range items {
			out.Body.Items[i] = shown(&items[i])
		}
		return &out, nil
	})
	s.registerDownload(api)
}

func kinds() []any {
	var list []any
	for _, kind := range rules.EvidenceKinds() {
		list = append(list, string(kind))
	}
	return list
}

func shown(item *port.EvidenceItem) EvidenceItem {
	return EvidenceItem{Evidence: item.Evidence, TrackingNumber: item.Number, Given: item.Given, KeptAt: item.KeptAt}
}

// uploadTurn waits until few enough uploads are under way; done ends this one. What waits costs a
// connection, its body is not read.
func (s *server) uploadTurn(ctx context.Context, turns int64) (done func(), err error) {
	waiting, stop := context.WithTimeout(ctx, uploadWait)
	defer stop()
	if s.uploads.Acquire(waiting, turns) != nil {
		return nil, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("too many uploads at once; send it again later: what is sent twice is kept once"),
			http.Header{"Retry-After": {"5"}})
	}
	return func() { s.uploads.Release(turns) }, nil
}

func (s *server) postEvidence(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	done, err := s.uploadTurn(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer done()
	f, rs, err := s.known(ctx, in.Store, in.Order)
	if err != nil {
		return nil, err
	}
	o, file, err := in.form.fields()
	if err != nil {
		return nil, err
	}
	o.Store, o.Order, o.Source = in.Store, in.Order, port.SourceUpload
	if o.TrackingNumber != "" && f.Recording(o.TrackingNumber, s.now()) == nil {
		return nil, invalid("tracking_number", fmt.Sprintf("a number that is recorded for the order (%v), or none", rules.Numbers(f, rs, s.now())), o.TrackingNumber)
	}
	u := upload{server: s, original: o}
	for count := 0; err == nil; count++ {
		if count == maxFiles {
			err = invalid("file", fmt.Sprintf("at most %d files at once", maxFiles), "")
			break
		}
		if err = u.keep(ctx, file); err != nil {
			break
		}
		file, err = in.form.next()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if told := u.tell(ctx); told != nil {
		return nil, told
	}
	switch {
	case err != nil && len(u.items)+len(u.refused) == 0:
		return nil, err
	case err != nil:
		text := Words{"上传中断，这个文件没有保存，请重新上传。", "The upload broke off and this file is not kept: send it again."}
		u.refused = append(u.refused, FileRefusal{File: file.name, Code: "interrupted", Found: err.Error(), Words: text})
	}
	if len(u.refused) > 0 {
		return nil, u.problem()
	}
	return &uploadOutput{EvidenceList{u.items}}, nil
}

// upload is what became of the files of a request.
type upload struct {
	server   *server
	original port.NewOriginal // of each, but for its name
	entries  []port.EvidenceItem
	items    []EvidenceItem
	refused  []FileRefusal
}

// keep keeps one file or notes why it is refused.
func (u *upload) keep(ctx context.Context, file formFile) error {
	o := u.original
	o.Name = file.name
	var verdict *Verdict
	item, err := u.server.Vault.Keep(ctx, o, file.content, func(ctx context.Context, kept port.EvidenceItem, path string) {
		verdict = u.server.preflight(ctx, kept, path)
	})
	var refused *port.OriginalError
	switch {
	case errors.As(err, &refused):
		text := wording.OriginalFault(refused.OriginalFault)
		u.refused = append(u.refused, FileRefusal{
			File: refused.Name, Code: string(refused.Code), Found: refused.Found, Expected: refused.Expected, Words: Words{text.ZH, text.EN},
		})
		return nil
	case errors.Is(err, port.ErrRefused):
		return huma.Error422UnprocessableEntity(err.Error())
	case file.broken(err):
		return file.problem(err)
	case err != nil:
		return u.server.unavailable("the vault", err)
	}
	u.entries = append(u.entries, item)
	out := shown(&item)
	out.Verdict = verdict
	u.items = append(u.items, out)
	return nil
}

// preflight has an original looked at. That it failed is a finding: nothing passes in silence.
func (s *server) preflight(ctx context.Context, item port.EvidenceItem, path string) *Verdict {
	if s.Check == nil {
		return nil
	}
	verdict, err := s.Check(ctx, port.NewOriginal{
		Store: item.Store, Order: item.Order, TrackingNumber: item.Number, Kind: rules.EvidenceKind(item.Kind), Name: item.Name, Source: item.Source,
		By: item.By, TakenAt: item.TakenAt, Given: item.Given,
	}, path)
	if err != nil {
		s.Log.Error("the pre-flight failed", "sha256", item.SHA256, "error", err)
		return &Verdict{Verdict: "look", Findings: []Found{{"not-checked", Words{
			"文件已保存，但未能自动预检，请人工核对。", "The file is kept, but could not be checked by machine: look at it.",
		}}}}
	}
	return &verdict
}

// tell brings one fact of all that is kept. Its ID is made of the entries in the index, so a
// repeat brings none, and something stated anew does.
func (u *upload) tell(ctx context.Context) error {
	if len(u.entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), factPatience)
	defer cancel()
	data := rules.EvidenceAdded{TrackingNumber: u.original.TrackingNumber, When: u.server.now(), By: u.original.By}
	sum := sha256.New()
	for i := range u.entries {
		data.Originals = append(data.Originals, rules.Original{Kind: rules.EvidenceKind(u.entries[i].Kind), SHA256: u.entries[i].SHA256})
		_, _ = fmt.Fprintf(sum, "%d\n", u.entries[i].Position) // a hash never fails
	}
	e := rules.Event{
		Source: SourceEvidence, ID: u.original.Store + "/" + u.original.Order + "/" + hex.EncodeToString(sum.Sum(nil)[:16]),
		Type: rules.TypeEvidenceAdded, Store: u.original.Store, Order: u.original.Order, Time: data.When, Data: &data,
	}
	raw, err := protocol.EncodeEvent(e)
	if err == nil {
		e, err = protocol.DecodeEvent(raw)
	}
	if err != nil {
		return fmt.Errorf("the fact of new evidence: %w", err)
	}
	return u.server.accept(ctx, []postgres.Incoming{{Event: e, Raw: raw}}, new(Receipt))
}

func (u *upload) problem() error {
	p := &uploadError{ErrorModel: huma.ErrorModel{
		Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
		Detail: fmt.Sprintf("%d refused, %d kept", len(u.refused), len(u.items)),
	}, Items: u.items, Refused: u.refused}
	if p.Items == nil {
		p.Items = []EvidenceItem{}
	}
	for _, r := range u.refused {
		p.Detail += fmt.Sprintf("; %s: %s · %s", r.File, r.ZH, r.EN)
	}
	return p
}
