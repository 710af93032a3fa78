package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// shipCmd sends a parcel: the label, and its number on the platform.
type shipCmd struct {
	Store      string    `arg:"" help:"店铺 · Store."`
	Order      string    `arg:"" help:"订单号 · Order number."`
	Service    string    `placeholder:"CODE" help:"物流服务代码；打单或申报时必填。 · Service code; starts the shipment. Without it --number goes to the one under way."`
	Carrier    string    `placeholder:"NAME" help:"承运商。 · Carrier; default: the beginning of the service code."`
	Number     string    `help:"运单号（已有面单，或更正被退回的运单号）。 · Tracking number, of a label that is made already or after a refusal."`
	ShippedAt  time.Time `name:"shipped-at" placeholder:"TIME" help:"发货时间（RFC 3339，带时区）。 · When it was sent, RFC 3339 with offset; default: now."`
	Replaces   string    `placeholder:"OLD" help:"被更换的运单号。 · The recorded number that --number takes the place of."`
	Serial     int       `default:"1" placeholder:"N" help:"拆单发货时的第几个包裹。 · Which parcel of an order that is sent in several; default: 1."`
	Item       []string  `placeholder:"SKU:N" help:"拆单时包裹内的商品，可重复。 · What is in the parcel of an order that is sent in several; may be repeated."`
	OrderParam string    `name:"order-param" type:"existingfile" placeholder:"FILE" help:"平台打单参数（JSON 文件）：地址、包裹。 · What the platform wants for the label, a JSON file: addresses, package."`
	TraceAlert bool      `name:"trace-alert" help:"已启用轨迹异常预警。 · Trace alerts are on."`
	Server     string    `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints what was checked. A refusal ends it with exit status 1 and the reason.
func (c *shipCmd) Run(ctx context.Context, s streams) error {
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, c.Server)
	client := api.Client{Base: o.Server}
	var at *time.Time
	if !c.ShippedAt.IsZero() {
		at = &c.ShippedAt
	}
	if c.Service == "" {
		if c.Number == "" || c.Replaces != "" || len(c.Item) > 0 {
			return &exitError{exitUsage, errors.New("缺少 --service，或只给 --number · expected --service, or --number alone for the shipment under way")}
		}
		answer, err := client.GiveNumber(ctx, c.Store, c.Order, c.Serial, protocol.ShipNumber{Number: c.Number, ShippedAt: at})
		if err != nil {
			return notTaken(err)
		}
		_, err = fmt.Fprintf(s.out, "%s %s\n  %s/%s  %s\n", answer.Message.ZH, answer.Message.EN, c.Store, c.Order, answer.Number)
		return err
	}
	items, err := itemsOf(c.Item)
	if err != nil {
		return err
	}
	var param json.RawMessage
	if c.OrderParam != "" {
		if param, err = os.ReadFile(c.OrderParam); err != nil {
			return &exitError{exitUsage, fmt.Errorf("--order-param: %w", err)}
		}
		if !json.Valid(param) {
			return &exitError{exitUsage, fmt.Errorf("--order-param: %s: expected JSON", c.OrderParam)}
		}
	}
	answer, err := client.Ship(ctx, c.Store, c.Order, api.Shipment{
		Service: c.Service, Carrier: c.Carrier, Serial: c.Serial, Items: items, TraceAlert: c.TraceAlert,
		Number: c.Number, ShippedAt: at, Replaces: c.Replaces, OrderParam: param,
	})
	if err != nil {
		return notTaken(err)
	}
	if _, err := fmt.Fprintf(s.out, "%s %s\n  %s  %s\n", answer.Message.ZH, answer.Message.EN, answer.WorkflowID, answer.Due); err != nil {
		return err
	}
	for _, f := range answer.Findings {
		if _, err := fmt.Fprintf(s.out, "  ! %s %s\n", f.ZH, f.EN); err != nil {
			return err
		}
	}
	return nil
}

// itemsOf reads SKU:N; without N it is one.
func itemsOf(list []string) ([]rules.Item, error) {
	var items []rules.Item
	for _, text := range list {
		item := rules.Item{SKU: text, Quantity: 1}
		if i := strings.LastIndexByte(text, ':'); i > 0 {
			item.SKU = text[:i]
			if _, err := fmt.Sscanf(text[i+1:], "%d", &item.Quantity); err != nil || item.Quantity < 1 {
				return nil, &exitError{exitUsage, fmt.Errorf("--item: expected SKU:N such as LAMP-1:2, got %q", text)}
			}
		}
		items = append(items, item)
	}
	return items, nil
}
