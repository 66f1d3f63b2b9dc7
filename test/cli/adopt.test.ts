import { beforeEach, describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import { adoptMaster, claim, pause, settle } from "../../lib/core/state.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import type { NodeReport } from "../../lib/ports/store.ts";
import {
  type Cli,
  configOf,
  createCli,
  groupsText,
  heartbeatOf,
  masterOf,
  plant,
  steadyState,
} from "../support/cli.ts";

const [n1, n2, n3] = ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"] as const;
const withName = `${groupsText}    dns: { zoneId: Z1, name: orders.redis.test }\n`;
const writer = { attempt: "w", shift: "a/1", rule: "B230", why: "a quorum names it" };

function report(change: Partial<NodeReport> = {}): NodeReport {
  const known = {
    verdict: "up",
    role: "replica",
    offset: 90,
    replid: "r1",
    isLinkUp: true,
  } as const;
  return { ...known, latencyMs: 1, unfit: null, oddities: [], ...change };
}

const silent = report({ verdict: "down(silent)", role: "master", isLinkUp: null });
const promoted = report({ role: "master", replid: "r2", isLinkUp: null });
const follower = report({ replid: "r2" });
/** The old master is gone, and another node stands in its place. */
const byHand = { [n1]: silent, [n2]: promoted, [n3]: follower };
const calm = { [n1]: report({ role: "master", isLinkUp: null }), [n2]: report(), [n3]: report() };

let cli: Cli;

function start(text: string, change: Partial<GroupState> = {}): GroupState {
  const config = configOf(text);
  const state = { ...steadyState(config), ...change };
  plant(cli, config, state);
  return state;
}

/** The observers send this while the command listens. */
function say(nodes: Readonly<Record<string, NodeReport>>, names = ["a", "b", "c"]): void {
  for (const name of names) heartbeatOf(cli, name, "orders");
  cli.clock.at(1_000, () => {
    for (const name of names) heartbeatOf(cli, name, "orders", { nodes, why: "waiting" });
  });
}

function stateNow(): GroupState {
  const state = cli.store.states.get("orders");
  if (state === undefined) throw new Error("expected a state");
  return state;
}

beforeEach(() => {
  cli = createCli();
});

describe("O6 adopt of a promotion made by hand", () => {
  test("shows the plan, asks, and follows the observers until the group has settled", async () => {
    start(groupsText, { pause: { by: "alice", reason: "", until: null, rev: 3 } });
    say(byHand);
    cli.clock.at(5_000, () =>
      cli.store.states.set("orders", adoptMaster(stateNow(), masterOf(n2), writer).next),
    );
    cli.clock.at(7_000, () =>
      cli.store.states.set("orders", settle(stateNow(), true, writer).next),
    );
    cli.answers.push(true);
    expect(await cli.run("adopt", "orders")).toBe(0);
    expect(cli.questions).toEqual(["Adopt this for orders?"]);
    expect(cli.lines).toContain(`master     ${n1}, since epoch 1`);
    expect(cli.lines).toContain(`would be   ${n2}, once a quorum of a, b, c names it`);
    expect(cli.lines).toContain(`seen by    a: ${n1} is down(silent)`);
    expect(cli.lines).toContain(`${n2} is the master since epoch 2`);
    expect(cli.lines.at(-1)).toContain("orders stays paused");
    expect(stateNow()).toMatchObject({ epoch: 2, phase: "steady", previousMaster: { node: n1 } });
  });

  test("leaves everything as it was when no quorum names a master in time, and says what they see", async () => {
    const before = start(groupsText);
    say(byHand);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain(`no quorum named a master within 75 s: ${n1} stays`);
    expect(cli.lines.at(-1)).toContain("a: waiting");
    const { master, epoch, masterEpoch, phase } = before;
    expect(stateNow()).toMatchObject({ master, epoch, masterEpoch, phase });
    expect(stateNow().round.status).toBe("closed");
  });

  test("takes the data that stands at the master's own address, where that is another server's", async () => {
    start(groupsText);
    const foreign = report({ verdict: "down(foreign)", role: "master", replid: "r9" });
    say({ [n1]: foreign, [n2]: report({ replid: "r9" }), [n3]: report({ replid: "r9" }) });
    expect(await cli.run("adopt", "orders", "--dry-run")).toBe(0);
    expect(cli.lines.join("\n")).toContain(`would be   ${n1}, with the data that it holds now`);
    expect(cli.lines.at(-1)).toBe("nothing was changed (--dry-run)");
    expect(cli.store.writes).toEqual([]);
  });

  test("has nothing to do where the master is the one that the table has", async () => {
    start(groupsText);
    say(calm);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(0);
    expect(cli.lines.at(-1)).toContain(`nothing to adopt: ${n1} is the master`);
    expect(cli.store.writes).toEqual([]);
  });

  const second = { ...calm, [n2]: promoted };
  test.each([
    ["two masters, and says that a pause comes first", second, "lambda-sentinel pause orders"],
    [
      "a master that is gone without a successor",
      { ...calm, [n1]: silent },
      "expected a node that says master",
    ],
    [
      "a node that follows somebody else",
      { ...byHand, [n3]: report() },
      `got ${n3}, which does not`,
    ],
    [
      "a node whose link is down",
      { ...byHand, [n3]: { ...follower, isLinkUp: false } },
      `got ${n3}`,
    ],
  ])("refuses %s", async (_name, nodes, why) => {
    start(groupsText);
    say(nodes);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain(why);
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses what too few observers see, or what they don't agree about", async () => {
    start(groupsText);
    say(byHand, ["a"]);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("got 1: nothing new from b, c");
    cli.clock.at(cli.clock.nowMs() + 500, () => {
      for (const [name, nodes] of [
        ["a", byHand],
        ["b", calm],
        ["c", byHand],
      ] as const)
        heartbeatOf(cli, name, "orders", { nodes });
    });
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain(`got a: ${n2}, b: ${n1}, c: ${n2}`);
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses an open epoch, a pending request, and a group that has no master to give up", async () => {
    const before = start(groupsText);
    const candidate = { node: n2, replid: "r1", offset: 90 };
    const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: null } as const;
    cli.store.states.set("orders", claim(before, intent, writer).next);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected phase steady, got promoting");
    cli.store.states.set("orders", { ...before, master: null });
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("its observers are asking already who it is");
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses what changed between the plan and the yes", async () => {
    const before = start(groupsText);
    say(byHand);
    cli.clock.at(1_000, () =>
      cli.store.states.set("orders", {
        ...pause(before, { by: "bob", reason: "", until: null }, writer).next,
        masterEpoch: 7,
      }),
    );
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected orders to be as it was shown");
    expect(cli.store.writes).toEqual([]);
  });
});

const stranger: RecordSet = {
  ...{ name: "orders.redis.test", type: "A", ttlSeconds: 300, values: ["10.9.9.9"] },
};

describe("adopt of a record", () => {
  test("takes it over by its companion alone, once that was agreed to, and waits for the observers", async () => {
    start(withName);
    say(calm);
    cli.records = success([stranger]);
    const companion: RecordSet = {
      ...{ name: "_lambda-sentinel.orders.redis.test", type: "TXT", ttlSeconds: 60 },
      values: [`"owner=lambda-sentinel deployment=test group=orders epoch=1 master=${n1}"`],
    };
    const right: RecordSet = { ...stranger, ttlSeconds: 5, values: ["10.0.0.1"] };
    cli.clock.at(20_000, () => {
      cli.records = success([companion, right]);
    });
    cli.answers.push(true);
    expect(await cli.run("adopt", "orders")).toBe(0);
    expect(cli.lines).toContain(
      "record     orders.redis.test has A 10.9.9.9 (TTL 300), which lambda-sentinel did not write",
    );
    expect(cli.batches).toEqual([
      [
        { action: "DELETE", record: stranger },
        { action: "CREATE", record: stranger },
        { action: "CREATE", record: companion },
      ],
    ]);
    expect(cli.lines.at(-1)).toBe("orders.redis.test is as the table has it");
    expect(cli.store.writes).toEqual([]);
  });

  test("changes nothing in a dry run, or without a yes", async () => {
    start(withName);
    cli.records = success([stranger]);
    say(calm);
    expect(await cli.run("adopt", "orders", "--dry-run")).toBe(0);
    expect(await cli.run("adopt", "orders")).toBe(2);
    expect(cli.batches).toEqual([]);
  });

  test("says which text whoever may change the zone has to write, where this machine may not", async () => {
    start(withName);
    cli.records = success([stranger]);
    cli.batchResult = failure("denied", "no right to change the zone");
    say(calm);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain(
      'creates TXT _lambda-sentinel.orders.redis.test with "owner=lambda-sentinel',
    );
  });

  test("stops where the zone can't be asked, or an alias stands there", async () => {
    start(withName);
    say(calm);
    cli.records = failure("timeout", "no answer in 3 s");
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected Route 53 to say what orders.redis.test is");
    cli.records = success([{ ...stranger, values: [] }]);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("is an alias or has a routing policy");
    expect(cli.batches).toEqual([]);
  });

  test("goes on where the observers are late, and says that a paused group publishes nothing", async () => {
    const before = start(withName);
    cli.records = success([stranger]);
    say(calm);
    expect(await cli.run("adopt", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("they do it with their next shift");
    cli.store.states.set("orders", {
      ...before,
      pause: { by: "bob", reason: "", until: null, rev: 3 },
    });
    cli.clock.at(cli.clock.nowMs() + 1_000, () => {
      for (const name of ["a", "b", "c"]) heartbeatOf(cli, name, "orders", { nodes: calm });
    });
    expect(await cli.run("adopt", "orders", "--yes")).toBe(0);
    expect(cli.lines.at(-1)).toContain("orders is paused");
  });
});
