package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"parcelward/internal/audit"
	"parcelward/internal/demo"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/sandbox"
	"parcelward/starter/dev"
)

// devCmd runs everything on this machine.
type devCmd struct {
	Demo   bool    `help:"播放演示订单。 · Play the demo's orders."`
	Once   bool    `help:"演示结束后退出；结果全部正确才返回 0。 · End when the demo is over, with exit status 0 only if every outcome is as it should be."`
	Speed  float64 `placeholder:"N" help:"虚拟时间倍速。 · Virtual seconds in a real one; default: real time, or 43200 (a day in 2 s) for the demo."`
	Keep   bool    `help:"保留数据，下次继续。 · Keep the data, and go on with them the next time."`
	Listen string  `placeholder:"HOST:PORT" help:"接口地址。 · Address of the API; default: a free port of this machine."`
}

// demoSpeed plays a virtual day in 2 s.
const demoSpeed = 43_200

// demoOrigin is when the demo's orders begin: a Monday morning in China, in a spring without
// long holidays.
func demoOrigin() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }

// Run runs everything until the context ends, a part ends by itself, or the demo is over.
func (c *devCmd) Run(ctx context.Context, s streams) (err error) {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	switch {
	case c.Once && !c.Demo:
		return &exitError{exitUsage, errors.New("--once: expected --demo as well")}
	case c.Demo && c.Keep:
		return &exitError{exitUsage, errors.New("--keep: the demo begins anew each time; expected one of --demo and --keep")}
	case c.Speed < 0:
		return &exitError{exitUsage, fmt.Errorf("--speed %v: expected a number above 0", c.Speed)}
	}
	options := dev.Options{
		Dir: filepath.Join(".dev", "run-"+time.Now().Format("20060102-150405")), Config: o, Speed: c.Speed, Keep: c.Keep, Listen: c.Listen,
		Progress: func(step string) { _, _ = fmt.Fprintln(s.err, "…", step) }, // a lost line stops nothing
		// Outside the demo every claim is approved and paid.
		Fates: []sandbox.Fate{{Decision: rules.DecisionApproved, DecideAfter: 5 * 24 * time.Hour, PayAfter: 2 * 24 * time.Hour}},
	}
	if c.Keep {
		options.Dir = filepath.Join(".dev", "kept")
	}
	options.Orders, options.Parcels = dev.SampleOrders(time.Now())
	var scenario demo.Scenario
	if c.Demo {
		options.Orders = nil
		if options.Speed == 0 {
			options.Speed = demoSpeed
		}
		scenario = demo.New(demoOrigin())
		options.Origin, options.Fates, options.Parcels = scenario.Origin, scenario.Fates, scenario.Parcels
	}
	stack, err := dev.Start(ctx, options)
	if err != nil {
		return fmt.Errorf("%w\n日志 · logs: %s", err, options.Dir)
	}
	err = c.watch(ctx, s, stack, scenario)
	if closed := stack.Close(); closed != nil {
		err = errors.Join(err, closed)
	}
	switch {
	case err != nil && !errors.Is(err, errTold):
		return fmt.Errorf("%w\n日志 · logs: %s", err, options.Dir)
	case err == nil && !c.Keep:
		return os.RemoveAll(options.Dir)
	}
	return err
}

// watch runs the demo, if asked, while every part is watched.
func (c *devCmd) watch(ctx context.Context, s streams, stack *dev.Stack, scenario demo.Scenario) error {
	if _, err := fmt.Fprint(s.out, welcome(stack, c.Demo)); err != nil {
		return err
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watcher sync.WaitGroup
	defer watcher.Wait()
	defer cancel(nil)
	watcher.Go(func() {
		if err := stack.Watch(running); err != nil {
			cancel(err)
		}
	})
	var outcome error
	if c.Demo {
		outcome = c.play(running, s, stack, scenario)
	}
	if !c.Once && running.Err() == nil {
		_, _ = fmt.Fprintln(s.out, "\n按 Ctrl-C 结束。 Ctrl-C ends it.") // a lost line stops nothing
		<-running.Done()
	}
	if ctx.Err() == nil && running.Err() != nil {
		return context.Cause(running) // a part ended by itself
	}
	if ctx.Err() != nil && !c.Once {
		return nil // Ctrl-C is how it is meant to end
	}
	return outcome
}

// play plays the demo and judges it.
func (c *devCmd) play(ctx context.Context, s streams, stack *dev.Stack, scenario demo.Scenario) error {
	following, stop := context.WithCancel(ctx)
	var board sync.WaitGroup
	board.Go(func() { dev.NewBoard(s.out).Follow(following, stack, scenario) })
	err := stack.Play(ctx, scenario)
	var verdicts []dev.Verdict
	if err == nil {
		verdicts, err = stack.Judge(ctx, scenario)
	}
	stop()
	board.Wait()
	if err != nil {
		return err
	}
	report, err := stack.Audit(ctx)
	if err != nil {
		return err
	}
	statements, err := stack.Statements(ctx, scenario)
	if err != nil {
		return err
	}
	told, good := summary(verdicts, statements, report)
	if _, err := fmt.Fprint(s.out, told); err != nil {
		return err
	}
	if !good {
		return errTold
	}
	return nil
}

// summary tells how the demo's orders ended, and whether the books agree.
func summary(verdicts []dev.Verdict, statements []dev.Statement, report *audit.Report) (told string, good bool) {
	var b strings.Builder
	t := newTable("", "订单 Order", "结果 Outcome · 为什么 Why")
	right := 0
	for _, v := range verdicts {
		mark := "✓"
		if len(v.Differences) > 0 {
			mark = "✗"
		} else {
			right++
		}
		outcome := []string{spaced(wording.Stage(v.Outcome.Stage))}
		for _, c := range v.Outcome.Cases {
			outcome = append(outcome, spaced(wording.Kind(c.Kind))+": "+spaced(wording.Status(c.Status)))
		}
		if claim := v.Outcome.Claim; claim != nil && claim.Eligible && claim.Payout != nil {
			outcome = append(outcome, claim.Payout.String())
		}
		lines := append([]string{strings.Join(outcome, " · ")}, beside(&v.Beside)...)
		lines = append(lines, v.Expected.Why.ZH, v.Expected.Why.EN)
		for i := range lines { // each by itself, or one would run into the next
			lines[i] = text.WrapSoft(lines[i], outcomeWidth)
		}
		t.AppendRow(table.Row{mark, v.Order, strings.Join(lines, "\n")})
		t.AppendSeparator()
	}
	fmt.Fprintf(&b, "\n%s\n", t.Render())
	for _, v := range verdicts {
		for _, d := range v.Differences {
			fmt.Fprintf(&b, "✗ %s: %s\n", v.Order, d)
		}
	}
	fmt.Fprintf(&b, "%d/%d 个订单的实时结果与回测、预期一致。 %d of %d orders ended live as the backtest and the scenario say.\n\n",
		right, len(verdicts), right, len(verdicts))
	stated, made := statementTable(statements)
	fmt.Fprintf(&b, "%s\n\n", stated)
	_ = writeReport(&b, report) // into memory
	return b.String(), right == len(verdicts) && made && len(report.Differences) == 0
}

// statementTable shows each month's statement; made: there is one of every month.
func statementTable(statements []dev.Statement) (told string, made bool) {
	kinds := []string{rules.LedgerClaimed, rules.LedgerApproved, rules.LedgerPaid, rules.LedgerProtectionPaid}
	header := []any{"", "对账单\nStatement"}
	for _, kind := range kinds {
		name := wording.LedgerKind(kind)
		header = append(header, name.ZH+"\n"+name.EN)
	}
	t := newTable(append(header, "账本\nLedger")...)
	made = true
	for i := range statements {
		s := &statements[i]
		mark, ledger := "✓", "与账本一致\nequals the ledger"
		if s.Refused != "" {
			mark, ledger, made = "✗", "未生成\nrefused: "+s.Refused, false
		}
		row := table.Row{mark, s.Month.String()}
		for _, kind := range kinds {
			row = append(row, ledgerSums(&s.Totals, kind))
		}
		t.AppendRow(append(row, text.WrapSoft(ledger, ledgerWidth)))
		t.AppendSeparator()
	}
	return t.Render(), made
}

// ledgerWidth is how wide the last column of the statements' table may be.
const ledgerWidth = 40

// ledgerSums are a kind's sums, one for each currency.
func ledgerSums(totals *rules.StatementTotals, kind string) string {
	var sums []string
	for i := range totals.Ledger {
		if l := &totals.Ledger[i]; l.Kind == kind {
			sums = append(sums, l.Sum.String()+" "+l.Currency)
		}
	}
	return strings.Join(sums, "\n")
}

// outcomeWidth is how wide the table's last column may be; a Chinese character takes two.
const outcomeWidth = 72

// beside tells what became of all that no assessment shows.
func beside(b *demo.Beside) []string {
	var told []string
	if b.Protection != "" {
		told = append(told, "卖家保障 seller protection: "+spaced(wording.ProtectionState(b.Protection)))
	}
	for _, status := range b.Complaints {
		told = append(told, "运费投诉 freight complaint: "+spaced(wording.ComplaintStatus(status)))
	}
	for i := range b.Tickets {
		ticket := &b.Tickets[i]
		told = append(told, "工单 ticket ("+spaced(wording.TicketTopic(ticket.Topic))+"): "+spaced(wording.TicketStatus(ticket.Status)))
	}
	return told
}

// welcome tells where everything is and what to try.
func welcome(s *dev.Stack, playing bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nParcelward 已启动 · is running\n\n")
	fmt.Fprintf(&b, "  Temporal Web UI     %s\n", s.Servers.WebUI())
	fmt.Fprintf(&b, "  接口 API            %s\n", s.Server.URL)
	fmt.Fprintf(&b, "  OpenAPI             %s/openapi.json\n", s.Server.URL)
	fmt.Fprintf(&b, "  沙箱 sandbox        %s\n\n", s.SandboxURL)
	if playing {
		fmt.Fprintf(&b, "演示：1 个虚拟日约 %s；物流、平台、买家都是虚构的。\nThe demo: a virtual day takes %s; carrier, platform and buyers are invented.\n\n",
			s.Clock.Real(24*time.Hour).Round(10*time.Millisecond), s.Clock.Real(24*time.Hour).Round(10*time.Millisecond))
		return b.String()
	}
	fmt.Fprintf(&b, "试试 · try:\n")
	fmt.Fprintf(&b, "  go run ./starter ingest EVENTS.ndjson --server %s\n", s.Server.URL)
	fmt.Fprintf(&b, "  go run ./starter status STORE ORDER --server %s\n", s.Server.URL)
	fmt.Fprintf(&b, "  go run ./starter confirm STORE ORDER TRACKING --by NAME --server %s\n", s.Server.URL)
	fmt.Fprintf(&b, "  DATABASE_URL='%s' PARCELWARD_TEMPORAL_ADDRESS=%s%s \\\n    go run ./starter audit\n", s.Config.DatabaseURL, s.Config.Temporal.Address, clockEnv(s))
	return b.String()
}

// clockEnv is what another program needs to tell the run's virtual time.
func clockEnv(s *dev.Stack) string {
	if s.Clock.Speed == 0 {
		return ""
	}
	return fmt.Sprintf(" \\\n  PARCELWARD_CLOCK_ORIGIN=%s PARCELWARD_CLOCK_START=%s PARCELWARD_CLOCK_SPEED=%g",
		s.Clock.Origin.Format(time.RFC3339Nano), s.Clock.Start.Format(time.RFC3339Nano), s.Clock.Speed)
}
