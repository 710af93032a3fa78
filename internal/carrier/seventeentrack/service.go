package seventeentrack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
)

// Watch implements [port.TrackingService]: it registers the numbers, with their carrier where its
// key is known. A registration costs quota, one that is there already does not; should 17TRACK
// have given such a number up, it is started again, which can be done once: the next time its
// answer wraps [port.ErrRefused]. When there is no quota left, the numbers' own errors wrap
// [ErrQuota], though some of them may be registered: numbers that are registered already can be
// asked about all the same.
func (c *Client) Watch(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	wanted := make([]Number, len(parcels))
	for i, p := range parcels {
		wanted[i] = Number{Number: p.Number, Carrier: c.carrierKey(p.Carrier)}
	}
	data, err := c.numbers(ctx, "register", len(wanted), distinct(wanted))
	if errors.Is(err, ErrQuota) {
		answers := inOrder(parcels, nil)
		for i := range answers {
			answers[i].Err = err
		}
		return answers, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range data.Accepted {
		data.Accepted[i].Info = nil // a registration has no rows
	}
	answers := inOrder(parcels, data.answers())
	var there []Number
	for _, r := range data.Rejected {
		if r.Error.coded().verdict() == watched {
			there = append(there, Number{string(r.Number), integer(r.Carrier)})
		}
	}
	return answers, c.restart(ctx, there, answers)
}

// restart starts numbers that were registered already, in case 17TRACK has given them up.
func (c *Client) restart(ctx context.Context, numbers []Number, answers []port.Answer) error {
	started, err := c.Retrack(ctx, distinct(numbers))
	if err != nil {
		return err
	}
	for _, r := range started.Rejected {
		if r.Err.Code == notStopped {
			continue
		}
		for i := range answers {
			if tracknum.Normalize(answers[i].Number) == r.Number {
				answers[i].Err = r.Err
			}
		}
	}
	return nil
}

// Track implements [port.TrackingService]; it costs no quota. It names no carrier, so that a
// number is found though its carrier was detected or changed.
func (c *Client) Track(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	wanted := make([]Number, len(parcels))
	for i, p := range parcels {
		wanted[i] = Number{Number: p.Number}
	}
	answers, err := c.TrackInfo(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return inOrder(parcels, answers), nil
}

// GivenUp implements [port.GiverUp]; it costs no quota. A number that is followed for several
// carriers fills more than one place of a list, and may make it longer than a page.
func (c *Client) GivenUp(ctx context.Context, numbers []string) ([]port.Answer, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	if len(numbers) > batch {
		return nil, fmt.Errorf("%s: gettracklist: expected at most %d numbers, got %d: %w", name, batch, len(numbers), port.ErrRefused)
	}
	var given []port.Answer
	for page, pages := 1, 1; page <= pages; page++ {
		list, err := c.List(ctx, ListQuery{Page: page, Numbers: numbers, TrackingStatus: Stopped})
		if err != nil {
			return nil, err
		}
		pages = min(list.Pages, batch)
		for i := range list.Numbers {
			if l := &list.Numbers[i]; l.CanRetrack() {
				given = append(given, port.Answer{Number: l.Number, Err: port.ErrUnwatched})
			}
		}
	}
	return given, nil
}

// distinct leaves out repeats.
func distinct(numbers []Number) []Number {
	seen := make(map[Number]bool, len(numbers))
	return slices.DeleteFunc(slices.Clone(numbers), func(n Number) bool {
		if seen[n] {
			return true
		}
		seen[n] = true
		return false
	})
}

// inOrder gives each parcel its answer, and one without rows where there is none; answers about
// other numbers are ignored.
func inOrder(parcels []port.Tracked, answers []port.Answer) []port.Answer {
	of := make(map[string]port.Answer, len(answers))
	for _, a := range answers {
		of[a.Number] = a
	}
	ordered := make([]port.Answer, len(parcels))
	for i, p := range parcels {
		ordered[i] = of[tracknum.Normalize(p.Number)]
		ordered[i].Number = p.Number
	}
	return ordered
}
