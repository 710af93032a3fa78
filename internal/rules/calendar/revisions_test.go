package calendar_test

import (
	"os"
	"strconv"
	"testing"

	"parcelward/internal/rules/calendar"
)

func TestRevisionsHoldWhatTheCalendarWasBeforeEachYear(t *testing.T) {
	t.Parallel()
	whole, err := calendar.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	built := new(calendar.Calendar)
	all := whole.Revisions()
	for _, year := range whole.Years() {
		f, err := os.Open("cn/" + strconv.Itoa(year) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		built, err = built.WithYear(f)
		if closeErr := f.Close(); err != nil || closeErr != nil {
			t.Fatal(err, closeErr)
		}
		if all[built.Revision()] == nil {
			t.Errorf("the revision %s, of the years up to %d, is missing", built.Revision(), year)
		}
	}
	if len(all) != len(whole.Years()) {
		t.Errorf("%d revisions of %d years", len(all), len(whole.Years()))
	}
}
