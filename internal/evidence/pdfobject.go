package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"parcelward/internal/rules"
)

// The bounds of reading objects.
const (
	maxNesting = 50
	maxLexed   = 4 // times the file's size that are read: a good file's objects lie side by side
)

var (
	errSyntax  = errors.New("an object that is not written as the standard says")
	errTangled = errors.New("objects that overlap")
)

// objects reads every object from its mark, "obj", by which every reader knows it, and refuses
// those that act or that pack others so that we could not look into them. It says where the word
// "stream" of those stands whose streams hold objects and must be looked through.
func objects(b []byte) (packed map[int]bool, fault *rules.OriginalFault) {
	packed = map[int]bool{}
	read := 0
	for _, word := range []string{"obj", "trailer"} {
		for at := 0; ; {
			next := bytes.Index(b[at:], []byte(word))
			if next < 0 {
				break
			}
			mark := at + next
			at = mark + len(word)
			if word == "obj" && !numbered(b[:mark]) {
				continue
			}
			o, err := readObject(b, at)
			if read += o.end - at; read > maxLexed*len(b)+1<<20 {
				err = errTangled
			}
			switch {
			case err != nil:
				return nil, damaged(fmt.Sprintf("PDF: %v (byte %d)", err, mark))
			case o.acts != nil:
				return nil, o.acts
			case !o.streamed || !o.packs():
				continue
			}
			if fault := o.opaque(); fault != nil {
				return nil, fault
			}
			if len(o.values("Filter")) > 0 {
				packed[o.end] = true
			} else if fault := o.open(b[o.end+len("stream"):]); fault != nil {
				return nil, fault
			}
		}
	}
	return packed, nil
}

// numbered tells whether a number stands before a mark, or may stand before a comment there.
func numbered(before []byte) bool {
	number := bytes.TrimRight(before, blanks)
	if len(number) > 0 && number[len(number)-1] >= '0' && number[len(number)-1] <= '9' {
		return true
	}
	return bytes.ContainsAny(before[len(number):], "\r\n")
}

// readObject reads a dictionary or an array behind a mark; all else cannot act, and may be no
// object at all.
func readObject(b []byte, at int) (o object, err error) {
	l := lexer{b: b, at: at, o: &o}
	defer func() { o.end = l.at }()
	if l.blank(); !l.has("<<") && !l.has("[") {
		return o, nil
	}
	if err := l.value(0); err != nil {
		return o, err
	}
	l.blank()
	o.streamed = l.has("stream")
	return o, nil
}

// object is what is read of an object.
type object struct {
	entries  []entry // of its own dictionary
	acts     *rules.OriginalFault
	streamed bool
	end      int // what was read of it; where it is streamed, of the word "stream"
}

// entry is a key with its value as it is written.
type entry struct {
	key   string
	value []byte // never empty
}

func (o *object) values(key string) (all [][]byte) {
	for _, e := range o.entries {
		if e.key == key {
			all = append(all, e.value)
		}
	}
	return all
}

// packs tells whether a stream may hold objects. Not all readers ask for the type, but all need
// where the first object begins.
func (o *object) packs() bool {
	if len(o.values("First")) > 0 {
		return true
	}
	for _, v := range o.values("Type") {
		if v[0] != '/' || nameOf(v) == "ObjStm" { // a reference may lead to the name
			return true
		}
	}
	return false
}

// opaque refuses packed objects in any coding but none, or Flate alone: readers know more codings
// than we, and read their abbreviations and combinations each in their own way.
func (o *object) opaque() *rules.OriginalFault {
	for _, key := range []string{"F", "FFilter", "FDecodeParms", "DP"} {
		if len(o.values(key)) > 0 {
			return &rules.OriginalFault{Code: rules.OriginalOpaque, Found: "/ObjStm /" + key}
		}
	}
	for key, good := range map[string]func([]byte) bool{"Filter": flateAlone, "DecodeParms": unpredicted} {
		for i, v := range o.values(key) {
			if i > 0 || !good(single(v)) {
				return &rules.OriginalFault{Code: rules.OriginalOpaque, Found: fmt.Sprintf("/ObjStm /%s %.60q", key, v)}
			}
		}
	}
	return nil
}

// open looks through objects that are not packed, where it is beyond doubt how long they are.
func (o *object) open(behind []byte) *rules.OriginalFault {
	length, err := -1, error(nil)
	if all := o.values("Length"); len(all) == 1 {
		length, err = strconv.Atoi(string(all[0]))
	}
	content := bytes.TrimPrefix(bytes.TrimPrefix(behind, []byte("\r")), []byte("\n"))
	if err != nil || length < 0 || length > len(content) || !bytes.HasPrefix(bytes.TrimLeft(content[length:], blanks), []byte("endstream")) ||
		bytes.Contains(content[:length], []byte("stream")) {
		return &rules.OriginalFault{Code: rules.OriginalOpaque, Found: "/ObjStm /Length"}
	}
	return actions(content[:length], true)
}

// single is a value, or the only one of an array; of more it is what is none.
func single(value []byte) []byte {
	if bytes.HasPrefix(value, []byte("[")) {
		value = bytes.Trim(bytes.TrimSuffix(value[1:], []byte("]")), blanks)
	}
	return value
}

func flateAlone(value []byte) bool {
	return len(value) > 0 && value[0] == '/' && bytes.IndexFunc(value[1:], func(r rune) bool { return r < '!' || r > '~' || !regular(byte(r)) }) < 0 &&
		nameOf(value) == "FlateDecode"
}

func unpredicted(value []byte) bool {
	good := string(value) == "null" || bytes.HasPrefix(value, []byte("<<")) && !bytes.ContainsAny(value, "%R") // no comment, no reference
	eachName(value, func(name string, _ []byte) bool {
		good = good && name != "Predictor"
		return good
	})
	return good
}

// nameOf is the name with which a value begins.
func nameOf(value []byte) (first string) {
	if len(value) > 0 && value[0] == '/' {
		eachName(value, func(name string, _ []byte) bool {
			first = name
			return false
		})
	}
	return first
}

// lexer reads values strictly: what readers may take one way or the other is an error.
type lexer struct {
	b  []byte
	at int
	o  *object // what acts is noted there, and the entries of the outermost dictionary
}

func (l *lexer) has(word string) bool { return bytes.HasPrefix(l.b[l.at:], []byte(word)) }

// blank passes over white space and comments.
func (l *lexer) blank() {
	for comment := false; l.at < len(l.b); l.at++ {
		switch c := l.b[l.at]; {
		case c == '%':
			comment = true
		case c == '\r', c == '\n':
			comment = false
		case !comment && strings.IndexByte(blanks, c) < 0:
			return
		}
	}
}

// value reads one value.
func (l *lexer) value(depth int) error {
	if l.blank(); l.at >= len(l.b) || depth > maxNesting {
		return errSyntax
	}
	switch c := l.b[l.at]; {
	case l.has("<<"):
		return l.dictionary(depth)
	case c == '<':
		return l.hex()
	case c == '(':
		return l.text()
	case c == '[':
		for l.at++; ; {
			if l.blank(); l.has("]") {
				l.at++
				return nil
			}
			if err := l.value(depth + 1); err != nil {
				return err
			}
		}
	case c == '/':
		start := l.at
		l.at++
		l.word()
		l.note(nameOf(l.b[start:l.at]), nil)
		return nil
	case regular(c):
		l.word()
		return nil
	}
	return errSyntax
}

// word passes over a number, a keyword or the rest of a name.
func (l *lexer) word() {
	for l.at < len(l.b) && regular(l.b[l.at]) {
		l.at++
	}
}

// hex passes over a string of digits.
func (l *lexer) hex() error {
	for l.at++; l.at < len(l.b); l.at++ {
		c := l.b[l.at]
		if c == '>' {
			l.at++
			return nil
		}
		if _, ok := hexDigit(c); !ok && strings.IndexByte(blanks, c) < 0 {
			break
		}
	}
	return errSyntax
}

// text passes over a string in parentheses.
func (l *lexer) text() error {
	for depth := 0; l.at < len(l.b); l.at++ {
		switch l.b[l.at] {
		case '\\':
			l.at++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.at++
				return nil
			}
		}
	}
	l.at = len(l.b)
	return errSyntax
}

// dictionary reads a dictionary.
func (l *lexer) dictionary(depth int) error {
	for l.at += 2; ; {
		if l.blank(); l.has(">>") {
			l.at += 2
			return nil
		}
		if !l.has("/") {
			return errSyntax
		}
		start := l.at
		l.at++
		l.word()
		key := nameOf(l.b[start:l.at])
		l.blank()
		from := l.at
		if err := l.value(depth + 1); err != nil {
			return err
		}
		l.reference(l.b[from:l.at])
		l.note(key, l.b[from:l.at])
		if depth == 0 {
			l.o.entries = append(l.o.entries, entry{key, l.b[from:l.at]})
		}
	}
}

// reference passes over the rest of a reference, such as 5 0 R.
func (l *lexer) reference(number []byte) {
	start := l.at
	l.blank()
	from := l.at
	l.word()
	if generation := l.b[from:l.at]; digits(number) && digits(generation) {
		l.blank()
		from = l.at
		if l.word(); string(l.b[from:l.at]) == "R" {
			return
		}
	}
	l.at = start
}

func digits(b []byte) bool { return len(b) > 0 && len(bytes.Trim(b, "0123456789")) == 0 }

// note notes the first name that acts: a key with its value, or a name by itself.
func (l *lexer) note(name string, value []byte) {
	code, found := acts(name, true)
	if l.o.acts != nil || !found || name == "ObjStm" || code == "" && name != "GoToR" && (value == nil || !valued(name, value)) {
		return
	}
	if code == "" {
		code = rules.OriginalActive
	}
	l.o.acts = &rules.OriginalFault{Code: code, Found: "/" + name}
}
