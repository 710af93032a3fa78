package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/carrier/seventeentrack"
	"parcelward/internal/platform/aliexpress"
	"parcelward/internal/port"
	"parcelward/internal/rules"
)

// traceCmd shows what Parcelward makes of a raw answer or push of a tracking service.
type traceCmd struct {
	From string `required:"" enum:"17track,kdniao,cainiao,aliexpress" placeholder:"SERVICE" help:"来源服务：17track、kdniao、cainiao、aliexpress。 · The service that it came from: 17track, kdniao, cainiao or aliexpress."`
	File string `arg:"" help:"原始回应或推送，- 为标准输入，最大 10 MB。 · A raw answer or push as it came, at most 10 MB; - for standard input."`
}

// Help implements [kong.HelpProvider].
func (traceCmd) Help() string {
	return `每行一条轨迹（JSON），时间为 UTC。多个运单号按首次出现的顺序输出，各自由旧到新；无法确定时间的轨迹排在最后，没有 at。除完全相同的重复外一条不少。不验证签名。

One row of a trace a line, as JSON, times in UTC. Several numbers come in the order in which they first appear, each oldest first; rows whose time cannot be told come last of all, without at. None is dropped, but what is exactly the same comes once. Signatures are not examined.`
}

// maxTraceBytes bounds a raw answer.
const maxTraceBytes = 10 << 20

// parseTrace reads a raw answer or push of a service.
func parseTrace(service string, raw []byte) ([]port.Answer, error) {
	switch service {
	case "17track":
		return seventeentrack.Parse(raw)
	case "kdniao":
		return kdniao.Parse(raw)
	case "cainiao":
		return cainiao.Parse(raw)
	}
	return aliexpress.Parse(raw)
}

// otherService is the one that a body reads as with rows; empty: none.
func otherService(raw []byte) string {
	for _, service := range []string{"17track", "kdniao", "cainiao", "aliexpress"} {
		answers, err := parseTrace(service, raw)
		if err == nil && slices.ContainsFunc(answers, func(a port.Answer) bool { return len(a.Rows) > 0 }) {
			return service
		}
	}
	return ""
}

// Run prints the rows. A body that cannot be read, or a number that the service refused, ends
// it with exit status 1.
func (c *traceCmd) Run(ctx context.Context, s streams) error {
	name := c.File
	if name == "-" {
		name = "standard input"
	}
	raw, err := readBounded(ctx, c.File, s.in, maxTraceBytes)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	answers, err := parseTrace(c.From, raw)
	if err != nil {
		hint := ""
		if other := otherService(raw); other != "" {
			hint = fmt.Sprintf("; it reads as one of %s: try --from %s", other, other)
		}
		return fmt.Errorf("%s: not an answer or push of %s: %s%s", name, c.From, strings.TrimPrefix(err.Error(), c.From+": "), hint)
	}
	if err := writeTrace(s.out, answers); err != nil {
		return err
	}
	return tellTrace(s.err, name, answers)
}

// readBounded reads a file, or in for "-", up to a number of bytes.
func readBounded(ctx context.Context, file string, in io.Reader, most int64) ([]byte, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, bare(err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	var raw []byte
	var err error
	done := make(chan struct{})
	go func() { // a terminal or a pipe may keep silent for ever
		raw, err = io.ReadAll(io.LimitReader(in, most+1))
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, bare(err)
	case int64(len(raw)) > most:
		return nil, fmt.Errorf("expected at most %d MB, found more", most>>20)
	}
	return raw, nil
}

// bare is an error of a file without the file's name, which the caller tells.
func bare(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

// traceRow is a line of the output; [rules.Row] has no number, and a time in any zone.
type traceRow struct {
	Number      string          `json:"tracking_number"`
	At          *time.Time      `json:"at,omitempty"` // UTC; nil: it could not be told
	Milestone   rules.Milestone `json:"milestone"`
	Code        string          `json:"code"`
	Location    string          `json:"location,omitempty"`
	Description string          `json:"description,omitempty"`
	SignedBy    string          `json:"signed_by,omitempty"`
	Source      rules.RowSource `json:"source"`
}

func writeTrace(w io.Writer, answers []port.Answer) error {
	lines := bufio.NewWriter(w)
	out := json.NewEncoder(lines)
	out.SetEscapeHTML(false)
	write := func(number string, r *rules.Row) error {
		line := traceRow{number, nil, r.Milestone, r.Code, r.Location, r.Description, r.SignedBy, r.Source}
		if !r.At.IsZero() {
			at := r.At.UTC()
			line.At = &at
		}
		return out.Encode(line)
	}
	numbers, placed := placedRows(answers)
	for _, number := range numbers {
		for i := range placed[number] {
			if err := write(number, &placed[number][i]); err != nil {
				return err
			}
		}
	}
	for i := range answers {
		for j := range answers[i].Unplaced {
			if err := write(answers[i].Number, &answers[i].Unplaced[j]); err != nil {
				return err
			}
		}
	}
	return lines.Flush()
}

// placedRows are the rows with a time by number, oldest first, and the numbers in the order in
// which they first appear: an answer may speak of one number twice.
func placedRows(answers []port.Answer) (numbers []string, placed map[string][]rules.Row) {
	placed = map[string][]rules.Row{}
	for i := range answers {
		a := &answers[i]
		if _, known := placed[a.Number]; !known {
			numbers = append(numbers, a.Number)
		}
		placed[a.Number] = append(placed[a.Number], a.Rows...)
	}
	for _, rows := range placed {
		slices.SortStableFunc(rows, func(a, b rules.Row) int { return a.At.Compare(b.At) })
	}
	return numbers, placed
}

// tellTrace says what the rows do not: numbers without any, and numbers that were refused.
func tellTrace(w io.Writer, name string, answers []port.Answer) error {
	var refused error
	tell := func(number, zh, en string) {
		if number == "" {
			number = "（无运单号 · no number）"
		}
		_, _ = fmt.Fprintf(w, "%s: %s: %s · %s\n", name, number, zh, en)
	}
	if len(answers) == 0 {
		_, _ = fmt.Fprintf(w, "%s: 没有轨迹 · it tells of no trace\n", name)
	}
	for i := range answers {
		a := &answers[i]
		switch {
		case a.Err != nil:
			refused = errTold
			tell(a.Number, "服务未给出轨迹", "the service gave no trace: "+strings.TrimSpace(a.Err.Error()))
		case len(a.Rows)+len(a.Unplaced) == 0:
			tell(a.Number, "尚无轨迹", "nothing is known of it yet")
		case a.Number == "":
			tell("", "这份回应不含运单号", "the answer does not name its number")
		}
		if len(a.Also) > 0 {
			tell(a.Number, "另有单号 "+strings.Join(a.Also, "、"), "it has a further number: "+strings.Join(a.Also, ", "))
		}
	}
	return refused
}
