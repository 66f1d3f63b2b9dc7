import { describe, expect, it } from "@jest/globals";
import { formatScript, parseScript, runScript } from "./script.ts";
import { WorldStage } from "./world-stage.ts";

async function run(...lines: readonly string[]): Promise<string> {
  return formatScript(await runScript(parseScript(lines.join("\n")), new WorldStage()));
}

describe("a transcript", () => {
  it("gets what it prints, whatever stood there, and keeps its comments", async () => {
    const text = await run("# N1: a title.", "", "boot", "state", "----", "something else");

    expect(text).toMatch(
      /^# N1: a title\.\n\nboot\nstate\n----\nsteady, epoch 1, master 10\.0\.0\.1\n/,
    );
    expect(text).not.toContain("something else");
  });

  it("replays the schedule that a seed's failure left behind", async () => {
    const setup = 'setup {"scheduleJitterMs":2000,"hasMarker":true}';
    const text = await run("seed 7", setup, "at 13000.5 kill 10.0.0.1", "play 20000");

    expect(text.endsWith("----\nholds\n")).toBe(true);
  });

  it.each([
    [["boot", "expect master 10.0.0.2"], "expected master 10.0.0.2\n"],
    [["boot", "until promoting within 5s"], 'expected "promoting" within 5 s; it did not come'],
    [["boot", "thaw 10.0.0.1"], '"thaw 10.0.0.1" changes nothing now'],
    [["boot", "crash $leader 1"], 'expected a leader in "crash $leader 1", there is none now'],
    [["boot", "explode"], "expected a fault, config"],
    [["boot", "until soon"], "expected a condition (PHASE"],
    [["boot", "expect a sends vote"], '"a sends vote" is a moment'],
    [["boot", "run fast"], 'expected a time like 500ms, 5s or 2m, got "fast"'],
    [["boot", "config downAfterMs: 6000"], "before anything runs"],
  ])("fails: %j", async (lines, why) => {
    await expect(run(...lines)).rejects.toThrow(why);
  });

  it("fails, and is not written, when an invariant breaks", async () => {
    const lines = ["table-backup", "kill 10.0.0.1", "until settling", "until steady"];
    // A group that goes back to an earlier table behind everybody's back has an epoch twice, with another candidate.
    const again = ["table-restore", "kill 10.0.0.2", "run 60s"];
    const stage = run("config marker: false", "boot", ...lines, ...again);

    await expect(stage).rejects.toThrow(/^S1: epoch 2 has the candidates/);
  });
});
