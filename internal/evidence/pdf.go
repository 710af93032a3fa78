package evidence

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"parcelward/internal/rules"
)

// The bounds of looking through a PDF.
const (
	maxInflated = 512 << 20 // bytes of all its streams
	maxStreams  = 100_000
)

// checkPDF looks through a PDF for what acts when it is opened, in its objects and in its
// compressed streams. It does not trust the structure, for readers mend a broken one each in
// their own way: names are looked for everywhere.
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
	if fault := actions(b); fault != nil {
		return fault
	}
	return inflate(b)
}

// inflate looks through every stream that zlib can read, whatever its dictionary says.
func inflate(b []byte) *rules.OriginalFault {
	var total int64
	var reader io.ReadCloser
	window := make([]byte, 64<<10)
	count := 0
	for at := 0; ; {
		next := bytes.Index(b[at:], []byte("stream"))
		if next < 0 {
			return nil
		}
		start := at + next
		at = start + len("stream")
		if bytes.HasSuffix(b[:start], []byte("end")) {
			continue
		}
		if count++; count > maxStreams {
			return damaged(fmt.Sprintf("PDF: more than %d streams", maxStreams))
		}
		body := b[at:]
		body = bytes.TrimPrefix(bytes.TrimPrefix(body, []byte("\r")), []byte("\n"))
		if len(body) < 2 || body[0]&15 != 8 || (uint(body[0])<<8|uint(body[1]))%31 != 0 { // no zlib head
			if opaque(b[max(0, start-4096):start]) {
				return &rules.OriginalFault{Code: rules.OriginalActive, Found: "/ObjStm"}
			}
			continue
		}
		var err error
		if reader == nil {
			reader, err = zlib.NewReader(bytes.NewReader(body))
		} else if again, ok := reader.(zlib.Resetter); ok {
			err = again.Reset(bytes.NewReader(body), nil)
		}
		if err != nil {
			continue
		}
		fault := lookThrough(reader, window, &total)
		if fault != nil {
			return fault
		}
	}
}

// lookThrough reads a stream by pieces that overlap, as a name may lie across.
func lookThrough(r io.Reader, window []byte, total *int64) *rules.OriginalFault {
	const overlap = 128
	held := 0
	for {
		n, err := io.ReadFull(r, window[held:])
		if *total += int64(n); *total > maxInflated {
			return damaged(fmt.Sprintf("PDF: more than %d MB when inflated", maxInflated>>20))
		}
		held += n
		if fault := actions(window[:held]); fault != nil {
			return fault
		}
		if err != nil { // the end; also of what is broken behind what was read
			return nil
		}
		held = copy(window, window[held-overlap:held])
	}
}

// opaque tells whether the dictionary before a stream is that of objects in a coding that we do
// not look into.
func opaque(dictionary []byte) bool {
	if i := bytes.LastIndex(dictionary, []byte("endobj")); i >= 0 {
		dictionary = dictionary[i:]
	}
	found := false
	eachName(dictionary, func(name string, _ []byte) bool {
		found = found || name == "ObjStm"
		return !found
	})
	return found && bytes.Contains(dictionary, []byte("Filter"))
}

// actions finds names of what acts.
func actions(b []byte) (fault *rules.OriginalFault) {
	eachName(b, func(name string, rest []byte) bool {
		switch name {
		case "Encrypt":
			fault = &rules.OriginalFault{Code: rules.OriginalEncrypted}
		case "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "SubmitForm", "ImportData", "GoToE", "Rendition":
			fault = &rules.OriginalFault{Code: rules.OriginalActive, Found: "/" + name}
		case "XFA": // forms with scripts; so short a name may stand in a picture by chance
			if rest = bytes.TrimLeft(rest, " \t\r\n\f\x00"); len(rest) > 0 && (rest[0] == '[' || rest[0] >= '0' && rest[0] <= '9') {
				fault = &rules.OriginalFault{Code: rules.OriginalActive, Found: "/XFA"}
			}
		case "OpenAction":
			// An array says what page to show first, as many programs write; all else acts.
			if rest = bytes.TrimLeft(rest, " \t\r\n\f\x00"); len(rest) > 0 && rest[0] != '[' {
				fault = &rules.OriginalFault{Code: rules.OriginalActive, Found: "/OpenAction"}
			}
		}
		return fault == nil
	})
	return fault
}

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
