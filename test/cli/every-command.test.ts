import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Command } from "commander";
import { buildProgram } from "../../lib/cli/program.ts";
import { failure } from "../../lib/ports/errors.ts";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

interface Leaf {
  readonly name: string;
  readonly options: readonly string[];
}

/** Every command that does something, found by walking the program: a new one is looked at without a word here. */
function leavesOf(command: Command, above: readonly string[] = []): readonly Leaf[] {
  return command.commands.flatMap((one) => {
    const path = [...above, one.name()];
    if (one.commands.length > 0) return leavesOf(one, path);
    return [{ name: path.join(" "), options: one.options.flatMap(({ long }) => long ?? []) }];
  });
}

/** These read, and nothing else. Whatever is not named here is taken to change something. */
const readers = new Set([
  ...["status", "doctor", "explain", "history", "report", "ckquorum"],
  ...["import", "acl", "cost"],
]);

let cli: Cli;

beforeEach(() => {
  cli = createCli();
});

/** Parts of the lab serve until they are stopped, on this machine alone: they are no commands on a group. */
function leaves(): readonly Leaf[] {
  const all = leavesOf(buildProgram(cli.context, async () => {}));
  return all.filter(({ name }) => !name.startsWith("lab "));
}

describe("every command", () => {
  test("is found by this test", () => {
    const names = leaves().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...readers, "adopt", "notify test", "drill"]));
  });

  test("has --json", () => {
    const without = leaves().filter(({ options }) => !options.includes("--json"));
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test.each(["--dry-run", "--yes"])("has %s if, and only if, it changes something", (option) => {
    const having = leaves().filter(({ options }) => options.includes(option));
    const changing = leaves().filter(({ name }) => !readers.has(name));
    expect(having.map(({ name }) => name)).toEqual(changing.map(({ name }) => name));
  });
});

describe("--json of what changes something", () => {
  const config = configOf(groupsText);
  const found = [{ host: "10.0.0.4", port: 6379 }];
  const request = { id: "r", kind: "failover", by: "bob", to: null, at: null } as const;

  beforeEach(() => {
    plant(cli, config, { ...steadyState(config), discovered: found });
  });

  test.each([
    [["failover", "orders"], "failover"],
    [["switchover", "orders"], "switchover"],
    [["cancel", "orders"], "cancel"],
    [["ack", "orders"], "ack"],
    [["pause", "orders"], "pause"],
    [["resume", "orders"], "resume"],
    [["notify", "test", "orders"], "notify test"],
    [["forget", "orders", "10.0.0.4:6379"], "forget"],
    [["reset", "orders"], "reset"],
    [["remove", "orders"], "remove"],
  ])("%j --dry-run is one object, which says that nothing was changed", async (words, command) => {
    expect(await cli.run(...words, "--json", "--dry-run")).toBe(0);
    expect(cli.lines).toHaveLength(1);
    expect(JSON.parse(cli.lines[0] ?? "")).toEqual({
      ...{ schema: 1, at: expect.any(String), table: "test", command, group: "orders" },
      ...{ outcome: "planned", why: null },
      said: expect.arrayContaining([expect.stringMatching(/\(--dry-run\)$/)]),
      state: expect.objectContaining({ epoch: 1, phase: "steady", pause: null }),
    });
    expect(cli.store.writes).toEqual([]);
  });

  test("tells what was done, and the state after it", async () => {
    expect(await cli.run("pause", "orders", "--reason", "kernel", "--json")).toBe(1);
    const [why, text] = cli.lines;
    expect(JSON.parse(text ?? "")).toMatchObject({
      ...{ outcome: "unfinished", command: "pause", why: why?.slice(2) },
      state: { pause: { by: "alice@laptop", reason: "kernel", until: null } },
    });
    cli.lines.length = 0;
    expect(await cli.run("resume", "orders", "--json")).toBe(0);
    expect(JSON.parse(cli.lines.join(""))).toMatchObject({
      ...{ outcome: "done", said: ["orders is resumed"], why: null, state: { pause: null } },
    });
  });

  test("asks nobody: what asks wants --yes", async () => {
    cli.answers.push(true);
    expect(await cli.run("reset", "orders", "--json")).toBe(2);
    expect(cli.questions).toEqual([]);
    expect(cli.store.writes).toEqual([]);
  });

  test("leaves a refusal to standard error and the exit code", async () => {
    const asked = { ...request, allowedLossBytes: null };
    plant(cli, config, { ...steadyState(config), request: asked });
    expect(await cli.run("failover", "orders", "--json", "--yes")).toBe(1);
    expect(cli.lines).toEqual([expect.stringMatching(/^! error: expected no pending request/)]);
  });

  test("says what was done also where the table does not answer afterwards", async () => {
    const { readState } = cli.store;
    let reads = 0;
    cli.store.readState = async (group) => {
      reads += 1;
      return reads === 1 ? readState(group) : failure("timeout", "no answer");
    };
    expect(await cli.run("ack", "orders", "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(cli.lines.join(""))).toMatchObject({ outcome: "planned", state: null });
  });
});
