package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"parcelward/internal/evidence/inspect"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/rules/wording"
)

// evidenceCheckCmd pre-flights one file.
type evidenceCheckCmd struct {
	Kind           string            `required:"" placeholder:"KIND" help:"凭证类型，如 waybill、outbound_record、buyer_messages、pickup_screenshot。 · What it proves, such as waybill, outbound_record, buyer_messages, pickup_screenshot."`
	TrackingNumber string            `name:"tracking-number" placeholder:"NUMBER" help:"运单号。 · The parcel's tracking number."`
	Also           []string          `placeholder:"NUMBER" help:"同一包裹的其他运单号，如尾程单号，可重复。 · A further number of the same parcel, such as the last mile's; may be repeated."`
	Given          map[string]string `placeholder:"NAME=VALUE" help:"文件上机器读不出的信息，可重复，如 ship_date=2026-03-01。 · What no machine reads from the file; may be repeated, such as ship_date=2026-03-01."`
	OrderFile      string            `name:"order-file" placeholder:"EVENTS" help:"订单的事件文件（每行一个），用来比对商品、付款时间、轨迹和地址。 · The order's events, one a line, to compare items, payment, trace and address with."`
	Source         string            `default:"upload" placeholder:"SOURCE" help:"来源：upload、platform、warehouse、carrier。 · Who brings it: upload, platform, warehouse or carrier."`
	Policy         string            `placeholder:"FILE" help:"用此规则文件。 · Judge by this policy pack (YAML); default: the built-in one."`
	File           string            `arg:"" help:"图片、PDF、表格、消息 JSON 或文本，最大 20 MB；MP4 只看时间。 · Picture, PDF, table, messages as JSON or text, at most 20 MB; of an MP4 only what is stated of it."`
}

// Help implements [kong.HelpProvider].
func (evidenceCheckCmd) Help() string {
	return `输出一行 JSON：verdict（ready 可以提交，look 需人工查看，refused 会被驳回）、读出的条码和每条发现。只有 ready 的退出码是 0。不填 --given 时只看文件本身，没有填写的内容列在发现里，不影响结论；填了任何一项就按上传时的要求检查全部。没有 --order-file 时，出库记录和买家消息无法与订单核对，须人工查看。

One line of JSON: verdict (ready, look: a person must see it, refused: it would be refused), the barcodes read, and the findings. Exit status 0 only for ready. Without --given the file is judged by itself, and what was not stated is listed without weight; with any --given all that an upload must state is asked for. Without --order-file outbound records and buyer messages cannot be compared with an order: a person must look.

--given: ` + strings.Join(rules.GivenKeys(), ", ")
}

// checkResult is the output.
type checkResult struct {
	Verdict  rules.Verdict  `json:"verdict"`
	Barcodes []string       `json:"barcodes"`
	Findings []checkFinding `json:"findings"`
}

type checkFinding struct {
	Code rules.PreflightCode `json:"code"`
	ZH   string              `json:"zh"`
	EN   string              `json:"en"`
}

// Run prints the judgement.
func (c *evidenceCheckCmd) Run(ctx context.Context, s streams) error {
	kind := rules.EvidenceKind(c.Kind)
	if !slices.Contains(rules.EvidenceKinds(), kind) {
		return &exitError{exitUsage, fmt.Errorf("--kind %q: expected one of %s", c.Kind, kindList())}
	}
	for key := range c.Given {
		if !slices.Contains(rules.GivenKeys(), key) {
			return &exitError{exitUsage, fmt.Errorf("--given %s: expected one of %s", key, strings.Join(rules.GivenKeys(), ", "))}
		}
	}
	number := tracknum.Normalize(c.TrackingNumber)
	if c.TrackingNumber != "" && number == "" {
		return &exitError{exitUsage, fmt.Errorf("--tracking-number %q: expected letters or digits", c.TrackingNumber)}
	}
	also := make([]string, len(c.Also))
	for i, text := range c.Also {
		if also[i] = tracknum.Normalize(text); also[i] == "" || number == "" {
			return &exitError{exitUsage, fmt.Errorf("--also %q: expected letters or digits, and a --tracking-number beside it", text)}
		}
	}
	of, pack, err := c.wanted(number, also)
	if err != nil {
		return err
	}
	of.Kind, of.Source, of.Given = kind, c.Source, c.Given
	sight, err := inspect.File(ctx, c.File, kind, pack.Location())
	if err != nil {
		return err
	}
	judged := rules.Ruleset{Pack: pack}.Preflight(of, &sight)
	result := checkResult{judged.Verdict, append([]string{}, judged.Barcodes...), []checkFinding{}}
	for _, f := range judged.Findings {
		text := wording.Preflight(f, pack)
		result.Findings = append(result.Findings, checkFinding{f.Code, text.ZH, text.EN})
	}
	out := json.NewEncoder(s.out)
	out.SetEscapeHTML(false)
	if err := out.Encode(result); err != nil {
		return err
	}
	if judged.Verdict != rules.VerdictReady {
		return errTold
	}
	return nil
}

func kindList() string {
	var names []string
	for _, k := range rules.EvidenceKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// wanted is what the file is judged by: the facts of the order, where they are given, and the
// pack in force when it was created, else now.
func (c *evidenceCheckCmd) wanted(number string, also []string) (rules.PreflightOf, *policy.Pack, error) {
	now := time.Now()
	book, err := policy.Embedded()
	if err != nil {
		return rules.PreflightOf{}, nil, err
	}
	pack := book.InForce(policyPlatform, now)
	facts := rules.NewFacts("", "")
	if c.OrderFile != "" {
		if facts, err = orderFacts(c.OrderFile); err != nil {
			return rules.PreflightOf{}, nil, err
		}
		if created, ok := facts.CreatedAt(); ok {
			pack = book.InForce(policyPlatform, created)
		}
	}
	if c.Policy != "" {
		if pack, err = loadPolicy(c.Policy); err != nil {
			return rules.PreflightOf{}, nil, err
		}
	}
	return rules.PreflightFacts(facts, rules.Ruleset{Pack: pack}, number, also, now), pack, nil
}

// policyPlatform is whose policy packs are built in.
const policyPlatform = "aliexpress"

// maxOrderFile bounds the events of one order, in bytes.
const maxOrderFile = 10 << 20

// orderFacts reads the events of one order.
func orderFacts(name string) (*rules.Facts, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxOrderFile {
		return nil, fmt.Errorf("%s: expected the events of one order, at most %d MB", name, maxOrderFile>>20)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var facts *rules.Facts
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, maxOrderFile)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		e, err := protocol.DecodeEvent(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if facts == nil {
			facts = rules.NewFacts(e.Store, e.Order)
		}
		if e.Store != facts.Store || e.Order != facts.Order {
			return nil, fmt.Errorf("%s:%d: expected events of order %s/%s only, got %s/%s", name, n, facts.Store, facts.Order, e.Store, e.Order)
		}
		facts.Add(e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if facts == nil {
		return nil, errors.New(name + ": expected the events of an order, found none")
	}
	return facts, nil
}
