import { describe, expect, test } from "@jest/globals";
import {
  clearRequest,
  commit,
  failEpoch,
  noWishes,
  pause,
  request,
  settle,
} from "../../lib/core/state.ts";
import { masterOf } from "../support/cli.ts";
import { besideSteadyGroup, claimed, plan, steady, writer } from "./failover-stage.ts";

const loss = { bytes: 10, certainty: "lower-bound", oldOffset: 100, newOffset: 90 } as const;
const stage = besideSteadyGroup();

describe("failover", () => {
  test("asks, follows each change, and ends when the group has settled", async () => {
    stage.cli.answers.push(true);
    stage.observerWrites(500, claimed);
    stage.observerWrites(1_000, (now) =>
      commit(now, masterOf("10.0.0.2:6379"), loss, writer("promoted")),
    );
    stage.observerWrites(2_000, (now) => settle(now, true, writer("every node follows")));
    expect(await stage.cli.run("failover", "orders")).toBe(0);
    expect(stage.cli.questions).toEqual(["Fail orders over?"]);
    expect(stage.cli.lines).toEqual([
      ...plan,
      "asked; the observers carry it out, whether you go on watching or not",
      "+0.00 s  epoch 1  steady: alice@laptop asks for a failover",
      "+0.50 s  epoch 2  promoting: chose 10.0.0.2:6379",
      "+1.00 s  epoch 2  settling: promoted",
      "+2.00 s  epoch 2  steady: every node follows",
      "10.0.0.2:6379 is the master since epoch 2",
    ]);
  });

  test("writes one request, and nothing else", async () => {
    stage.cli.clock.at(250, () => {
      expect(stage.state().request).toEqual({
        id: "attempt-1",
        kind: "failover",
        by: "alice@laptop",
        ...noWishes,
      });
    });
    stage.observerWrites(500, (now) => clearRequest(now, writer("no replica may be promoted")));
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines.at(-1)).toBe("! refused: no replica may be promoted");
    expect(stage.cli.store.writes).toEqual(["STATE orders rev 4"]);
  });

  test("that fails says why", async () => {
    stage.observerWrites(250, claimed);
    stage.observerWrites(500, (now) =>
      failEpoch(now, { reason: "the old master answered", isRefusal: false }, writer("closed")),
    );
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines.at(-1)).toBe("! epoch 2 failed: the old master answered");
  });

  test("that nobody takes up ends when everybody has had a look", async () => {
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.clock.nowMs()).toBe(75_000);
    expect(stage.cli.lines.at(-1)).toBe(
      "! expected an observer to take the request up within 75 s, got none; it stays and is carried out when one does, see `lambda-sentinel status orders`",
    );
  });

  test("that doesn't settle in that time says that the master is new all the same", async () => {
    stage.observerWrites(250, claimed);
    stage.observerWrites(500, (now) =>
      commit(now, masterOf("10.0.0.2:6379"), loss, writer("promoted")),
    );
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines.at(-1)).toBe(
      "! 10.0.0.2:6379 is the master, but the group did not settle within 75 s: the observers go on, see `lambda-sentinel status orders`",
    );
  });

  test("is asked once though the answer was lost", async () => {
    stage.cli.store.fail({ operation: "writeState", kind: "lost" });
    stage.observerWrites(500, (now) => clearRequest(now, writer("no")));
    await stage.cli.run("failover", "orders", "--yes");
    expect(stage.cli.store.writes).toEqual(["STATE orders rev 4"]);
  });

  test("is not asked without a yes", async () => {
    expect(await stage.cli.run("failover", "orders")).toBe(2);
    expect(stage.cli.lines).toEqual([
      ...plan,
      "! error: expected a terminal to ask on, or --yes; got neither, so nothing was changed",
    ]);
    expect(stage.cli.store.writes).toEqual([]);
  });

  test("is not asked of a master that took over while the question stood", async () => {
    stage.cli.store.onCall = (operation) => {
      if (operation !== "readConfig") return;
      stage.cli.store.states.set("orders", {
        ...steady,
        rev: 9,
        master: masterOf("10.0.0.3:6379"),
      });
    };
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines.at(-1)).toBe(
      "! error: expected 10.0.0.1:6379 to be the master still, got 10.0.0.3:6379; nothing was changed, run the command again if you want another failover",
    );
  });

  test("that ends in the table's failure is exit code 3", async () => {
    stage.cli.clock.at(250, () =>
      stage.cli.store.fail({ operation: "readState", kind: "unreachable" }),
    );
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(3);
  });
});

describe("failover is refused", () => {
  const by = { kind: "failover", by: "bob", ...noWishes } as const;

  test.each([
    [
      "a pause",
      pause(steady, { by: "bob", reason: "", until: null }, writer("x")).next,
      "expected orders to be running, got a pause by bob; run `lambda-sentinel resume orders` first",
    ],
    [
      "a pending request",
      request(steady, by, writer("x")).next,
      "expected no pending request, got a failover, asked by bob; wait until it is done, or run `lambda-sentinel cancel orders`",
    ],
    [
      "a running failover",
      claimed(steady).next,
      "expected phase steady, got promoting (chose 10.0.0.2:6379); wait until it is done",
    ],
    [
      "no master",
      { ...steady, master: null },
      "expected orders to have a master, got none yet: its observers have not agreed on one",
    ],
  ])("by %s", async (_name, standing, why) => {
    stage.cli.store.states.set("orders", standing);
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines).toEqual([`! error: ${why}; nothing was changed`]);
    expect(stage.cli.store.writes).toEqual([]);
  });

  test("before the observers have adopted the group", async () => {
    stage.cli.store.states.delete("orders");
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines).toEqual([
      "! error: expected orders to be watched, got no state yet: the observers create it when a quorum of them names one master; `lambda-sentinel status orders` shows what they see",
    ]);
  });

  test.each([
    ["order", 'expected the name of a group in the table, got "order": did you mean "orders"?'],
    ["zebra", 'expected the name of a group in the table, got "zebra"; there are orders'],
  ])("for an unknown group: %s", async (name, why) => {
    expect(await stage.cli.run("failover", name, "--yes")).toBe(2);
    expect(stage.cli.lines).toEqual([`! error: ${why}`]);
  });

  test("where the configuration that STATE names is gone", async () => {
    stage.cli.store.configs.clear();
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines).toEqual([
      "! error: expected version 1 of orders in the table, got none; run `lambda-sentinel apply` with the group's file",
    ]);
  });
});
