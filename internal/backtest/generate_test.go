package backtest_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// writeOrders writes n orders of about 20 events and 310 bytes an event, grouped by order:
// most are delivered; one in ten stalls, half of those are confirmed, filed and paid.
func writeOrders(w io.Writer, n int) error {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		if err := writeOrder(w, random, i); err != nil {
			return err
		}
	}
	return nil
}

func writeOrder(w io.Writer, random *rand.Rand, i int) error {
	o := &orderWriter{w: w, subject: fmt.Sprintf("cn-%04d/%010d", 1001+i*3/100_000, 8190000000+i)}
	created := time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC).Add(time.Duration(i%8_000_000) * time.Second)
	number := fmt.Sprintf("LP%014d", 10_000_000_000+i)
	country := []string{"US", "ES", "BR", "RU", "FR"}[random.IntN(5)]
	o.event(created, "order.created", fmt.Sprintf(`{"created_at":%q,"buyer":{"name":"Maria da Silva Santos","country":%q,"tax_id":"529.982.247-25","address_hash":"9f86d081884c7d659a2feaa0c55ad015"},"category":"standard","service_code":"CAINIAO_STANDARD","free_shipping":true,"amount_paid":{"amount":"%d.40","currency":"USD"},"freight":{"amount":"0.00","currency":"USD"},"commission":{"amount":"4.27","currency":"USD"},"tax":{"amount":"0.00","currency":"USD"},"items":[{"sku":"SKU-%d","quantity":1,"price":{"amount":"53.40","currency":"USD"}}]}`,
		stamp(created), country, 20+random.IntN(100), random.IntN(1000)))
	o.event(created.Add(time.Hour), "order.paid", fmt.Sprintf(`{"paid_at":%q}`, stamp(created.Add(time.Hour))))
	recorded := created.Add(time.Duration(10+random.IntN(70)) * time.Hour)
	o.event(recorded, "shipment.recorded", fmt.Sprintf(`{"tracking_number":%q,"carrier":"cainiao","service_code":"CAINIAO_STANDARD","recorded_at":%q,"shipped_at":%q,"trace_alert":true}`, number, stamp(recorded), stamp(recorded)))
	at := recorded
	stalls := random.IntN(10) == 0
	for s, milestone := range []string{
		"info_received", "picked_up", "in_transit", "in_transit", "departed_origin", "in_transit", "arrived_destination", "customs_released",
		"in_transit", "in_transit", "in_transit", "out_for_delivery", "delivery_failed", "out_for_delivery", "delivered",
	} {
		if stalls && s == 9 {
			break
		}
		at = at.Add(time.Duration(4+random.IntN(40)) * time.Hour)
		o.event(at.Add(time.Minute), "tracking.updated", fmt.Sprintf(`{"tracking_number":%q,"events":[{"at":%q,"milestone":%q,"location":"São Paulo, BR","source":"carrier"}]}`, number, at.Format("2006-01-02T15:04:05")+"+08:00", milestone))
	}
	if !stalls {
		o.event(at.Add(30*time.Hour), "receipt.confirmed", fmt.Sprintf(`{"at":%q}`, stamp(at.Add(30*time.Hour))))
		return o.err
	}
	opened := at.Add(30*24*time.Hour - 8*time.Hour)
	for d, e := range []struct{ kind, data string }{
		{"exception.alerted", `{"tracking_number":%[1]q,"at":%[2]q}`},
		{"exception.confirmed", `{"tracking_number":%[1]q,"at":%[2]q,"by":"li.na"}`},
		{"claim.filed", `{"tracking_number":%[1]q,"at":%[2]q,"claim_id":"C%[3]d"}`},
		{"claim.decided", `{"claim_id":"C%[3]d","at":%[2]q,"decision":"approved"}`},
		{"claim.paid", `{"claim_id":"C%[3]d","at":%[2]q}`},
	} {
		if d > 0 && random.IntN(8) == 0 {
			break
		}
		when := opened.Add(time.Duration(12+24*d) * time.Hour)
		o.event(when, e.kind, fmt.Sprintf(e.data, number, stamp(when), i))
	}
	return o.err
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

type orderWriter struct {
	w       io.Writer
	subject string
	n       int
	err     error
}

func (o *orderWriter) event(at time.Time, kind, data string) {
	o.n++
	if _, err := fmt.Fprintf(o.w, `{"specversion":"1.0","id":"%s-%d","source":"/platform","type":%q,"subject":%q,"time":%q,"data":%s}`+"\n",
		o.subject, o.n, kind, o.subject, stamp(at), data); err != nil && o.err == nil {
		o.err = err
	}
}
