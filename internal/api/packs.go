package api

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parcelward/internal/evidence/casepack"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
	"parcelward/internal/rules/wording"
)

// CaseNamed is a case of an order, with the name that it bears in addresses and commands.
type CaseNamed struct {
	Name     string          `json:"name" example:"LP00123456789012.stall.20260220T184000Z"`
	Kind     rules.CaseKind  `json:"kind"`
	Status   string          `json:"status"`
	ClaimID  string          `json:"claim_id,omitempty"`
	Deadline *rules.Deadline `json:"next_deadline,omitempty"`
	Pack     string          `json:"pack" doc:"where its pack is"`
}

// CaseList answers the question which cases an order has.
type CaseList struct {
	Cases []CaseNamed `json:"cases"`
}

// CasePack is what is to be handed in for a case, and how.
type CasePack struct {
	Case      string           `json:"case"`
	Letter    rules.LetterKind `json:"letter" doc:"what it is for: claim, appeal or protection"`
	Status    string           `json:"status" doc:"of the case"`
	ClaimID   string           `json:"claim_id,omitempty" doc:"none: not filed yet"`
	Asked     *money.Amount    `json:"asked,omitempty"`
	Deadline  *rules.Deadline  `json:"next_deadline,omitempty"`
	Remarks   []Words          `json:"remarks" doc:"what to heed before it is handed in"`
	Lacks     []string         `json:"lacks" doc:"kinds of evidence that should be handed in and of which no original may be"`
	Originals []PackOriginal   `json:"originals" doc:"in the order of the form"`
	LeftOut   []PackLeftOut    `json:"left_out" doc:"originals that the pre-flight refuses"`
	Steps     []Words          `json:"steps" doc:"what to do in the seller centre, and what to report here afterwards"`
	Paste     []PackPaste      `json:"paste" doc:"texts for the seller centre's form"`
	PDF       string           `json:"pdf,omitempty" doc:"where the letter is; none: no original may be handed in"`
	ZIP       string           `json:"zip,omitempty" doc:"where letter and originals are"`
}

// PackOriginal is an original in a pack.
type PackOriginal struct {
	File    string `json:"file" doc:"in the archive"`
	Kind    string `json:"kind"`
	Name    string `json:"name" doc:"as it was uploaded"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size" doc:"bytes"`
	Verdict string `json:"verdict" enum:"ready,look" doc:"of the pre-flight, now"`
	New     bool   `json:"new,omitempty" doc:"not handed in before: an appeal adds these"`
}

// PackLeftOut is an original that is not in a pack.
type PackLeftOut struct {
	Kind     string  `json:"kind"`
	Name     string  `json:"name"`
	SHA256   string  `json:"sha256"`
	Findings []Found `json:"findings"`
}

// PackPaste is a text for a field of a form.
type PackPaste struct {
	Field Words `json:"field"`
	Text  Words `json:"text"`
}

// maxPacks are made and sent at once: each lies on the disk meanwhile.
const maxPacks = 4

type casesOutput struct{ Body CaseList }

type packInput struct {
	OrderPath
	Case string `path:"case" maxLength:"128" doc:"as the list of the order's cases names it" example:"LP00123456789012.stall.20260220T184000Z"`
}

type packOutput struct{ Body CasePack }

func (s *server) registerPacks(api huma.API) {
	const cases = "/v1/orders/{store}/{order}/cases"
	errs := []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	huma.Register(api, huma.Operation{
		OperationID: "list-cases", Method: http.MethodGet, Path: cases,
		Summary: "The cases of an order, those that wait for somebody first", Errors: errs,
	}, s.getCases)
	huma.Register(api, huma.Operation{
		OperationID: "get-pack", Method: http.MethodGet, Path: cases + "/{case}/pack",
		Summary: "What is to be handed in for a case: steps, texts to paste, originals, and what is missing", Errors: errs,
	}, s.getPack)
	for _, format := range []casepack.Format{casepack.PDF, casepack.ZIP} {
		what := map[casepack.Format]string{casepack.PDF: "the letter, the trace and the list of evidence", casepack.ZIP: "the letter and the originals, unaltered"}[format]
		huma.Register(api, huma.Operation{
			OperationID: "get-pack-" + string(format), Method: http.MethodGet, Path: cases + "/{case}/pack." + string(format),
			Summary:     "A case's pack: " + what,
			Description: "The same facts and originals give the same bytes; the ETag is their SHA-256. 409 where no original may be handed in, or where the vault has lost one.",
			Responses: map[string]*huma.Response{"200": {Description: "its bytes", Content: map[string]*huma.MediaType{
				format.MediaType(): {Schema: &huma.Schema{Type: "string", Format: "binary"}},
			}}},
			Errors: errs,
		}, func(ctx context.Context, in *packInput) (*huma.StreamResponse, error) {
			return s.getPackFile(ctx, in, format)
		})
	}
}

func (s *server) getCases(ctx context.Context, in *OrderPath) (*casesOutput, error) {
	cases, err := s.Packs.Cases(ctx, in.Store, in.Order)
	if err != nil {
		return nil, s.noPack(in, "", err)
	}
	out := casesOutput{CaseList{Cases: make([]CaseNamed, len(cases))}}
	for i := range cases {
		c := &cases[i]
		out.Body.Cases[i] = CaseNamed{c.ID().Name(), c.Kind, string(c.Status), c.ClaimID(), c.NextDeadline, wording.PackPath(in.Store, in.Order, c.ID())}
	}
	return &out, nil
}

// packTurn waits until few enough packs are under way; done ends this one.
func (s *server) packTurn(ctx context.Context) (done func(), err error) {
	waiting, stop := context.WithTimeout(ctx, uploadWait)
	defer stop()
	if s.packs.Acquire(waiting, 1) != nil {
		return nil, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("too many packs are being made at once; ask again later"), http.Header{"Retry-After": {"5"}})
	}
	return func() { s.packs.Release(1) }, nil
}

func (s *server) packOf(ctx context.Context, in *packInput) (casepack.Case, error) {
	id, ok := rules.ParseCaseName(in.Case)
	if !ok {
		return casepack.Case{}, s.noPack(&in.OrderPath, in.Case, casepack.ErrNoCase)
	}
	c, err := s.Packs.Case(ctx, in.Store, in.Order, id)
	if err != nil {
		return c, s.noPack(&in.OrderPath, in.Case, err)
	}
	return c, nil
}

// noPack says why there is none.
func (s *server) noPack(in *OrderPath, name string, err error) error {
	var broken *casepack.BrokenError
	switch {
	case errors.Is(err, casepack.ErrNoOrder):
		return huma.Error404NotFound(fmt.Sprintf("order %s/%s is unknown, or nobody knows yet when it was created", in.Store, in.Order))
	case errors.Is(err, casepack.ErrNoCase):
		return huma.Error404NotFound(fmt.Sprintf("order %s/%s has no case %.128q: GET %s/cases lists those that it has", in.Store, in.Order, name, orderURL(in.Store, in.Order)))
	case errors.Is(err, casepack.ErrNoOriginals):
		return huma.Error409Conflict(fmt.Sprintf("case %[1]s has no original that may be handed in: upload them first (POST %[2]s/evidence); GET %[2]s/cases/%[1]s/pack says which are missing", name, orderURL(in.Store, in.Order)))
	case errors.As(err, &broken):
		s.Log.Error("the vault does not hold an original as it was kept", "store", in.Store, "order", in.Order, "error", err)
		return huma.Error409Conflict(fmt.Sprintf("the vault does not hold an original of the case as it was kept, so no pack is made: %v; bring it back from a backup, `starter evidence verify` tells more", broken))
	}
	return s.unavailable("the vault or the inbox", err)
}

func (s *server) getPack(ctx context.Context, in *packInput) (*packOutput, error) {
	done, err := s.packTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	c, err := s.packOf(ctx, in)
	if err != nil {
		return nil, err
	}
	l, letter := &c.Letter, &c.Pack.Letter
	path := wording.PackPath(in.Store, in.Order, l.Case.ID())
	out := CasePack{
		Case: in.Case, Letter: l.Kind, Status: string(l.Case.Status), ClaimID: l.Case.ClaimID(), Asked: l.Asked, Deadline: l.Case.NextDeadline,
		Remarks: words(wording.LetterRemarks(l, &c.Papers)), Steps: words(wording.LetterSteps(l, in.Store, in.Order)),
		Lacks: []string{}, Originals: []PackOriginal{}, LeftOut: []PackLeftOut{}, Paste: []PackPaste{},
	}
	for _, kind := range l.Lacks(&c.Papers) {
		out.Lacks = append(out.Lacks, string(kind))
	}
	names := c.Pack.Names()
	for i := range c.Pack.Originals {
		o := &c.Pack.Originals[i]
		out.Originals = append(out.Originals, PackOriginal{names[i], o.Kind, o.Name, o.SHA256, o.Size, o.Verdict, o.Added})
	}
	for _, o := range c.LeftOut() {
		left := PackLeftOut{string(o.Kind), o.Name, o.SHA256, []Found{}}
		for _, f := range o.Findings {
			text := wording.Preflight(f, c.Rules.Pack)
			left.Findings = append(left.Findings, Found{string(f.Code), Words{text.ZH, text.EN}})
		}
		out.LeftOut = append(out.LeftOut, left)
	}
	for _, p := range wording.Pastes(letter, names, c.Pack.Location) {
		out.Paste = append(out.Paste, PackPaste{Words{p.Field.ZH, p.Field.EN}, Words{p.Value.ZH, p.Value.EN}})
	}
	if len(names) > 0 {
		out.PDF, out.ZIP = path+".pdf", path+".zip"
	}
	return &packOutput{out}, nil
}

func words(texts []wording.Text) []Words {
	out := make([]Words, len(texts))
	for i, t := range texts {
		out[i] = Words{t.ZH, t.EN}
	}
	return out
}

func (s *server) getPackFile(ctx context.Context, in *packInput, format casepack.Format) (_ *huma.StreamResponse, err error) {
	done, err := s.packTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	c, err := s.packOf(ctx, in)
	if err != nil {
		return nil, err
	}
	f, err := s.Packs.Write(ctx, &c, format)
	if err != nil {
		return nil, s.noPack(&in.OrderPath, in.Case, err)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer done()
		r, w := humago.Unwrap(ctx)
		s.sendPack(w, r, f, format)
	}}, nil
}

func (s *server) sendPack(w http.ResponseWriter, r *http.Request, f *casepack.File, format casepack.Format) {
	defer func() {
		if err := f.Close(); err != nil {
			s.Log.Warn("a pack's temporary file is left", "error", err)
		}
	}()
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadPatience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.Log.Warn("a download has the usual time only", "error", err)
	}
	h := w.Header()
	h.Set("Content-Type", format.MediaType())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("ETag", `"`+f.SHA256+`"`)
	untrusted(h)
	http.ServeContent(w, r, "", time.Time{}, f)
}
