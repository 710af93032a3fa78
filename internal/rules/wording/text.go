// Package wording holds every sentence that a person reads, in Chinese and in English:
// what a story waits for, what people are told, and what happened.
//
// Invariants: pure; both languages say the same and neither is ever empty; times are in the
// zone given, which is the platform's, and say so; numbers of the policy come with the plan
// and are never written here; nobody is asked to phone anyone.
package wording

import (
	"fmt"
	"strings"
	"time"

	"parcelward/internal/rules"
	"parcelward/internal/rules/money"
)

// Text is one sentence in both languages.
type Text struct{ ZH, EN string }

// String is both languages in one line, for summaries in Temporal's Web UI.
func (t Text) String() string { return t.ZH + " · " + t.EN }

// mostSummary is how many bytes a summary may have: Temporal refuses one above 400, and a
// character that needs escaping grows on its way.
const mostSummary = 380

// Summary is [Text.String], each language cut where both are too long for a summary: a number
// that others chose must not stop a story.
func (t Text) Summary() string {
	if s := t.String(); len(s) <= mostSummary {
		return s
	}
	cut := func(s string) string {
		const half = mostSummary/2 - len("… · ")
		if len(s) <= half {
			return s
		}
		return strings.ToValidUTF8(s[:half], "") + "…"
	}
	return Text{cut(t.ZH), cut(t.EN)}.String()
}

// both fills the same arguments into both languages; a Text among them gives each language
// its own part.
func both(zh, en string, args ...any) Text {
	if len(args) == 0 {
		return Text{zh, en}
	}
	inZH, inEN := make([]any, len(args)), make([]any, len(args))
	for i, arg := range args {
		inZH[i], inEN[i] = arg, arg
		if t, ok := arg.(Text); ok {
			inZH[i], inEN[i] = t.ZH, t.EN
		}
	}
	return Text{fmt.Sprintf(zh, inZH...), fmt.Sprintf(en, inEN...)}
}

// and appends a further sentence.
func (t Text) and(more Text) Text {
	if more == (Text{}) {
		return t
	}
	return Text{t.ZH + more.ZH, t.EN + " " + more.EN}
}

// capital begins the English sentence with a capital.
func (t Text) capital() Text {
	if t.EN != "" {
		t.EN = strings.ToUpper(t.EN[:1]) + t.EN[1:]
	}
	return t
}

// platformZone is the zone that sellers know by a name of its own.
const platformZone = "Asia/Shanghai"

// clock writes a moment with its zone, to the minute, rounded down: 23:59:59 is 23:59.
func clock(t time.Time, loc *time.Location) Text {
	zone := Text{loc.String(), loc.String() + " time"}
	if loc.String() == platformZone {
		zone = Text{"北京时间", "Beijing time"}
	}
	at := t.In(loc).Format("2006-01-02 15:04")
	return Text{at + "(" + zone.ZH + ")", at + " " + zone.EN}
}

// cell writes a moment for a table, in both languages at once.
func cell(t time.Time, loc *time.Location) string {
	at := t.In(loc).Format("2006-01-02 15:04")
	if loc.String() == platformZone {
		return at + " 北京时间 / Beijing time"
	}
	return at + " " + loc.String()
}

// Summary is what never changes about an order, for its static summary. created may be nil
// while nobody knows it.
func Summary(store, order string, created *rules.OrderCreated) Text {
	name := store + "/" + order
	if created == nil {
		return both("订单 %s", "Order %s", name)
	}
	return both("订单 %s，发往 %s，%s，实付 %s", "Order %s to %s, %s, paid %s",
		name, created.Buyer.Country, created.ServiceCode, amount(created.AmountPaid))
}

// ClaimSummary is what never changes about a claim, for its static summary. payout is what
// an approval is expected to pay; nil when unknown.
func ClaimSummary(store, order string, id rules.CaseID, payout *money.Amount) Text {
	t := both("索赔：%s，订单 %s，运单号 %s", "Claim: %s, order %s, parcel %s", Kind(id.Kind), store+"/"+order, id.TrackingNumber)
	if payout == nil {
		return t
	}
	return both("%s，预计赔付 %s", "%s, expected payout %s", t, amount(*payout))
}

func amount(a money.Amount) string { return a.Currency + " " + a.Value.String() }

// join lists texts, each language with its own comma.
func join(texts []Text) Text {
	zh, en := make([]string, len(texts)), make([]string, len(texts))
	for i, t := range texts {
		zh[i], en[i] = t.ZH, t.EN
	}
	return Text{strings.Join(zh, "、"), strings.Join(en, ", ")}
}

// each turns codes into texts.
func each[C ~string](codes []C, name func(C) Text) []Text {
	texts := make([]Text, len(codes))
	for i, c := range codes {
		texts[i] = name(c)
	}
	return texts
}
