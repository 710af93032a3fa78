package rules

import (
	"slices"
	"time"
)

// Recording is what counts of the recordings of a number, as of now: the first by event time;
// nil: there is none.
func (f *Facts) Recording(number string, now time.Time) *ShipmentRecorded {
	var first *Event
	for i := range f.events {
		e := &f.events[i]
		d, ok := e.Data.(*ShipmentRecorded)
		if ok && d.TrackingNumber == number && exists(e, now) && (first == nil || before(e, first)) {
			first = e
		}
	}
	if first == nil {
		return nil
	}
	recorded, _ := first.Data.(*ShipmentRecorded)
	return recorded
}

// RecordedNumbers are the numbers that [Facts.Recording] has a recording of, as of now.
func (f *Facts) RecordedNumbers(now time.Time) (numbers []string) {
	for i := range f.events {
		e := &f.events[i]
		if d, ok := e.Data.(*ShipmentRecorded); ok && exists(e, now) && !slices.Contains(numbers, d.TrackingNumber) {
			numbers = append(numbers, d.TrackingNumber)
		}
	}
	return numbers
}

// Trace is the rows of a number that exist at now, oldest first, of the event sources that
// count.
func (f *Facts) Trace(number string, now time.Time, counts func(source string) bool) []Row {
	var rows []Row
	for i := range f.events {
		e := &f.events[i]
		d, ok := e.Data.(*TrackingUpdated)
		if !ok || d.TrackingNumber != number || e.Time.After(now) || !counts(e.Source) {
			continue
		}
		for _, r := range d.Rows {
			if !r.At.After(now) {
				rows = append(rows, r)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return a.At.Compare(b.At) })
	return rows
}
