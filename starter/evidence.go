package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/evidence"
	"parcelward/internal/postgres"
)

// evidenceCmd is what people do with the originals that prove a case.
type evidenceCmd struct {
	Check          evidenceCheckCmd  `cmd:"" help:"预检一份凭证，不需要服务器。 · Pre-flight an original, without a server."`
	Add            evidenceAddCmd    `cmd:"" help:"上传凭证。 · Upload originals."`
	ImportOutbound evidenceImportCmd `cmd:"" name:"import-outbound" help:"导入仓库出库记录（CSV 或 XLSX，可含多个订单）。 · Import a warehouse's outbound records of many orders."`
	Pack           evidencePackCmd   `cmd:"" help:"生成案件材料包：信函 PDF、原件 ZIP、操作步骤和粘贴文字。 · Write what is handed in for a case: letter, originals, steps, texts to paste."`
	List           evidenceListCmd   `cmd:"" help:"列出订单的凭证。 · List the originals of an order."`
	Verify         evidenceVerifyCmd `cmd:"" help:"核验凭证库：是否有改动、缺失或调换。 · Verify that nothing in the vault was changed, removed or swapped."`
}

// evidenceAddCmd uploads originals.
type evidenceAddCmd struct {
	Order          string            `arg:"" placeholder:"STORE/ORDER" help:"店铺/订单号 · Store and order number."`
	Files          []string          `arg:"" type:"existingfile" placeholder:"FILE" help:"JPEG、PNG、WebP、PDF、UTF-8 文本（20 MB 内）或 MP4（200 MB 内）。 · JPEG, PNG, WebP, PDF, UTF-8 text (up to 20 MB) or MP4 (up to 200 MB)."`
	Kind           string            `required:"" placeholder:"KIND" help:"凭证类型，如 waybill、outbound_record、buyer_messages。 · What it proves, such as waybill, outbound_record, buyer_messages."`
	TrackingNumber string            `name:"tracking-number" placeholder:"NUMBER" help:"运单号；不填则属于整个订单。 · Tracking number; default: evidence of the order as a whole."`
	TakenAt        time.Time         `name:"taken-at" placeholder:"TIME" help:"拍摄或记录时间（RFC 3339，带时区）。 · When it was taken, RFC 3339 with offset; default: as the file tells."`
	Given          map[string]string `placeholder:"NAME=VALUE" help:"文件上看不出的信息，可重复，如 ship_date=2026-03-01、weight_kg=0.42。 · What the file does not show; may be repeated, such as ship_date=2026-03-01, weight_kg=0.42."`
	By             string            `placeholder:"NAME" help:"上传人。 · Who uploads; default: the user of this machine."`
	JSON           bool              `name:"json" help:"输出 JSON。 · Print JSON."`
	Server         string            `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints what is kept and what the pre-flight says. A refused file ends it with exit status 1.
func (c *evidenceAddCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	store, order, err := storeOrder(c.Order)
	if err != nil {
		return err
	}
	if c.By == "" {
		if u, err := user.Current(); err == nil {
			c.By = u.Username
		}
	}
	kept, err := api.Client{Base: o.Server}.AddEvidence(ctx, store, order, api.Upload{
		Kind: c.Kind, By: c.By, TrackingNumber: c.TrackingNumber, TakenAt: c.TakenAt, Given: c.Given, Files: c.Files,
	})
	var refused *api.UploadError
	switch {
	case errors.As(err, &refused):
		kept.Items = refused.Items
	case err != nil:
		return err
	}
	if err := writeItems(s.out, kept.Items, c.JSON); err != nil {
		return err
	}
	if refused == nil {
		return nil
	}
	for _, r := range refused.Refused {
		if _, err := fmt.Fprintf(s.err, "未保存 · not kept: %s\n  %s\n  %s\n", r.File, r.ZH, r.EN); err != nil {
			return err
		}
	}
	return errTold
}

// evidenceListCmd lists originals.
type evidenceListCmd struct {
	Order  string `arg:"" placeholder:"STORE/ORDER" help:"店铺/订单号 · Store and order number."`
	JSON   bool   `name:"json" help:"输出 JSON。 · Print JSON."`
	Server string `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints one original a line.
func (c *evidenceListCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	store, order, err := storeOrder(c.Order)
	if err != nil {
		return err
	}
	held, err := api.Client{Base: o.Server}.Evidence(ctx, store, order)
	if err != nil {
		return err
	}
	return writeItems(s.out, held.Items, c.JSON)
}

// evidenceVerifyCmd verifies the whole vault.
type evidenceVerifyCmd struct {
	Database string `placeholder:"URL" help:"数据库。 · Database; default: DATABASE_URL."`
	Evidence string `placeholder:"URL" help:"凭证库地址。 · Where evidence is kept; default: PARCELWARD_EVIDENCE_URL."`
	JSON     bool   `name:"json" help:"输出 JSON。 · Print JSON."`
}

// Run prints what is broken, one thing a line; any ends it with exit status 1.
func (c *evidenceVerifyCmd) Run(ctx context.Context, s streams) (err error) {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.DatabaseURL, c.Database)
	override(&o.EvidenceURL, c.Evidence)
	if err := errors.Join(o.NeedDatabase(), o.NeedEvidence()); err != nil {
		return &exitError{exitUsage, err}
	}
	db, err := postgres.Open(ctx, o.DatabaseURL, postgres.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	bucket, err := evidence.OpenBucket(ctx, o.EvidenceURL)
	if err != nil {
		return err
	}
	vault := evidence.New(bucket, db, "")
	defer func() { err = errors.Join(err, vault.Close()) }()
	report, failed := vault.Verify(ctx)
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(report)
	} else {
		err = writeVerified(s.out, &report)
	}
	switch {
	case failed != nil:
		return errors.Join(failed, err)
	case err == nil && len(report.Broken) > 0:
		return errTold
	}
	return err
}

func writeVerified(w io.Writer, r *evidence.Report) error {
	for _, b := range r.Broken {
		if _, err := fmt.Fprintf(w, "broken  %s #%d  %s  %s %s\n", b.Store, b.Position, b.Fault, b.Order, b.SHA256); err != nil {
			return err
		}
	}
	for _, h := range r.Heads {
		if _, err := fmt.Fprintf(w, "head  %s #%d  %s\n", h.Store, h.Entries, h.Seal); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "已核验 %d 条记录、%d 个文件（另有 %d 条是建库前的记录，没有文件），问题 %d 处。\n"+
		"%d entries and %d files verified (%d entries are from before the vault and have no file), %d broken.\n",
		r.Entries, r.Blobs, r.Noted, len(r.Broken), r.Entries, r.Blobs, r.Noted, len(r.Broken))
	return err
}

// writeItems prints one original a line, with what the pre-flight says below it.
func writeItems(w io.Writer, items []api.EvidenceItem, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(api.EvidenceList{Items: items})
	}
	for _, i := range items {
		taken := ""
		if !i.TakenAt.IsZero() {
			taken = "  拍摄 · taken " + i.TakenAt.Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(w, "%s  %s  %s  %s  %d B  %s%s\n", i.SHA256, i.Kind, strings.TrimSpace(i.TrackingNumber+" "+i.Name), i.MediaType, i.Size, i.By, taken); err != nil {
			return err
		}
		if i.Verdict == nil {
			continue
		}
		if _, err := fmt.Fprintf(w, "  预检 · pre-flight: %s\n", i.Verdict.Verdict); err != nil {
			return err
		}
		for _, f := range i.Verdict.Findings {
			if _, err := fmt.Fprintf(w, "  ! %s %s\n", f.ZH, f.EN); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeOrder reads STORE/ORDER.
func storeOrder(text string) (store, order string, err error) {
	store, order, ok := strings.Cut(text, "/")
	if !ok || store == "" || order == "" || strings.Contains(order, "/") {
		return "", "", &exitError{exitUsage, fmt.Errorf("应为 店铺/订单号 · expected STORE/ORDER, got %q", text)}
	}
	return store, order, nil
}
