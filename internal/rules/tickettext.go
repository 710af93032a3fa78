package rules

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	errorCode = regexp.MustCompile(`^[A-Z0-9][A-Z0-9._-]*[0-9][A-Z0-9._-]*$|^[0-9]+$`)
	lastFour  = regexp.MustCompile(`^[0-9]{4}$`)
	proofHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// phone finds what looks like a telephone number: mainland mobiles, service lines, area
	// codes, and international ones. Digits may be grouped by a space, a hyphen, a dot or
	// brackets. Within a longer run of letters and digits, as an order's number is, it is none.
	phone = regexp.MustCompile(`(?:^|[^0-9A-Za-z])(` +
		`(?:\+|00)[1-9](?:[ .()-]{0,2}[0-9]){7,14}` +
		`|(?:\+?86[ .-]?)?1[3-9](?:[ .-]?[0-9]){9}` +
		`|[48]00(?:[ .-]?[0-9]){7}` +
		`|\(?0[1-9][0-9]{1,2}\)?[ .-]?[2-9](?:[ .-]?[0-9]){6,7}` +
		`)(?:$|[^0-9A-Za-z])` +
		`|(?i:电话|热线|拨打|致电|客服|call|tel|phone|hotline)[^0-9]{0,6}[0-9]{5,8}(?:$|[^0-9])`)
)

// plainDigits writes a text so that its digits stand out, whatever they were written in.
func plainDigits(s string) string {
	return strings.NewReplacer(
		"零", "0", "〇", "0", "一", "1", "幺", "1", "二", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9",
		"\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "–", "-", "—", "-", "−", "-", "_", "-", "/", "-", "、", "-", "·", "-",
	).Replace(norm.NFKC.String(s))
}

// HasPhone tells whether a text holds something that looks like a telephone number. The
// platform has no telephone support: a number offered as such is fraud, and a seller's own has
// no place in a ticket. exempt are numbers that are known to be something else, such as the
// order's.
func HasPhone(text string, exempt ...string) bool {
	text = plainDigits(text)
	for _, known := range exempt {
		text = without(text, plainDigits(known))
	}
	return phone.MatchString(text)
}

// without takes a number out of a text wherever it stands by itself: a short one must not tear
// others apart.
func without(text, number string) string {
	var out strings.Builder
	for len(number) >= leastPhone {
		i := strings.Index(text, number)
		if i < 0 {
			break
		}
		before, after := text[:i], text[i+len(number):]
		out.WriteString(before)
		if (before == "" || !letterOrDigit(before[len(before)-1])) && (after == "" || !letterOrDigit(after[0])) {
			out.WriteString("#")
		} else {
			out.WriteString(number)
		}
		text = after
	}
	return out.String() + text
}

// leastPhone is the length below which no number can be taken for a telephone's.
const leastPhone = 5

func letterOrDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// WithoutPhones is a text of others, such as the platform's reason, as it may be shown to
// staff: one that holds a telephone number is not shown at all.
func WithoutPhones(text string, exempt ...string) string {
	if HasPhone(text, exempt...) {
		return ""
	}
	return text
}

// mostTicketText bounds a text that a person writes, in characters. Ours.
const mostTicketText = 1000

// CheckTicketField tells what is wrong with a field in itself: FaultForm, FaultPhone, or
// nothing. order is the number that the order has.
func CheckTicketField(f TicketField, value, order string) string {
	han := strings.ContainsFunc(value, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	ok := value != "" && utf8.ValidString(value) && utf8.RuneCountInString(value) <= mostTicketText &&
		strings.TrimSpace(value) == value && !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' })
	switch {
	case f.Proof() != "":
		ok = ok && proofHash.MatchString(value)
		if ok {
			return ""
		}
	case f == FieldOrder:
		ok = ok && value == order
		if ok {
			return ""
		}
	case f == FieldErrorCode:
		ok = ok && len(value) <= 40 && errorCode.MatchString(value)
	case f == FieldLastFour: // never more of an account's number
		ok = ok && lastFour.MatchString(value)
	case f == FieldBranch:
		ok = ok && utf8.RuneCountInString(value) >= 4
	case f == FieldProblemZH || f == FieldArgumentZH:
		ok = ok && han
	case f == FieldProblemEN || f == FieldArgumentEN:
		ok = ok && !han && strings.ContainsFunc(value, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' })
	case f == FieldCorrection:
		ok = false
	}
	switch {
	case !ok:
		return FaultForm
	case HasPhone(value, order):
		return FaultPhone
	}
	return ""
}
