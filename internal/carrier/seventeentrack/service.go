package seventeentrack

import (
	"context"
	"slices"

	"parcelward/internal/port"
	"parcelward/internal/rules/tracknum"
)

// Watch implements [port.TrackingService]: it registers the numbers, with their carrier where its
// key is known. A registration costs quota, one that is there already does not. The error wraps
// [ErrQuota] when there is none left; numbers before that one may be registered.
func (c *Client) Watch(ctx context.Context, parcels []port.Tracked) ([]port.Answer, error) {
	wanted := make([]Number, len(parcels))
	for i, p := range parcels {
		wanted[i] = Number{Number: p.Number, Carrier: c.carrierKey(p.Carrier)}
	}
	data, err := c.numbers(ctx, "register", len(wanted), distinct(wanted))
	if err != nil {
		return nil, err
	}
	for i := range data.Accepted {
		data.Accepted[i].Info = nil // a registration has no rows
	}
	return inOrder(parcels, data.answers()), nil
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
