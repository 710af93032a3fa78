package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

const (
	// maxFile is far above any year's file (about 2 kB).
	maxFile = 64 << 10
	// The notices reach back to 2000; the upper bound keeps a slip of the pen
	// from making a calendar of thousands of empty years.
	minYear, maxYear = 2000, 2100
	// minHolidays is below any year's list (the least had 22 days) and above
	// what a provisional one could hold.
	minHolidays = 15
)

// yearFile is the form of chinese-days; the values name the festivals.
type yearFile struct {
	Holidays map[string]string `json:"holidays"`
	Workdays map[string]string `json:"workdays"`
	// InLieuDays are those of Holidays that a make-up day pays for.
	InLieuDays map[string]string `json:"inLieuDays"` //nolint:tagliatelle // the name in chinese-days
}

func readYear(r io.Reader) (int, *year, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return 0, nil, err
	}
	if len(data) > maxFile {
		return 0, nil, fmt.Errorf("the file is over %d bytes, expected one year of chinese-days", maxFile)
	}
	var file yearFile
	if err := json.Unmarshal(data, &file); err != nil {
		return 0, nil, fmt.Errorf("expected an object with holidays, workdays and inLieuDays: %w", err)
	}
	if len(file.Holidays) < minHolidays {
		return 0, nil, fmt.Errorf("holidays: got %d days, expected the whole year's (%d or more); is the file provisional, before the State Council's notice?",
			len(file.Holidays), minHolidays)
	}
	return file.days()
}

// days checks the lists against each other and sets the year's bits.
func (f *yearFile) days() (int, *year, error) {
	number, days := 0, new(year)
	var problems []error
	mark := func(list string, dates map[string]string, check func(date time.Time, text string) error) {
		for _, text := range slices.Sorted(maps.Keys(dates)) {
			date, err := time.Parse(time.DateOnly, text)
			switch {
			case err != nil:
				err = errors.New("expected a date such as 2027-01-01")
			case number == 0 && (date.Year() < minYear || date.Year() > maxYear):
				err = fmt.Errorf("expected a year from %d to %d", minYear, maxYear)
			case number != 0 && date.Year() != number:
				err = fmt.Errorf("expected a date of %d only, as the first holiday is", number)
			default:
				if number == 0 {
					number = date.Year()
					days.weekdays(number)
				}
				err = check(date, text)
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %w", list, text, err))
			}
		}
	}
	mark("holidays", f.Holidays, func(date time.Time, _ string) error {
		days.set(date.YearDay()-1, false)
		return nil
	})
	mark("workdays", f.Workdays, func(date time.Time, text string) error {
		if _, off := f.Holidays[text]; off || weekday(date) {
			return errors.New("expected a Saturday or Sunday that is no holiday")
		}
		days.set(date.YearDay()-1, true)
		return nil
	})
	mark("inLieuDays", f.InLieuDays, func(_ time.Time, text string) error {
		if _, off := f.Holidays[text]; !off {
			return errors.New("expected a day that is in holidays too")
		}
		return nil
	})
	for _, fixed := range []string{"01-01", "05-01", "10-01"} {
		if text := fmt.Sprintf("%d-%s", number, fixed); f.Holidays[text] == "" {
			problems = append(problems, fmt.Errorf("holidays: %s: missing, expected in every whole year", text))
		}
	}
	return number, days, errors.Join(problems...)
}

// weekdays sets Monday to Friday.
func (y *year) weekdays(number int) {
	for date := time.Date(number, 1, 1, 0, 0, 0, 0, time.UTC); date.Year() == number; date = date.AddDate(0, 0, 1) {
		y.set(date.YearDay()-1, weekday(date))
	}
}
