package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/temporalclient"
)

// tickets notes what is asked of them.
type tickets struct {
	started []protocol.TicketInput
	ids     []string
	fails   error
}

func (x *tickets) StartTicket(_ context.Context, in protocol.TicketInput) error {
	x.started = append(x.started, in)
	return x.fails
}

func (x *tickets) UpdateTicket(_ context.Context, id, _ string, u protocol.TicketUpdate) (protocol.TicketState, error) {
	x.ids = append(x.ids, id)
	return protocol.TicketState{Status: rules.TicketToFile, Channel: rules.ChannelTicket, Message: protocol.Bilingual{ZH: "已登记。", EN: u.By}}, x.fails
}

// A ticket is opened with what was asked, and the answer names all that it lacks.
func TestOpenTicket(t *testing.T) {
	b := setup(t)
	b.load(t, []string{created()})
	due := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	answer, err := b.client.OpenTicket(t.Context(), "s", "1", api.TicketRequest{
		Topic: rules.TopicRelease, Serial: "2", Number: "lp 1", Due: &due, Fields: map[rules.TicketField]string{rules.FieldErrorCode: "AE-ERR-403"}, By: "wang.li",
	})
	require.NoError(t, err)
	assert.Equal(t, "ticket/s/1/release_failed/2", answer.WorkflowID)
	assert.Equal(t, rules.ChannelTicket, answer.Channel)
	var codes []string
	for _, f := range answer.Missing {
		codes = append(codes, f.Code)
		assert.NotEmpty(t, f.ZH)
		assert.NotEmpty(t, f.EN)
	}
	assert.Equal(t, []string{"screenshot", "bank_statement", "last_four_digits", "bank_branch"}, codes)
	require.Len(t, b.tickets.started, 1)
	got := b.tickets.started[0]
	assert.Equal(t, "LP1", got.Number)
	assert.Equal(t, "aliexpress-2024-04", got.Policy)
	assert.NotEmpty(t, got.Calendar)
	assert.True(t, got.Due.Equal(due))
	assert.False(t, got.Opened.IsZero())

	answer, err = b.client.OpenTicket(t.Context(), "s", "1", api.TicketRequest{Topic: rules.TopicOther})
	require.NoError(t, err)
	assert.Equal(t, rules.ChannelAdvisor, answer.Channel, "the store's profile says so")
}

// What cannot be right is refused, and nothing is opened.
func TestOpenTicketRefused(t *testing.T) {
	b := setup(t)
	b.load(t, []string{created()})
	field := func(f rules.TicketField, value string) api.TicketRequest {
		return api.TicketRequest{Topic: rules.TopicOther, Fields: map[rules.TicketField]string{f: value}}
	}
	for name, tc := range map[string]struct {
		order string
		r     api.TicketRequest
		code  int
		says  string
	}{
		"unknown order": {"2", api.TicketRequest{Topic: rules.TopicOther}, 404, "unknown"},
		"no topic":      {"1", api.TicketRequest{}, 422, ""},
		"unknown topic": {"1", api.TicketRequest{Topic: "fun"}, 422, "expected one of review_overdue"},
		"serial":        {"1", api.TicketRequest{Topic: rules.TopicOther, Serial: "a/b"}, 422, ""},
		"dots":          {"1", api.TicketRequest{Topic: rules.TopicOther, Serial: ".."}, 422, "serial"},
		"about a phone": {"1", api.TicketRequest{Topic: rules.TopicOther, About: "13800138000"}, 422, "about"},
		"number":        {"1", api.TicketRequest{Topic: rules.TopicOther, Number: "--"}, 422, "tracking_number"},
		"error code":    {"1", field(rules.FieldErrorCode, "what?"), 422, "错误代码"},
		"phone":         {"1", field(rules.FieldProblemZH, "请打 400-800-1688"), 422, "没有电话客服"},
		"proof":         {"1", field(rules.FieldScreenshot, strings.Repeat("a", 64)), 422, "PUT it"},
		"no such field": {"1", field("colour", "red"), 422, "no such field"},
	} {
		_, err := b.client.OpenTicket(t.Context(), "s", tc.order, tc.r)
		var p *api.ProblemError
		require.ErrorAs(t, err, &p, name)
		assert.Equal(t, tc.code, p.Status, name)
		assert.Contains(t, p.Detail, tc.says, name)
	}
	assert.Empty(t, b.tickets.started)
	for code, err := range map[int]error{409: fmt.Errorf("%w: x", temporalclient.ErrRunning), 503: temporalclient.ErrNoAnswer} {
		b.tickets.fails = err
		_, err := b.client.OpenTicket(t.Context(), "s", "1", api.TicketRequest{Topic: rules.TopicOther})
		var p *api.ProblemError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, code, p.Status)
	}
}

func TestCompleteTicket(t *testing.T) {
	b := setup(t)
	for serial, id := range map[string]string{"": "ticket/s/1/other", "2": "ticket/s/1/other/2"} {
		b.tickets.ids = nil
		state, err := b.client.CompleteTicket(t.Context(), "s", "1", rules.TopicOther, serial, protocol.TicketUpdate{By: "wang.li"})
		require.NoError(t, err)
		assert.Equal(t, rules.TicketToFile, state.Status)
		assert.Equal(t, "wang.li", state.Message.EN)
		assert.Equal(t, []string{id}, b.tickets.ids)
	}
	for code, err := range map[int]error{
		422: &temporalclient.RefusedError{Type: protocol.ErrBadInput, Reason: "上传"},
		409: &temporalclient.RefusedError{Type: protocol.ErrBusy, Reason: "over"},
		404: temporalclient.ErrNotRunning,
		503: temporalclient.ErrNoAnswer,
	} {
		b.tickets.fails = err
		_, err := b.client.CompleteTicket(t.Context(), "s", "1", rules.TopicOther, "", protocol.TicketUpdate{})
		var p *api.ProblemError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, code, p.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.url+"/v1/orders/s/1/tickets/fun", strings.NewReader(`{"by":"x"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	status, _, _ := answer(t, res)
	assert.Equal(t, 422, status)
}
