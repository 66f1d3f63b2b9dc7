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

interface Played {
  readonly from?: string | null;
  readonly file?: string | null;
  readonly failing?: Readonly<Record<string, Ended>>;
}

/** Runs a command with a framework that fails as told; returns what was done and said. */
async function play(
  command: StageCommand,
  { from = null, file = null, failing = {} }: Played = {},
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
  const run = { command, stage: "prod", stacks: stacks(), from, file };
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
    expect(said.slice(-2)).toEqual([
      "expected deploy of lambda-sentinel-prod-eu-west-1 to succeed, got exit code 1: eu-central-1 is deployed in this run, and nothing after it was tried.",
      "When what it says above is mended, go on with: npm run deploy -- --stage prod --from eu-west-1",
    ]);
  });

  it("names its file in what it says, where that is another one", async () => {
    const failing = { "deploy eu-west-1": 1 };
    const { said } = await play("deploy", { failing, file: "../stages/p.yml" });
    expect(said.at(-1)).toContain(
      ": npm run deploy -- --stage prod --file ../stages/p.yml --from eu-west-1",
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
    const failing = { "package eu-west-2": "SIGKILL" } as const;
    const { exit, done, said } = await play("deploy", { failing });
    expect(exit).toBe(1);
    expect(done.filter((one) => one.startsWith("deploy"))).toEqual([]);
    expect(said.at(-1)).toMatch(/: npm run deploy -- --stage prod$/);
    const again = await play("deploy", { failing, from: "eu-west-1" });
    expect(again.said.at(-1)).toMatch(/: npm run deploy -- --stage prod --from eu-west-1$/);
  });

  it("is removed in the other order, and keeps its table", async () => {
    const { exit, done, said } = await play("remove");
    expect(exit).toBe(0);
    expect(done).toEqual(["remove eu-west-2", "remove eu-west-1", "remove eu-central-1"]);
    expect(said.at(-1)).toContain("The table lambda-sentinel-prod in eu-central-1 is kept");
  });

  it("whose removal stopped goes on from there, and the table's stack is still the last", async () => {
    const failing = { "remove eu-west-1": 1 };
    const stopped = await play("remove", { failing });
    expect(stopped.exit).toBe(1);
    expect(stopped.done).toEqual(["remove eu-west-2", "remove eu-west-1"]);
    expect(stopped.said.at(-1)).toMatch(/: npm run remove -- --stage prod --from eu-west-1$/);
    expect(stopped.said.join("\n")).not.toContain("is kept");

    const again = await play("remove", { from: "eu-west-1" });
    expect([again.exit, again.done]).toEqual([0, ["remove eu-west-1", "remove eu-central-1"]]);
  });
});
