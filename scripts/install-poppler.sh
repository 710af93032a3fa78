#!/bin/sh
# Installs poppler-utils from the system's packages, unless it is there: the tests of evidence packs read and render pages with it.
# Prints to standard error only.
set -eu
exec >&2

found() { command -v pdftotext >/dev/null && command -v pdftoppm >/dev/null && command -v pdfinfo >/dev/null; }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "poppler-utils must be installed, which needs root, and there is no sudo. Run as root: $*"
		exit 1
	fi
}

if found; then
	exit 0
fi
echo "installing poppler-utils from this system's packages, once: less than a minute"
if command -v apt-get >/dev/null; then
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends poppler-utils
elif command -v dnf >/dev/null; then
	as_root dnf install -q -y poppler-utils
elif command -v apk >/dev/null; then
	as_root apk add -q poppler-utils
elif command -v brew >/dev/null; then
	brew install --quiet poppler
fi
if ! found; then
	echo "There are still no pdftotext, pdftoppm and pdfinfo: this system has none of apt-get, dnf, apk and brew. Install poppler-utils."
	exit 1
fi
