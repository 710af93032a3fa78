package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxSize is far above any real pack (about 10 kB).
const maxSize = 256 << 10

// Problem is one thing wrong in a policy file.
type Problem struct {
	Line    int    // in the file, from 1
	Key     string // dotted path, such as "shipping.online_due.value"
	Message string // what was found and what was expected
}

// LoadError lists all problems of one policy file.
type LoadError struct {
	File     string
	Problems []Problem
}

// Error gives one problem a line, in the form FILE:LINE: KEY: MESSAGE.
func (e *LoadError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy pack %s is refused:", e.File)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n%s:%d: ", e.File, p.Line)
		if p.Key != "" {
			b.WriteString(p.Key + ": ")
		}
		b.WriteString(p.Message)
	}
	return b.String()
}

// Load reads one YAML policy pack; name is the file name for errors. Every key
// is required and no other is allowed. The error is a *LoadError with all
// problems together, except that a file that is no YAML shows only the first.
func Load(r io.Reader, name string) (*Pack, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("policy pack %s: %w", name, err)
	}
	root, err := parse(data)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	d := &decoder{lines: make(map[string]int), cites: make(map[string]string)}
	pack := new(Pack)
	d.decode("", root, reflect.ValueOf(pack).Elem())
	d.validate(pack)
	if len(d.problems) > 0 {
		slices.SortStableFunc(d.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, &LoadError{File: name, Problems: d.problems}
	}
	return pack, nil
}

func parse(data []byte) (ast.Node, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("the file is over %d bytes, expected a policy pack", maxSize)
	}
	if depth(data) > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep, expected a policy pack", maxDepth)
	}
	// Duplicates are reported by the decoder, with all the other problems.
	file, err := parser.ParseBytes(bytes.TrimPrefix(data, []byte("\ufeff")), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%d documents, expected one policy pack", len(file.Docs))
	}
	return file.Docs[0].Body, nil
}

// maxDepth keeps hostile nesting from exhausting the parser's stack; a pack
// needs a tenth of it.
const maxDepth = 64

// depth is an upper bound for the nesting of a text: open brackets, or
// indentation, whichever a line shows more of.
func depth(data []byte) int {
	deepest, open := 0, 0
	for text := range bytes.Lines(data) {
		indent := len(text) - len(bytes.TrimLeft(text, " -?:"))
		deepest = max(deepest, indent)
		for _, c := range text {
			switch c {
			case '[', '{':
				open++
				deepest = max(deepest, open)
			case ']', '}':
				open--
			}
		}
	}
	return deepest
}

func syntaxError(name string, err error) error {
	problem := Problem{Line: 1, Message: "no YAML: " + err.Error()}
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		problem.Message = "no YAML: " + syntax.GetMessage()
		if token := syntax.GetToken(); token != nil && token.Position != nil {
			problem.Line = token.Position.Line
		}
	}
	return &LoadError{File: name, Problems: []Problem{problem}}
}
