#!/usr/bin/env bash
# Builds the client that Lambda's Node.js runtime is made of (aws-lambda-ric from npm) into a folder of its own,
# .cache/lambda-client, so that the packaged function runs as Lambda runs it: `npm run test:infra`.
# The package compiles a part in C++, which takes a minute and needs cmake, make, g++ and xz; it downloads nothing else.
# Where it can't be built, it says so and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.0.2
target="$PWD/.cache/lambda-client"
package="$target/node_modules/aws-lambda-ric"
if [ -f "$package/rapid-client.node" ] && grep -q "\"version\": \"$version\"" "$package/package.json"; then
  echo "aws-lambda-ric $version"
  exit 0
fi
skip() {
  rm -rf "$target"
  echo "Lambda's runtime client not fetched: $1. The test that needs it is skipped." >&2
  exit 0
}
[ "$(uname)" = Linux ] || skip "it is built for Linux alone, this is $(uname)"
for tool in cmake make g++ python3 tar xz; do
  command -v "$tool" >/dev/null || skip "there is no $tool"
done
# The headers of the very Node.js that runs it; the build would download them otherwise.
headers="$(find "$PWD/node_modules" -maxdepth 4 -path '*/include/node/node_api.h' -print -quit)"
[ -n "$headers" ] || skip "there are no headers of Node.js: npm ci brings them"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
rm -rf "$target"
mkdir -p "$target"
echo '{ "private": true }' >"$target/package.json"
PATH="$PWD/node_modules/.bin:$PATH" npm_config_nodedir="${headers%/include/node/node_api.h}" \
  npm install --prefix "$target" --save-exact --ignore-scripts=false --foreground-scripts "aws-lambda-ric@$version" \
  >"$log" 2>&1 || skip "$(grep -iE 'error' "$log" | tail -n 1)"
[ -f "$package/rapid-client.node" ] || skip "the build left no rapid-client.node"
echo "aws-lambda-ric $version"
