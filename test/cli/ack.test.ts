import { beforeEach, describe, expect, test } from "@jest/globals";
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
const calm = steadyState(config);
/** The master came by an automatic failover. */
const cooling = { ...calm, automaticEpoch: 1, earlyEpochs: [1] };

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, cooling);
});

describe("ack", () => {
  test("acknowledges the last automatic failover", async () => {
    expect(await cli.run("ack", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "acknowledged the automatic failover of epoch 1 to 10.0.0.1:6379; the next one does not wait for the cool-down",
    ]);
    expect(cli.store.states.get("orders")).toMatchObject({
      rev: cooling.rev + 1,
      automaticEpoch: null,
      earlyEpochs: [],
      lastTransition: {
        rule: "ack",
        why: "alice@laptop acknowledges the automatic failover of epoch 1 to 10.0.0.1:6379",
      },
    });
  });

  test("writes nothing where there is nothing to acknowledge", async () => {
    plant(cli, config, calm);
    expect(await cli.run("ack", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders has no automatic failover to acknowledge"]);
    expect(cli.store.writes).toEqual([]);
  });

  test("acknowledges no failover that came while it ran", async () => {
    const reads = cli.store.readState.bind(cli.store);
    let count = 0;
    cli.store.readState = async (group) => {
      count += 1;
      const next = { ...cooling, epoch: 2, masterEpoch: 2, automaticEpoch: 2 };
      if (count === 2) cli.store.states.set("orders", next);
      return await reads(group);
    };
    expect(await cli.run("ack", "orders")).toBe(1);
    expect(cli.lines).toEqual([
      "! error: expected the failover of epoch 1 to be the last one, got another of epoch 2 meanwhile; nothing was changed, see `lambda-sentinel status orders`",
    ]);
    expect(cli.store.states.get("orders")?.automaticEpoch).toBe(2);
  });

  test("says what it does not acknowledge while a failover is under way", async () => {
    plant(cli, config, { ...cooling, epoch: 2, phase: "promoting" });
    expect(await cli.run("ack", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "acknowledged the automatic failover of epoch 1 to 10.0.0.1:6379, and not the one of epoch 2 that is under way",
    ]);
    expect(cli.store.states.get("orders")).toMatchObject({ epoch: 2, phase: "promoting" });
  });

  test("does nothing a second time", async () => {
    await cli.run("ack", "orders");
    cli.lines.length = 0;
    const { length } = cli.store.writes;
    expect(await cli.run("ack", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders has no automatic failover to acknowledge"]);
    expect(cli.store.writes).toHaveLength(length);
  });

  test("of a group that was removed says so", async () => {
    plant(cli, config, { ...cooling, removed: { by: "bob", rev: 3 } });
    expect(await cli.run("ack", "orders")).toBe(1);
    expect(cli.lines[0]).toContain(
      "expected a group that is watched, got orders, which bob has removed",
    );
  });

  test("of an unknown group says which there are", async () => {
    expect(await cli.run("ack", "order")).toBe(2);
    expect(cli.lines[0]).toContain('expected the name of a group in the table, got "order"');
  });
});

describe("status shows a cool-down while it could hold something", () => {
  const row = () => cli.lines.find((line) => line.includes("cool-down"));

  test("by the observer that has known the master for the shortest time", async () => {
    for (const [name, knownForMs] of Object.entries({ a: 50_000, b: 20_000, c: 70_000 })) {
      heartbeatOf(cli, name, "orders", { masterKnownForMs: knownForMs });
    }
    await cli.run("status", "orders");
    expect(row()?.trim().replace(/ +/g, " ")).toBe(
      "cool-down since the automatic failover of epoch 1: for another 40 s at the most, or until `lambda-sentinel ack orders`",
    );
  });

  test("in full where an observer doesn't know the new master yet, or none reports", async () => {
    await cli.run("status", "orders", "--json");
    expect(JSON.parse(cli.lines.join("\n"))).toMatchObject({
      groups: [{ coolDown: { epoch: 1, leftMs: 60_000 } }],
    });
    heartbeatOf(cli, "a", "orders", { masterEpoch: 0, masterKnownForMs: 900_000 });
    cli.lines.length = 0;
    await cli.run("status", "orders", "--json");
    expect(JSON.parse(cli.lines.join("\n"))).toMatchObject({
      groups: [{ coolDown: { epoch: 1, leftMs: 60_000 } }],
    });
  });

  test.each([
    ["acknowledged", { ...cooling, automaticEpoch: null }, 1_000],
    ["over", cooling, 61_000],
  ])("and not when it is %s", async (_what, state, masterKnownForMs) => {
    plant(cli, config, state);
    for (const name of ["a", "b", "c"]) heartbeatOf(cli, name, "orders", { masterKnownForMs });
    await cli.run("status", "orders");
    expect(row()).toBeUndefined();
  });
});
