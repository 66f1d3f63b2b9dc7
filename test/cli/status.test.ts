import { describe, expect, test } from "@jest/globals";
import { wantedOf } from "../../lib/core/records.ts";
import {
  claim,
  commit,
  noWishes,
  openRound,
  pause,
  request,
  settle,
} from "../../lib/core/state.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import { configOf, heartbeatOf, masterOf, plant } from "../support/cli.ts";
import {
  cli,
  nodeReport,
  nodes,
  owner,
  problems,
  published,
  setState,
  steady,
  text,
  writer,
} from "./status-stage.ts";

describe("status", () => {
  test("of a healthy group fits a glance and is exit code 0", async () => {
    await cli.clock.sleep(3_000);
    expect(await cli.run("status", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "orders  healthy",
      "  config       version 1",
      "  master       10.0.0.1:6379, since epoch 1",
      "  epoch        1, phase steady",
      "  last change  rev 3 by bootstrap: the quorum agrees",
      "  record       orders.redis.test has A 10.0.0.1 (TTL 5); as the table has it; the table saw 10.0.0.1:6379 published at epoch 1",
      "  dns          10.0.0.1 for another 4 s, as the zone has it",
      "",
      "  node                    a                             b                             c",
      "  10.0.0.1:6379 (master)  up master, offset 1000, 1 ms  up master, offset 1000, 1 ms  up master, offset 1000, 1 ms",
      "  10.0.0.2:6379           up replica, lag 10, 1 ms      up replica, lag 10, 1 ms      up replica, lag 10, 1 ms",
      "  10.0.0.3:6379           down(silent)                  down(silent)                  down(silent)",
      "",
      "  observer  heartbeat  shift  config  suspects  last acted on",
      "  a         3 s ago    7      1       -         steady-healthy: all is well",
      "  b         3 s ago    7      1       -         steady-healthy: all is well",
      "  c         3 s ago    7      1       -         steady-healthy: all is well",
      "",
    ]);
  });

  test("takes an observer's silence as it said it would be", async () => {
    const before = cli.store.heartbeats.get("c");
    if (before === undefined) throw new Error("expected a heartbeat");
    cli.store.heartbeats.set("c", { ...before, everyMs: 60_000 });
    await cli.clock.sleep(100_000);
    await cli.run("status", "orders", "--json");
    const status = (name: string) =>
      new RegExp(`"name": "${name}",\\s+"status": "(\\w+)"`).exec(cli.lines.join("\n"))?.[1];
    expect(["a", "b", "c"].map(status)).toEqual(["stale", "stale", "present"]);
  });

  test("shows a pause, a request, a round and the last failover with its loss", async () => {
    const candidate = { node: "10.0.0.2:6379", replid: "r1", offset: 90 };
    const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: 100 } as const;
    const loss = { bytes: 10, certainty: "lower-bound", oldOffset: 100, newOffset: 90 } as const;
    const claimed = claim(steady, intent, writer).next;
    const settled = settle(
      commit(claimed, masterOf("10.0.0.2:6379"), loss, writer).next,
      true,
      writer,
    ).next;
    const asked = request(settled, { kind: "failover", by: "bob", ...noWishes }, writer).next;
    const halted = pause(asked, { by: "bob", reason: "kernel", until: null }, writer).next;
    setState(openRound(halted, "10.0.0.2:6379", writer).next);
    heartbeatOf(cli, "b", "orders", { nodes, isPauseSeen: true, rev: 9 });
    await cli.run("status", "orders");
    for (const line of [
      "  pause        pausing (waiting for observer a, observer c) by bob: kernel",
      "  round        2 is open, suspects 10.0.0.2:6379, opened by a/1",
      "  request      failover, asked by bob",
      "  last epoch   2: automatic failover completed, 10.0.0.1:6379 → 10.0.0.2:6379, lost at least 10 bytes: a test",
    ]) {
      expect(cli.lines).toContain(line);
    }
  });

  test("of all groups names each", async () => {
    const carts = configOf(
      text.replace("orders", "carts").replace("orders.", "carts.").replaceAll("10.0.0", "10.1.0"),
    );
    plant(cli, carts, null);
    expect(await cli.run("status")).toBe(1);
    expect(cli.lines.filter((line) => /^\w/.test(line))).toEqual([
      "carts  not healthy",
      "orders  healthy",
    ]);
    expect(cli.lines).toContain("  config  version 1 stored, none adopted");
  });

  test("of an empty table says that nothing is watched, and how to add a group", async () => {
    const why =
      "no group is configured in table test, so nothing is watched: add one with `lambda-sentinel apply -f groups.yml`, or name the right table with --table and --region";
    cli.store.configs.clear();
    expect(await cli.run("status")).toBe(1);
    expect(await cli.run("status", "--json")).toBe(1);
    expect(cli.lines[0]).toBe(`! ${why}`);
    expect(JSON.parse(cli.lines[1] ?? "")).toMatchObject({
      isHealthy: false,
      problems: [why],
      groups: [],
    });
    expect(cli.lines).toHaveLength(2);
  });

  test("of an unknown group is", async () => {
    expect(await cli.run("status", "ordres")).toBe(2);
    expect(cli.lines).toEqual([
      '! error: expected the name of a group in the table, got "ordres": did you mean "orders"?',
    ]);
  });

  test("without the table is exit code 3", async () => {
    cli.store.fail({ operation: "readState", kind: "unreachable" });
    expect(await cli.run("status")).toBe(3);
  });

  test("without Route 53 still shows everything else", async () => {
    cli.records = failure("denied", "no credentials");
    expect(await cli.run("status")).toBe(0);
    expect(cli.lines).toContain(
      "  record       orders.redis.test should have A 10.0.0.1 (TTL 5); Route 53 could not be asked: no credentials; the table saw 10.0.0.1:6379 published at epoch 1",
    );
  });
});

describe("a group is not healthy", () => {
  test("before it is adopted", async () => {
    cli.store.states.clear();
    expect(await problems()).toEqual([
      "not adopted yet: no quorum of the observers has named one master",
    ]);
  });

  test("when its state is somebody else's", async () => {
    cli.store.foreign.set("orders", "deployment prod");
    expect(await problems()).toEqual([
      "its state must not be touched by this version: deployment prod",
    ]);
  });

  test("without a master", async () => {
    setState({ ...steady, master: null });
    expect(await problems()).toEqual(["no master: the observers have not agreed on one"]);
  });

  test("while an epoch is open", async () => {
    setState({ ...steady, phase: "settling" });
    expect(await problems()).toEqual(["the phase is settling, not steady"]);
  });

  test("while an observer reports the master down", async () => {
    const down = {
      ...nodes,
      "10.0.0.1:6379": nodeReport({ verdict: "down(refused)", role: "master" }),
    };
    heartbeatOf(cli, "b", "orders", { nodes: down });
    expect(await problems()).toEqual([
      "the master 10.0.0.1:6379 is reported down: b down(refused)",
    ]);
  });

  test("while observers are missing", async () => {
    cli.store.heartbeats.delete("a");
    cli.store.heartbeats.delete("b");
    heartbeatOf(cli, "b", "carts");
    await cli.clock.sleep(61_000);
    expect(await problems()).toEqual([
      "observer a has reported nothing about the group",
      "observer b has reported nothing about the group",
      "observer c has not reported for 61 s",
    ]);
  });

  test("when no node could take the master's place, and each observer says so", async () => {
    const unfit = { unfit: "it is down", verdict: "down(silent)", role: null };
    const third = { unfit: "its replica-priority is 0" };
    const without = {
      ...nodes,
      "10.0.0.2:6379": nodeReport(unfit),
      "10.0.0.3:6379": nodeReport(third),
    };
    for (const observer of ["a", "b", "c"])
      heartbeatOf(cli, observer, "orders", { nodes: without });
    expect(await problems()).toEqual([
      "no node could take the master's place: 10.0.0.2:6379: it is down; 10.0.0.3:6379: its replica-priority is 0",
    ]);
    heartbeatOf(cli, "b", "orders", { nodes });
    expect(await problems()).toEqual([]);
  });

  test("while something about a node is odd, once for all observers", async () => {
    const odd = { ...nodes, "10.0.0.3:6379": nodeReport({ oddities: ["it has no masterauth"] }) };
    for (const observer of ["a", "b", "c"]) heartbeatOf(cli, observer, "orders", { nodes: odd });
    expect(await problems()).toEqual(["it has no masterauth"]);
  });

  test("when its configuration is gone", async () => {
    setState({ ...steady, configVersion: 9 });
    expect(await problems()).toEqual(["version 9, which the state names, is not in the table"]);
  });

  test.each([
    [[], "got nothing"],
    [
      [{ name: "orders.redis.test", type: "A", ttlSeconds: 5, values: ["10.0.0.9"] }] as const,
      "got A 10.0.0.9 (TTL 5)",
    ],
  ])("while its record differs: %j", async (found, got) => {
    const companion = published.filter((one) => one.type === "TXT");
    cli.records = success([...companion, ...found]);
    expect(await problems()).toEqual([
      `the record orders.redis.test differs: expected A 10.0.0.1 (TTL 5) at orders.redis.test, ${got}`,
    ]);
  });

  test("while its replicas' name differs", async () => {
    const listing = configOf(text.replace("ttl: 5", "ttl: 5, replicas: orders-ro.redis.test"));
    const old = { name: "orders-ro.redis.test", ttlSeconds: 5, values: ["10.0.0.9"] };
    plant(cli, listing, steady);
    cli.records = success([...published, { ...old, type: "A" }]);

    expect((await problems()).join()).toContain("the record orders-ro.redis.test differs");
    const node = listing.nodes.find((one) => one.id === "10.0.0.1:6379");
    if (node === undefined) throw new Error("expected the master among the nodes");
    cli.records = success([...published, ...wantedOf(listing, "replicas", owner, node)]);
    expect(await problems()).toEqual([]);
  });
});
