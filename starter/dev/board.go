package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"parcelward/internal/demo"
	"parcelward/internal/dispatch"
	"parcelward/internal/postgres"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// Board shows the scenario's orders as they live: on a terminal a table that is redrawn in
// place, elsewhere one line per change.
type Board struct {
	out   io.Writer
	fd    int // of the terminal; -1: none
	drawn int // lines of the table on the screen
	last  map[string]string
}

// NewBoard returns a board on out.
func NewBoard(out io.Writer) *Board {
	b := &Board{out: out, fd: -1, last: map[string]string{}}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.fd = int(f.Fd())
	}
	return b
}

// line is one order on the board.
type line struct {
	order          string
	stage, waiting wording.Text
	cases          string
}

// Follow shows the run until ctx is done, and once more at the end.
func (b *Board) Follow(ctx context.Context, s *Stack, sc demo.Scenario) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		b.show(context.WithoutCancel(ctx), s, sc)
		select {
		case <-ctx.Done():
			b.show(context.WithoutCancel(ctx), s, sc)
			return
		case <-tick.C:
		}
	}
}

// show leaves the screen as it is when the database does not answer in time.
func (b *Board) show(ctx context.Context, s *Stack, sc demo.Scenario) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	now := s.Now()
	var lines []line
	for _, order := range slices.Sorted(maps.Keys(sc.Expected)) {
		l, err := look(ctx, s, order, now)
		if err != nil {
			return
		}
		lines = append(lines, l)
	}
	day := int(now.Sub(sc.Origin)/(24*time.Hour)) + 1
	days := int(sc.Span / (24 * time.Hour))
	at := fmt.Sprintf("第 %d/%d 天 · day %d of %d · %s", max(day, 0), days, max(day, 0), days, now.In(beijing()).Format("2006-01-02 15:04"))
	if b.fd < 0 {
		b.changes(lines, now)
		return
	}
	b.redraw(lines, at, now)
}

func look(ctx context.Context, s *Stack, order string, now time.Time) (line, error) {
	o, k, err := dispatch.Known(ctx, s.Inbox(), demo.Store, order)
	l := line{order: order, stage: wording.Text{ZH: "–", EN: ""}}
	if errors.Is(err, postgres.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	rs, err := s.Server.Rules.For(k.All, o.Policy)
	if err != nil || rs.Pack == nil {
		return l, err
	}
	plan := rules.PlanOrder(k.All, rs, now)
	if plan.Assessment.Stage == "" {
		if a, ok := rules.Assess(k.All, rs, now); ok {
			plan.Assessment = a
		}
	}
	l.stage, l.waiting = wording.Stage(plan.Assessment.Stage), wording.Waiting(plan, rs.Pack.Location())
	for _, c := range plan.Assessment.Cases {
		l.cases += " | " + wording.Kind(c.Kind).ZH + "：" + wording.Status(c.Status).ZH + " · " + string(c.Kind) + ": " + string(c.Status)
	}
	return l, nil
}

// changes prints the orders that stand elsewhere than before.
func (b *Board) changes(lines []line, now time.Time) {
	for _, l := range lines {
		state := l.stage.String() + l.cases
		if b.last[l.order] == state || l.stage.EN == "" {
			continue
		}
		b.last[l.order] = state
		_, _ = fmt.Fprintf(b.out, "%s  %-26s %s%s\n", now.In(beijing()).Format("2006-01-02 15:04"), l.order, l.stage, l.cases) // a lost line stops nothing
	}
}

// redraw draws the table over the one before.
func (b *Board) redraw(lines []line, title string, now time.Time) {
	width, height, err := term.GetSize(b.fd)
	if err != nil {
		width, height = 120, 40
	}
	t := table.NewWriter()
	style := table.StyleRounded
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SetAllowedRowLength(width)
	t.AppendHeader(table.Row{"订单 Order", "状态 Stage", "等什么 Waiting for"})
	chinese := speaksChinese()
	for _, l := range lines {
		waiting := l.waiting.EN
		if chinese {
			waiting = l.waiting.ZH
		}
		t.AppendRow(table.Row{l.order, strings.TrimSpace(l.stage.ZH + " " + l.stage.EN), waiting})
	}
	screen := title + "\n" + t.Render() + "\n"
	rows := strings.Count(screen, "\n")
	if rows >= height { // cannot be drawn over: it would scroll
		b.changes(lines, now)
		return
	}
	if b.drawn > 0 {
		screen = fmt.Sprintf("\x1b[%dA\x1b[J", b.drawn) + screen
	}
	b.drawn = rows
	_, _ = io.WriteString(b.out, screen) // a lost frame stops nothing
}

// speaksChinese tells the terminal's language.
func speaksChinese() bool {
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(key); value != "" {
			return strings.HasPrefix(value, "zh")
		}
	}
	return false
}

// beijing is the zone that the demo's seller lives in.
func beijing() *time.Location { return time.FixedZone("+08:00", 8*60*60) }
