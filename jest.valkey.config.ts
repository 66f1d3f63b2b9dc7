import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "jest";
import base from "./jest.config.ts";

const server = join(process.cwd(), ".cache", "valkey", "valkey-server");
const isThere = existsSync(server);
// The workers, and the servers that they start, have the environment of this process.
if (isThere) process.env.REDIS_SERVER = server;

/** The suite of the Redis port, and whole failovers, on the second kind of server; where it is not there, the suite says so. */
const config: Config = {
  ...base,
  testMatch: [
    "<rootDir>/test/conformance/real-valkey.test.ts",
    ...(isThere
      ? ["<rootDir>/test/e2e/{crash,requests,return}.test.ts", "<rootDir>/test/parity/busy.test.ts"]
      : []),
  ],
  testPathIgnorePatterns: [],
};

export default config;
