package api

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"parcelward/internal/protocol"
)

// The media types that events come in.
const (
	mediaEvent  = "application/cloudevents+json"
	mediaJSON   = "application/json"
	mediaBatch  = "application/cloudevents-batch+json"
	mediaNDJSON = "application/x-ndjson"
)

// part is one event of a body, not decoded yet, or why there is none.
type part struct {
	Place
	raw []byte
	err *protocol.EventError
}

// Place tells where in a body an event stood.
type Place struct {
	Index *int `json:"index,omitempty" doc:"place in the array, from 0"`
	Line  int  `json:"line,omitempty" doc:"line number, from 1"`
}

// parts splits a body of one of the media types; nil for another type. What it yields lies
// in body itself.
func parts(mediaType string, body []byte) iter.Seq[part] {
	switch mediaType {
	case mediaEvent, mediaJSON:
		return func(yield func(part) bool) { yield(part{raw: body}) }
	case mediaBatch:
		return func(yield func(part) bool) { elements(body, yield) }
	case mediaNDJSON:
		return func(yield func(part) bool) { lines(body, yield) }
	}
	return nil
}

// elements walks over a JSON array. Whether an element is good UTF-8 without repeated keys
// is left to its own decoding, so that the others still go in; where the text is no JSON at
// all, nobody can tell where the next element begins.
func elements(body []byte, yield func(part) bool) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	i := 0
	broken := func(err error) {
		yield(part{Place: Place{Index: &i}, err: &protocol.EventError{Expected: "valid JSON; what follows was not read (" + reason(err) + ")"}})
	}
	if dec.PeekKind() != '[' {
		yield(part{err: &protocol.EventError{Expected: "an array of CloudEvents"}})
		return
	}
	if _, err := dec.ReadToken(); err != nil {
		broken(err)
		return
	}
	for ; dec.PeekKind() != ']'; i++ {
		value, err := dec.ReadValue()
		if err != nil {
			broken(err)
			return
		}
		end := dec.InputOffset()
		at := i
		if !yield(part{Place: Place{Index: &at}, raw: body[end-int64(len(value)) : end]}) {
			return
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		broken(err)
		return
	}
	if rest := bytes.TrimSpace(body[dec.InputOffset():]); len(rest) > 0 {
		broken(errors.New("text after the array"))
	}
}

// lines walks over NDJSON; empty lines are passed over.
func lines(body []byte, yield func(part) bool) {
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(body, []byte("\ufeff"))) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !yield(part{Place: Place{Line: number}, raw: line}) {
			return
		}
	}
}

func reason(err error) string {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Sprintf("%s at byte %d", strings.TrimPrefix(syntax.Err.Error(), "jsontext: "), syntax.ByteOffset)
	}
	return strings.TrimPrefix(err.Error(), "jsontext: ")
}
