package cainiao

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/port"
	"parcelward/internal/rules"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// module is what an answer says of one number: apis.md 4.2, and fullTraceDetail of LINK.
type module struct {
	MailNo         wire.Text         `json:"mailNo"`
	DestCountry    wire.Text         `json:"destCountry"`
	RealMailNo     wire.Text         `json:"realMailNo"`
	CopyRealMailNo wire.Text         `json:"copyRealMailNo"`
	LatestTrace    json.RawMessage   `json:"latestTrace"`
	DetailList     []json.RawMessage `json:"detailList"`
	FullTrace      []json.RawMessage `json:"fullTraceDetail"`
}

// scan is one row of a trace.
type scan struct {
	Time         wire.Text `json:"time"` // epoch ms; in fullTraceDetail what TimeStr is elsewhere
	TimeStr      wire.Text `json:"timeStr"`
	TimeZone     wire.Text `json:"timeZone"`
	ActionCode   wire.Text `json:"actionCode"`
	Status       wire.Text `json:"status"` // of fullTraceDetail
	Desc         wire.Text `json:"desc"`   // the carrier's words
	StanderdDesc wire.Text `json:"standerdDesc"`
	City         wire.Text `json:"city"`
}

// Parse takes a raw answer or push apart: {"success","module":[…]}, one module or several by
// themselves, LINK's flat answer with fullTraceDetail, or the form of a push, whose signature
// it does not examine. The error says what was expected; an unknown code or key is none.
func Parse(raw []byte) ([]port.Answer, error) {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) > 0 && trimmed[0] != '{' && trimmed[0] != '[' {
		if form, err := url.ParseQuery(string(trimmed)); err == nil && form.Has("logistics_interface") {
			raw = []byte(form.Get("logistics_interface"))
		}
	}
	return parse(raw, "")
}

// parse does so for parcels that go to country where the answer does not say; empty: unknown.
func parse(raw []byte, country string) ([]port.Answer, error) {
	modules, err := split(bytes.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	answers := make([]port.Answer, len(modules))
	for i := range modules {
		answers[i] = modules[i].answer(country)
	}
	return answers, nil
}

// split finds the modules in an answer.
func split(raw []byte) ([]module, error) {
	if len(raw) == 0 {
		return nil, errors.New("expected JSON, got nothing")
	}
	if raw[0] == '[' {
		return decode(raw)
	}
	var keys struct {
		Success wire.Text       `json:"success"`
		Module  json.RawMessage `json:"module"`
		Code    wire.Text       `json:"errorCode"`
		Message wire.Text       `json:"errorMsg"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil {
		return nil, fmt.Errorf("expected a JSON object with module, or with mailNo and detailList, got %s: %w", wire.Short(string(raw)), err)
	}
	switch {
	case keys.Success == "false":
		return nil, fmt.Errorf("expected a trace, got the error %s %s", keys.Code, wire.Short(string(keys.Message)))
	case len(keys.Module) > 0 && keys.Module[0] == '[':
		return decode(keys.Module)
	case len(keys.Module) > 0 && keys.Module[0] == '{':
		return decode(slices.Concat([]byte{'['}, keys.Module, []byte{']'}))
	}
	return decode(slices.Concat([]byte{'['}, raw, []byte{']'}))
}

func decode(raw []byte) ([]module, error) {
	var modules []module
	if err := json.Unmarshal(raw, &modules); err != nil {
		return nil, fmt.Errorf("expected modules with mailNo and detailList, got %s: %w", wire.Short(string(raw)), err)
	}
	for i := range modules {
		if m := &modules[i]; m.MailNo == "" && m.DetailList == nil && m.FullTrace == nil {
			return nil, fmt.Errorf("expected module, or mailNo, detailList or fullTraceDetail, got %s", wire.Short(string(raw)))
		}
	}
	return modules, nil
}

func (m *module) answer(country string) port.Answer {
	rows := make([]rules.Row, 0, len(m.DetailList)+len(m.FullTrace)+1)
	for _, raw := range slices.Concat(m.DetailList, m.FullTrace) {
		if string(raw) != "null" {
			rows = append(rows, row(raw))
		}
	}
	if !oldestFirst(rows) {
		slices.Reverse(rows)
	}
	if len(m.LatestTrace) > 0 && string(m.LatestTrace) != "null" {
		rows = append(rows, row(m.LatestTrace)) // the list holds it as well: an exact repeat
	}
	a := port.Answer{Number: tracknum.Normalize(string(m.MailNo))}
	a.Rows, a.Unplaced = wire.Order(rows)
	action.Settle(a.Rows, abroad(cmp.Or(string(m.DestCountry), country)))
	also := string(m.CopyRealMailNo)
	if words := strings.Fields(string(m.RealMailNo)); also == "" && len(words) > 0 {
		also = words[len(words)-1] // behind the carrier's name
	}
	if also = tracknum.Normalize(also); also != "" && also != a.Number {
		a.Also = []string{also}
	}
	return a
}

// oldestFirst tells whether a list goes up in time; Cainiao's go down.
func oldestFirst(rows []rules.Row) bool {
	up := false
	for i := 1; i < len(rows); i++ {
		if a, b := rows[i-1].At, rows[i].At; a.IsZero() || b.IsZero() {
			continue
		} else if b.Before(a) {
			return false
		} else if a.Before(b) {
			up = true
		}
	}
	return up
}

// row is a scan as we know it; a scan that cannot be read at all is kept as its beginning.
func row(raw json.RawMessage) rules.Row {
	var s scan
	if err := json.Unmarshal(raw, &s); err != nil {
		return rules.Row{Milestone: rules.InTransit, Description: wire.Short(string(raw)), Source: rules.FromCarrier}
	}
	r := rules.Row{
		At:          s.moment(),
		Code:        cmp.Or(string(s.ActionCode), string(s.Status)),
		Description: cmp.Or(string(s.Desc), string(s.StanderdDesc)),
		Location:    cmp.Or(place(string(s.StanderdDesc)), place(string(s.Desc)), string(s.City)),
		Source:      rules.FromCarrier,
	}
	r.Milestone, _ = action.Milestone(r.Code)
	return r
}

// place is what stands in brackets before a description: [Shatian Town] Processing at …
func place(desc string) string {
	for _, b := range [...][2]string{{"[", "]"}, {"【", "】"}} {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(desc), b[0]); ok {
			if in, _, ok := strings.Cut(rest, b[1]); ok {
				return strings.TrimSpace(in)
			}
		}
	}
	return ""
}

// abroad tells whether a destination, a country's code or name, is another than China.
func abroad(country string) bool {
	switch strings.ToLower(strings.TrimSpace(country)) {
	case "", "cn", "china", "mainland china", "中国", "中国大陆":
		return false
	}
	return true
}
