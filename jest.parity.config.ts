import type { Config } from "jest";
import base from "./jest.config.ts";

/** What Redis Sentinel does for a group, one behaviour after the other, on real servers: too long for every `npm test`. */
const config: Config = {
  ...base,
  testMatch: ["<rootDir>/test/parity/**/*.test.ts"],
  testPathIgnorePatterns: [],
};

export default config;
