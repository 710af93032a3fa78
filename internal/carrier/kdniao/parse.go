package kdniao

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// snapshot is all that the service knows of a waybill: the answer to a query, or one entry
// of a push. Keys are matched in any case, for the sources spell some of them both ways.
type snapshot struct {
	LogisticCode wire.Text
	Success      wire.Text
	Reason       wire.Text
	ResultCode   wire.Text
	Code         wire.Text
	State        wire.Text
	StateEx      wire.Text
	Timezone     wire.Text // of the cross-border shape
	Traces       []trace
}

// trace is a row as the service writes it.
type trace struct {
	AcceptTime    wire.Text
	AcceptStation wire.Text // what happened, in words
	Location      wire.Text
	Action        wire.Text // value-added types only
	Remark        wire.Text
	Timezone      wire.Text
}

// Parse takes any answer of the service apart: that of a query, a push as it was posted, or
// a push's RequestData alone. The error says what was expected.
func Parse(raw []byte) ([]port.Answer, error) {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] == '{' {
		return ofJSON(raw)
	}
	form, err := pushForm(string(raw))
	if err != nil {
		return nil, fmt.Errorf("kdniao: neither the JSON of an answer nor a push: %w", err)
	}
	return ofForm(form)
}

// ofJSON is what an answer or the data of a push says.
func ofJSON(raw []byte) ([]port.Answer, error) {
	var body struct {
		snapshot

		Data []snapshot // of a push
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("kdniao: expected the JSON of an answer or a push, got %s: %w", wire.Short(string(raw)), err)
	}
	all := body.Data
	if body.Data == nil || body.Traces != nil {
		all = append(all, body.snapshot)
	}
	answers := make([]port.Answer, len(all))
	for i := range all {
		if err := all[i].check(); err != nil {
			return nil, fmt.Errorf("kdniao: waybill %d of %d: %w", i+1, len(all), err)
		}
		number, whole := all[i].failure("kdniao")
		answers[i] = all[i].answer()
		if answers[i].Err = number; whole != nil {
			answers[i].Err = whole
		}
	}
	return answers, nil
}

// check tells an answer from other JSON.
func (s *snapshot) check() error {
	if s.Success == "" && s.Traces == nil {
		return errors.New("expected Success or Traces, got neither")
	}
	return nil
}

func (s *snapshot) ok() bool { return !strings.EqualFold(string(s.Success), "false") }

// answer is the snapshot without its verdict.
func (s *snapshot) answer() port.Answer {
	told := slices.Clone(s.Traces)
	if newestFirst(told, string(s.Timezone)) {
		slices.Reverse(told)
	}
	rows := make([]rules.Row, len(told))
	for i, t := range told {
		rows[i] = s.row(t)
	}
	a := port.Answer{Number: tracknum.Normalize(string(s.LogisticCode))}
	a.Rows, a.Unplaced = wire.Order(rows)
	if n := len(a.Rows); n > 0 && a.Rows[n-1].Milestone == "" {
		s.conclude(&a.Rows[n-1])
	}
	settle(a.Rows)
	settle(a.Unplaced)
	return a
}

// newestFirst tells whether rows come in the other order than asked for; rows of one moment
// are then in the other order too.
func newestFirst(told []trace, zone string) bool {
	var first, last int64
	for _, t := range told {
		if at, ok := t.at(zone); ok {
			if last = at.Unix(); first == 0 {
				first = last
			}
		}
	}
	return first > last
}

// row leaves the milestone of a row that has no Action and whose wording says nothing empty.
func (s *snapshot) row(t trace) rules.Row {
	r := rules.Row{
		Code:        strings.TrimSpace(string(t.Action)),
		Location:    strings.TrimSpace(string(t.Location)),
		Description: strings.TrimSpace(string(t.AcceptStation)),
		Source:      rules.FromAggregator,
	}
	if remark := strings.TrimSpace(string(t.Remark)); remark != "" && remark != r.Description {
		r.Description = strings.TrimSpace(r.Description + " " + remark)
	}
	r.At, _ = t.at(string(s.Timezone))
	if r.Code != "" {
		byCode(&r)
		return r
	}
	r.Milestone, r.SignedBy = wording(r.Description)
	return r
}

// conclude gives the last row the waybill's own state.
func (s *snapshot) conclude(last *rules.Row) {
	for _, code := range []wire.Text{s.StateEx, s.State} {
		if code := strings.TrimSpace(string(code)); code != "" && code != "0" {
			last.Code = code
			byCode(last)
			return
		}
	}
}

// settle gives rows that nothing tells about their milestone, and does not take the
// sender's signature under what came back for the buyer's.
func settle(rows []rules.Row) {
	returning := false
	for i := range rows {
		switch r := &rows[i]; {
		case r.Milestone == "":
			r.Milestone = rules.InTransit
		case r.Milestone == rules.Delivered && returning:
			r.Milestone = rules.Returned
		case goesBack(r):
			returning = true
		}
	}
}
