package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// claimCmd records what a person handed in for a case in the seller centre.
type claimCmd struct {
	Act    string    `arg:"" enum:"filed,appealed,papers-sent,protection-requested" placeholder:"ACT" help:"filed 已提交索赔，appealed 已申诉，papers-sent 已补材料，protection-requested 已申请卖家保障。 · What was done: filed, appealed, papers-sent or protection-requested."`
	Order  string    `arg:"" placeholder:"STORE/ORDER" help:"店铺/订单号 · Store and order number."`
	Number string    `arg:"" placeholder:"NUMBER" help:"平台给出的索赔编号 · The claim number that the platform gave."`
	Case   string    `placeholder:"NAME" help:"filed：哪个案件；只有一个在办案件时可省略。 · Of filed: which case; default: the only one that waits for somebody."`
	At     time.Time `placeholder:"TIME" help:"提交时间（RFC 3339，带时区）。 · When, RFC 3339 with offset; default: now."`
	Server string    `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// sourceClaims is the event source of what people report of claims on the command line.
const sourceClaims = "parcelward/starter/claim"

// Run records the act as a fact. One act, one key: of an act whose time is given, it is made of
// the act itself.
func (c *claimCmd) Run(ctx context.Context, s streams) error {
	store, order, err := storeOrder(c.Order)
	if err != nil {
		return err
	}
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	client := api.Client{Base: o.Server}
	at, key := c.At, rand.Text()
	if at.IsZero() {
		at = o.Clock.Protocol().Virtual(time.Now())
	} else {
		sum := sha256.Sum256([]byte(strings.Join([]string{store, order, c.Act, c.Number, at.UTC().Format(time.RFC3339Nano)}, "\x00")))
		key = hex.EncodeToString(sum[:])
	}
	kinds := map[string]rules.EventType{
		"filed": rules.TypeClaimFiled, "appealed": rules.TypeClaimAppealed, "papers-sent": rules.TypePapersSent, "protection-requested": rules.TypeProtectionRequested,
	}
	var data rules.Data = &rules.ClaimFact{ClaimID: c.Number, When: at}
	if c.Act == "filed" {
		if data, err = c.filed(ctx, client, store, order, at); err != nil {
			return err
		}
	}
	raw, err := protocol.EncodeEvent(rules.Event{Source: sourceClaims, ID: key, Type: kinds[c.Act], Store: store, Order: order, Time: at, Data: data})
	if err != nil {
		return err
	}
	receipt, err := client.Send(ctx, [][]byte{raw})
	if err != nil {
		return notTaken(err)
	}
	for _, r := range receipt.Refused {
		return fmt.Errorf("未受理 · not taken: %v", r)
	}
	_, err = fmt.Fprintf(s.out, "已登记。 Recorded.\n  %s/%s  %s  %s\n", store, order, kinds[c.Act], c.Number)
	return err
}

// filed is the filing of a case, with the case as it stands: it stands, whatever is learnt later.
func (c *claimCmd) filed(ctx context.Context, client api.Client, store, order string, at time.Time) (rules.Data, error) {
	name, err := caseOf(ctx, client, store, order, c.Case)
	if err != nil {
		return nil, err
	}
	known, err := client.Order(ctx, store, order)
	if err != nil {
		return nil, err
	}
	var cases []rules.Case
	if known.Assessment != nil {
		cases = known.Assessment.Cases
	}
	i := slices.IndexFunc(cases, func(one rules.Case) bool { return one.ID().Name() == name })
	if i < 0 {
		return nil, &exitError{exitUsage, fmt.Errorf("订单没有这个案件 · order %s/%s has no case %s", store, order, name)}
	}
	plan := rules.ClaimPlan{Case: cases[i]}
	filed := plan.Filed()
	return &rules.ClaimFiled{TrackingNumber: cases[i].TrackingNumber, When: at, ClaimID: c.Number, Case: &filed}, nil
}
