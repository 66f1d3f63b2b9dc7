#!/usr/bin/env bash
# Installs redis-py from PyPI into .cache/redis-py, so that the recipe of docs/clients.md is run as it stands there:
# `npm run test:parity`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/python-environment.sh
version=8.1.0
say_version() { .cache/redis-py/bin/python -c "import redis; print('redis-py', redis.__version__)"; }
if ! say_version 2>/dev/null | grep -qx "redis-py $version"; then install_into redis-py "redis==$version"; fi
say_version
