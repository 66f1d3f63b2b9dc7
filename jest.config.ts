import type { Config } from "jest";

const config: Config = {
  extensionsToTreatAsEsm: [".ts"],
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  // These take minutes of their own: `npm run test:parity`, `npm run test:valkey`, `npm run test:infra`,
  // `npm run test:browser`.
  testPathIgnorePatterns: [
    "/node_modules/",
    "<rootDir>/test/parity/",
    "<rootDir>/test/e2e/(return|shifts).test.ts",
    "<rootDir>/test/infra/",
    "<rootDir>/test/browser/",
    "<rootDir>/test/conformance/real-valkey.test.ts",
  ],
  // Copies of the sources with planted defects live there while they are hunted.
  modulePathIgnorePatterns: ["<rootDir>/.cache/"],
  globalSetup: "<rootDir>/test/redis-there.ts",
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" } },
    ],
  },
  // Integration suites start real servers; two at once is what a two-core machine can carry.
  maxWorkers: 2,
  testTimeout: 30_000,
  reporters: ["default", "<rootDir>/test/count-reporter.cjs"],
};

export default config;
