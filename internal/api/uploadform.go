package api

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
)

// The bounds of a form's fields.
const (
	maxFields = 40
	maxField  = 4 << 10 // bytes
)

// uploadForm reads a form as it arrives.
type uploadForm struct{ reader *multipart.Reader }

func newUploadForm(r *http.Request) (*uploadForm, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, huma.Error415UnsupportedMediaType("Content-Type: expected multipart/form-data with the fields kind and by, then the files")
	}
	return &uploadForm{reader}, nil
}

// formFile is a file of a form, to be read before the next one is.
type formFile struct {
	name    string
	content *noticing
}

// noticing notes that the sender, not we, broke off.
type noticing struct {
	io.Reader
	err error
}

// Read implements [io.Reader].
func (n *noticing) Read(b []byte) (int, error) {
	read, err := n.Reader.Read(b)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return read, err
}

// broken tells whether keeping failed because the rest of the file did not come.
func (f formFile) broken(err error) bool { return err != nil && f.content.err != nil }

// problem says why the rest of the file did not come.
func (f formFile) problem(error) error { return formProblem(f.content.err) }

func formProblem(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return huma.NewError(http.StatusRequestEntityTooLarge, fmt.Sprintf("an upload may have %d MB in all: send the files one by one", maxUpload>>20))
	}
	return huma.Error400BadRequest("the form cannot be read whole: send it again")
}

// fields reads the fields and comes to the first file.
func (f *uploadForm) fields() (o port.NewOriginal, file formFile, err error) {
	o.Given = map[string]string{}
	for range maxFields {
		part, err := f.reader.NextPart()
		if errors.Is(err, io.EOF) {
			return o, file, cmp.Or(complete(&o), invalid("file", "at least one file", ""))
		}
		if err != nil {
			return o, file, formProblem(err)
		}
		if part.FileName() != "" {
			return o, formFile{part.FileName(), &noticing{Reader: part}}, complete(&o)
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return o, file, formProblem(err)
		}
		if len(value) > maxField {
			return o, file, invalid(part.FormName(), fmt.Sprintf("at most %d bytes", maxField), "")
		}
		if err := setField(&o, part.FormName(), strings.TrimSpace(string(value))); err != nil {
			return o, file, err
		}
	}
	return o, file, invalid("given", fmt.Sprintf("at most %d fields", maxFields), "")
}

func setField(o *port.NewOriginal, name, value string) error {
	switch name {
	case "kind":
		if o.Kind = rules.EvidenceKind(value); !slices.Contains(rules.EvidenceKinds(), o.Kind) {
			return invalid(name, fmt.Sprintf("one of %v", rules.EvidenceKinds()), value)
		}
	case "by":
		o.By = value
	case "tracking_number":
		if o.TrackingNumber = tracknum.Normalize(value); value != "" && (o.TrackingNumber == "" || len(o.TrackingNumber) > 64) {
			return invalid(name, "1 to 64 letters or digits", value)
		}
	case "taken_at":
		if value == "" {
			return nil
		}
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || at.Year() < 2000 || at.Year() > 2100 {
			return invalid(name, "an RFC 3339 time with offset, such as 2026-03-01T08:00:00+08:00", value)
		}
		o.TakenAt = at
	default:
		key, ok := strings.CutPrefix(name, "given.")
		if !ok {
			return invalid(name, "one of kind, by, tracking_number, taken_at, given.NAME; and file, behind them", "")
		}
		if value != "" {
			o.Given[key] = value
		}
	}
	return nil
}

func complete(o *port.NewOriginal) error {
	switch {
	case o.Kind == "":
		return invalid("kind", fmt.Sprintf("before the files, one of %v", rules.EvidenceKinds()), "")
	case o.By == "":
		return invalid("by", "before the files, who uploads", "")
	}
	return nil
}

// next comes to the next file; io.EOF: there is none.
func (f *uploadForm) next() (formFile, error) {
	part, err := f.reader.NextPart()
	switch {
	case errors.Is(err, io.EOF):
		return formFile{}, io.EOF
	case err != nil:
		return formFile{}, formProblem(err)
	case part.FileName() == "":
		return formFile{name: part.FormName()}, invalid(part.FormName(), "all fields before the first file", "")
	}
	return formFile{part.FileName(), &noticing{Reader: part}}, nil
}

// invalid says what is wrong with a field of a form.
func invalid(field, expected, got string) error {
	text := fmt.Sprintf("%.64s: expected %s", field, expected)
	if got != "" {
		text += fmt.Sprintf("; got %.80q", got)
	}
	return huma.Error422UnprocessableEntity(text, &huma.ErrorDetail{Location: "body." + field[:min(len(field), 64)], Message: "expected " + expected})
}
