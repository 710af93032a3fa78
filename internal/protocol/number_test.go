package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"parcelward/internal/protocol"
)

const paidEvent = `{"specversion":"1.0","id":"e1","source":"/shop","type":"order.paid","subject":"cn-1001/8190001",` +
	`"time":"2026-03-01T08:00:00+08:00","data":{"paid_at":"2026-03-01T08:00:00+08:00","note":"%s"}%s}`

// Whatever is accepted must be readable once it is numbered: the sender has been told that it
// counts.
func TestAcceptedEventsCanBeNumbered(t *testing.T) {
	t.Parallel()
	room := protocol.MaxEventBytes - len(fmt.Sprintf(paidEvent, "", ""))
	largest := fmt.Appendf(nil, paidEvent, strings.Repeat("x", room), "")
	if _, err := protocol.DecodeEvent(largest); err != nil {
		t.Fatal(err)
	}
	f, err := protocol.DecodeFact(protocol.Number(largest, 1<<60))
	if err != nil || f.Position != 1<<60 {
		t.Fatal(f.Position, err)
	}
	if _, err := protocol.DecodeEvent(append(largest, ' ')); err == nil {
		t.Error("an event above the limit is accepted")
	}
	for _, position := range []string{"null", "0", "7", `""`, "[]"} {
		if _, err := protocol.DecodeEvent(fmt.Appendf(nil, paidEvent, "", `,"inboxpos":`+position)); err == nil {
			t.Errorf("an event that bears the reserved key with %s is accepted", position)
		}
	}
}
