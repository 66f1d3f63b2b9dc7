#!/usr/bin/env bash
# Installs redis-py from PyPI into a Python environment of its own, .cache/redis-py, so that the recipe of docs/clients.md
# is run as it stands there: `npm run test:parity`.
# Where there is no Python or no package, it says so and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
version=8.1.0
target="$PWD/.cache/redis-py"
if "$target/bin/python" -c "import redis; print('redis-py', redis.__version__)" 2>/dev/null | grep -qx "redis-py $version"; then
  echo "redis-py $version"
  exit 0
fi
skip() {
  rm -rf "$target"
  echo "redis-py not fetched: $1. The test that needs it is skipped." >&2
  exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -rf "$target"
python3 -m venv "$target" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
"$target/bin/pip" install --quiet --disable-pip-version-check "redis==$version" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
"$target/bin/python" -c "import redis; print('redis-py', redis.__version__)"
