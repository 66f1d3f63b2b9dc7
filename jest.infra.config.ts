import type { Config } from "jest";
import base from "./jest.config.ts";

/** What the Serverless Framework makes of stages: it packages them one by one, which takes a minute. */
const config: Config = {
  ...base,
  testMatch: ["<rootDir>/test/infra/**/*.test.ts"],
  testPathIgnorePatterns: [],
  globalSetup: "<rootDir>/test/infra/package-all.ts",
};

export default config;
