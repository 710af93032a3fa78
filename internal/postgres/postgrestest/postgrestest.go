// Package postgrestest gives tests databases on a Postgres server of their own.
package postgrestest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/devstack"
	"parcelward/internal/postgres"
)

// stack is the server of this test binary; nil: -short.
var stack *devstack.Stack //nolint:gochecknoglobals // TestMain hands nothing to tests

// Main is the TestMain of a package whose tests call [Open]: it runs them beside a server, which
// ends with them. With -short there is none.
func Main(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		m.Run()
		return
	}
	if err := run(m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(m *testing.M) (err error) {
	dir, err := os.MkdirTemp("", "parcelward-postgrestest")
	if err != nil {
		return fmt.Errorf("folder of the test server: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system cleans its temporary folder
	stack, err = devstack.StartPostgres(context.Background(), devstack.Options{Dir: filepath.Join(dir, "stack")})
	if err != nil {
		return fmt.Errorf("test server: %w", err)
	}
	defer stack.Close() //nolint:errcheck // the tests have ended
	m.Run()             // its exit code is that of the process
	return nil
}

// URL names an empty database, without tables, that is the test's alone. With -short it skips the
// test.
func URL(tb testing.TB) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs Postgres")
	}
	url, err := stack.NewDatabase(tb.Context(), strings.ToLower(strings.ReplaceAll(tb.Name(), "/", "_")))
	require.NoError(tb, err)
	return url
}

// Open opens such a database after its migration, and returns its URL too.
func Open(tb testing.TB) (*postgres.DB, string) {
	tb.Helper()
	url := URL(tb)
	require.NoError(tb, postgres.Migrate(tb.Context(), url))
	db, err := postgres.Open(tb.Context(), url, postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(db.Close)
	return db, url
}
