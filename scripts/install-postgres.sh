#!/bin/sh
# Installs Postgres from the system's packages, unless DATABASE_URL is set or one of at least version 15 is where internal/devstack looks.
# Prints to standard error only.
set -eu
exec >&2
oldest=15

found() {
	for server in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/libexec/postgresql*/postgres \
		/opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres /home/linuxbrew/.linuxbrew/opt/postgresql@*/bin/postgres; do
		[ -x "$server" ] && [ -x "${server%/*}/initdb" ] || continue
		major=$("$server" --version | sed -n 's/.*PostgreSQL) \([0-9]*\).*/\1/p')
		[ "${major:-0}" -lt "$oldest" ] || return 0
	done
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "Postgres must be installed, which needs root, and there is no sudo. Run as root: $*"
		exit 1
	fi
}

if [ -n "${DATABASE_URL:-}" ] || found; then
	exit 0
fi
echo "installing Postgres from this system's packages, once: about a minute"
if command -v apt-get >/dev/null; then
	# Only the programs are wanted: without this the package would also make a cluster and start it.
	conf=/etc/postgresql-common/createcluster.d
	as_root mkdir -p "$conf"
	trap 'as_root rm -f "$conf/parcelward.conf"' EXIT
	echo "create_main_cluster = false" | as_root tee "$conf/parcelward.conf" >/dev/null
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y postgresql
elif command -v dnf >/dev/null; then
	as_root dnf install -q -y postgresql-server
elif command -v apk >/dev/null; then
	as_root apk add -q postgresql
elif command -v brew >/dev/null; then
	brew install --quiet postgresql@17
fi
if ! found; then
	echo "There is still no Postgres $oldest or newer: this system's packages have none, or it has none of apt-get, dnf, apk and brew."
	echo "Install one (https://www.postgresql.org/download/), or set DATABASE_URL to a database on one."
	exit 1
fi
