package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/bench"
	"parcelward/starter/dev"
)

// Events, bytes and actions do not depend on the machine: they are a test, not only a figure.
func TestOrdersKeepTheirBudget(t *testing.T) {
	l := start(t, dev.Options{Speed: costSpeed})
	figures, err := bench.Costs(t.Context(), env(l))
	require.NoError(t, err)
	require.Len(t, figures, 4)
	for _, f := range figures {
		t.Logf("%s: %g %s, limit %g", f.Name, f.Value, f.Unit, f.Limit)
		require.Truef(t, f.Holds(), "%s", f.Name)
	}
}
