package rules

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"parcelward/internal/rules/policy"
)

// messages judges a conversation: the platform's own, of this order, in which the buyer says
// after the parcel was sent that nothing came or that it was refused.
func (j *judge) messages() {
	if j.Source != SourcePlatform {
		j.find(VerdictLook, PreflightNotInbox, cmp.Or(j.Source, "?"), SourcePlatform)
	}
	if j.Order == "" {
		j.find(VerdictLook, PreflightNoOrder, "", "")
	}
	if j.sight.Form != policy.FormMessages {
		j.find(VerdictLook, PreflightMessagesText, j.sight.Form, policy.FormMessages)
		return
	}
	var own, said []Message
	others := ""
	for _, m := range j.sight.Messages {
		switch {
		case j.Order != "" && m.Order != j.Order:
			others = cmp.Or(m.Order, "?")
			continue
		case m.From == FromBuyer:
			said = append(said, m)
		}
		own = append(own, m)
	}
	switch {
	case len(own) == 0:
		j.find(VerdictRefused, PreflightOtherOrder, others, j.Order)
		return
	case len(said) == 0:
		j.find(VerdictRefused, PreflightNoBuyer, "", "")
		return
	}
	j.said(said)
}

// said judges what the buyer says. Findings go where a buyer's words have no business: they name
// a message by its time.
func (j *judge) said(messages []Message) {
	from := later(j.CreatedAt, j.SentAt)
	s := newSpeech(&j.policy.Evidence)
	var shown, received, early time.Time
	found, came, tooEarly := false, false, false
	for _, m := range messages {
		complains, receives := s.of(m.Text)
		if m.At.Before(from) {
			if complains {
				tooEarly, early = true, later(early, m.At)
			}
			continue
		}
		if complains {
			found, shown = true, later(shown, m.At)
		}
		if receives {
			came, received = true, later(received, m.At)
		}
	}
	switch {
	case came && (!found || !received.Before(shown)):
		j.find(VerdictLook, PreflightReceived, j.at(received), "")
	case found:
	case tooEarly:
		j.find(VerdictLook, PreflightEarlyWords, j.at(early), ">= "+j.at(from))
	default:
		j.find(VerdictLook, PreflightNotShown, j.at(messages[len(messages)-1].At), "")
	}
}

// speech tells what buyers say of their parcels.
type speech struct{ complaints, receipts, elsewhere phrases }

func newSpeech(e *policy.Evidence) *speech {
	return &speech{
		complaints: newPhrases(e.NotReceivedPhrases.Value, e.RefusalPhrases.Value),
		receipts:   newPhrases(e.ReceivedPhrases.Value), elsewhere: newPhrases(e.OtherMatterPhrases.Value),
	}
}

// of tells whether a text says that nothing came or that it was refused, and whether it says that
// it came. What is said of something else, such as an answer or a refund, is neither; and "not
// received it" is no "received it".
func (s *speech) of(text string) (complains, receives bool) {
	told := []byte(" " + plain(text))
	rest := bytes.Clone(told)
	for _, p := range s.complaints.places(told) {
		complains = complains || !s.elsewhere.near(told, p)
		for i := p.from; i < p.to; i++ {
			rest[i] = clauseEnd
		}
	}
	receives = slices.ContainsFunc(s.receipts.places(rest), func(p place) bool { return !s.elsewhere.near(rest, p) })
	return complains, receives
}

// phrases are what people write, in the form of plain.
type phrases []string

func newPhrases(lists ...map[string][]string) phrases {
	var all phrases
	for _, list := range lists {
		for _, texts := range list {
			for _, text := range texts {
				all = append(all, plain(text))
			}
		}
	}
	return all
}

// place is where a phrase stands in a text, to the end of its last word.
type place struct {
	from, to int // bytes
	joined   bool
}

// joined tells whether a phrase is in a script that runs words together.
func joined(phrase string) bool {
	r, _ := utf8.DecodeRuneInString(phrase)
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana)
}

// places are where the phrases stand. One of letters begins where a word begins, so that
// "unreceived" is no "received"; it may end within one. The text begins with a space.
func (p phrases) places(text []byte) []place {
	var found []place
	for _, phrase := range p {
		whole := joined(phrase)
		sought := phrase
		if !whole {
			sought = " " + phrase
		}
		for at := 0; ; {
			i := bytes.Index(text[at:], []byte(sought))
			if i < 0 {
				break
			}
			to := at + i + len(sought)
			from := to - len(phrase)
			if !whole {
				if end := bytes.IndexByte(text[to:], ' '); end >= 0 {
					to += end
				} else {
					to = len(text)
				}
			}
			found, at = append(found, place{from, to, whole}), to
		}
	}
	return found
}

// How much of its clause around a phrase tells what it is about. Ours.
const (
	wordsBehind  = 3
	wordsBefore  = 2
	joinedAround = 6 // characters
)

// near tells whether one of the phrases stands close to a place, in its clause.
func (p phrases) near(text []byte, at place) bool {
	before, behind := text[:at.from], text[at.to:]
	if i := bytes.LastIndexByte(before, clauseEnd); i >= 0 {
		before = before[i+1:]
	}
	if i := bytes.IndexByte(behind, clauseEnd); i >= 0 {
		behind = behind[:i]
	}
	if at.joined {
		before, behind = lastRunes(before, joinedAround), firstRunes(behind, joinedAround)
	} else {
		before, behind = lastWords(before, wordsBefore), firstWords(behind, wordsBehind)
	}
	return len(p.places(slices.Concat([]byte(" "), before, []byte{' ', clauseEnd, ' '}, behind))) > 0
}

func firstRunes(text []byte, n int) []byte {
	end := 0
	for range n {
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	return text[:end]
}

func lastRunes(text []byte, n int) []byte {
	start := len(text)
	for range n {
		_, size := utf8.DecodeLastRune(text[:start])
		start -= size
	}
	return text[start:]
}

func firstWords(text []byte, n int) []byte {
	end := 0
	for range n {
		for end < len(text) && text[end] == ' ' {
			end++
		}
		for end < len(text) && text[end] != ' ' {
			end++
		}
	}
	return text[:end]
}

func lastWords(text []byte, n int) []byte {
	start := len(text)
	for range n {
		for start > 0 && text[start-1] == ' ' {
			start--
		}
		for start > 0 && text[start-1] != ' ' {
			start--
		}
	}
	return text[start:]
}

// clauseEnd stands, as a word, where a text in the form of plain has a mark between clauses.
const clauseEnd = '|'

// plain is a text without case, accents, apostrophes and surplus spaces. Of its punctuation it
// keeps what parts clauses.
func plain(text string) string {
	folded := cases.Fold().String(norm.NFKC.String(text))
	var b strings.Builder
	for _, r := range norm.NFD.String(folded) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`', r == '´':
		case r == 'ı': // Turkish
			b.WriteByte('i')
		case r == 'ł': // Polish; it has no decomposition
			b.WriteByte('l')
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case strings.ContainsRune(".,;:!?。、؟،؛", r):
			b.WriteString(" | ")
		default:
			b.WriteByte(' ')
		}
	}
	return norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
}
