import { beforeEach, describe, expect, test } from "@jest/globals";
import type { NodeId } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import {
  claim,
  clearRequest,
  commit,
  noWishes,
  pause,
  request,
  settle,
} from "../../lib/core/state.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import { configOf, masterOf } from "../support/cli.ts";
import {
  cli,
  everybody,
  n1,
  n2,
  n3,
  nodesOf,
  report,
  seen,
  setState,
  text,
} from "./doctor-stage.ts";

const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };
const noLoss = { bytes: 0, certainty: "exact", oldOffset: null, newOffset: 9 } as const;

const hostOf = (node: NodeId): string => node.replace(/:.*$/, "");

/** What stood in STATE whenever an observer looked for a request. */
let asked: GroupState["request"][] = [];

beforeEach(() => {
  asked = [];
  // The record changes with the master, and nobody asks Route 53 here.
  cli.records = failure("denied", "no credentials");
});

/** What observers do, one step with each reading of STATE while a request or an epoch is open. */
function observersDo(...steps: readonly (() => void)[]): void {
  const left = [...steps];
  cli.store.onCall = (operation) => {
    const state = cli.store.states.get("orders");
    const isOpen = state?.request != null || state?.phase !== "steady";
    if (operation === "readState" && isOpen) left.shift()?.();
  };
}

/** An observer takes the request up, hands over and settles; DNS follows. */
function handOver(to: NodeId): readonly (() => void)[] {
  const candidate = { node: to, replid: "r1", offset: 9 };
  const intent = { kind: "switchover", isAutomatic: false, candidate, masterOffset: 9 } as const;
  return [
    () => {
      setState((state) => {
        asked.push(state.request);
        return claim(state, intent, writer).next;
      });
    },
    () => setState((state) => commit(state, masterOf(to), noLoss, writer).next),
    () => {
      setState((state) => settle(state, true, writer).next);
      cli.resolution = success({ addresses: [hostOf(to)], alias: null, ports: [], ttlSeconds: 5 });
    },
  ];
}

/** From then on every observer sees that node as the master, and the others follow it. */
function seeMaster(master: NodeId): void {
  const nodes = Object.fromEntries(
    Object.entries(nodesOf(configOf(text))).map(([id, node]) => [
      id,
      { ...node, role: id === master ? ("master" as const) : ("replica" as const), isLinkUp: true },
    ]),
  );
  for (const observer of everybody) report(observer, {}, nodes);
}

function told(name: string, epoch: number, durationsMs: Readonly<Record<string, number>>) {
  return {
    group: "orders",
    id: `${epoch}#${name}`,
    at: "2030-01-01T00:00:00.000Z",
    observer: "a",
    name,
    rule: "T620",
    epoch,
    round: 0,
    node: null,
    message: "",
    evidence: {},
    durationsMs,
  };
}

/** There to n2 and back, as a group that is well does it. */
function prepareBoth(): void {
  observersDo(...handOver(n2), ...handOver(n1));
  cli.clock.at(2_000, () => seeMaster(n2));
  for (const [epoch, promoteMs] of [
    [2, 70],
    [3, 80],
  ] as const) {
    cli.store.events.push(told("+promoted-slave", epoch, { promoteMs }));
    cli.store.events.push(told("+failover-end", epoch, { settleMs: 40, publishMs: 20 }));
  }
}

describe("a drill", () => {
  test("there and back is measured, judged, and exit code 0", async () => {
    prepareBoth();
    expect(await cli.run("drill", "orders", "--to", n2, "--yes", "--json")).toBe(0);
    const done = JSON.parse(cli.lines.at(-1) ?? "");
    expect(done).toMatchObject({
      schema: 1,
      table: "test",
      group: "orders",
      verdict: "passed",
      why: "there and back, within the targets",
      from: n1,
      master: n1,
      legs: [
        { from: n1, to: n2, epoch: 2, isDone: true },
        { from: n2, to: n1, epoch: 3, isDone: true },
      ],
    });
    expect(done.legs[0].steps).toEqual([
      { part: "take-up", ms: expect.any(Number), targetMs: 4_000, isMet: true },
      { part: "hand-over", ms: 70, targetMs: 6_000, isMet: true },
      { part: "publish", ms: 20, targetMs: 2_500, isMet: true },
      { part: "settle", ms: 40, targetMs: 60_000, isMet: true },
      { part: "name", ms: expect.any(Number), targetMs: 65_000, isMet: true },
    ]);
    expect(cli.lines).toHaveLength(1);
    expect(asked).toMatchObject([
      { kind: "switchover", by: "alice@laptop", to: n2 },
      { kind: "switchover", by: "alice@laptop", to: n1 },
    ]);
  });

  test("is shown before it is asked for, and followed", async () => {
    prepareBoth();
    cli.answers.push(true);
    expect(await cli.run("drill", "orders")).toBe(0);
    expect(cli.questions).toEqual(["Hand orders over and back?"]);
    expect(cli.lines.slice(0, 4)).toEqual([
      "group      orders",
      `there      from ${n1} to one of ${n2}, ${n3}, by Redis's own hand-over: nothing is lost, writes wait`,
      `back       to ${n1}`,
      "targets    take-up 4000 ms, hand-over 6000 ms, publish 2500 ms, settle 60 s, name 65 s",
    ]);
    expect(cli.lines).toContain(`${n2} is the master since epoch 2`);
    expect(cli.lines).toContain("waiting until the observers find the group healthy again");
    expect(cli.lines).toContain(`${n1} is the master since epoch 3`);
    expect(cli.lines).toContainEqual(
      expect.stringMatching(
        /^ {2}10\.0\.0\.1:6379 → 10\.0\.0\.2:6379 {2}take-up +\d+ ms +4000 ms +met$/,
      ),
    );
    expect(cli.lines.slice(-2)).toEqual([
      "passed: there and back, within the targets",
      `${n1} is the master`,
    ]);
  });

  test("whose hand-over took too long is missed, and exit code 1", async () => {
    prepareBoth();
    cli.store.events.push(told("+promoted-slave", 2, { promoteMs: 7_000 }));
    expect(await cli.run("drill", "orders", "--yes", "--json")).toBe(1);
    expect(JSON.parse(cli.lines.at(-1) ?? "")).toMatchObject({
      verdict: "missed",
      why: "hand-over took 7000 ms of 6000",
    });
  });

  test("that is refused leaves everything as it is", async () => {
    const why = `${n2} is loading`;
    observersDo(() => setState((state) => clearRequest(state, { ...writer, why }).next));
    expect(await cli.run("drill", "orders", "--yes")).toBe(1);
    expect(cli.lines.slice(-2)).toEqual([
      `failed: the way there: refused: ${n2} is loading`,
      `${n1} is the master`,
    ]);
  });

  test("after which the group is not well goes no way back, and says how", async () => {
    observersDo(...handOver(n2));
    for (const ms of [30_000, 60_000, 85_000]) cli.clock.at(ms, () => seeMaster(n1));
    expect(await cli.run("drill", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-2)).toMatch(
      /^failed: 10\.0\.0\.2:6379 is the master and not back: a, b, c did not see yet that 10\.0\.0\.1:6379 follows; `lambda-sentinel switchover orders --to 10\.0\.0\.1:6379` when that is mended$/,
    );
    expect(cli.lines.at(-1)).toBe(`${n2} is the master`);
  });

  test("measures no name that does not answer this machine", async () => {
    prepareBoth();
    cli.resolution = success({ addresses: [], alias: null, ports: [], ttlSeconds: null });
    expect(await cli.run("drill", "orders", "--yes", "--json")).toBe(0);
    const { legs } = JSON.parse(cli.lines.at(-1) ?? "");
    expect(legs[0].steps.at(-1)).toEqual({ part: "name", ms: null, targetMs: 65_000, isMet: null });
  });
});

describe("a drill never runs", () => {
  test.each([
    [
      "while an observer is missing",
      () => cli.store.heartbeats.delete("b"),
      "observer b has reported nothing",
    ],
    ["while a node is odd", () => seen(n3, { oddities: [`${n3} sings`] }), `${n3} sings`],
    [
      "with a wish that could not be met",
      () => seen(n2, { unfit: "its priority is 0" }),
      `${n2} could not take over: its priority is 0`,
    ],
    [
      "while the group is paused",
      () => setState((state) => pause(state, { by: "bob", reason: "", until: null }, writer).next),
      "got a pause by bob",
    ],
    [
      "while another request waits",
      () =>
        setState(
          (state) => request(state, { kind: "switchover", by: "bob", ...noWishes }, writer).next,
        ),
      "expected no pending request",
    ],
    [
      "in an open epoch",
      () => setState((state) => ({ ...state, phase: "settling" })),
      "got settling",
    ],
  ] as const)("%s", async (_when, cause, why) => {
    cause();
    expect(await cli.run("drill", "orders", "--to", n2, "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain(why);
    expect(cli.lines.at(-1)).toContain("nothing was changed");
    expect(cli.store.writes).toEqual([]);
  });

  test("to the master or a stranger, nor unasked", async () => {
    expect(await cli.run("drill", "orders", "--to", n1, "--yes")).toBe(2);
    expect(await cli.run("drill", "orders")).toBe(2);
    expect(await cli.run("drill", "orders", "--json")).toBe(2);
    expect(cli.store.writes).toEqual([]);
  });

  test("with --dry-run, which shows the plan or prints it", async () => {
    expect(await cli.run("drill", "orders", "--dry-run")).toBe(0);
    expect(cli.lines.at(-1)).toBe("nothing was asked (--dry-run)");
    expect(await cli.run("drill", "orders", "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(cli.lines.at(-1) ?? "")).toMatchObject({ verdict: "planned", legs: [] });
    expect(cli.store.writes).toEqual([]);
  });
});
