package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/user"

	"parcelward/internal/api"
)

// evidenceImportCmd imports a warehouse's export.
type evidenceImportCmd struct {
	File   string `arg:"" type:"existingfile" placeholder:"FILE" help:"CSV 或 XLSX（20 MB、2 万行以内），表头含 订单号 或 运单号、SKU、数量、出库时间。 · CSV or XLSX, at most 20 MB and 20,000 rows, with a header: order or tracking number, SKU, quantity, time."`
	Store  string `required:"" placeholder:"STORE" help:"店铺。 · The store whose orders they are."`
	By     string `placeholder:"NAME" help:"导入人。 · Who imports; default: the user of this machine."`
	JSON   bool   `name:"json" help:"输出 JSON。 · Print JSON."`
	Server string `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Help implements [kong.HelpProvider].
func (evidenceImportCmd) Help() string {
	return `每个订单的行单独存为一份出库记录，重复导入不会重复。对不上订单的行逐行列出原因，此时退出码为 1。

Each order's lines become an original of their own; the same file again changes nothing. Lines that belong to no order are listed with the reason, and the exit status is 1 then.`
}

// Run prints the orders, and the lines that belong to none.
func (c *evidenceImportCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	if c.By == "" {
		if u, err := user.Current(); err == nil {
			c.By = u.Username
		}
	}
	got, err := api.Client{Base: o.Server}.ImportOutbound(ctx, c.Store, c.By, c.File)
	if err != nil {
		return err
	}
	if err := c.write(s, &got); err != nil {
		return err
	}
	if len(got.Unmatched) > 0 {
		return errTold
	}
	return nil
}

func (c *evidenceImportCmd) write(s streams, got *api.OutboundImport) error {
	if c.JSON {
		return json.NewEncoder(s.out).Encode(got)
	}
	for _, order := range got.Orders {
		was := "已存在 · known"
		if order.New {
			was = "新增 · new"
		}
		if _, err := fmt.Fprintf(s.out, "%s/%s  %d 行 · lines  %s  %s\n", c.Store, order.Order, order.Lines, was, order.SHA256); err != nil {
			return err
		}
	}
	for _, l := range got.Unmatched {
		if _, err := fmt.Fprintf(s.err, "第 %d 行 · row %[1]d: %q %q %s\n  %s\n  %s\n", l.Row, l.Order, l.TrackingNumber, l.Detail, l.ZH, l.EN); err != nil {
			return err
		}
	}
	return nil
}
