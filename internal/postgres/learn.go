package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// Learn implements [port.Traces]. It may be called again with the same answers: what is
// known by then is not new any more.
func (db *DB) Learn(ctx context.Context, service string, answers []port.Answer) (port.Learnt, error) {
	var learnt port.Learnt
	if err := db.unwatch(ctx, service, answers); err != nil {
		return learnt, err
	}
	answers = slices.DeleteFunc(slices.Clone(answers), func(a port.Answer) bool { return a.Err != nil || a.Number == "" })
	owners, err := db.owners(ctx, answers)
	if err != nil {
		return learnt, err
	}
	if err := db.learnAliases(ctx, service, answers, owners); err != nil {
		return learnt, err
	}
	if err := db.keepUnplaced(ctx, service, answers); err != nil {
		return learnt, err
	}
	known, err := db.knownRows(ctx, owners)
	if err != nil {
		return learnt, err
	}
	var events []Incoming
	for i := range answers {
		a := &answers[i]
		for _, o := range owners[a.Number] {
			news := known.news(o, a.Rows)
			if len(news) == 0 {
				continue
			}
			e, err := traceEvent(service, o, news)
			if errors.Is(err, port.ErrRefused) { // one poisoned trace must not keep the others out
				if err := db.KeepUnreadable(ctx, service, err.Error(), e.Raw); err != nil {
					return learnt, err
				}
				continue
			}
			if err != nil {
				return learnt, err
			}
			events = append(events, e)
			learnt.Rows += len(news)
		}
	}
	if len(events) > 0 {
		if _, err := db.Accept(ctx, events); err != nil {
			return learnt, err
		}
	}
	learnt.Strays, err = db.keepStrays(ctx, service, answers, owners)
	return learnt, err
}

// unwatch notes that a service watches numbers no more.
func (db *DB) unwatch(ctx context.Context, service string, answers []port.Answer) error {
	var numbers []string
	for i := range answers {
		if errors.Is(answers[i].Err, port.ErrUnwatched) {
			numbers = append(numbers, answers[i].Number)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	err := db.durably(ctx, func(q *query.Queries) error {
		return q.Unwatch(ctx, query.UnwatchParams{Service: service, Numbers: numbers})
	})
	if err != nil {
		return fmt.Errorf("note that %s watches numbers no more: %w", service, err)
	}
	return nil
}

// owner is a store that has recorded a parcel, and the order that did so first.
type owner struct{ store, number, order string }

// owners finds, by the number asked, who has recorded it or the parcel whose further number
// it is.
func (db *DB) owners(ctx context.Context, answers []port.Answer) (map[string][]owner, error) {
	numbers := make([]string, len(answers))
	for i := range answers {
		numbers[i] = answers[i].Number
	}
	rows, err := db.q.OwnersOf(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("find who has recorded the numbers: %w", err)
	}
	owners := make(map[string][]owner, len(rows))
	for _, r := range rows {
		owners[r.Asked] = append(owners[r.Asked], owner{r.Store, r.TrackingNumber, r.OrderNo})
	}
	return owners, nil
}

func (db *DB) learnAliases(ctx context.Context, service string, answers []port.Answer, owners map[string][]owner) error {
	p := query.InsertAliasesParams{Service: service}
	for i := range answers {
		for _, also := range answers[i].Also {
			for _, o := range owners[answers[i].Number] {
				if also != o.number && also != "" {
					p.Aliases, p.Stores, p.Numbers = append(p.Aliases, also), append(p.Stores, o.store), append(p.Numbers, o.number)
				}
			}
		}
	}
	if len(p.Aliases) == 0 {
		return nil
	}
	if err := db.durably(ctx, func(q *query.Queries) error { return q.InsertAliases(ctx, p) }); err != nil {
		return fmt.Errorf("note further numbers of parcels: %w", err)
	}
	return nil
}

// rowKey tells rows apart. A description may be translated anew, and a source named
// otherwise, without anything having happened.
type rowKey struct {
	store, number string
	at            int64 // microseconds, as the database holds them
	milestone     rules.Milestone
	code          string
	location      string
	signedBy      string
	authorised    bool
}

// knownRows are the descriptions of the rows of one key: two scans of one moment and place may
// bear one code.
type knownRows map[rowKey][]string

func keyOf(o owner, r *rules.Row) rowKey {
	return rowKey{o.store, o.number, r.At.UnixMicro(), r.Milestone, text(r.Code), text(r.Location), text(r.SignedBy), r.Authorised}
}

func (db *DB) knownRows(ctx context.Context, owners map[string][]owner) (knownRows, error) {
	var p query.RowsOfParams
	for _, list := range owners {
		for _, o := range list {
			p.Stores, p.Numbers = append(p.Stores, o.store), append(p.Numbers, o.number)
		}
	}
	if len(p.Stores) == 0 {
		return knownRows{}, nil
	}
	rows, err := db.q.RowsOf(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read the traces known: %w", err)
	}
	known := make(knownRows, len(rows))
	for _, r := range rows {
		if r.Source == string(rules.FromManual) {
			continue // counts for nothing, so the real scan is news
		}
		key := keyOf(owner{store: r.Store, number: r.TrackingNumber}, &rules.Row{
			At: r.At, Milestone: rules.Milestone(r.Milestone), Code: r.Code, Location: r.Location, SignedBy: r.SignedBy, Authorised: r.Authorised,
		})
		known[key] = append(known[key], r.Description)
	}
	return known, nil
}

// news are the rows not known yet, which it notes. Of rows that differ by their description alone
// as many are known as were told before, whatever the words.
func (k knownRows) news(o owner, rows []rules.Row) []rules.Row {
	more := map[rowKey]int{}
	for i := range rows {
		more[keyOf(o, &rows[i])]++
	}
	for key := range more {
		more[key] -= len(k[key])
	}
	var news []rules.Row
	for i := range rows {
		key, said := keyOf(o, &rows[i]), text(rows[i].Description)
		if more[key] > 0 && !slices.Contains(k[key], said) {
			more[key]--
			k[key] = append(k[key], said)
			news = append(news, rows[i])
		}
	}
	return news
}

// traceEvent is the fact of new rows. Its ID is made of the rows, so that the same news is the
// same fact, whoever brings it at once. It exists from its first row on; each row from its own
// time.
func traceEvent(service string, o owner, rows []rules.Row) (Incoming, error) {
	content, err := json.Marshal(rows)
	if err != nil {
		return Incoming{}, fmt.Errorf("encode the trace of %s: %w", o.number, err)
	}
	sum := sha256.Sum256(content)
	first := slices.MinFunc(rows, func(a, b rules.Row) int { return a.At.Compare(b.At) })
	raw, err := protocol.EncodeEvent(rules.Event{
		Source: protocol.SourceOfTrace(service, o.store), ID: o.number + "/" + hex.EncodeToString(sum[:8]),
		Type: rules.TypeTrackingUpdated, Store: o.store, Order: o.order, Time: first.At,
		Data: &rules.TrackingUpdated{TrackingNumber: o.number, Rows: rows},
	})
	if err != nil {
		return Incoming{}, fmt.Errorf("encode the trace of %s: %w", o.number, err)
	}
	e, err := protocol.DecodeEvent(raw)
	if err != nil {
		return Incoming{Raw: raw}, fmt.Errorf("trace of %s as %s tells it: %w: %w", o.number, service, port.ErrRefused, err)
	}
	return Incoming{Event: e, Raw: raw}, nil
}

// keepUnplaced keeps rows whose time cannot be read, for inspection: without a time they are
// no facts.
func (db *DB) keepUnplaced(ctx context.Context, service string, answers []port.Answer) error {
	p := query.KeepUnplacedParams{Service: service, Reason: "a row without a time that can be read"}
	for i := range answers {
		for j := range answers[i].Unplaced {
			body, err := json.Marshal(map[string]any{"tracking_number": answers[i].Number, "row": answers[i].Unplaced[j]})
			if err != nil {
				return fmt.Errorf("encode a row of %s without a time: %w", answers[i].Number, err)
			}
			sum := sha256.Sum256(body)
			p.Bodies, p.Hashes = append(p.Bodies, body[:min(len(body), keptBytes)]), append(p.Hashes, sum[:16])
		}
	}
	if len(p.Bodies) == 0 {
		return nil
	}
	if err := db.durably(ctx, func(q *query.Queries) error { return q.KeepUnplaced(ctx, p) }); err != nil {
		return fmt.Errorf("keep %d rows without a time: %w", len(p.Bodies), err)
	}
	return nil
}

// said is an answer as strays keep it.
type said struct {
	Rows []rules.Row `json:"rows,omitempty"`
	Also []string    `json:"also,omitempty"`
}

// keepStrays keeps what is said of numbers without an owner.
func (db *DB) keepStrays(ctx context.Context, service string, answers []port.Answer, owners map[string][]owner) (int, error) {
	p := query.InsertStraysParams{Service: service}
	for i := range answers {
		a := &answers[i]
		if len(owners[a.Number]) > 0 || len(a.Rows) == 0 {
			continue
		}
		answer, err := json.Marshal(said{a.Rows, a.Also})
		if err != nil {
			return 0, fmt.Errorf("encode what is said of %s: %w", a.Number, err)
		}
		sum := sha256.Sum256(answer)
		p.Numbers, p.Hashes, p.Answers = append(p.Numbers, a.Number), append(p.Hashes, sum[:16]), append(p.Answers, jsonText(answer))
	}
	if len(p.Numbers) == 0 {
		return 0, nil
	}
	if err := db.durably(ctx, func(q *query.Queries) error { return q.InsertStrays(ctx, p) }); err != nil {
		return 0, fmt.Errorf("keep what is said of unknown numbers: %w", err)
	}
	return len(p.Numbers), nil
}

// jsonText is JSON without the one escape that Postgres does not take in jsonb.
func jsonText(raw []byte) string { return strings.ReplaceAll(string(raw), `\u0000`, `\ufffd`) }

// strayBatch is how many strays are looked at together.
const strayBatch = 200

// AdoptStrays gives what was said of unknown numbers to the orders that have recorded them
// since, and tells how many answers found their parcel. Safe to call at any time, by several.
func (db *DB) AdoptStrays(ctx context.Context) (int, error) {
	adopted := 0
	if err := db.q.DropOldStrays(ctx); err != nil {
		return 0, fmt.Errorf("drop what nobody has recorded in half a year: %w", err)
	}
	for {
		found, err := db.q.FoundStrays(ctx, strayBatch)
		if err != nil {
			return adopted, fmt.Errorf("find strays whose number is recorded now: %w", err)
		}
		if len(found) == 0 {
			return adopted, nil
		}
		byService := map[string][]port.Answer{}
		var drop query.DropStraysParams
		for _, s := range found {
			var what said
			if err := json.Unmarshal(s.Answer, &what); err != nil { // it must not keep those behind it out
				if err := db.KeepUnreadable(ctx, s.Service, "kept of "+s.TrackingNumber+": "+err.Error(), s.Answer); err != nil {
					return adopted, err
				}
			}
			byService[s.Service] = append(byService[s.Service], port.Answer{Number: s.TrackingNumber, Rows: what.Rows, Also: what.Also})
			drop.Services, drop.Numbers, drop.Hashes = append(drop.Services, s.Service), append(drop.Numbers, s.TrackingNumber), append(drop.Hashes, s.Hash)
		}
		for service, answers := range byService {
			if _, err := db.Learn(ctx, service, answers); err != nil {
				return adopted, err
			}
		}
		if err := db.q.DropStrays(ctx, drop); err != nil {
			return adopted, fmt.Errorf("drop strays that were given to their orders: %w", err)
		}
		adopted += len(found)
	}
}

// keptBytes is how much of an unreadable body is kept.
const keptBytes = 64 << 10

// KeepUnreadable implements [port.Traces].
func (db *DB) KeepUnreadable(ctx context.Context, service, reason string, body []byte) error {
	p := query.KeepUnreadableParams{Service: service, Reason: text(reason), Body: body[:min(len(body), keptBytes)], Bytes: int64(len(body))}
	err := db.durably(ctx, func(q *query.Queries) error { return q.KeepUnreadable(ctx, p) })
	if err != nil {
		return fmt.Errorf("keep an unreadable body from %s: %w", service, err)
	}
	return nil
}

// Strays is how many answers wait for their number to be recorded.
func (db *DB) Strays(ctx context.Context) (int64, error) {
	n, err := db.q.CountStrays(ctx)
	if err != nil {
		return 0, fmt.Errorf("count strays: %w", err)
	}
	return n, nil
}

// spanOf is a time for an array that cannot hold NULL.
func spanOf(t time.Time) string {
	if t.IsZero() {
		return never
	}
	return t.UTC().Format(time.RFC3339Nano)
}
