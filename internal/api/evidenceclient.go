package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Upload is evidence to be sent.
type Upload struct {
	Kind           string
	By             string
	TrackingNumber string
	TakenAt        time.Time // zero: as the files tell
	Given          map[string]string
	Files          []string // paths
	Contents       []Content
}

// Content is a file that lies in memory.
type Content struct {
	Name  string
	Bytes []byte
}

// UploadError says which files were refused, and which are kept all the same.
type UploadError struct {
	ProblemError
	Items   []EvidenceItem `json:"items"`
	Refused []FileRefusal  `json:"refused"`
}

// AddEvidence sends files as they are read. Where some are refused the error is an *UploadError.
func (c Client) AddEvidence(ctx context.Context, store, order string, u Upload) (EvidenceList, error) {
	var answer EvidenceList
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	written := make(chan error, 1)
	go func() {
		err := errors.Join(u.write(form), form.Close())
		w.CloseWithError(err) // nil is the end
		written <- err
	}()
	ctx, cancel := context.WithTimeout(ctx, uploadPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+orderURL(store, order)+"/evidence", r)
	if err != nil {
		r.CloseWithError(err)
		return answer, fmt.Errorf("ask %s: %w", c.Base, err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	r.CloseWithError(io.ErrClosedPipe) // an answer that came early leaves nobody writing
	if failed := <-written; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		if err == nil {
			_ = res.Body.Close() // what counts is that a file could not be read
		}
		return answer, failed
	}
	if err != nil {
		return answer, fmt.Errorf("ask %s: %w", c.Base, err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return answer, fmt.Errorf("read the answer of %s: %w", c.Base, err)
	}
	if res.StatusCode != http.StatusCreated {
		p := &UploadError{}
		if json.Unmarshal(data, p) != nil || p.Status == 0 {
			p.ProblemError = ProblemError{Status: res.StatusCode, Title: http.StatusText(res.StatusCode)}
		}
		if len(p.Refused) == 0 {
			return answer, &p.ProblemError
		}
		return answer, p
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return answer, fmt.Errorf("read the answer of %s: expected the API's JSON: %w", c.Base, err)
	}
	return answer, nil
}

// write writes the fields, then the files.
func (u *Upload) write(form *multipart.Writer) error {
	fields := map[string]string{"kind": u.Kind, "by": u.By, "tracking_number": u.TrackingNumber}
	if !u.TakenAt.IsZero() {
		fields["taken_at"] = u.TakenAt.Format(time.RFC3339)
	}
	for key, value := range u.Given {
		fields["given."+key] = value
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] == "" {
			continue
		}
		if err := form.WriteField(key, fields[key]); err != nil {
			return fmt.Errorf("write the form: %w", err)
		}
	}
	for _, name := range u.Files {
		if err := writeFile(form, name); err != nil {
			return err
		}
	}
	for _, c := range u.Contents {
		part, err := form.CreateFormFile("file", c.Name)
		if err == nil {
			_, err = part.Write(c.Bytes)
		}
		if err != nil {
			return fmt.Errorf("write the form: %w", err)
		}
	}
	return nil
}

func writeFile(form *multipart.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	part, err := form.CreateFormFile("file", filepath.Base(name))
	if err == nil {
		_, err = io.Copy(part, f)
	}
	if err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	return nil
}

// ImportOutbound sends a warehouse's export.
func (c Client) ImportOutbound(ctx context.Context, store, by, file string) (OutboundImport, error) {
	var answer OutboundImport
	content, err := os.ReadFile(file)
	if err != nil {
		return answer, fmt.Errorf("outbound records: %w", err)
	}
	path := "/v1/stores/" + url.PathEscape(store) + "/outbound?by=" + url.QueryEscape(by)
	return answer, c.do(ctx, http.MethodPost, path, "application/octet-stream", "", content, &answer)
}

// Evidence lists what the vault holds for an order.
func (c Client) Evidence(ctx context.Context, store, order string) (EvidenceList, error) {
	var answer EvidenceList
	return answer, c.do(ctx, http.MethodGet, orderURL(store, order)+"/evidence", "", "", nil, &answer)
}
