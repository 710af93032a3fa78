package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// Cases lists the cases of an order.
func (c Client) Cases(ctx context.Context, store, order string) (CaseList, error) {
	var answer CaseList
	return answer, c.do(ctx, http.MethodGet, orderURL(store, order)+"/cases", "", "", nil, &answer)
}

// Pack asks what is to be handed in for a case, by its name.
func (c Client) Pack(ctx context.Context, store, order, name string) (CasePack, error) {
	var answer CasePack
	return answer, c.do(ctx, http.MethodGet, orderURL(store, order)+"/cases/"+url.PathEscape(name)+"/pack", "", "", nil, &answer)
}

// PackFile writes one of a pack's files, by the path that [CasePack] tells, to w, and tells its
// name. After an error what w holds is not it.
func (c Client) PackFile(ctx context.Context, path string, w io.Writer) (name string, err error) {
	ctx, cancel := context.WithTimeout(ctx, uploadPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", c.Base, err)
	}
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", c.Base, err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if res.StatusCode != http.StatusOK {
		p := new(ProblemError)
		if data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20)); err != nil || json.Unmarshal(data, p) != nil || p.Status == 0 {
			p = &ProblemError{Status: res.StatusCode, Title: http.StatusText(res.StatusCode)}
		}
		return "", p
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, sum), res.Body); err != nil {
		return "", fmt.Errorf("read the pack from %s: %w", c.Base, err)
	}
	if got, tag := hex.EncodeToString(sum.Sum(nil)), strings.Trim(res.Header.Get("ETag"), `"`); got != tag {
		return "", fmt.Errorf("read the pack from %s: its bytes hash to %s, expected %s", c.Base, got, tag)
	}
	_, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
	if err != nil {
		return "", fmt.Errorf("read the pack from %s: its name: %w", c.Base, err)
	}
	return params["filename"], nil
}
