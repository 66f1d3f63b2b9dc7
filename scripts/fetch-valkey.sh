#!/usr/bin/env bash
# Unpacks Valkey from Debian's backports into .cache/valkey, without installing it, so that the tests can run on a
# second kind of server. Where there is no such package, it says so and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$PWD/.cache/valkey"
if [ -x "$target/usr/bin/valkey-server" ]; then
  "$target/usr/bin/valkey-server" --version
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
mkdir -p "$work/lists/partial"
origin="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" | head -n 1)"
[ -n "$origin" ] || skip "no package source of $VERSION_CODENAME is configured"
echo "deb [signed-by=$keyring] $origin $VERSION_CODENAME-backports main" >"$work/backports.list"
options=(
  -o "Dir::Etc::sourcelist=$work/backports.list"
  -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists"
  -o APT::Sandbox::User=
)
(
  cd "$work"
  apt-get "${options[@]}" update -qq && apt-get "${options[@]}" download -qq valkey-server valkey-tools
) >"$work/log" 2>&1 || skip "$(tail -n 1 "$work/log")"
mkdir -p "$target"
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$target"; done
# valkey-server is a link to valkey-check-rdb's binary in Debian's packages.
"$target/usr/bin/valkey-server" --version
