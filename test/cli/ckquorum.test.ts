import { beforeEach, describe, expect, test } from "@jest/globals";
import type { QuorumReport } from "../../lib/cli/ckquorum.ts";
import { pause } from "../../lib/core/state.ts";
import type { GroupReport, NodeReport } from "../../lib/ports/store.ts";
import {
  type Cli,
  configOf,
  createCli,
  groupsText,
  heartbeatOf,
  plant,
  steadyState,
} from "../support/cli.ts";

const config = configOf(groupsText);
const steady = steadyState(config);
const nodes = {
  "10.0.0.1:6379": seen("up"),
  "10.0.0.2:6379": seen("up"),
  "10.0.0.3:6379": seen("down(silent)"),
};

function seen(verdict: string): NodeReport {
  return {
    verdict,
    role: null,
    offset: null,
    replid: null,
    isLinkUp: null,
    latencyMs: null,
    unfit: null,
    oddities: [],
  };
}

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
});

/** This observer has sent heartbeats, and sends another one at each of these moments. */
function beats(name: string, atMs: readonly number[], report: Partial<GroupReport> = {}): void {
  const beat = () => heartbeatOf(cli, name, "orders", { nodes, ...report });
  beat();
  for (const ms of atMs) cli.clock.at(ms, beat);
}

async function report(): Promise<QuorumReport> {
  await cli.run("ckquorum", "orders", "--json");
  return JSON.parse(cli.lines.at(-1) ?? "");
}

describe("ckquorum", () => {
  test("ends as soon as every observer has sent a heartbeat, in Sentinel's words", async () => {
    for (const [index, name] of ["a", "b", "c"].entries()) beats(name, [3_000 + index * 1_000]);
    expect(await cli.run("ckquorum", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "OK 3 usable observers of 3, 2 needed. Quorum and failover authorization can be reached",
      "  a  usable",
      "  b  usable",
      "  c  usable",
    ]);
    expect(cli.clock.nowMs()).toBe(5_000);
  });

  test("tells who is missing, and still says OK while the rest is enough", async () => {
    beats("a", [3_000]);
    beats("b", [3_000]);
    beats("c", []);
    expect(await cli.run("ckquorum", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "OK 2 usable observers of 3, 2 needed. Quorum and failover authorization can be reached",
      "  a  usable",
      "  b  usable",
      "  c  stale   no heartbeat in 33 s; the last one is 33 s old by its clock and ours",
    ]);
  });

  test("listens for as long as observers that watch by ticks say that they take", async () => {
    beats("a", [3_000]);
    beats("b", [3_000]);
    beats("c", []);
    const before = cli.store.heartbeats.get("c");
    if (before === undefined) throw new Error("expected a heartbeat");
    cli.store.heartbeats.set("c", { ...before, everyMs: 60_000 });
    cli.clock.at(70_000, () => heartbeatOf(cli, "c", "orders", { nodes }));
    expect(await cli.run("ckquorum", "orders")).toBe(0);
    expect(cli.lines[0]).toContain("OK 3 usable observers of 3");
  });

  test("is exit code 1 without a quorum, whatever the clocks of the observers say", async () => {
    beats("a", [3_000]);
    // Written long ago, by a clock that is hours ahead.
    for (const name of ["b", "c"]) {
      beats(name, []);
      const heartbeat = cli.store.heartbeats.get(name);
      if (heartbeat === undefined) throw new Error("expected a heartbeat");
      cli.store.heartbeats.set(name, { ...heartbeat, at: "2030-01-01T09:00:00.000Z" });
    }
    expect(await cli.run("ckquorum", "orders")).toBe(1);
    expect(cli.lines[0]).toBe(
      "NOQUORUM 1 usable observer of 3, 2 needed. Not enough available observers to reach the quorum and authorize a failover",
    );
  });

  test("counts a quorum that is larger than the majority", async () => {
    const strict = configOf(`${groupsText}    quorum: 3\n`);
    plant(cli, strict, steadyState(strict));
    beats("a", [1_000]);
    beats("b", [1_000]);
    expect(await report()).toMatchObject({ isReachable: false, needed: 3, usable: 2 });
  });

  test("counts nobody who would vote under another configuration, about nothing, or blindly", async () => {
    plant(cli, configOf(groupsText, 2), { ...steady, configVersion: 2 });
    const down = { "10.0.0.1:6379": seen("down(refused)") };
    beats("a", [1_000], { configVersion: 1 });
    beats("b", [1_000], { configVersion: 2, nodes: down });
    // It watches another group alone.
    cli.clock.at(1_000, () => heartbeatOf(cli, "c", "billing"));
    const { observers, isReachable } = await report();
    expect(isReachable).toBe(false);
    expect(observers.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "a other-configuration",
      "b blind",
      "c absent",
    ]);
    expect(observers[0]?.why).toBe("holds configuration version 1, in force is 2");
  });

  test("says who has never been there", async () => {
    beats("a", [1_000]);
    beats("b", [1_000]);
    const { observers } = await report();
    expect(observers[2]).toMatchObject({ status: "absent", why: "has never sent a heartbeat" });
  });

  test("remarks on another code version, whose votes count all the same", async () => {
    for (const name of ["a", "b", "c"]) beats(name, [1_000]);
    cli.clock.at(1_000, () => {
      const heartbeat = cli.store.heartbeats.get("b");
      if (heartbeat !== undefined)
        cli.store.heartbeats.set("b", { ...heartbeat, codeVersion: "0.2.0" });
    });
    const { isReachable, observers } = await report();
    expect(isReachable).toBe(true);
    expect(observers[1]).toMatchObject({
      status: "usable",
      why: "runs code 0.2.0, others another: a 0.1.0, c 0.1.0",
    });
  });

  test("mentions a pause, and a group that nobody has adopted", async () => {
    const asked = { by: "bob", reason: "kernel", until: null };
    const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };
    cli.store.states.set("orders", pause(steady, asked, writer).next);
    for (const name of ["a", "b", "c"]) beats(name, [1_000]);
    await cli.run("ckquorum", "orders");
    expect(cli.lines.at(-1)).toBe("  paused by bob: nothing is failed over meanwhile");
    cli.store.states.delete("orders");
    for (const name of ["a", "b", "c"]) beats(name, [cli.clock.nowMs() + 1_000]);
    expect(await cli.run("ckquorum", "orders")).toBe(0);
    expect(cli.lines.at(-1)).toBe("  not adopted yet: no quorum has named its master");
  });

  test("knows no group of that name", async () => {
    expect(await cli.run("ckquorum", "order")).toBe(2);
    expect(cli.lines).toEqual([expect.stringContaining('got "order"')]);
  });
});
