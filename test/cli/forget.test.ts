import { beforeEach, describe, expect, test } from "@jest/globals";
import { forget } from "../../lib/core/discovered.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { clearRequest, openRound, pause, request } from "../../lib/core/state.ts";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";
import { claimed } from "./failover-stage.ts";

const config = configOf(groupsText);
const found = { host: "10.0.0.4", port: 6379 };
const node = "10.0.0.4:6379";
const steady: GroupState = { ...steadyState(config), discovered: [found] };

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
});

function standing(): GroupState {
  const state = cli.store.states.get("orders");
  if (state === undefined) throw new Error("expected a state");
  return state;
}

/** At that time an observer answers the request by this rule. */
function observer(ms: number, rule: string, why: string): void {
  const writer = { attempt: `${rule}#${ms}`, shift: "a/1", rule, why };
  cli.clock.at(ms, () => {
    const state = standing();
    const change = rule === "R696" ? clearRequest(state, writer) : forget(state, [node], writer);
    cli.store.states.set("orders", change.next);
  });
}

const asked = "asked; the observers look at every node first";

describe("forget", () => {
  test("is carried out by the observers, and says what they did", async () => {
    cli.clock.at(400, () => {
      expect(standing().request).toEqual({
        ...{ id: "attempt-1", kind: "forget", by: "alice@laptop", node },
        until: "2030-01-01T00:01:45.000Z",
      });
    });
    observer(1_000, "R390", `alice@laptop asked to forget ${node}`);

    expect(await cli.run("forget", "orders", node, "--yes")).toBe(0);

    expect(cli.lines).toEqual([asked, `alice@laptop asked to forget ${node}`]);
  });

  test("tells why the observers refused, and ends with 1", async () => {
    observer(1_000, "R696", `forgetting ${node} refused: it answers`);

    expect(await cli.run("forget", "orders", node, "--yes")).toBe(1);

    expect(cli.lines).toEqual([asked, `! forgetting ${node} refused: it answers`]);
    expect(standing().discovered).toEqual([found]);
  });

  test("is taken back when no observer takes it up", async () => {
    expect(await cli.run("forget", "orders", node, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain("within 75 s, got none; it is taken back");
    expect(standing()).toMatchObject({ request: null, discovered: [found] });
  });

  test("says that it gave way to a failover", async () => {
    cli.clock.at(1_000, () => {
      const { next } = claimed(standing());
      cli.store.states.set("orders", { ...next, request: null });
    });

    expect(await cli.run("forget", "orders", node, "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toBe("! nothing was forgotten: chose 10.0.0.2:6379");
  });

  test.each([
    [2, "expected a discovered node, got 10.0.0.2:6379, which the file names", "10.0.0.2:6379"],
    [2, 'got "10.0.0.9:6379"; there are 10.0.0.4:6379', "10.0.0.9:6379"],
    [2, 'got "nonsense"; there are 10.0.0.4:6379', "nonsense"],
    [2, 'got ""; there are', ""],
  ])("ends with %i and a reason: %s", async (code, reason, what) => {
    expect(await cli.run("forget", "orders", what, "--yes")).toBe(code);
    expect(cli.lines.join("\n")).toContain(reason);
    expect(cli.store.states.get("orders")).toEqual(steady);
  });

  test("never takes the master, although it was found", async () => {
    const master = {
      node,
      runId: "x",
      replid: "y",
      replid2: null,
      secondOffset: -1,
      isMarked: true,
    };
    plant(cli, config, { ...steady, master });

    expect(await cli.run("forget", "orders", node, "--yes")).toBe(1);
    expect(cli.lines.join("\n")).toContain("expected another node than the master");
  });

  test("asks first, and does nothing without a yes", async () => {
    cli.answers.push(false);

    expect(await cli.run("forget", "orders", node)).toBe(1);
    expect(await cli.run("forget", "orders", node)).toBe(2);
    expect(cli.questions).toEqual([`Forget ${node}?`]);
    expect(standing()).toEqual(steady);
  });

  test.each([[["forget"]], [["forget", "orders"]], [["reset"]], [["reset", "nobody", "--yes"]]])(
    "%j is wrong usage",
    async (words) => {
      expect(await cli.run(...words)).toBe(2);
      expect(standing()).toEqual(steady);
    },
  );
});

const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };

describe.each([
  ["forget", [node]],
  ["reset", []],
])("%s in an unquiet group", (command, rest) => {
  const states: readonly (readonly [string, GroupState, string])[] = [
    [
      "a pause",
      pause(steady, { by: "bob", reason: "", until: null }, writer).next,
      "got a pause by bob",
    ],
    [
      "an open round",
      openRound(steady, "10.0.0.1:6379", writer).next,
      "nothing is forgotten in an outage",
    ],
    ["an open epoch", claimed(steady).next, "expected phase steady, got promoting"],
    [
      "another request",
      request(
        steady,
        { kind: "failover", by: "bob", to: null, at: null, allowedLossBytes: null },
        writer,
      ).next,
      "got a failover, asked by bob",
    ],
    ["no master", { ...steady, master: null }, "to have a master, got none yet"],
  ];

  test.each(states)("%s is refused, and nothing is written", async (_what, state, reason) => {
    plant(cli, config, state);

    expect(await cli.run(command, "orders", ...rest, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain(reason);
    expect(standing()).toEqual(state);
  });
});

describe("reset", () => {
  test("is carried out by the observers, and says what they did", async () => {
    observer(1_000, "R392", `alice@laptop asked for a reset: forgotten are ${node}`);

    expect(await cli.run("reset", "orders", "--yes")).toBe(0);

    expect(cli.lines).toEqual([
      `found are  ${node}; whichever answers stays`,
      asked,
      `alice@laptop asked for a reset: forgotten are ${node}`,
    ]);
  });

  test("has nothing to do where nothing was found", async () => {
    plant(cli, config, steadyState(config));

    expect(await cli.run("reset", "orders", "--yes")).toBe(0);
    expect(cli.lines).toEqual([
      "orders has no discovered node; the nodes of the file leave with `apply`",
    ]);
  });
});

describe("what was found, elsewhere", () => {
  test("status marks it, and counts it among the nodes", async () => {
    await cli.run("status", "orders");
    expect(cli.lines.join("\n")).toContain(`${node} (discovered)`);

    await cli.run("status", "orders", "--json");
    const { groups } = JSON.parse(cli.lines.at(-1) ?? "");
    expect(groups[0].nodes.map((one: { isDiscovered: boolean }) => one.isDiscovered)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test("a failover may name it", async () => {
    expect(await cli.run("failover", "orders", "--to", node, "--dry-run")).toBe(0);
  });

  test("a standing request to forget gives way to a failover, and can be cancelled", async () => {
    const until = "2030-01-01T00:01:45.000Z";
    const wish = { kind: "forget" as const, by: "bob", node, until };
    plant(cli, config, request(steady, wish, writer).next);

    expect(await cli.run("failover", "orders", "--dry-run")).toBe(0);
    expect(await cli.run("cancel", "orders")).toBe(0);
    expect(cli.lines.at(-1)).toBe(`cancelled: wish to forget ${node}, asked by bob`);
  });
});
