package connect

import (
	"context"
	"encoding/json"
	"fmt"

	"parcelward/internal/platform/aliexpress"
)

// platform is AliExpress in the table of stores.
const platform = "aliexpress"

// Tokens keeps stores' tokens as JSON; a postgres.DB does. A nil token: there is none.
type Tokens interface {
	Token(ctx context.Context, platform, store string) ([]byte, error)
	SaveToken(ctx context.Context, platform, store string, token []byte) error
}

// tokenStore is a [aliexpress.TokenStore] over Tokens.
type tokenStore struct{ kept Tokens }

// Load implements [aliexpress.TokenStore].
func (s tokenStore) Load(ctx context.Context, store string) (aliexpress.Token, error) {
	raw, err := s.kept.Token(ctx, platform, store)
	if err != nil {
		return aliexpress.Token{}, err
	}
	if raw == nil {
		return aliexpress.Token{}, fmt.Errorf("store %s: %w", store, aliexpress.ErrNoToken)
	}
	var t aliexpress.Token
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, fmt.Errorf("token of store %s: it cannot be read; authorise the store again", store) // no word of it: it is secret
	}
	return t, nil
}

// Save implements [aliexpress.TokenStore].
func (s tokenStore) Save(ctx context.Context, store string, t aliexpress.Token) error {
	raw, err := json.Marshal(t) //nolint:gosec // it is the store of secrets that this goes to
	if err != nil {
		return fmt.Errorf("token of store %s: %w", store, err)
	}
	return s.kept.SaveToken(ctx, platform, store, raw)
}
