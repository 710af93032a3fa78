package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"parcelward/internal/api"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// evidencePackCmd fetches what is handed in for a case.
type evidencePackCmd struct {
	Order  []string `arg:"" placeholder:"STORE/ORDER" help:"店铺/订单号（也可分开写） · Store and order number, also apart."`
	Case   string   `placeholder:"NAME" help:"哪个案件，如 LP00123456789012.stall.20260220T184000Z；只有一个在办案件时可省略。 · Which case; default: the only one that waits for somebody."`
	Out    string   `placeholder:"DIR" default:"." type:"existingdir" help:"写入的文件夹。 · Folder to write to; default: this one."`
	JSON   bool     `name:"json" help:"输出 JSON。 · Print JSON."`
	Server string   `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Help implements [kong.HelpProvider].
func (evidencePackCmd) Help() string {
	return `写出信函 PDF 和原件 ZIP，并列出缺少的凭证、在卖家后台的操作步骤、要粘贴的中英文文字，以及提交后如何登记。预检不通过的原件不放入。同样的事实和原件，得到逐字节相同的文件。
退出码：0 材料齐全，1 有缺少或不能提交的，或失败，2 命令行有误。

Writes the letter (PDF) and the originals (ZIP), and prints what is missing, the steps in the seller centre, the texts to paste in both languages, and how to report the filing. Originals that the pre-flight refuses stay out. The same facts and originals give the same bytes. Exit status: 0 the papers are complete, 1 something is missing or nothing may be handed in, or it failed, 2 the command line is wrong.`
}

// packed is what the command prints as JSON.
type packed struct {
	api.CasePack

	Files []string `json:"files"` // written
}

// Run writes both files or none.
func (c *evidencePackCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	store, order, err := storeOrder(strings.Join(c.Order, "/"))
	if err != nil {
		return err
	}
	client := api.Client{Base: o.Server}
	name, err := caseOf(ctx, client, store, order, c.Case)
	if err != nil {
		return err
	}
	p, err := client.Pack(ctx, store, order, name)
	if err != nil {
		return err
	}
	out := packed{CasePack: p, Files: []string{}}
	if p.PDF != "" {
		if out.Files, err = writeAll(ctx, client, c.Out, p.PDF, p.ZIP); err != nil {
			return err
		}
	}
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(out)
	} else {
		err = writePack(s.out, &out)
	}
	if err == nil && (len(p.Lacks) > 0 || len(p.Remarks) > 0 || p.PDF == "") {
		err = errTold
	}
	return err
}

// caseOf is the name of a case: as given, or the only one that waits for somebody, or the only
// one at all.
func caseOf(ctx context.Context, client api.Client, store, order, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	list, err := client.Cases(ctx, store, order)
	if err != nil {
		return "", err
	}
	live := slices.DeleteFunc(slices.Clone(list.Cases), func(n api.CaseNamed) bool { return !rules.CaseStatus(n.Status).Live() })
	switch {
	case len(list.Cases) == 0:
		return "", fmt.Errorf("订单没有异常案件 · order %s/%s has no case", store, order)
	case len(live) == 1:
		return live[0].Name, nil
	case len(list.Cases) == 1:
		return list.Cases[0].Name, nil
	}
	var names strings.Builder
	for _, n := range list.Cases {
		status := wording.Status(rules.CaseStatus(n.Status))
		fmt.Fprintf(&names, "\n  --case %s  %s %s", n.Name, status.ZH, status.EN)
	}
	return "", &exitError{exitUsage, fmt.Errorf("订单有多个案件，请指定 · the order has several cases, name one:%s", names.String())}
}

// writeAll writes files of a pack into a folder: each appears when all are whole.
func writeAll(ctx context.Context, client api.Client, dir string, paths ...string) (written []string, err error) {
	var spooled []string
	defer func() {
		for _, name := range spooled {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	names := make([]string, len(paths))
	for i, path := range paths {
		f, err := os.CreateTemp(dir, ".pack-*")
		if err != nil {
			return nil, err
		}
		spooled = append(spooled, f.Name())
		names[i], err = client.PackFile(ctx, path, f)
		if err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		if names[i] = filepath.Base(names[i]); names[i] == "." || names[i] == string(filepath.Separator) {
			return nil, fmt.Errorf("the server names no file for %s", path)
		}
	}
	for i, name := range names {
		to := filepath.Join(dir, name)
		if err := os.Rename(spooled[0], to); err != nil {
			for _, one := range written { // both or none
				err = errors.Join(err, os.Remove(one))
			}
			return nil, fmt.Errorf("%s: %w", paths[i], err)
		}
		spooled, written = spooled[1:], append(written, to)
	}
	return written, nil
}

// writePack prints what is to be done.
func writePack(w io.Writer, p *packed) error {
	var b strings.Builder
	kind, status := wording.LetterTitle(p.Letter), wording.Status(rules.CaseStatus(p.Status))
	fmt.Fprintf(&b, "%s %s  %s\n  %s %s", kind.ZH, kind.EN, p.Case, status.ZH, status.EN)
	if p.Deadline != nil {
		d := wording.Deadline(p.Deadline.Kind)
		fmt.Fprintf(&b, "  %s %s %s", d.ZH, d.EN, p.Deadline.At)
	}
	b.WriteString("\n")
	for _, f := range p.Files {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	for _, r := range p.Remarks {
		fmt.Fprintf(&b, "! %s %s\n", r.ZH, r.EN)
	}
	b.WriteString("\n原件 · Originals\n")
	for _, o := range p.Originals {
		mark := ""
		if o.New {
			mark = "  新 · new"
		}
		fmt.Fprintf(&b, "  %s  %s  %s%s\n", o.File, o.SHA256[:12], o.Verdict, mark)
	}
	for _, o := range p.LeftOut {
		fmt.Fprintf(&b, "  未放入 · left out: %s  %s\n", o.Kind, o.Name)
		for _, f := range o.Findings {
			fmt.Fprintf(&b, "    %s %s\n", f.ZH, f.EN)
		}
	}
	b.WriteString("\n步骤 · Steps\n")
	for i, step := range p.Steps {
		fmt.Fprintf(&b, "  %d. %s\n     %s\n", i+1, step.ZH, step.EN)
	}
	for _, paste := range p.Paste {
		fmt.Fprintf(&b, "\n【%s】\n%s\n\n[%s]\n%s\n", paste.Field.ZH, paste.Text.ZH, paste.Field.EN, paste.Text.EN)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
