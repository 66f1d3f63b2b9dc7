import { describe, expect, it, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";
import { hitsSay, hows } from "./crash-plans.ts";

const main = new URL("crash-points.ts", import.meta.url);

/** A part of the plans, another one in every run, and one for each thing that must be hit; `npm run test:all` has all. */
test("a leader that dies at any await leaves one master, the record on it, everybody replicating", async () => {
  const every = 20;
  const offset = String(Math.floor(Math.random() * every));

  const { stdout } = await runScript(main, "--every", String(every), "--offset", offset);

  const tail = stdout.split("\n").slice(-4).join("\n");
  expect(stdout).not.toContain("VIOLATION");
  expect(tail).toContain("plans run, 0 with a violation");
  expect(tail).toContain(
    "hit: claim with intent, promote, commit, publish, attach, hand-over, fence",
  );
}, 240_000);

test("what was hit is told, and how where it was not in every way", () => {
  const promoted = hows.map((how) => `promote ${how}`);

  expect(hitsSay(new Set([...promoted, "fence late", "fence unsent"]))).toBe(
    "hit: promote, fence (unsent, late)",
  );
  expect(hitsSay(new Set())).toBe("hit: nothing");
});

describe("npm run crash-points -- --plan", () => {
  const planOf = (process: string, atAwait: number, lateMs = 0) =>
    JSON.stringify({ trouble: "crash", deaths: [{ process, atAwait, lateMs }], returns: "never" });
  const runPlan = (plan: string) => runScript(main, "--plan", plan);

  it("ends well after a plan that breaks nothing", async () => {
    const { code, stdout } = await runPlan(planOf("c/2", 5));

    expect(stdout).toMatch(/ no violation\n$/);
    expect(code).toBe(0);
  });

  it("fails after a violation, here a death that does not come", async () => {
    const { code, stdout } = await runPlan(planOf("c/2", 100_000));

    expect(stdout).toContain("the plan was not carried out");
    expect(code).toBe(1);
  });

  it.each([
    ["no JSON", "{"],
    ["a process that can't exist", planOf("zz", 5)],
    ["no await", planOf("c/2", 0)],
    ["half an await", planOf("c/2", 1.5)],
    ["a time before", planOf("c/2", 5, -5)],
  ])("refuses %s", async (_, plan) => {
    const { code, stderr } = await runPlan(plan);

    expect(stderr).toContain("expected a plan as a failure prints it");
    expect(code).toBe(2);
  });

  it("refuses a process that never comes", async () => {
    const { code, stderr } = await runPlan(planOf("c/99", 5));

    expect(stderr).toContain("expected a plan for processes that live after the trouble, got c/99");
    expect(code).toBe(2);
  });
});
