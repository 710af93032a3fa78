package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"parcelward/internal/api"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Opening, completing, and what the server refuses.
func TestTicket(t *testing.T) {
	var path, body string
	refuse := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		path, body = r.Method+" "+r.URL.RequestURI(), string(raw)
		switch {
		case refuse:
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(api.ProblemError{Status: http.StatusConflict, Detail: "this ticket was opened before"})
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
			_ = json.NewEncoder(w).Encode(api.TicketOpened{
				WorkflowID: "ticket/s/1/other", Channel: rules.ChannelTicket, Missing: []api.Found{{Code: "screenshot", Words: api.Words{ZH: "缺少问题截图。", EN: "Missing."}}},
				Message: api.Words{ZH: "工单已建立。", EN: "The ticket is opened."},
			})
		default:
			_ = json.NewEncoder(w).Encode(protocol.TicketState{Status: rules.TicketToFile, Message: protocol.Bilingual{ZH: "已登记。", EN: "Taken."}})
		}
	}))
	t.Cleanup(srv.Close)
	status, out, errs := starter(t, "", "ticket", "open", "s", "1", "other", "--amount", "88.20USD", "--field", "error_code=AE-ERR-403", "--by", "wang.li", "--server", srv.URL)
	require.Equal(t, 0, status, errs)
	assert.Equal(t, "POST /v1/orders/s/1/tickets", path)
	assert.JSONEq(t, `{"topic":"other","amount":{"amount":"88.20","currency":"USD"},"fields":{"error_code":"AE-ERR-403"},"by":"wang.li"}`, body)
	assert.Equal(t, "工单已建立。 The ticket is opened.\n  ticket/s/1/other  ticket\n  ! screenshot: 缺少问题截图。 Missing.\n", out)

	status, out, errs = starter(t, "", "ticket", "add", "ticket/s/1/other/2", "--field", "last_four_digits=0042", "--close", "--by", "wang.li", "--server", srv.URL)
	require.Equal(t, 0, status, errs)
	assert.Equal(t, "PUT /v1/orders/s/1/tickets/other?serial=2", path)
	assert.JSONEq(t, `{"fields":{"last_four_digits":"0042"},"close":true,"by":"wang.li"}`, body)
	assert.Contains(t, out, "已登记。 Taken.")

	refuse = true
	status, _, errs = starter(t, "", "ticket", "open", "s", "1", "other", "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, "未受理 · not taken: this ticket was opened before")
	for line, says := range map[string]string{
		"ticket open s 1 other --amount x": "--amount", "ticket add s/1": "expected ticket/STORE/ORDER/TOPIC", "ticket filed ticket/s/1/fun T1": "expected ticket/STORE/ORDER/TOPIC",
		"ticket answered ticket/s/1/other T1 maybe": "must be one of",
	} {
		status, _, errs := starter(t, "", strings.Fields(line)...)
		assert.Equal(t, exitUsage, status, line)
		assert.Contains(t, errs, says, line)
	}
}

// What became of a ticket is sent as a fact, about its workflow. With a time it is one fact
// however often it is reported.
func TestTicketReports(t *testing.T) {
	var events []rules.Event
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		e, err := protocol.DecodeEvent([]byte(strings.TrimSpace(string(raw))))
		w.WriteHeader(http.StatusAccepted)
		receipt := api.Receipt{Accepted: 1}
		if err != nil {
			receipt = api.Receipt{Refused: []api.Refusal{{Expected: err.Error()}}}
		}
		events = append(events, e)
		_ = json.NewEncoder(w).Encode(receipt)
	}))
	t.Cleanup(srv.Close)
	const id, at = "ticket/s/1/review_overdue/C1", "2026-03-02T10:00:00+08:00"
	for _, line := range [][]string{
		{"filed", id, "T1", "--at", at},
		{"filed", id, "T1", "--at", at},
		{"answered", id, "T1", "returned", "--reason", "缺少截图"},
		{"answered", id, "T1", "returned", "--reason", "缺少截图"},
	} {
		status, out, errs := starter(t, "", append(append([]string{"ticket"}, line...), "--server", srv.URL)...)
		require.Equal(t, 0, status, errs)
		assert.Contains(t, out, "已登记。 Recorded.\n  "+id+"  T1\n")
	}
	require.Len(t, events, 4)
	assert.Equal(t, rules.TypeTicketFiled, events[0].Type)
	assert.Equal(t, "s/1", events[0].Store+"/"+events[0].Order)
	filed := events[0].Data.(*rules.Ticket)
	assert.Equal(t, []string{"T1", id, ""}, []string{filed.TicketID, filed.About, filed.Outcome})
	assert.Equal(t, at, filed.When.Format("2006-01-02T15:04:05-07:00"))
	assert.Equal(t, events[0].ID, events[1].ID)
	returned := events[2].Data.(*rules.Ticket)
	assert.Equal(t, []string{"returned", "缺少截图"}, []string{returned.Outcome, returned.Reason})
	assert.NotEqual(t, events[2].ID, events[3].ID, "each act of its own time is one")

	status, _, errs := starter(t, "", "ticket", "filed", id, strings.Repeat("9", 200), "--server", srv.URL)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs, "not taken")
}
