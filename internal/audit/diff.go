package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"parcelward/internal/postgres"
	"parcelward/internal/rules"
)

// Change is a key at which two JSON texts differ; an empty side has no such key.
type Change struct{ Key, Want, Got string }

// Diff compares two JSON texts leaf by leaf, by dotted key.
func Diff(want, got jsontext.Value) []Change {
	w, g := make(map[string]string), make(map[string]string)
	flatten(w, "", want)
	flatten(g, "", got)
	keys := maps.Clone(w)
	maps.Copy(keys, g)
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if w[key] != g[key] {
			changes = append(changes, Change{key, w[key], g[key]})
		}
	}
	return changes
}

func flatten(into map[string]string, key string, value jsontext.Value) {
	under := func(name string) string {
		if key == "" {
			return name
		}
		return key + "." + name
	}
	switch value.Kind() {
	case '{':
		var object map[string]jsontext.Value
		if json.Unmarshal(value, &object) == nil {
			for name, v := range object {
				flatten(into, under(name), v)
			}
			return
		}
	case '[':
		var array []jsontext.Value
		if json.Unmarshal(value, &array) == nil {
			for i, v := range array {
				flatten(into, under(strconv.Itoa(i)), v)
			}
			return
		}
	default:
	}
	into[key] = string(value)
}

// readModel compares what people see with what the rules say.
func (f *finding) readModel(all *rules.Facts, rs rules.Ruleset, now time.Time, cases []postgres.Case) {
	a, ok := rules.Assess(all, rs, now)
	if !ok {
		return // created, but not by now
	}
	compare := func(key, want, got string) {
		if want != got {
			f.differs(CheckReadModel, key, want, got)
		}
	}
	o := f.order
	compare("policy", a.Policy, o.Policy)
	compare("stage", string(a.Stage), string(o.Stage))
	plan := rules.PlanOrder(all, rs, now)
	compare("end", plan.End, o.End)
	compare("next_deadline", deadline(plan.NextDeadline()), deadline(o.NextDeadline))
	if a.Claim != nil && a.Claim.Payout != nil {
		got := "none"
		if o.Payout != nil && o.Payout.Value.Cmp(a.Claim.Payout.Value) == 0 {
			got = a.Claim.Payout.String() // however many zeros it is kept with
		} else if o.Payout != nil {
			got = o.Payout.String()
		}
		compare("payout", a.Claim.Payout.String(), got)
	}
	compare("cases", fmt.Sprint(len(a.Cases)), fmt.Sprint(len(cases)))
	for i := range min(len(a.Cases), len(cases)) {
		key := fmt.Sprintf("cases.%d", i)
		want, wantErr := json.Marshal(&a.Cases[i])
		got, gotErr := json.Marshal(&cases[i].Case)
		if wantErr != nil || gotErr != nil {
			f.differs(CheckReadModel, key, "a case that can be written", fmt.Sprint(cmp.Or(wantErr, gotErr)))
			continue
		}
		for _, d := range Diff(want, got) {
			f.differs(CheckReadModel, key+"."+d.Key, d.Want, d.Got)
		}
	}
}

func deadline(d *rules.Deadline) string {
	if d == nil {
		return "none"
	}
	return d.Kind + " " + d.At.String()
}

// idle lists the acts of people and of the platform that change nothing at their moment, and
// facts of parcels that the order does not have.
func idle(all *rules.Facts, rs rules.Ruleset, now time.Time) []Idle {
	var found []Idle
	for e := range all.Events() {
		if e.Data == nil || !act(e.Type) {
			continue
		}
		at := e.Time
		if own := e.Data.At(); own.After(at) {
			at = own
		}
		if at.After(now) {
			continue
		}
		rest := rules.NewFacts(all.Store, all.Order)
		for other := range all.Events() {
			if other.Source != e.Source || other.ID != e.ID {
				rest.Add(other)
			}
		}
		with, err := Assessment(all, rs, at)
		without, restErr := Assessment(rest, rs, at)
		if err == nil && restErr == nil && string(with) == string(without) {
			found = append(found, Idle{all.Store, all.Order, e.Type, e.Source, e.ID, rules.Stamp(at)})
		}
	}
	return found
}

// act tells whether something of this type is meant to change an order's cases at once.
func act(t rules.EventType) bool {
	return slices.Contains([]rules.EventType{
		rules.TypeConfirmed, rules.TypeClaimFiled, rules.TypeClaimDecided, rules.TypeClaimAppealed, rules.TypeClaimPaid,
	}, t)
}
