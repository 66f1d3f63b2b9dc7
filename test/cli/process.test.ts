import { spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";

/** Linux alone has a file that is always full. */
const testOnLinux = existsSync("/dev/full") ? test : test.skip;

describe("the process", () => {
  testOnLinux("tells a full disk in one line, as any error that people expect", () => {
    const run = spawnSync(process.execPath, ["bin/lambda-sentinel.js", "acl"], {
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
      encoding: "utf8",
    });
    expect(run.stderr).toMatch(/^error: standard output could not be written: ENOSPC[^\n]*\n$/);
    expect(run.status).toBe(1);
  });
});
