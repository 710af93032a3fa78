package seventeentrack

import (
	"encoding/json"
	"fmt"
	"strconv"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
	"parcelward/internal/wire"
)

// envelope is about every answer.
type envelope struct {
	Code *wire.Text      `json:"code"`
	Data json.RawMessage `json:"data"`
	Page json.RawMessage `json:"page"` // of a list
}

// content is the data of an answer about numbers.
type content struct {
	Accepted []item     `json:"accepted"`
	Rejected []rejected `json:"rejected"`
}

// item is a number that was accepted; which fields it has depends on the operation.
type item struct {
	Number  wire.Text  `json:"number"`
	Carrier wire.Text  `json:"carrier"`
	Info    *trackInfo `json:"track_info"`
}

type rejected struct {
	Number  wire.Text `json:"number"`
	Carrier wire.Text `json:"carrier"` // seen as a number and as a text
	Error   failure   `json:"error"`
}

// failed is the error of the whole call; nil: there is none.
func (e *envelope) failed() *CodeError {
	var data struct {
		Errors []failure `json:"errors"`
	}
	if json.Unmarshal(e.Data, &data) == nil && len(data.Errors) > 0 {
		return data.Errors[0].coded()
	}
	if *e.Code != "0" {
		return failure{Code: *e.Code}.coded()
	}
	return nil
}

// content is the data of an answer about numbers; one that names no list of them is half an
// answer, or about something else.
func (e *envelope) content() (*content, error) {
	var data content
	switch err := json.Unmarshal(e.Data, &data); {
	case err != nil:
		return nil, fmt.Errorf("data: %w", err)
	case data.Accepted == nil && data.Rejected == nil:
		return nil, fmt.Errorf("data: expected accepted or rejected numbers, got %s", wire.Short(string(e.Data)))
	}
	return &data, nil
}

// integer reads a number that is for people or optional; anything else is 0.
func integer(t wire.Text) int {
	n, _ := strconv.Atoi(string(t)) // text that is no number: not said
	return n
}

// Parse reads an answer about numbers or the body of a push, without regard to its signature.
// Answers come in the order in which numbers first appear in it; a list or a registration says
// nothing of rows. The error says what was expected and what was found.
func Parse(raw []byte) ([]port.Answer, error) {
	var head struct {
		envelope
		Event *wire.Text `json:"event"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%s: expected JSON of an answer or a push, got %s: %w", name, wire.Short(string(raw)), err)
	}
	switch {
	case head.Event != nil:
		var pushed *item
		if err := json.Unmarshal(head.Data, &pushed); err != nil {
			return nil, fmt.Errorf("%s: push: data: %w", name, err)
		}
		if pushed == nil {
			return nil, fmt.Errorf("%s: push: expected data of a number, got none", name)
		}
		return (&content{Accepted: []item{*pushed}}).answers(), nil
	case head.Code != nil:
		if failed := head.failed(); failed != nil {
			return nil, fmt.Errorf("%s: the answer is an error: %w", name, failed)
		}
		data, err := head.content()
		if err != nil {
			return nil, fmt.Errorf("%s: answer: %w", name, err)
		}
		return data.answers(), nil
	}
	return nil, fmt.Errorf("%s: expected an answer with code and data or a push with event and data, got %s", name, wire.Short(string(raw)))
}

// answers says what is known of each number, in the order in which numbers first appear. A
// number that was accepted for one carrier and rejected for another is accepted; one that is
// followed for several carriers has the rows of all.
func (c *content) answers() []port.Answer {
	var order []string
	infos := map[string][]*trackInfo{}
	errs := map[string]error{}
	for _, it := range c.Accepted {
		number := tracknum.Normalize(string(it.Number))
		if _, known := infos[number]; !known {
			order = append(order, number)
		}
		infos[number] = append(infos[number], it.Info)
	}
	for _, r := range c.Rejected {
		number := tracknum.Normalize(string(r.Number))
		_, accepted := infos[number]
		if _, known := errs[number]; known || accepted {
			continue
		}
		order = append(order, number)
		errs[number] = r.Error.coded().ofNumber()
	}
	answers := make([]port.Answer, len(order))
	for i, number := range order {
		answers[i] = trace(number, infos[number])
		answers[i].Err = errs[number]
	}
	return answers
}
