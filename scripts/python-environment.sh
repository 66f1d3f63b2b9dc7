# Sourced by scripts that install a package from PyPI into a Python environment of its own, below .cache:
#   install_into NAME PACKAGE==VERSION
# Where there is no Python or no package, it says so, removes what it began, and ends the script without a failure.
install_into() {
  local name="$1" package="$2" target="$PWD/.cache/$1" log
  skip() {
    rm -rf "$target"
    echo "$name not fetched: $1. The test that needs it is skipped." >&2
    exit 0
  }
  command -v python3 >/dev/null || skip "there is no python3"
  log="$(mktemp)"
  rm -rf "$target"
  python3 -m venv "$target" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
  "$target/bin/pip" install --quiet --disable-pip-version-check "$package" >"$log" 2>&1 || skip "$(tail -n 1 "$log")"
  rm -f "$log"
}
