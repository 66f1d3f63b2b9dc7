#!/usr/bin/env bash
# Stands in for npm in the test of scripts/test-all.sh. A suite ends at once, or with the code in `SUITE.code`, or not at
# all where there is a `SUITE.hangs`, or after another one where its name is in `SUITE.after`.
for suite in "$@"; do :; done
cd "$STUB_STAGE"
echo "$$" >>pids
echo "$suite $(nice)" >>started
echo "$suite speaks"
if [ -f "$suite.hangs" ]; then
  sleep 60 &
  echo "$!" >>pids
  wait
fi
if [ -f "$suite.after" ]; then
  until [ -f "$(cat "$suite.after").ended" ]; do sleep 0.05; done
  # The script must have heard of that end.
  sleep 0.3
fi
touch "$suite.ended"
if [ -f "$suite.code" ]; then exit "$(cat "$suite.code")"; fi
