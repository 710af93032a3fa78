// Package player does what the people of the demo do beside sending events: it puts originals
// into the vault and enters scores, through the API, as anybody would.
package player

import (
	"context"
	"fmt"

	"parcelward/internal/api"
	"parcelward/internal/demo"
)

// Act does what a step that is no event asks for. An original that the vault refuses is an
// error; one that the pre-flight finds fault with is not.
func Act(ctx context.Context, c api.Client, s *demo.Sent) error {
	switch {
	case s.Upload != nil:
		u := s.Upload
		_, err := c.AddEvidence(ctx, u.Store, u.Order, api.Upload{
			Kind: string(u.Kind), By: u.By, TrackingNumber: u.Number, Given: u.Given, Contents: []api.Content{{Name: u.Name, Bytes: u.Content}},
		})
		if err != nil {
			return fmt.Errorf("upload %s of order %s: %w", u.Name, u.Order, err)
		}
	case s.Scores != nil:
		e := s.Scores
		if err := c.SetScores(ctx, e.Store, e.Week, api.Scores{
			ServiceScore: e.ServiceScore, PositiveRatePercent: e.PositiveRatePercent, Programmes: &e.Programmes, By: e.By,
		}); err != nil {
			return fmt.Errorf("enter the scores of %s: %w", e.Week, err)
		}
	}
	return nil
}
