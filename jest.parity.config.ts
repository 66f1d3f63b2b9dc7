import type { Config } from "jest";
import base from "./jest.config.ts";

/**
 * What Redis Sentinel does for a group, one behaviour after the other, on real servers: too long for every `npm test`, which
 * is to stay below five minutes. Two whole stories that it shows as well come along.
 */
const config: Config = {
  ...base,
  testMatch: ["<rootDir>/test/parity/**/*.test.ts", "<rootDir>/test/e2e/{return,shifts}.test.ts"],
  testPathIgnorePatterns: [],
  // Their servers and observers wait for clocks more than they compute.
  maxWorkers: 5,
};

export default config;
