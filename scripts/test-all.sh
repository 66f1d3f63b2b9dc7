#!/usr/bin/env bash
# `npm run test:all`: everything that gates a change. What waits for clocks and real servers shares the processor with
# what computes, which steps back for it, so that two cores are busy all the time. Ends at the first suite that fails,
# with its exit code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Every suite is a job in a process group of its own, so that one that fails or is interrupted takes along whatever runs
# beside it. None of them is in the foreground: bash puts a trap off until a foreground command ends, `wait` ends for it.
set -m
logs="$(mktemp -d)"
leave() {
  trap - INT TERM
  for job in $(jobs -p); do kill -- "-$job" 2>/dev/null || true; done
  rm -rf "$logs"
  # Its suites may still be ending their servers.
  wait 2>/dev/null
}
trap leave EXIT
trap 'exit 130' INT TERM

run_suite() {
  npm "$@" </dev/null &
  wait "$!"
  for file in "$logs"/*.pid; do
    if [ -f "$file" ] && ! kill -0 "$(cat "$file")" 2>/dev/null; then end_beside "$(basename "$file" .pid)"; fi
  done
}

start_beside() {
  nice -n 19 npm run --silent "$1" </dev/null >"$logs/$1" 2>&1 &
  echo "$!" >"$logs/$1.pid"
}

# Does nothing the second time.
end_beside() {
  if [ ! -f "$logs/$1.pid" ]; then return 0; fi
  local code=0
  wait "$(cat "$logs/$1.pid")" || code=$?
  rm "$logs/$1.pid"
  printf '\n=== npm run %s, which ran beside it\n' "$1"
  if [ "$code" -eq 0 ]; then tail -n 40 "$logs/$1"; else cat "$logs/$1"; fi
  return "$code"
}

run_suite test
start_beside test:simulated
run_suite run test:infra
start_beside test:browser
run_suite run test:valkey
end_beside test:browser
run_suite run test:parity
end_beside test:simulated
