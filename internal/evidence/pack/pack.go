package pack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parcelward/internal/protocol"
	"parcelward/internal/rules"
	"parcelward/internal/rules/wording"
)

// ErrChanged says that an original's bytes are not those of which the index holds the hash.
var ErrChanged = errors.New("original is not what the index says")

// Pack is what one filing holds.
type Pack struct {
	Letter    wording.Letter
	Traces    []Trace
	Originals []Original     // in the order in which the platform's form asks for them: see [Sort]
	Location  *time.Location // in which times are told: the platform's
}

// Trace is the trace of one parcel, oldest row first.
type Trace struct {
	Number string
	Rows   []rules.Row
}

// Original is one piece of evidence.
type Original struct {
	protocol.Evidence

	TrackingNumber string       // empty: of the order as a whole
	Proves         wording.Text // empty: what its kind proves
	Verdict        string       // of its pre-flight: "ready", "look", "refused"; empty: none was made
	Added          bool         // not handed in before, of a letter that follows another
}

// Open gives an original's bytes by its hash (hexadecimal).
type Open func(ctx context.Context, sha256 string) (io.ReadCloser, error)

// Sort puts originals in the order of the platform's form: the kinds that the filing must hold
// first, then the others; within a kind by when they were taken, then by hash.
func Sort(required []string, originals []Original) {
	slices.SortStableFunc(originals, func(a, b Original) int {
		return cmp.Or(
			rules.CompareEvidence(required, rules.EvidenceKind(a.Kind), rules.EvidenceKind(b.Kind)),
			a.TakenAt.Compare(b.TakenAt), cmp.Compare(a.SHA256, b.SHA256))
	})
}

// check refuses a pack that cannot be laid out.
func (p *Pack) check() error {
	var missing []string
	for _, f := range []struct{ name, value string }{{"case", p.Letter.Case}, {"store", p.Letter.Store}, {"order", p.Letter.Order}} {
		if f.value == "" {
			missing = append(missing, f.name)
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("pack: the letter names no %s", strings.Join(missing, ", no "))
	case !slices.Contains(rules.LetterKinds(), p.Letter.Kind):
		return fmt.Errorf("pack of case %s: letter kind: got %q, expected one of %q", p.Letter.Case, p.Letter.Kind, rules.LetterKinds())
	case p.Letter.At.IsZero():
		return fmt.Errorf("pack of case %s: the letter has no date", p.Letter.Case)
	case p.Location == nil:
		return fmt.Errorf("pack of case %s: no time zone is given", p.Letter.Case)
	}
	for i := range p.Originals {
		if b, err := hex.DecodeString(p.Originals[i].SHA256); err != nil || len(b) != sha256.Size {
			return fmt.Errorf("pack of case %s: original %d (%s): sha256: got %.80q, expected 64 hexadecimal digits", p.Letter.Case, i+1, p.Originals[i].Kind, p.Originals[i].SHA256)
		}
	}
	return nil
}

// name is what an original is called in the archive, such as "01-waybill-LP00123456789012.jpg":
// ASCII, and unique by its number.
func (p *Pack) name(i int) string {
	o := &p.Originals[i]
	number := o.TrackingNumber
	if number == "" {
		number = p.Letter.Order
	}
	return fmt.Sprintf("%02d-%s-%s%s", i+1, plain(o.Kind), plain(number), extension(o))
}

// Names are what the originals are called in the archive, in their order.
func (p *Pack) Names() []string {
	names := make([]string, len(p.Originals))
	for i := range names {
		names[i] = p.name(i)
	}
	return names
}

// Name is what the whole pack is called, without an extension, such as
// "claim-8190034567812345-LP00123456789012": ASCII.
func (p *Pack) Name() string {
	parts := []string{plain(string(p.Letter.Kind)), plain(p.Letter.Order)}
	for _, parcel := range p.Letter.Parcels {
		parts = append(parts, plain(parcel.Number))
	}
	return strings.Join(parts, "-")
}

// letterName is what the PDF is called in the archive.
func (p *Pack) letterName() string {
	return fmt.Sprintf("00-%s-letter-%s.pdf", plain(string(p.Letter.Kind)), plain(p.Letter.Order))
}

// plain keeps what every system takes in a file's name.
func plain(s string) string {
	const longest = 40
	var b strings.Builder
	for _, r := range s {
		switch {
		case b.Len() == longest:
			return b.String()
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return cmp.Or(strings.Trim(b.String(), "-"), "x")
}

// extension is that of an original's type; a text may be one of two that programs know by name.
func extension(o *Original) string {
	switch o.MediaType {
	case jpegType:
		return ".jpg"
	case pngType:
		return ".png"
	case webpType:
		return ".webp"
	case "application/pdf":
		return ".pdf"
	case "video/mp4":
		return ".mp4"
	case textType:
		for _, known := range []string{".csv", ".json"} {
			if strings.HasSuffix(strings.ToLower(o.Name), known) {
				return known
			}
		}
		return ".txt"
	}
	return ".bin"
}
