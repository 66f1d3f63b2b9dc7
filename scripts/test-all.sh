#!/usr/bin/env bash
# `npm run test:all`: everything that gates a change. What waits for clocks and real servers shares the processor with
# what computes, which steps back for it, so that two cores are busy all the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Process groups of their own, so that one that fails or is interrupted takes what runs beside it along.
set -m
logs="$(mktemp -d)"
leave() {
  for file in "$logs"/*.pid; do
    if [ -f "$file" ]; then kill -- "-$(cat "$file")" 2>/dev/null || true; fi
  done
  rm -rf "$logs"
}
trap leave EXIT
trap 'exit 130' INT TERM

start_beside() {
  nice -n 19 npm run --silent "$1" >"$logs/$1" 2>&1 &
  echo $! >"$logs/$1.pid"
}

end_beside() {
  local code=0
  wait "$(cat "$logs/$1.pid")" || code=$?
  rm "$logs/$1.pid"
  printf '\n=== npm run %s, which ran beside it\n' "$1"
  if [ "$code" -eq 0 ]; then tail -n 40 "$logs/$1"; else cat "$logs/$1"; fi
  return "$code"
}

npm test
start_beside test:simulated
npm run test:infra
start_beside test:browser
npm run test:valkey
end_beside test:browser
npm run test:parity
end_beside test:simulated
