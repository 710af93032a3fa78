package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The golden rows are what a made answer of each service holds, no row missing; what they do not
// say is said beside them.
func TestTrace(t *testing.T) {
	for service, tc := range map[string]struct {
		status int
		rows   int
		says   []string
	}{
		"17track":    {exitFailed, 6, []string{"1234: 服务未给出轨迹 · the service gave no trace", "-18010012", "further number: 9400100000000000000001"}},
		"kdniao":     {0, 3, []string{"YT0000000000002: 尚无轨迹 · nothing is known of it yet"}},
		"cainiao":    {0, 3, []string{"further number: NX000000001BR", "LP00000000000002: 尚无轨迹"}},
		"aliexpress": {0, 2, []string{"does not name its number"}},
	} {
		t.Run(service, func(t *testing.T) {
			file := filepath.Join("testdata", "trace", service+".json")
			status, out, errs := starter(t, "", "trace", "--from", service, file)
			assert.Equal(t, tc.status, status, errs)
			assert.Equal(t, tc.rows, strings.Count(out, "\n"))
			golden(t, filepath.Join("trace", service+".golden"), out)
			for _, says := range tc.says {
				assert.Contains(t, errs, says)
			}
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			_, piped, _ := starter(t, string(raw), "trace", "--from", service, "-")
			assert.Equal(t, out, piped)
		})
	}
}

// Whole answers as they really came: every row is there, with a time, oldest first.
func TestTraceOfRealAnswers(t *testing.T) {
	const folder = "../../shared/data/tracking/native/"
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	files, err := filepath.Glob(folder + "cainiao_*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 3)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			type module struct {
				DetailList []json.RawMessage `json:"detailList"`
			}
			var source struct {
				module
				Module []module `json:"module"`
			}
			require.NoError(t, json.Unmarshal(raw, &source))
			want := len(source.DetailList)
			for _, m := range source.Module {
				want += len(m.DetailList)
			}
			status, out, errs := starter(t, "", "trace", "--from", "cainiao", file)
			require.Equal(t, 0, status, errs)
			var last time.Time
			lines := strings.Split(strings.TrimSpace(out), "\n")
			require.Len(t, lines, want)
			for _, line := range lines {
				var row struct {
					Number string    `json:"tracking_number"`
					At     time.Time `json:"at"`
				}
				require.NoError(t, json.Unmarshal([]byte(line), &row))
				assert.NotEmpty(t, row.Number)
				assert.False(t, row.At.Before(last), "oldest first")
				last = row.At
			}
		})
	}
}

// A service may speak of one number twice in a body; its rows still come oldest first.
func TestTraceOfANumberTwice(t *testing.T) {
	row := func(number, at string) string {
		return `{"LogisticCode":"` + number + `","Success":true,"Traces":[{"AcceptTime":"` + at + `","AcceptStation":"x"}]}`
	}
	in := `{"Data":[` + row("B1", "2026-02-02 08:00:00") + "," + row("A1", "2026-02-01 08:00:00") + "," + row("B1", "2026-01-02 08:00:00") + `]}`
	status, out, errs := starter(t, in, "trace", "--from", "kdniao", "-")
	require.Equal(t, 0, status, errs)
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, line[:52])
	}
	assert.Equal(t, []string{
		`{"tracking_number":"B1","at":"2026-01-02T00:00:00Z",`, `{"tracking_number":"B1","at":"2026-02-02T00:00:00Z",`,
		`{"tracking_number":"A1","at":"2026-02-01T00:00:00Z",`,
	}, got)
}

func TestTraceOfWhatIsNoAnswer(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big")
	require.NoError(t, os.WriteFile(big, bytes.Repeat([]byte(" "), maxTraceBytes+1), 0o600))
	for name, tc := range map[string]struct {
		in   string
		args []string
		says []string
	}{
		"no file":      {"", []string{"kdniao", "no-such-file"}, []string{"starter: no-such-file: no such file"}},
		"folder":       {"", []string{"kdniao", "testdata"}, []string{"testdata: is a directory"}},
		"too big":      {"", []string{"kdniao", big}, []string{"big: expected at most 10 MB"}},
		"empty":        {"", []string{"17track", "-"}, []string{"standard input: not an answer or push of 17track: expected JSON"}},
		"garbage":      {"\x00\xff<html>", []string{"cainiao", "-"}, []string{"standard input", "cainiao", "expected"}},
		"deep":         {strings.Repeat("[", 1<<20), []string{"aliexpress", "-"}, []string{"expected"}},
		"error answer": {`{"error_response":{"code":27,"msg":"Invalid session"}}`, []string{"aliexpress", "-"}, []string{"Invalid session"}},
		"other service": {
			`{"LogisticCode":"LP1","Success":true,"Traces":[{"AcceptTime":"2026-02-01 08:00:00","AcceptStation":"x"}]}`,
			[]string{"17track", "-"},
			[]string{"it reads as one of kdniao: try --from kdniao"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := starter(t, tc.in, append([]string{"trace", "--from"}, tc.args...)...)
			assert.Equal(t, exitFailed, status)
			assert.Empty(t, out)
			for _, says := range tc.says {
				assert.Contains(t, errs, says)
			}
			assert.Less(t, len(errs), 1000, "a line for people, not the body")
		})
	}
}

// A pipe that says nothing does not keep the command from ending.
func TestTraceStops(t *testing.T) {
	in, silent := io.Pipe()
	t.Cleanup(func() { _ = silent.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var errs bytes.Buffer
	assert.Equal(t, exitFailed, run(ctx, []string{"trace", "--from", "kdniao", "-"}, streams{in, io.Discard, &errs}))
}
