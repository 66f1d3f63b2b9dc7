import { describe, expect, it } from "@jest/globals";
import { runPlan, type Step } from "../../scripts/validate/plan.ts";

/** Steps that write down what happens to them, some of which fail. */
class Story {
  readonly told: string[] = [];
  readonly stopping = new AbortController();

  step(name: string, fails: { readonly run?: boolean; readonly undo?: number } = {}): Step {
    let failures = fails.undo ?? 0;
    return {
      name,
      what: `makes ${name}`,
      run: async () => {
        this.told.push(`make ${name}`);
        if (fails.run === true) throw new Error("no capacity");
      },
      undo: {
        what: `takes ${name} away`,
        byHand: `delete ${name} by hand`,
        run: async () => {
          this.told.push(`take ${name} away`);
          failures -= 1;
          if (failures >= 0) throw new Error("still in use");
        },
      },
    };
  }

  play(...steps: readonly Step[]) {
    const out = { say: () => {}, complain: (line: string) => this.told.push(line) };
    return runPlan(steps, out, {
      signal: this.stopping.signal,
      undoTimes: 3,
      pauseMs: 60_000,
      sleep: async () => {
        this.told.push("pause");
      },
    });
  }
}

describe("a plan", () => {
  it("is done in order and taken back in the other", async () => {
    const story = new Story();
    const looking: Step = { ...story.step("a look"), undo: null };

    const outcome = await story.play(story.step("network"), story.step("stage"), looking);

    expect(outcome).toEqual({ failure: null, left: [] });
    expect(story.told).toEqual([
      ...["make network", "make stage", "make a look"],
      ...["take stage away", "take network away"],
    ]);
  });

  it("that fails takes back what was made, that of the failed step too, and nothing else", async () => {
    const story = new Story();

    const outcome = await story.play(
      story.step("network"),
      story.step("stage", { run: true }),
      story.step("table"),
    );

    expect(outcome).toEqual({ failure: "stage: no capacity", left: [] });
    expect(story.told).toEqual([
      ...["make network", "make stage", "stage: no capacity"],
      ...["take stage away", "take network away"],
    ]);
  });

  it("that is told to stop ends behind the step that runs, and takes everything back", async () => {
    const story = new Story();
    const stopped: Step = {
      ...story.step("stage"),
      run: async () => {
        story.stopping.abort();
        story.told.push("stage goes on to its end");
      },
    };

    const outcome = await story.play(story.step("network"), stopped, story.step("table"));

    expect(outcome).toEqual({ failure: "it was told to stop", left: [] });
    expect(story.told).toEqual([
      ...["make network", "stage goes on to its end"],
      ...["take stage away", "take network away"],
    ]);
  });

  it("tries a way back again, and names what stays for people to do", async () => {
    const story = new Story();

    const outcome = await story.play(
      story.step("network", { undo: 1 }),
      story.step("stage", { undo: 9 }),
    );

    expect(outcome).toEqual({ failure: null, left: ["delete stage by hand"] });
    expect(story.told.filter((line) => line === "take stage away")).toHaveLength(3);
    expect(story.told.filter((line) => line === "take network away")).toHaveLength(2);
    expect(story.told.filter((line) => line === "pause")).toHaveLength(3);
  });
});
