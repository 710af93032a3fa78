package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// ticketCmd opens support tickets, completes them, and records what became of them.
type ticketCmd struct {
	Open     ticketOpenCmd     `cmd:"" help:"新建工单。 · Open a ticket."`
	Add      ticketAddCmd      `cmd:"" help:"补充工单资料，或放弃。 · Give a ticket what it lacks, or give it up."`
	Filed    ticketFiledCmd    `cmd:"" help:"登记：已提交，对方编号。 · Record that it was filed, and its number."`
	Answered ticketAnsweredCmd `cmd:"" help:"登记答复。 · Record its answer."`
}

// Help implements [kong.HelpProvider].
func (ticketCmd) Help() string {
	topics := make([]string, 0, len(rules.TicketTopics()))
	for _, t := range rules.TicketTopics() {
		topics = append(topics, string(t))
	}
	return "事由 TOPIC：" + strings.Join(topics, "、") + "\n\nTOPIC is one of these. ID is a ticket's workflow ID, ticket/STORE/ORDER/TOPIC or ticket/STORE/ORDER/TOPIC/SERIAL, as `ticket open` prints it."
}

type ticketOpenCmd struct {
	Store  string            `arg:"" help:"店铺 · Store."`
	Order  string            `arg:"" help:"订单号 · Order number."`
	Topic  rules.TicketTopic `arg:"" help:"事由 · Topic."`
	Serial string            `placeholder:"NAME" help:"同一事由的第几张工单。 · Tells tickets of one topic apart."`
	About  string            `placeholder:"NUMBER" help:"索赔或投诉编号。 · Number of the claim, or of the complaint."`
	Number string            `placeholder:"NUMBER" help:"运单号。 · Tracking number."`
	Amount string            `placeholder:"AMOUNT" help:"涉及金额，如 88.20USD。 · Money that is late or at stake, such as 88.20USD."`
	Since  time.Time         `placeholder:"TIME" help:"逾期的那个期限（RFC 3339，带时区）。 · What is late was due then, RFC 3339 with offset."`
	Due    time.Time         `placeholder:"TIME" help:"最迟提交时间。 · By when the ticket must be filed."`
	Field  map[string]string `placeholder:"FIELD=TEXT" help:"已有资料，可重复。 · What is known already; may be repeated."`
	By     string            `placeholder:"NAME" help:"经办人。 · Who opens it; default: the user of this computer."`
	Server string            `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints what the ticket lacks.
func (c *ticketOpenCmd) Run(ctx context.Context, s streams) error {
	client, err := ticketAPI(c.Server)
	if err != nil {
		return err
	}
	asked := api.TicketRequest{
		Topic: c.Topic, Serial: c.Serial, About: c.About, Number: c.Number, Since: given(c.Since), Due: given(c.Due), Fields: fieldsOf(c.Field), By: whoever(c.By),
	}
	if c.Amount != "" {
		const code = 3 // letters of a currency
		at := max(len(c.Amount)-code, 0)
		amount, err := money.Parse(c.Amount[:at], c.Amount[at:])
		if err != nil {
			return &exitError{exitUsage, fmt.Errorf("--amount: expected such as 88.20USD: %w", err)}
		}
		asked.Amount = &amount
	}
	answer, err := client.OpenTicket(ctx, c.Store, c.Order, asked)
	if err != nil {
		return notTaken(err)
	}
	if _, err := fmt.Fprintf(s.out, "%s %s\n  %s  %s\n", answer.Message.ZH, answer.Message.EN, answer.WorkflowID, answer.Channel); err != nil {
		return err
	}
	for _, f := range answer.Missing {
		if _, err := fmt.Fprintf(s.out, "  ! %s: %s %s\n", f.Code, f.ZH, f.EN); err != nil {
			return err
		}
	}
	return nil
}

type ticketAddCmd struct {
	ID     string            `arg:"" help:"工单 ID · The ticket's ID."`
	Field  map[string]string `placeholder:"FIELD=VALUE" help:"资料；凭证填已上传原件的 SHA-256。可重复。 · A text, or the SHA-256 of an uploaded proof; may be repeated."`
	Close  bool              `help:"放弃这张工单。 · Give the ticket up."`
	By     string            `placeholder:"NAME" help:"经办人。 · Who; default: the user of this computer."`
	Server string            `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run prints where the ticket stands then.
func (c *ticketAddCmd) Run(ctx context.Context, s streams) error {
	store, order, topic, serial, err := ticketID(c.ID)
	if err != nil {
		return err
	}
	client, err := ticketAPI(c.Server)
	if err != nil {
		return err
	}
	state, err := client.CompleteTicket(ctx, store, order, topic, serial, protocol.TicketUpdate{Fields: fieldsOf(c.Field), Close: c.Close, By: whoever(c.By)})
	if err != nil {
		return notTaken(err)
	}
	_, err = fmt.Fprintf(s.out, "%s %s\n  %s  %s\n", state.Message.ZH, state.Message.EN, c.ID, state.Status)
	return err
}

type ticketFiledCmd struct {
	ID     string    `arg:"" help:"工单 ID · The ticket's ID."`
	Number string    `arg:"" help:"对方给出的编号 · The number that it got."`
	At     time.Time `placeholder:"TIME" help:"提交时间（RFC 3339，带时区）。 · When, RFC 3339 with offset; default: now."`
	Server string    `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run records the filing as a fact.
func (c *ticketFiledCmd) Run(ctx context.Context, s streams) error {
	return reportTicket(ctx, s, c.Server, c.ID, rules.TypeTicketFiled, c.At, rules.Ticket{TicketID: c.Number})
}

type ticketAnsweredCmd struct {
	ID      string    `arg:"" help:"工单 ID · The ticket's ID."`
	Number  string    `arg:"" help:"对方给出的编号 · The number that it got."`
	Outcome string    `arg:"" enum:"solved,unsolved,returned" help:"结果：solved 已解决，unsolved 未解决，returned 退单。 · solved, unsolved, or returned unread."`
	Reason  string    `help:"对方的说明。 · What the other side says."`
	At      time.Time `placeholder:"TIME" help:"答复时间（RFC 3339，带时区）。 · When, RFC 3339 with offset; default: now."`
	Server  string    `placeholder:"URL" help:"接口地址。 · The API; default: PARCELWARD_SERVER, or http://127.0.0.1:8080."`
}

// Run records the answer as a fact.
func (c *ticketAnsweredCmd) Run(ctx context.Context, s streams) error {
	return reportTicket(ctx, s, c.Server, c.ID, rules.TypeTicketAnswered, c.At, rules.Ticket{TicketID: c.Number, Outcome: c.Outcome, Reason: c.Reason})
}

// sourceTickets is the event source of what people report of tickets on the command line.
const sourceTickets = "parcelward/starter/ticket"

// reportTicket sends a fact about a ticket, as any system may. One act, one key: of an act whose
// time is given, it is made of the act itself.
func reportTicket(ctx context.Context, s streams, server, id string, kind rules.EventType, at time.Time, d rules.Ticket) error {
	store, order, _, _, err := ticketID(id)
	if err != nil {
		return err
	}
	o, err := loadConfig()
	if err != nil {
		return err
	}
	override(&o.Server, server)
	now, key := o.Clock.Protocol().Virtual(time.Now()), rand.Text()
	if !at.IsZero() {
		sum := sha256.Sum256([]byte(strings.Join([]string{id, string(kind), d.TicketID, d.Outcome, at.UTC().Format(time.RFC3339Nano)}, "\x00")))
		key = hex.EncodeToString(sum[:])
	} else {
		at = now
	}
	d.About, d.When = id, at
	raw, err := protocol.EncodeEvent(rules.Event{Source: sourceTickets, ID: key, Type: kind, Store: store, Order: order, Time: at, Data: &d})
	if err != nil {
		return err
	}
	receipt, err := api.Client{Base: o.Server}.Send(ctx, [][]byte{raw})
	if err != nil {
		return notTaken(err)
	}
	for _, r := range receipt.Refused {
		return fmt.Errorf("未受理 · not taken: %v", r)
	}
	_, err = fmt.Fprintf(s.out, "已登记。 Recorded.\n  %s  %s\n", id, d.TicketID)
	return err
}

// ticketID takes an ID of a ticket apart.
func ticketID(id string) (store, order string, topic rules.TicketTopic, serial string, err error) {
	store, order, topic, serial, ok := protocol.ParseTicketID(id)
	if !ok {
		return "", "", "", "", &exitError{exitUsage, fmt.Errorf("工单 ID 有误 · expected ticket/STORE/ORDER/TOPIC, or with /SERIAL behind it, got %.120q", id)}
	}
	return store, order, topic, serial, nil
}

func ticketAPI(server string) (api.Client, error) {
	o, err := loadConfig()
	if err != nil {
		return api.Client{}, err
	}
	override(&o.Server, server)
	return api.Client{Base: o.Server}, nil
}

func fieldsOf(given map[string]string) map[rules.TicketField]string {
	fields := make(map[rules.TicketField]string, len(given))
	for name, value := range given {
		fields[rules.TicketField(name)] = value
	}
	return fields
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// whoever is who acts: as told, or the user of this computer.
func whoever(by string) string {
	return cmp.Or(by, os.Getenv("USER"), os.Getenv("LOGNAME"), "starter")
}

// notTaken tells a refusal from a server that is away.
func notTaken(err error) error {
	if problem, ok := errors.AsType[*api.ProblemError](err); ok && problem.Status < http.StatusInternalServerError {
		return fmt.Errorf("未受理 · not taken: %w", err)
	}
	return err
}
