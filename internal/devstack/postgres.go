package devstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// oldestPostgres is the oldest major version that Parcelward supports (design.md, Real parts).
const oldestPostgres = 15

// role owns the private cluster and names its database.
const role = "parcelward"

// postgres is a private cluster, or somebody's database when DATABASE_URL names one.
type postgres struct {
	opts Options
	url  string   // of the database that the stack hands out
	proc *process // nil for somebody's database

	bin   string              // folder of initdb and postgres
	owner *syscall.Credential // whom they run as; nil: as we do

	mu      sync.Mutex
	created []string // databases to drop at stop
}

func newPostgres(o Options) *postgres { return &postgres{opts: o} }

func (p *postgres) start(ctx context.Context) error {
	if p.url = os.Getenv("DATABASE_URL"); p.url != "" {
		return p.checkGiven(ctx)
	}
	data := filepath.Join(p.opts.Dir, "postgres")
	if err := p.findPrograms(ctx, data); err != nil {
		return err
	}
	if err := p.init(ctx, data); err != nil {
		return err
	}
	if err := untilFree(ctx, func() error { return p.serve(ctx, data) }); err != nil {
		return fmt.Errorf("devstack: Postgres: %w", err)
	}
	return nil
}

// checkGiven checks the database of DATABASE_URL.
func (p *postgres) checkGiven(ctx context.Context) error {
	return p.with(ctx, func(c *pgx.Conn) error {
		var version int
		if err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return fmt.Errorf("devstack: DATABASE_URL: %w", err)
		}
		if version < oldestPostgres*10000 {
			return fmt.Errorf("devstack: DATABASE_URL is a Postgres %d; %d or newer is needed", version/10000, oldestPostgres)
		}
		return nil
	})
}

// findPrograms sets bin to the newest Postgres installed, or to the one whose version made the kept data, and owner to a user that it accepts.
func (p *postgres) findPrograms(ctx context.Context, data string) error {
	var kept int
	if b, err := os.ReadFile(filepath.Join(data, "PG_VERSION")); err == nil {
		kept, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	best := oldestPostgres - 1
	installed := installedPostgres(ctx)
	for _, bin := range slices.Sorted(maps.Keys(installed)) {
		if major := installed[bin]; major > best && (kept == 0 || major == kept) {
			p.bin, best = bin, major
		}
	}
	switch {
	case p.bin == "" && kept != 0:
		return fmt.Errorf("devstack: the data in %s were made by Postgres %d, which is not installed: install it, or remove that folder to begin anew", data, kept)
	case p.bin == "":
		return fmt.Errorf("devstack: Postgres %d or newer is needed, and was found neither on PATH nor where packages put it: "+
			"install the package `postgresql` (Debian, Ubuntu, Alpine), `postgresql-server` (Fedora) or `postgresql@17` (Homebrew), or set DATABASE_URL", oldestPostgres)
	case os.Geteuid() != 0:
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} { // Postgres refuses to run as root
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return fmt.Errorf("devstack: user %s: %w", name, err)
		}
		p.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return nil
	}
	return errors.New("devstack: Postgres does not run as root and there is no user `postgres` or `nobody` to run it as: create one, or run as another user than root")
}

// installedPostgres returns the major version of each Postgres found, by the folder of its programs.
func installedPostgres(ctx context.Context) map[string]int {
	var servers []string
	if path, err := exec.LookPath("postgres"); err == nil {
		servers = append(servers, path)
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                   // postgresql.org's packages for Fedora and its kin
		"/usr/libexec/postgresql*",           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin", // Homebrew
		"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	} {
		found, _ := filepath.Glob(filepath.Join(pattern, "postgres")) // the patterns are well-formed
		servers = append(servers, found...)
	}
	version := regexp.MustCompile(`PostgreSQL\) (\d+)`)
	majors := map[string]int{}
	for _, server := range servers {
		server, err := filepath.EvalSymlinks(server) // one on PATH may be a link that initdb has not
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(server), "initdb")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, server, "--version").Output() //nolint:gosec // an installed Postgres
		if m := version.FindSubmatch(out); err == nil && m != nil {
			majors[filepath.Dir(server)], _ = strconv.Atoi(string(m[1]))
		}
	}
	return majors
}

// init makes the cluster unless it is there. It becomes `postgres` by a rename when complete, so that an interrupted one is never taken up.
func (p *postgres) init(ctx context.Context, data string) error {
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh := filepath.Join(p.opts.Dir, "postgres.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("devstack: an unfinished cluster: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("devstack: new cluster: %w", err)
	}
	if p.owner != nil {
		if err := os.Chown(fresh, int(p.owner.Uid), int(p.owner.Gid)); err != nil {
			return fmt.Errorf("devstack: new cluster: %w", err)
		}
	}
	if err := p.run(ctx, fresh, "", "initdb", "--username="+role, "--encoding=UTF8", "--no-locale", "--auth=trust"); err != nil {
		return err
	}
	const access = "host all all 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(fresh, "pg_hba.conf"), []byte(access), 0o600); err != nil {
		return fmt.Errorf("devstack: new cluster: %w", err)
	}
	return os.Rename(fresh, data)
}

// serve gives the role a new password, starts the server on a free port and waits until its database answers.
func (p *postgres) serve(ctx context.Context, data string) error {
	// The lock is ours and the recorded server has ended, so this file is stale. Its process ID may be another process's by now, which
	// Postgres would take for a running server.
	if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	password := rand.Text()
	if err := p.run(ctx, data, "ALTER ROLE "+role+" PASSWORD '"+password+"'\n", "postgres", "--single", "postgres"); err != nil {
		return err
	}
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	log, err := p.opts.logFor("postgres")
	if err != nil {
		return err
	}
	cmd, dir, err := p.command(context.WithoutCancel(ctx), data, "postgres", "-p", strconv.Itoa(ports[0]), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_timezone=UTC")
	if err != nil {
		return errors.Join(err, log.Close())
	}
	defer dir.Close() //nolint:errcheck // a read-only folder
	if p.proc, err = launch(cmd, filepath.Join(p.opts.Dir, "postgres.run"), syscall.SIGINT, log); err != nil {
		return err
	}
	at := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: loopback(ports[0]), Path: "postgres", RawQuery: "sslmode=disable"}
	p.url = at.String()
	if err := p.proc.await(ctx, p.ensureDatabase); err != nil {
		return errors.Join(err, p.proc.stop())
	}
	at.Path = role
	p.url = at.String()
	return nil
}

// ensureDatabase creates the database that the stack hands out unless it is there.
func (p *postgres) ensureDatabase(ctx context.Context) error {
	return p.with(ctx, func(c *pgx.Conn) error {
		var there bool
		if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", role).Scan(&there); err != nil || there {
			return err
		}
		_, err := c.Exec(ctx, "CREATE DATABASE "+role)
		return err
	})
}

// run runs one of Postgres's programs on the data folder to its end.
func (p *postgres) run(ctx context.Context, data, stdin, program string, args ...string) error {
	cmd, dir, err := p.command(ctx, data, program, args...)
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // a read-only folder
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err == nil && !bytes.Contains(out, []byte("ERROR:")) { // single-user mode goes on after an error
		return nil
	}
	var ended *exec.ExitError
	if err == nil || errors.As(err, &ended) {
		return &exitError{name: cmd.Path, state: cmd.ProcessState.String(), last: strings.TrimSpace(string(out))}
	}
	return fmt.Errorf("devstack: %s: %w", cmd.Path, err)
}

// command prepares one of Postgres's programs. The returned folder must stay open until the program has started.
func (p *postgres) command(ctx context.Context, data, program string, args ...string) (*exec.Cmd, *os.File, error) {
	dir, err := os.Open(data)
	if err != nil {
		return nil, nil, fmt.Errorf("devstack: cluster: %w", err)
	}
	// Another user than root may not be able to walk to a folder in root's home or in a test's temporary folder; through a descriptor it need not.
	if p.owner != nil && runtime.GOOS == "linux" {
		data = "/proc/self/fd/3"
	}
	mode := []string{}
	if len(args) > 0 && args[0] == "--single" { // must come first
		mode, args = args[:1], args[1:]
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, program), append(append(mode, "-D", data), args...)...) //nolint:gosec // an installed Postgres
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{dir} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner, Setpgid: true}
	return cmd, dir, nil
}

// newDatabase creates an empty database and returns its URL.
func (p *postgres) newDatabase(ctx context.Context, name string) (string, error) {
	if len(name) > 40 { // Postgres cuts names at 63 bytes
		name = name[:40]
	}
	name += "_" + strings.ToLower(rand.Text()[:12])
	err := p.with(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("devstack: database %s: %w", name, err)
	}
	p.mu.Lock()
	p.created = append(p.created, name)
	p.mu.Unlock()
	if at, err := url.Parse(p.url); err == nil && at.Scheme != "" {
		at.Path = "/" + name
		return at.String(), nil
	}
	return p.url + " dbname='" + name + "'", nil // keywords and values: the last one counts
}

// stop drops what newDatabase created where the cluster outlives us, and ends the private server.
func (p *postgres) stop() error {
	if p.proc != nil {
		return p.proc.stop()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.created) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return p.with(ctx, func(c *pgx.Conn) error {
		var errs []error
		for _, name := range p.created {
			_, err := c.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// with calls do with a connection to url.
func (p *postgres) with(ctx context.Context, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, p.url)
	if err != nil {
		return fmt.Errorf("devstack: connecting to Postgres: %w", err)
	}
	return errors.Join(do(c), c.Close(context.WithoutCancel(ctx)))
}
