package evidence

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"parcelward/internal/rules"
)

// The bounds of looking through a PDF.
const (
	maxInflated = 512 << 20 // bytes of all its streams
	maxStreams  = 100_000
	maxPacked   = 4   // times the file's size that are read to inflate streams: a good file's lie side by side
	maxBlank    = 64  // white space between a name and its value
	overlap     = 256 // of the pieces: more than a name in escapes and maxBlank take
)

// checkPDF looks through a PDF for what acts when it is opened. It does not trust the structure,
// for readers mend a broken one each in their own way: names are looked for everywhere, in the
// file and in every stream that can be inflated, and whatever may be an object is read from its
// mark, wherever that stands. Objects that are packed so that we cannot look into them are refused.
// A parser that goes by the cross references sees what it would show, not what others would.
func checkPDF(b []byte) *rules.OriginalFault {
	end := bytes.LastIndex(b, []byte("%%EOF"))
	if end < 0 {
		return damaged("PDF: no %%EOF")
	}
	if !bytes.Contains(b, []byte("obj")) {
		return damaged("PDF: no objects")
	}
	if fault := trailer(b[end+5:]); fault != nil {
		return fault
	}
	if fault := actions(b, false); fault != nil {
		return fault
	}
	packed, fault := objects(b)
	if fault != nil {
		return fault
	}
	return inflate(b, packed)
}

// inflate looks through every stream that zlib can read, whatever its dictionary says. packed
// tells which hold objects: those must be read to their end.
func inflate(b []byte, packed map[int]bool) *rules.OriginalFault {
	z := inflater{b: b, window: make([]byte, 64<<10)}
	count := 0
	for at := 0; ; {
		next := bytes.Index(b[at:], []byte("stream"))
		if next < 0 {
			return nil
		}
		start := at + next
		at = start + len("stream")
		if bytes.HasSuffix(b[:start], []byte("end")) && !packed[start] {
			continue
		}
		if count++; count > maxStreams {
			return damaged(fmt.Sprintf("PDF: more than %d streams", maxStreams))
		}
		if fault := z.stream(at, packed[start]); fault != nil {
			return fault
		}
	}
}

// inflater inflates one stream after the other, within bounds of them all.
type inflater struct {
	b        []byte
	reader   io.ReadCloser
	window   []byte
	inflated int64
	read     int
}

// stream looks through the stream whose content begins at a place, as far as it can be inflated.
func (z *inflater) stream(at int, objects bool) *rules.OriginalFault {
	content := bytes.TrimPrefix(bytes.TrimPrefix(z.b[at:], []byte("\r")), []byte("\n"))
	broken := func(err error) *rules.OriginalFault {
		if !objects {
			return nil // what readers show of it is no object
		}
		return damaged(fmt.Sprintf("PDF: packed objects: %v", err))
	}
	if objects && (len(content) == len(z.b)-at || bytes.HasPrefix(content, []byte("\n")) || bytes.HasPrefix(content, []byte("\r"))) {
		return broken(errLine) // some readers skip the rest of the line, others do not
	}
	if len(content) < 2 || content[0]&15 != 8 || (uint(content[0])<<8|uint(content[1]))%31 != 0 { // no zlib head
		return broken(zlib.ErrHeader)
	}
	source := bytes.NewReader(content)
	var err error
	if z.reader == nil {
		z.reader, err = zlib.NewReader(source)
	} else if again, ok := z.reader.(zlib.Resetter); ok {
		err = again.Reset(source, nil)
	}
	if err != nil {
		return broken(err)
	}
	fault, err := z.look(objects)
	if z.read += len(content) - source.Len(); fault == nil && z.read > maxPacked*len(z.b)+(1<<20) {
		fault = damaged("PDF: streams that overlap")
	}
	if fault == nil && err != io.EOF && err != zlib.ErrChecksum { //nolint:errorlint // as zlib returns them; all was read of a stream with a wrong sum
		fault = broken(err)
	}
	return fault
}

var errLine = errors.New("no line end before them")

// look reads a stream by pieces that overlap, as a name may lie across. The error is that by
// which the stream ended.
func (z *inflater) look(objects bool) (fault *rules.OriginalFault, end error) {
	held := 0
	for {
		n := 0
		var err error
		for err == nil && held+n < len(z.window) {
			var more int
			more, err = z.reader.Read(z.window[held+n:])
			n += more
		}
		if z.inflated += int64(n); z.inflated > maxInflated {
			return damaged(fmt.Sprintf("PDF: more than %d MB when inflated", maxInflated>>20)), nil
		}
		held += n
		piece := z.window[:held]
		if fault := actions(piece, objects); fault != nil {
			return fault, nil
		}
		if objects && nested(piece) {
			return &rules.OriginalFault{Code: rules.OriginalOpaque, Found: "/ObjStm: stream"}, nil
		}
		if err != nil { // the end; also of what is broken behind what was read
			return nil, err //nolint:wrapcheck // it is compared
		}
		held = copy(z.window, piece[held-overlap:])
	}
}

// nested tells whether there is a stream among packed objects, where none may be and some readers
// take one.
func nested(b []byte) bool {
	for {
		at := bytes.Index(b, []byte("stream"))
		if at < 0 {
			return false
		}
		before, after := bytes.TrimRight(b[:at], blanks), b[at+len("stream"):]
		if bytes.HasSuffix(before, []byte(">>")) || len(before) < at && len(after) > 0 && (after[0] == '\r' || after[0] == '\n') {
			return true
		}
		b = after
	}
}

// actions finds names of what acts. Names so short that they stand in pictures by chance count
// among objects only.
func actions(b []byte, objects bool) (fault *rules.OriginalFault) {
	eachName(b, func(name string, rest []byte) bool {
		if code, found := acts(name, objects); found && (code != "" || valued(name, rest)) {
			if code == "" {
				code = rules.OriginalActive
			}
			fault = &rules.OriginalFault{Code: code, Found: "/" + name}
		}
		return fault == nil
	})
	return fault
}

// acts tells whether a name is of what acts; no code: it depends on the value.
func acts(name string, objects bool) (code rules.OriginalCode, found bool) {
	switch name {
	case "Encrypt":
		return rules.OriginalEncrypted, true
	case "JavaScript", "Launch", "EmbeddedFile", "RichMedia", "SubmitForm", "ImportData", "GoToE", "Rendition":
		return rules.OriginalActive, true
	case "OpenAction", "XFA", "EmbeddedFiles": // XFA: forms with scripts
		return "", true
	case "JS", "AA", "EF", "GoToR": // scripts, actions by events, attached files, other files
		return "", objects
	case "ObjStm":
		return rules.OriginalOpaque, objects // packed twice
	}
	return "", false
}

// valued tells whether what follows a name makes it act. An array behind OpenAction says what
// page to show first, as many programs write; all else acts.
func valued(name string, rest []byte) bool {
	trimmed := bytes.TrimLeft(rest, blanks)
	if len(trimmed) == 0 {
		return len(rest) > maxBlank // else it is seen again with what follows, or nothing does
	}
	c := trimmed[0]
	switch name {
	case "OpenAction":
		return c != '['
	case "XFA":
		return c == '[' || c == '%' || c >= '0' && c <= '9'
	case "GoToR":
		return true
	case "EmbeddedFiles": // some programs, ours among them, say that there are none
		return !bytes.HasPrefix(bytes.Join(bytes.Fields(trimmed[:min(len(trimmed), maxBlank)]), nil), []byte("<</Names[]>>"))
	}
	return c == '(' || c == '<' || c == '%' || c >= '0' && c <= '9'
}

// blanks are a PDF's white space.
const blanks = " \t\r\n\f\x00"

// eachName calls f with every name (/Name, escapes such as #4A resolved) and what follows it,
// until it returns false. Names longer than any that we look for are passed over.
func eachName(b []byte, f func(name string, rest []byte) bool) {
	const longest = 20
	var name [longest]byte
	for at := 0; ; {
		next := bytes.IndexByte(b[at:], '/')
		if next < 0 {
			return
		}
		at += next + 1
		n, i := 0, at
		for i < len(b) && n < longest && regular(b[i]) {
			c := b[i]
			i++
			if c == '#' && i+1 < len(b) {
				high, isHigh := hexDigit(b[i])
				if low, isLow := hexDigit(b[i+1]); isHigh && isLow {
					c = high<<4 | low
					i += 2
				}
			}
			name[n] = c
			n++
		}
		if n < longest && !f(string(name[:n]), b[i:]) {
			return
		}
	}
}

// regular tells whether c can be part of a name.
func regular(c byte) bool { return c > ' ' && !bytes.ContainsRune([]byte("()<>[]{}/%"), rune(c)) }

func hexDigit(c byte) (value byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
