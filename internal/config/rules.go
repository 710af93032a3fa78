package config

import (
	"errors"
	"fmt"
	"maps"
	"os"

	"parcelward/internal/rules"
	"parcelward/internal/rules/calendar"
	"parcelward/internal/rules/policy"
)

// platform is whose policy packs orders are judged by.
const platform = "aliexpress"

// Rules are the policy packs and the workdays that a process knows.
type Rules struct {
	Book     *policy.Book
	Calendar *calendar.Calendar
	// Calendars are, by revision, the workdays at every step from the built-in ones to
	// Calendar: a running story is pinned to one of them, also when a file has replaced a
	// year since.
	Calendars map[string]*calendar.Calendar
}

// Rules are the built-in policy packs and workdays with those of the configured files. The
// error joins what is wrong with any of the files.
func (s *Shared) Rules() (Rules, error) {
	book, err := policy.Embedded()
	if err != nil {
		return Rules{}, fmt.Errorf("built-in policy packs: %w", err)
	}
	days, err := calendar.Embedded()
	if err != nil {
		return Rules{}, fmt.Errorf("built-in workdays: %w", err)
	}
	calendars := days.Revisions()
	var errs []error
	for _, name := range s.PolicyFiles {
		errs = append(errs, addPack(book, name))
	}
	for _, name := range s.CalendarFiles {
		with, err := addYear(days, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		days = with
		maps.Copy(calendars, days.Revisions())
	}
	return Rules{book, days, calendars}, errors.Join(errs...)
}

func addPack(book *policy.Book, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("policy pack: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	pack, err := policy.Load(f, name)
	if err != nil {
		return err
	}
	return book.Add(pack)
}

func addYear(days *calendar.Calendar, name string) (*calendar.Calendar, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("workdays: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	with, err := days.WithYear(f)
	if err != nil {
		return nil, fmt.Errorf("workdays %s: %w", name, err)
	}
	return with, nil
}

// For is what the order of f is judged by: the pack to which it was pinned, or, where pinned
// is empty, the one in force when it was created. The pack is nil while nobody knows when
// that was. It fails when the pinned pack is not loaded.
func (r Rules) For(f *rules.Facts, pinned string) (rules.Ruleset, error) {
	rs := rules.Ruleset{Calendar: r.Calendar}
	if pinned != "" {
		pack, ok := r.Book.ByID(pinned)
		if !ok {
			return rs, fmt.Errorf("policy pack %s, to which order %s/%s is pinned, is not loaded: add its file to PARCELWARD_POLICY_FILES", pinned, f.Store, f.Order)
		}
		rs.Pack = pack
		return rs, nil
	}
	if created, ok := f.CreatedAt(); ok {
		rs.Pack = r.Book.InForce(platform, created)
	}
	return rs, nil
}
