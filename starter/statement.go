package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"parcelward/internal/config"
	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
	"parcelward/internal/statement"
)

// booksOf opens the database that the books of a store are in.
func booksOf(ctx context.Context, database, store string) (_ config.Starter, _ config.Rules, _ *postgres.DB, err error) {
	o, err := loadConfig()
	if err != nil {
		return o, config.Rules{}, nil, err
	}
	override(&o.DatabaseURL, database)
	if err := o.NeedDatabase(); err != nil {
		return o, config.Rules{}, nil, &exitError{exitUsage, err}
	}
	if !protocol.ValidName(store) {
		return o, config.Rules{}, nil, &exitError{exitUsage, fmt.Errorf("store %q: expected 1 to 64 characters A-Z a-z 0-9 . _ -", store)}
	}
	known, err := o.Rules()
	if err != nil {
		return o, known, nil, &exitError{exitUsage, err}
	}
	db, err := postgres.Open(ctx, o.DatabaseURL, postgres.Options{})
	return o, known, db, err
}

// statementCmd writes a store's monthly statement.
type statementCmd struct {
	Store    string `required:"" help:"店铺 · Store."`
	Month    string `placeholder:"2026-03" help:"账期。 · Month; default: the one that is over."`
	Format   string `placeholder:"FORMAT" help:"xlsx、csv 或 json。 · xlsx, csv or json; default: by the file's name, else csv."`
	Live     bool   `help:"不取存档文件，按当前账目重新生成。 · Make it from the books as they are now, instead of the file that was kept."`
	Output   string `short:"o" placeholder:"FILE" help:"写入文件。 · Write to a file; default: standard output."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
}

// Help implements [kong.HelpProvider].
func (statementCmd) Help() string {
	return `月度对账单：订单、运费、1.2% 技术服务费、保险费、索赔与到账、逐单差异、物流账单核对结果。合计与账本逐笔一致，否则不出单。xlsx 含汇总、订单、差异、物流账单四张表；csv 只含订单。已结账的月份给出存档的原文件，每次相同；加 --live 按当前账目重新生成，与存档不同时会提示。

Orders, freight, service fee, insurance, claims and payouts, differences by order, carriers' bills. The sums equal the ledger's, or there is no statement. xlsx has four sheets, csv the orders alone. Of a month that was closed it is the file that was kept, the same each time; with --live it is made from the books as they are, and a difference from the kept one is told.`
}

// Run writes the statement; a file appears only when it is whole.
func (c *statementCmd) Run(ctx context.Context, s streams) (err error) {
	o, known, db, err := booksOf(ctx, c.Database, c.Store)
	if err != nil {
		return err
	}
	defer db.Close()
	maker := statement.Maker{Books: db, Book: known.Book, For: known.For}
	now := o.Clock.Protocol().Virtual(time.Now())
	month := rules.MonthOf(now, maker.Location(now)).Previous()
	if c.Month != "" {
		if month, err = rules.ParseMonth(c.Month); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	format := c.Format
	if format == "" {
		if format = strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Output)), "."); statement.MediaType(format) == "" {
			format = statement.CSV
		}
	}
	if statement.MediaType(format) == "" {
		return &exitError{exitUsage, fmt.Errorf("format %q: expected xlsx, csv or json", format)}
	}
	made, err := c.write(s.out, func(w io.Writer) (statement.Made, error) {
		if !c.Live {
			kept, found, err := maker.Kept(ctx, w, format, c.Store, month)
			if err != nil || found {
				return statement.Made{Totals: kept.Totals, SHA256: kept.SHA256}, err
			}
		}
		return maker.Write(ctx, w, format, c.Store, month, now)
	})
	if err != nil {
		return err
	}
	kept, err := db.LastKept(ctx, c.Store, month.String())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "%s %s：%d 个订单 · %d orders%s\n", c.Store, month, made.Totals.Orders, made.Totals.Orders, compared(kept.Serial, kept.SHA256 == made.SHA256))
	return err
}

// compared tells how a statement stands to the one that was kept.
func compared(serial int, same bool) string {
	switch {
	case serial == 0:
		return "；尚无存档 · none was kept before"
	case same:
		return fmt.Sprintf("；与存档第 %d 版一致 · as kept, version %d", serial, serial)
	}
	return fmt.Sprintf("；与存档第 %d 版不同，请核对变动 · differs from the kept version %d: check what changed", serial, serial)
}

func (c *statementCmd) write(out io.Writer, produce func(io.Writer) (statement.Made, error)) (made statement.Made, err error) {
	if c.Output == "" {
		return produce(out)
	}
	f, err := os.CreateTemp(filepath.Dir(c.Output), ".statement-*")
	if err != nil {
		return made, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if made, err = produce(f); err != nil {
		return made, err
	}
	if err = f.Sync(); err != nil {
		return made, err
	}
	if err := f.Close(); err != nil {
		return made, errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), c.Output); err != nil {
		return made, errors.Join(err, os.Remove(f.Name()))
	}
	return made, nil
}

// billCmd deals with carriers' bills.
type billCmd struct {
	Import billImportCmd `cmd:"" help:"导入物流账单并逐行核对。 · Import a carrier's bill and match every line."`
}

// billImportCmd imports one.
type billImportCmd struct {
	Store    string `required:"" help:"店铺 · Store."`
	File     string `arg:"" type:"existingfile" help:"CSV（UTF-8 或 GB18030）或 XLSX 文件 · CSV in UTF-8 or GB18030, or XLSX."`
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
}

// Help implements [kong.HelpProvider].
func (billImportCmd) Help() string {
	return `表头须有运单号、日期、金额、币种，可另有订单号、重量、费用名称，中英文均可。任何一行有误则整份不导入。重复导入同一文件不会重复记账，只会重新核对。

The heading must name tracking number, date, amount and currency, and may name order, weight and fee, in Chinese or English. One bad line, and nothing is imported. The same file again is matched anew and counts once.`
}

// Run imports the bill and prints the lines that are not matched.
func (c *billImportCmd) Run(ctx context.Context, s streams) error {
	o, known, db, err := booksOf(ctx, c.Database, c.Store)
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, statement.MaxBillBytes+1))
	if err != nil {
		return err
	}
	importer := statement.Importer{Bills: db, Book: known.Book, For: known.For}
	done, err := importer.Import(ctx, c.Store, filepath.Base(c.File), data, o.Clock.Protocol().Virtual(time.Now()))
	if err != nil {
		return err
	}
	if len(done.Unmatched) > 0 {
		t := newTable("行 Line", "运单号 Parcel", "金额 Billed", "未匹配原因 Why it is not matched")
		for _, l := range done.Unmatched {
			t.AppendRow(table.Row{l.Line, l.BillLine.Number, l.Amount.String(), spaced(wording.BillOutcome(l.BillLine, l.BillMatch))})
		}
		if _, err := fmt.Fprintln(s.out, t.Render()); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(s.out, "共 %d 行，已匹配 %d 行，未匹配 %d 行 · %d lines, %d matched, %d not\n",
		done.Lines, done.Matched, len(done.Unmatched), done.Lines, done.Matched, len(done.Unmatched))
	return err
}
