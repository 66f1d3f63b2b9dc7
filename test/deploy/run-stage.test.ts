import { describe, expect, it } from "@jest/globals";
import type { Ended, Framework } from "../../lib/deploy/osls.ts";
import { runStage, type StageCommand } from "../../lib/deploy/run-stage.ts";
import { stacksOf } from "../../lib/deploy/stack.ts";
import { readStage } from "../../lib/deploy/stage.ts";
import { combinations } from "../infra/combinations.ts";

function stacks() {
  const read = readStage(JSON.stringify(combinations["third-region"]), "prod.yml");
  if (!read.ok) throw new Error("expected a valid stage");
  return stacksOf(read.stage, "prod");
}

/** Runs a command with a framework that fails as told; returns what was done and said. */
async function play(
  command: StageCommand,
  { from = null, failing = {} }: { from?: string | null; failing?: Record<string, Ended> } = {},
) {
  const done: string[] = [];
  const said: string[] = [];
  const step = (name: StageCommand) => (stack: { observer: string }) => {
    done.push(`${name} ${stack.observer}`);
    return Promise.resolve(failing[`${name} ${stack.observer}`] ?? 0);
  };
  const framework: Framework = {
    package: step("package"),
    deploy: step("deploy"),
    remove: step("remove"),
  };
  const hear = (line: string) => {
    said.push(line);
  };
  const run = { command, stage: "prod", stacks: stacks(), from };
  const exit = await runStage(run, framework, { say: hear, complain: hear });
  return { exit, done, said };
}

describe("a stage", () => {
  it("is packaged whole before any of it is deployed, and the table's stack comes first", async () => {
    const { exit, done, said } = await play("deploy");
    expect(done).toEqual([
      "package eu-central-1",
      "package eu-west-1",
      "package eu-west-2",
      "deploy eu-central-1",
      "deploy eu-west-1",
      "deploy eu-west-2",
    ]);
    expect(exit).toBe(0);
    expect(said.at(-1)).toBe("deployed 3 of 3 stacks of stage prod");
  });

  it("stops at the first stack that fails, and says how to go on", async () => {
    const { exit, done, said } = await play("deploy", { failing: { "deploy eu-west-1": 1 } });
    expect(exit).toBe(1);
    expect(done).not.toContain("deploy eu-west-2");
    expect(said.at(-1)).toBe(
      "expected deploy of lambda-sentinel-prod-eu-west-1 to succeed, got exit code 1: eu-central-1 is deployed in this run, and nothing after it was tried.\n" +
        "When what it says above is mended, go on with: npm run deploy -- --stage prod --from eu-west-1",
    );
  });

  it("goes on from the stack that failed", async () => {
    const { exit, done } = await play("deploy", { from: "eu-west-1" });
    expect(exit).toBe(0);
    expect(done).toEqual([
      "package eu-west-1",
      "package eu-west-2",
      "deploy eu-west-1",
      "deploy eu-west-2",
    ]);
  });

  it("of which a stack can't be packaged is not deployed at all", async () => {
    const { exit, done } = await play("deploy", { failing: { "package eu-west-2": "SIGKILL" } });
    expect(exit).toBe(1);
    expect(done.filter((one) => one.startsWith("deploy"))).toEqual([]);
  });

  it("is removed in the other order, and keeps its table", async () => {
    const { exit, done, said } = await play("remove");
    expect(exit).toBe(0);
    expect(done).toEqual(["remove eu-west-2", "remove eu-west-1", "remove eu-central-1"]);
    expect(said.at(-1)).toContain("The table lambda-sentinel-prod in eu-central-1 is kept");
  });
});
