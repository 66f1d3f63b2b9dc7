#!/usr/bin/env bash
# Unpacks Valkey from Debian's backports, with the libraries that this machine lacks, into .cache/valkey, without
# installing it, so that the tests can run on a second kind of server: .cache/valkey/valkey-server.
# Where there is no such package, it says so and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$PWD/.cache/valkey"
server="$target/valkey-server"
if [ -x "$server" ]; then
  "$server" --version
  exit 0
fi
skip() {
  echo "Valkey not fetched: $1. The tests that need it are skipped." >&2
  exit 0
}
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "this is no Debian"
. /etc/os-release
[ "${ID:-}" = debian ] || skip "backports are Debian's, this is ${ID:-unknown}"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || skip "no archive keyring"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/archives/partial"
origin="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" | head -n 1)"
[ -n "$origin" ] || skip "no package source of $VERSION_CODENAME is configured"
printf "deb [signed-by=$keyring] $origin %s main\n" "$VERSION_CODENAME" "$VERSION_CODENAME-backports" >"$work/backports.list"
options=(
  -o "Dir::Etc::sourcelist=$work/backports.list"
  -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache::archives=$work/archives"
  -o APT::Sandbox::User=
  -o Debug::NoLocking=1
)
{
  apt-get "${options[@]}" update -qq &&
    apt-get "${options[@]}" install -qq --yes --download-only --no-install-recommends \
      -t "$VERSION_CODENAME-backports" valkey-server
} >"$work/log" 2>&1 || skip "$(tail -n 1 "$work/log")"
mkdir -p "$target"
for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$target"; done
cat >"$server" <<'RUN'
#!/bin/sh
# Runs the unpacked server with the libraries unpacked beside it.
here="$(cd "$(dirname "$0")" && pwd)"
libraries="$(find "$here/usr/lib" "$here/lib" -name '*.so.*' -printf '%h:' 2>/dev/null)"
LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:-}" exec "$here/usr/bin/valkey-server" "$@"
RUN
chmod 755 "$server"
"$server" --version
