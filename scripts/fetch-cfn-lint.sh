#!/usr/bin/env bash
# Installs cfn-lint from PyPI into a Python environment of its own, .cache/cfn-lint, so that the packaged templates are
# judged by the rules of CloudFormation's own schemas: `npm run test:infra`.
# Where there is no Python or no package, it says so and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.58.0
target="$PWD/.cache/cfn-lint"
if "$target/bin/cfn-lint" --version 2>/dev/null | grep -qx "cfn-lint $version"; then
  echo "cfn-lint $version"
  exit 0
fi
skip() {
  rm -rf "$target"
  echo "cfn-lint not fetched: $1. The test that needs it is skipped." >&2
  exit 0
}
command -v python3 >/dev/null || skip "there is no python3"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -rf "$target"
python3 -m venv "$target" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
"$target/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$version" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
"$target/bin/cfn-lint" --version
