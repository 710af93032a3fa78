package backtest_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/net/html"

	"parcelward/internal/backtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test -update writes it anew): %s", file, diff)
	}
}

func orders(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeOrders(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTable(t *testing.T) {
	got, _, _ := run(t, backtest.Options{AsOf: examplesAsOf, Format: backtest.Table}, orders(t, 40))
	for l := range strings.Lines(got) {
		if w := text.StringWidthWithoutEscSequences(strings.TrimRight(l, "\n")); w > 120 {
			t.Errorf("%d columns wide: %s", w, l)
		}
	}
	golden(t, "table.txt", got)
}

func TestPage(t *testing.T) {
	asOf := time.Date(2026, 2, 18, 0, 0, 0, 0, time.UTC) // some cases still wait
	input := bytes.ReplaceAll(orders(t, 300), []byte("Maria da Silva"), []byte("<script>alert(1)</script>"))
	got, _, _ := run(t, backtest.Options{AsOf: asOf, Format: backtest.HTML}, input)
	if again, _, _ := run(t, backtest.Options{AsOf: asOf, Format: backtest.HTML, Jobs: 1}, input); again != got {
		t.Error("the page depends on the number of workers")
	}
	balanced(t, got)
	for _, banned := range []string{"<script", "<link", "http:", "https:", "src=", "url(", "@import", "javascript", "ZgotmplZ", "NaN"} {
		if strings.Contains(got, banned) {
			t.Errorf("the page contains %q", banned)
		}
	}
	for _, wanted := range []string{"本可索赔", "Could have been claimed", "72 小时内未确认异常", "Buyer&#39;s tax ID missing", "<rect class=\"lost\"", "left</span>"} {
		if !strings.Contains(got, wanted) {
			t.Errorf("the page lacks %q", wanted)
		}
	}
}

func TestPageOfNothing(t *testing.T) {
	got, _, _ := run(t, backtest.Options{AsOf: examplesAsOf, Format: backtest.HTML}, nil)
	balanced(t, got)
	if !strings.Contains(got, "没有损失") {
		t.Error("the page does not say that nothing was lost")
	}
}

// balanced checks that every element is closed where it should be.
func balanced(t *testing.T, page string) {
	t.Helper()
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		default:
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := tokens.TagName()
			if n := string(name); n != "meta" && n != "br" {
				open = append(open, n)
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := backtest.Run(t.Context(), backtest.Options{Format: "xml"}, bytes.NewReader(nil), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), `format "xml": expected json, table or html`) {
		t.Error(err)
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestFailingOutput(t *testing.T) {
	for _, format := range []backtest.Format{backtest.JSON, backtest.Table, backtest.HTML} {
		o := backtest.Options{AsOf: examplesAsOf, Format: format}
		if _, err := backtest.Run(t.Context(), o, bytes.NewReader(orders(t, 5)), fullDisk{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
