#!/usr/bin/env bash
# Installs cfn-lint from PyPI into .cache/cfn-lint, so that the packaged templates are judged by the rules of
# CloudFormation's own schemas: `npm run test:infra`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/python-environment.sh
version=1.58.0
say_version() { .cache/cfn-lint/bin/cfn-lint --version; }
if ! say_version 2>/dev/null | grep -qx "cfn-lint $version"; then install_into cfn-lint "cfn-lint==$version"; fi
say_version
