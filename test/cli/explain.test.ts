import { beforeEach, describe, expect, test } from "@jest/globals";
import type { NowReport, PastReport } from "../../lib/cli/explain-report.ts";
import { noWishes, openRound, pause, request } from "../../lib/core/state.ts";
import type { GroupReport, WayReport } from "../../lib/ports/store.ts";
import { heartbeatOf } from "../support/cli.ts";
import { cli, config, nodeReport, setState, steady, writer } from "./status-stage.ts";
import { everything, n1, n2, n3 } from "./stories-stage.ts";

const calm: WayReport = { joinsFrom: 1, successor: n2 };
const refused = { kind: "full", of: "refused", forMs: 800, why: "refused 4 connects" } as const;

/** Both replicas could take over; n3 lags, and counts for less. */
function beats(names: readonly string[], report: Partial<GroupReport> = {}): void {
  for (const name of names) {
    heartbeatOf(cli, name, "orders", {
      nodes: {
        [n1]: nodeReport({ role: "master", offset: 1_000, isLinkUp: null, priority: 100 }),
        [n2]: nodeReport({ offset: 1_000, priority: 50 }),
        [n3]: nodeReport({ offset: 900, priority: 100 }),
      },
      way: calm,
      ...report,
    });
  }
}

function vote(observer: string): void {
  const { name: group, digest } = config;
  const said = { round: 2, epoch: 1, verdict: "down", node: n1, lastOffset: 1_000 } as const;
  cli.store.votes.set(`${observer} orders`, {
    observer,
    group,
    digest,
    ...said,
    evidence: "refused",
  });
}

async function now(): Promise<NowReport> {
  expect(await cli.run("explain", "orders", "--json")).toBe(0);
  return JSON.parse(cli.lines.at(-1) ?? "");
}

async function past(...question: readonly string[]): Promise<PastReport> {
  expect(await cli.run("explain", "orders", ...question, "--json")).toBe(0);
  return JSON.parse(cli.lines.at(-1) ?? "");
}

beforeEach(() => beats(["a", "b", "c"]));

describe("explain in this moment", () => {
  test("says in calm that nobody holds the master down, whom it would promote, and why not the others", async () => {
    const report = await now();

    expect(report).toMatchObject({
      schema: 1,
      question: "now",
      answer: `no failover, because no observer holds ${n1} down`,
      stop: { name: "evidence", rule: "S310" },
      published: { epoch: 1, node: n1 },
    });
    expect(report.candidates).toEqual([
      {
        node: n2,
        isFavourite: true,
        isEligible: true,
        rank: "priority 50 of the server",
        offset: 1_000,
        lagBytes: 0,
        why: "by what it said last",
      },
      {
        node: n3,
        isFavourite: false,
        isEligible: true,
        rank: "priority 100 of the server",
        offset: 900,
        lagBytes: 100,
        why: `priority 100 of the server, and ${n2} has 50`,
      },
    ]);
  });

  test("walks with whoever is furthest, and counts the votes that are in the table now", async () => {
    setState(openRound(steady, n1, writer).next);
    beats(["b"], { way: { ...calm, held: refused } });
    vote("b");

    const report = await now();

    expect(report).toMatchObject({
      seenBy: "b",
      answer: "no failover at S340: 1 of 2 say down; no vote: a, c (b)",
      stop: { name: "quorum", rule: "S340" },
    });
    expect(report.observers.map(({ name, vote: said, stop }) => [name, said, stop?.rule])).toEqual([
      ["a", null, "S310"],
      ["b", "down", "S340"],
      ["c", null, "S310"],
    ]);
  });

  test("says that the next decision is the failover, and for whom", async () => {
    setState(openRound(steady, n1, writer).next);
    const field = [{ node: n2, isEligible: true, lagBytes: 0, why: "0 bytes behind" }];
    const choice = { node: n2, why: "the only eligible node", field };
    beats(["b"], { way: { ...calm, held: refused, choice } });
    vote("b");
    vote("c");

    expect(await now()).toMatchObject({
      answer: `b fails over to ${n2} with its next decision`,
      stop: null,
    });
  });

  test("names the pause, and prints a walk that people can read", async () => {
    setState(pause(steady, { by: "bob", reason: "racks move", until: null }, writer).next);

    expect(await cli.run("explain", "orders")).toBe(0);

    const text = cli.lines.join("\n");
    expect(text).toContain("orders  no failover at R700: paused by bob: racks move");
    expect(text).toMatch(
      /\n {4}NO {3}R700 {2}the group is not paused +paused by bob: racks move\n/,
    );
    expect(text).toMatch(
      /what would have to change:\n {4}R700 {2}`lambda-sentinel resume orders`\n/,
    );
    expect(text).toContain("→ 10.0.0.2:6379");
  });

  test("a request that waits is shown: a hand-over of a living master needs no condition", async () => {
    const wish = { ...noWishes, kind: "switchover", by: "bob" } as const;
    setState(request(steady, wish, writer).next);

    expect((await now()).request).toMatchObject({ kind: "switchover", by: "bob", to: null });
    expect(await cli.run("explain", "orders")).toBe(0);
    expect(cli.lines).toContain("  request  switchover, asked by bob");
  });

  test("a request that waits for its instant says which", async () => {
    const at = "2030-01-31T04:00:00.000Z";
    const wish = { ...noWishes, kind: "switchover", by: "bob", to: "10.0.0.2:6379", at } as const;
    setState(request(steady, wish, writer).next);

    await cli.run("explain", "orders");
    expect(cli.lines).toContain(`  request  switchover to 10.0.0.2:6379 at ${at}, asked by bob`);
  });

  test("an observer that keeps its hands off is told with its own reason", async () => {
    beats(["a", "b", "c"], { rule: "F100", why: "STATE cannot be read: timed out" });

    expect(await now()).toMatchObject({
      answer: "no failover at F100: STATE cannot be read: timed out",
    });
  });

  test("of a heartbeat that older code wrote, what it lacks is as in calm", async () => {
    for (const name of ["a", "b", "c"]) {
      heartbeatOf(cli, name, "orders", { nodes: { [n2]: nodeReport({}) } });
    }

    const report = await now();

    expect(report.stop).toEqual({ name: "evidence", rule: "S310" });
    expect(report.candidates).toMatchObject([
      { node: n2, isEligible: true, rank: null },
      { node: n3, isEligible: false, why: "it has not been reported on" },
    ]);
  });

  test("a group of which nobody reports anything is no calm one", async () => {
    cli.store.heartbeats.clear();

    expect(await now()).toMatchObject({
      answer: "no failover can come: no observer has reported anything of the group",
      seenBy: null,
      conditions: [],
    });
  });

  test("an unknown group gets a suggestion, and one question at a time is answered", async () => {
    expect(await cli.run("explain", "order")).toBe(2);
    expect(cli.lines.at(-1)).toContain('got "order": did you mean "orders"?');
    expect(await cli.run("explain", "orders", "--epoch", "2", "--round", "4")).toBe(2);
    expect(cli.lines.at(-1)).toBe("! error: expected --epoch or --round, got both");
    expect(await cli.run("explain", "orders", "--epoch", "two")).toBe(2);
    expect(cli.lines.join("\n")).toContain('expected a whole number, got "two"');
  });
});

describe("explain of the past", () => {
  beforeEach(() => {
    cli.store.events.push(...everything);
  });

  test("an epoch has its votes, its choice and its conditions", async () => {
    const report = await past("--epoch", "2");

    expect(report).toMatchObject({
      question: "epoch",
      number: 2,
      answer: expect.stringMatching(/^epoch 2 was opened by a\/7\.x by rule S370: a, b agree/),
      failover: { result: "completed", from: n1, to: n2 },
      candidates: [
        { node: n2, isChosen: true, why: "best of 2 eligible nodes" },
        { node: n3, isChosen: false, why: "it is down" },
      ],
    });
    expect(report.conditions.map(({ rule, isMet }) => `${rule} ${isMet}`)).toEqual([
      "S310 yes",
      "S310 yes",
      "S330 yes",
      "S340 yes",
      "S360 yes",
    ]);
    expect(report.votes).toHaveLength(3);
  });

  test("a round that led to nothing says what held it back", async () => {
    expect(await past("--round", "5")).toMatchObject({
      answer: `round 5 on ${n2} was withdrawn: ${n2} answers b again`,
      stop: { name: "quorum", rule: "S340" },
      failover: null,
    });
    expect(await past("--round", "6")).toMatchObject({ stop: { name: "cool-down", rule: "S350" } });
    expect(await past("--round", "4")).toMatchObject({ stop: null, failover: { epoch: 2 } });
  });

  test("what is not kept any more is said, with what is", async () => {
    expect(await cli.run("explain", "orders", "--epoch", "7")).toBe(1);
    expect(cli.lines.at(-1)).toContain(
      "expected an epoch of orders whose events are kept (2), got 7",
    );
    expect(await cli.run("explain", "orders", "--round", "1")).toBe(1);
    expect(cli.lines.at(-1)).toContain("whose events are kept (4, 5, 6), got 1");
  });

  test("is printed for people, too", async () => {
    expect(await cli.run("explain", "orders", "--round", "5")).toBe(0);

    const text = cli.lines.join("\n");
    expect(text).toContain(`orders  round 5 on ${n2} was withdrawn`);
    expect(text).toMatch(
      /NO {3}S340 {2}enough observers vote down +no quorum yet: 1 of 2 say down/,
    );
  });
});
