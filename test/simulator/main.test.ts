import { describe, expect, it } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("main.ts", import.meta.url);

const sim = (...args: readonly string[]) => runScript(main, ...args);

/** Nobody else runs these in the same minute. */
const seed = String(1_000_000_000 + Math.floor(Math.random() * 1_000_000_000));

describe("npm run sim", () => {
  it("goes on where an earlier run stopped, also with children", async () => {
    const one = await sim("--seeds", "2", "--seed", seed);
    const more = await sim("--seeds", "4", "--seed", seed, "--jobs", "2");

    expect(one.stdout).toContain("2 seeds, 0 with a violation");
    expect(one.stdout).not.toContain("in the ledger");
    expect(more.stdout).toContain("2 of them were in the ledger");
    expect(more.stdout).toContain("4 seeds, 0 with a violation");
    expect([one.code, more.code]).toEqual([0, 0]);
  }, 60_000);

  it("tells what was exercised and what was not", async () => {
    const { stdout } = await sim("--report");

    expect(stdout).toMatch(/group-hours and \d+\.\d failovers per core-minute/);
    expect(stdout).toMatch(/^rules: .*R799 \d+/m);
    expect(stdout).toMatch(/^rules never seen: /m);
    expect(stdout).toMatch(/^faults never seen: /m);
    expect(stdout).toMatch(/^lost writes per failover: /m);
  }, 60_000);

  it.each([
    [["--seeds", "many"], 'expected a whole number from 1 on, got "many"'],
    [["--seeds", "0"], 'expected a whole number from 1 on, got "0"'],
    [["--minutes", "-1"], 'expected minutes above 0, got "-1"'],
    [["--seed", "1.5"], 'expected a whole number from 0 on, got "1.5"'],
    [["--sedes", "1"], "unknown option '--sedes'"],
    [["12"], "too many arguments"],
  ])(
    "refuses %j",
    async (args, why) => {
      const { code, stderr } = await sim(...args);

      expect(stderr).toContain(why);
      expect(stderr).toContain("add --help");
      expect(code).toBe(2);
    },
    30_000,
  );
});
