package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"parcelward/internal/port"
	"parcelward/internal/postgres/query"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is a pool of connections to a migrated database. It is safe for concurrent use.
type DB struct {
	pool *pgxpool.Pool
	q    *query.Queries
}

var (
	_ port.Inbox         = (*DB)(nil)
	_ port.Ledger        = (*DB)(nil)
	_ port.EvidenceIndex = (*DB)(nil)
	_ port.Traces        = (*DB)(nil)
	_ port.Sweeps        = (*DB)(nil)
)

// Options say how a DB uses its server.
type Options struct {
	// MaxConns bounds the connections. More than the server has cores for only makes them
	// wait for each other. Defaults to 16.
	MaxConns int32
}

// Open connects to the database of url (URL or keywords, as libpq takes them) and checks
// that it answers. It does not migrate.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err) // pgx leaves the password out
	}
	config.MaxConns = 16
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	db := &DB{pool: pool, q: query.New(pool)}
	if err := db.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// Migrate brings the schema of url's database up to date. Processes that start together
// wait for the one that migrates.
func Migrate(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("database URL: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close() //nolint:errcheck // nothing is lost with it
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("lock for migrations: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// Close waits for the connections in use and closes them all.
func (db *DB) Close() { db.pool.Close() }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// durably runs do in a transaction whose commit waits for the disk, whatever the server's
// default.
func (db *DB) durably(ctx context.Context, do func(*query.Queries) error) error {
	return db.transact(ctx, "BEGIN; SET LOCAL synchronous_commit = on", do)
}

// byKey is durably for statements that look up a few rows by key in tables of any size. A
// plan that reads a whole table is always wrong for them, but looks right to the planner
// while a table is small or its statistics are old, and planning costs more than running.
func (db *DB) byKey(ctx context.Context, do func(*query.Queries) error) error {
	return db.transact(ctx, "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL plan_cache_mode = force_generic_plan; "+
		"SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off", do)
}

func (db *DB) transact(ctx context.Context, begin string, do func(*query.Queries) error) error {
	return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error { return do(db.q.WithTx(tx)) }) //nolint:wrapcheck // callers say what failed
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
