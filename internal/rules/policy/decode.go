package policy

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/govalues/decimal"

	"parcelward/internal/rules/money"
)

// decoder fills a Pack from a syntax tree. It is our own because the library's
// strict mode stops at the first problem and does not know which keys must be there.
type decoder struct {
	problems []Problem
	lines    map[string]int    // by path, of what decoded well
	cites    map[string]string // by path, the source of each value
}

// cited lets the decoder see into a Value of any type.
type cited interface {
	parts() (value any, source *string, reading *bool)
}

func (v *Value[T]) parts() (any, *string, *bool) { return &v.Value, &v.Source, &v.Reading }

type entry struct {
	line  int
	value ast.Node
}

func (d *decoder) report(line int, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{Line: line, Key: path, Message: fmt.Sprintf(format, args...)})
}

// expected reports a node that is not what it should be.
func (d *decoder) expected(path string, node ast.Node, what string) {
	d.report(line(node), path, "got %s, expected %s", show(node), what)
}

func (d *decoder) decode(path string, node ast.Node, into reflect.Value) {
	before := len(d.problems)
	switch target := into.Addr().Interface().(type) {
	case cited:
		d.cited(path, node, target)
	case *Duration:
		d.scalar(path, node, errDuration.Error(), func(s string) (err error) {
			*target, err = ParseDuration(s)
			return err
		})
	case *decimal.Decimal:
		d.number(path, node, target)
	case *money.Amount:
		d.amount(path, node, target)
	case *time.Time:
		d.scalar(path, node, `a time with offset such as "2024-04-01T00:00:00+08:00"`, func(s string) (err error) {
			*target, err = time.Parse(time.RFC3339, s)
			return err
		})
	case *int:
		d.integer(path, node, target)
	case *bool:
		if b, ok := node.(*ast.BoolNode); ok {
			*target = b.Value
		} else {
			d.expected(path, node, "true or false")
		}
	case *string:
		d.scalar(path, node, "a text that is not empty", func(s string) error {
			if *target = s; strings.TrimSpace(s) == "" {
				return strconv.ErrSyntax
			}
			return nil
		})
	default:
		switch into.Kind() {
		case reflect.Struct:
			d.structure(path, node, into)
		case reflect.Map:
			d.dictionary(path, node, into)
		case reflect.Slice:
			d.list(path, node, into)
		default:
			panic("policy: no YAML form for " + into.Type().String()) // a Pack field of a new type
		}
	}
	if len(d.problems) == before {
		d.lines[path] = line(node)
	}
}

func (d *decoder) cited(path string, node ast.Node, into cited) {
	value, source, reading := into.parts()
	fields := []field{
		{"value", reflect.ValueOf(value).Elem(), true},
		{"source", reflect.ValueOf(source).Elem(), true},
		{"reading", reflect.ValueOf(reading).Elem(), false},
	}
	d.fields(path, node, fields)
	d.cites[join(path, "source")] = *source
}

type field struct {
	key      string
	into     reflect.Value
	required bool
}

func (d *decoder) structure(path string, node ast.Node, into reflect.Value) {
	var fields []field
	for i := range into.NumField() {
		if key := into.Type().Field(i).Tag.Get("yaml"); key != "" {
			fields = append(fields, field{key, into.Field(i), true})
		}
	}
	d.fields(path, node, fields)
}

func (d *decoder) fields(path string, node ast.Node, fields []field) {
	keys, entries, ok := d.mapping(path, node)
	if !ok {
		return
	}
	names := make([]string, len(fields))
	known := make(map[string]bool, len(fields))
	for i, f := range fields {
		names[i], known[f.key] = f.key, true
	}
	for _, key := range keys {
		if !known[key] {
			d.report(entries[key].line, join(path, key), "unknown key, expected one of: %s", strings.Join(names, ", "))
		}
	}
	for _, f := range fields {
		at := join(path, f.key)
		switch e, ok := entries[f.key]; {
		case ok:
			d.decode(at, e.value, f.into)
		case f.required:
			d.report(line(node), at, "missing, expected this key")
		}
	}
}

func (d *decoder) dictionary(path string, node ast.Node, into reflect.Value) {
	keys, entries, ok := d.mapping(path, node)
	if !ok {
		return
	}
	if len(keys) == 0 {
		d.expected(path, node, "at least one entry")
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(keys)))
	for _, key := range keys {
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(join(path, key), entries[key].value, value)
		into.SetMapIndex(reflect.ValueOf(key), value)
	}
}

func (d *decoder) list(path string, node ast.Node, into reflect.Value) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok || len(sequence.Values) == 0 {
		d.expected(path, node, "a list that is not empty")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	for i, item := range sequence.Values {
		d.decode(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
	}
}

func (d *decoder) scalar(path string, node ast.Node, what string, parse func(string) error) {
	s, ok := node.(*ast.StringNode)
	if !ok || parse(s.Value) != nil {
		d.expected(path, node, what)
	}
}

func (d *decoder) integer(path string, node ast.Node, into *int) {
	n, ok := node.(*ast.IntegerNode)
	if ok {
		var err error
		*into, err = strconv.Atoi(n.GetToken().Value)
		ok = err == nil && *into >= 0
	}
	if !ok {
		d.expected(path, node, "a whole number, not negative")
	}
}

func (d *decoder) number(path string, node ast.Node, into *decimal.Decimal) {
	what, percent := "a decimal number such as 99.2, not negative", strings.Contains(path, "_percent")
	if percent {
		what = "a percentage from 0 to 100"
	}
	text, ok := plainNumber(node)
	if ok {
		var err error
		*into, err = decimal.Parse(text)
		ok = err == nil && (!percent || into.Cmp(decimal.Hundred) <= 0)
	}
	if !ok {
		d.expected(path, node, what)
	}
}

func (d *decoder) amount(path string, node ast.Node, into *money.Amount) {
	_, entries, ok := d.mapping(path, node)
	if !ok {
		return
	}
	amount, currency := entries["amount"].value, entries["currency"].value
	if amount == nil || currency == nil || len(entries) != 2 {
		d.report(line(node), path, `expected {amount: "100.00", currency: USD}, no other keys`)
		return
	}
	text, ok := plainNumber(amount)
	if !ok {
		d.expected(join(path, "amount"), amount, `a plain decimal such as "100.00", not negative`)
		return
	}
	d.scalar(join(path, "currency"), currency, "an ISO 4217 code of three upper-case letters", func(s string) (err error) {
		*into, err = money.Parse(text, s)
		return err
	})
}

// mapping lists a mapping's entries in order and reports keys given twice.
func (d *decoder) mapping(path string, node ast.Node) (keys []string, entries map[string]entry, ok bool) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.expected(path, node, "a mapping of keys to values")
		return nil, nil, false
	}
	entries = make(map[string]entry, len(values))
	for _, v := range values {
		key, isText := v.Key.(*ast.StringNode)
		if !isText {
			d.report(line(v.Key), path, "key %s: expected a plain text", show(v.Key))
			continue
		}
		if first, twice := entries[key.Value]; twice {
			d.report(line(v.Key), join(path, key.Value), "given twice, first in line %d; expected once", first.line)
			continue
		}
		keys = append(keys, key.Value)
		entries[key.Value] = entry{line(v.Key), v.Value}
	}
	return keys, entries, true
}

// plainNumber gives the digits of a number as they are written, quoted or not.
func plainNumber(node ast.Node) (string, bool) {
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		text := node.GetToken().Value
		return text, text != "" && strings.Trim(text, "0123456789.") == ""
	default:
		return "", false
	}
}

func line(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 1
	}
	return node.GetToken().Position.Line
}

// show names a node in an error, shortened.
func show(node ast.Node) string {
	switch node.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	}
	const limit = 40
	text := node.GetToken().Value
	if len(text) > limit {
		return strconv.Quote(text[:limit]) + "..."
	}
	return strconv.Quote(text)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
