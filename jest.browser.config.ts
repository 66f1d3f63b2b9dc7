import type { Config } from "jest";
import base from "./jest.config.ts";

/** The status page and the lab's playground as a person sees them, in headless Chromium. */
const config: Config = {
  ...base,
  testMatch: ["<rootDir>/test/browser/**/*.test.ts"],
  testPathIgnorePatterns: [],
  globalSetup: "<rootDir>/test/browser/chromium-there.ts",
  // One browser at a time.
  maxWorkers: 1,
};

export default config;
