// Command starter is how people and systems talk to Parcelward: it serves the API, takes
// events in, records confirmations, shows orders, judges history, audits, and runs
// everything on one machine to try it.
//
// Invariants: exit status 0 means that all went well, 1 that something was refused, differs
// or failed, 2 that the command line or the configuration is wrong (of diagnose also 3, that
// it cannot be told); what people asked for goes to standard output, everything else to
// standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"parcelward/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	status := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// terminal tells whether a person watches standard error.
func (s streams) terminal() bool {
	f, ok := s.err.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// cli is the command line.
type cli struct {
	Serve     serveCmd     `cmd:"" help:"运行 HTTP 接口和事件分发。 · Run the HTTP API and the dispatcher."`
	Ingest    ingestCmd    `cmd:"" help:"导入事件文件（每行一个）。 · Take in a file of events, one a line."`
	Confirm   confirmCmd   `cmd:"" help:"登记：已在卖家后台确认异常。 · Record that an exception was confirmed in the seller centre."`
	Claim     claimCmd     `cmd:"" help:"登记：已在卖家后台提交索赔、申诉、补充材料或申请保障。 · Record what was handed in for a case in the seller centre."`
	Ship      shipCmd      `cmd:"" help:"打单并向平台申报运单号，或更正运单号。 · Make a label and declare its number, or correct one."`
	Extend    extendCmd    `cmd:"" help:"包裹停滞时延长买家收货时间。 · Extend the buyer's time to confirm the receipt, while a parcel stalls."`
	Ticket    ticketCmd    `cmd:"" help:"工单：新建、补资料、登记编号和答复。 · Support tickets: open, complete, record number and answer."`
	Status    statusCmd    `cmd:"" help:"查看订单：状态、期限、时间线。 · Show an order: stage, deadlines, timeline."`
	Trace     traceCmd     `cmd:"" help:"查看一份原始轨迹被解析成什么。 · Show what is made of a raw answer or push of a tracking service."`
	Evidence  evidenceCmd  `cmd:"" help:"凭证：预检、上传、打包、列出、核验。 · Originals that prove a case: check, add, pack, list, verify."`
	Diagnose  diagnoseCmd  `cmd:"" help:"平台轨迹为何落后：三步检查。 · Why the platform's trace of a parcel is behind, in three steps."`
	Statement statementCmd `cmd:"" help:"生成店铺月度对账单。 · Write a store's monthly statement."`
	Bill      billCmd      `cmd:"" help:"物流账单。 · Carriers' bills."`
	Health    healthCmd    `cmd:"" help:"店铺周健康。 · A store's weekly health."`
	Backtest  backtestCmd  `cmd:"" help:"用历史事件回测，不需要服务器。 · Judge a file of events, without server or database."`
	Audit     auditCmd     `cmd:"" help:"重算所有订单并核对。 · Recompute every order and list what differs."`
	Authorise authoriseCmd `cmd:"" help:"用卖家的授权码开通店铺。 · Let a store's orders be read, with the code that its seller brings."`
	Dev       devCmd       `cmd:"" help:"在本机运行全部组件，可播放演示。 · Run everything on this machine; --demo plays the demo."`
	Bench     benchCmd     `cmd:"" help:"测量开销和速度。 · Measure costs and speed."`
	Env       envCmd       `cmd:"" help:"列出环境变量。 · List the environment variables."`
}

// The exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

// errTold ends a command whose output has already said what is wrong.
var errTold = errors.New("")

// exited unwinds from kong, which ends the program itself after --help.
type exited struct{ status int }

// run carries out a command line and returns the exit status.
func run(ctx context.Context, args []string, s streams) (status int) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(exited)
			if !ok {
				panic(r)
			}
			status = e.status
		}
	}()
	text.OverrideRuneWidthEastAsianWidth(false) // terminals draw frames narrow, whatever the locale
	var c cli
	parser, err := kong.New(&c, kong.Name("starter"), kong.UsageOnError(), kong.Writers(s.out, s.err),
		kong.Description("Parcelward 守住每个订单的每个时限。 Parcelward keeps every deadline of a seller's orders."),
		kong.Exit(func(status int) { panic(exited{status}) }), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		return s.fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(s.err, "starter: %v\n`starter --help` 列出命令 · lists the commands\n", err)
		return exitUsage
	}
	return s.fail(parsed.Run())
}

// fail tells an error and returns the exit status that it means.
func (s streams) fail(err error) int {
	if err == nil {
		return 0
	}
	if !errors.Is(err, errTold) {
		_, _ = fmt.Fprintln(s.err, "starter:", err)
	}
	var coded kong.ExitCoder
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailed
}

// loadConfig reads the environment; what is wrong with it is a fault of usage.
func loadConfig() (config.Starter, error) {
	c, err := config.LoadStarter()
	if err != nil {
		return c, &exitError{exitUsage, err}
	}
	return c, nil
}

// envCmd lists the environment variables.
type envCmd struct{}

// Run implements the command.
func (envCmd) Run(s streams) error { return config.Usage(s.out) }
