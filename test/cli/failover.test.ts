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
      "asked; the observers carry it out",
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

  test("that nobody takes up ends after a minute", async () => {
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.clock.nowMs()).toBe(60_000);
    expect(stage.cli.lines.at(-1)).toBe(
      "! expected an observer to take the request up within 60 s, got none; it stays and is carried out when one does, see `lambda-sentinel status orders`",
    );
  });

  test("that doesn't settle in a minute says that the master is new all the same", async () => {
    stage.observerWrites(250, claimed);
    stage.observerWrites(500, (now) =>
      commit(now, masterOf("10.0.0.2:6379"), loss, writer("promoted")),
    );
    expect(await stage.cli.run("failover", "orders", "--yes")).toBe(1);
    expect(stage.cli.lines.at(-1)).toBe(
      "! 10.0.0.2:6379 is the master, but the group did not settle within 60 s: the observers go on, see `lambda-sentinel status orders`",
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

describe("switchover", () => {
  test("asks for a hand-over to the node that is named", async () => {
    stage.cli.answers.push(true);
    stage.observerWrites(250, (now) => clearRequest(now, writer("10.0.0.3:6379 is loading")));
    expect(await stage.cli.run("switchover", "orders", "--to", "10.0.0.3:6379")).toBe(1);
    expect(stage.cli.questions).toEqual(["Switch orders over?"]);
    expect(stage.cli.lines).toEqual([
      "group      orders",
      "master     10.0.0.1:6379, since epoch 1",
      "successor  10.0.0.3:6379",
      "asked are  a, b, c",
      "asked; the observers carry it out",
      "+0.00 s  epoch 1  steady: alice@laptop asks for a switchover to 10.0.0.3:6379",
      "+0.25 s  epoch 1  steady: 10.0.0.3:6379 is loading",
      "! refused: 10.0.0.3:6379 is loading",
    ]);
  });

  test("for later is written in UTC and not waited for", async () => {
    const at = new Date(Date.parse(stage.cli.clock.wallTime()) + 7_200_000);
    const local = `${new Date(at.getTime() + 3_600_000).toISOString().slice(0, 19)}+01:00`;
    expect(await stage.cli.run("switchover", "orders", "--at", local, "--yes")).toBe(0);
    expect(stage.cli.lines.at(-1)).toBe(
      `asked for ${at.toISOString()}; \`lambda-sentinel cancel orders\` takes it back, and so does any failover before then`,
    );
    expect(stage.state().request).toMatchObject({
      kind: "switchover",
      at: at.toISOString(),
      to: null,
    });
  });

  test.each([
    ["no instant", "tomorrow", /expected --at to be an instant with its offset from UTC, like \d/],
    ["one without an offset", "2030-01-31T04:00:00", /with its offset from UTC/],
    [
      "one that has passed",
      "2001-01-31T04:00Z",
      /expected --at to lie ahead, by 30 days at the most, got 2001-01-31T04:00:00.000Z at/,
    ],
    ["one that is far away", "2999-01-31T04:00Z", /by 30 days at the most/],
  ])("for %s is a usage error", async (_name, at, message) => {
    expect(await stage.cli.run("switchover", "orders", "--at", at, "--yes")).toBe(2);
    expect(stage.cli.lines.at(-1)).toMatch(message);
    expect(stage.cli.store.writes).toEqual([]);
  });

  test.each([
    [
      "the master",
      "10.0.0.1:6379",
      "got its master 10.0.0.1:6379; there are 10.0.0.2:6379, 10.0.0.3:6379; nothing was changed",
    ],
    [
      "a stranger",
      "db9:1",
      'got "db9:1"; there are 10.0.0.2:6379, 10.0.0.3:6379; nothing was changed',
    ],
  ])("to %s is a usage error", async (_name, to, message) => {
    expect(await stage.cli.run("switchover", "orders", "--to", to, "--yes")).toBe(2);
    expect(stage.cli.lines.at(-1)).toContain(
      `expected --to to name another node of orders, ${message}`,
    );
    expect(stage.cli.store.writes).toEqual([]);
  });

  test("only shown asks nothing and needs no yes", async () => {
    expect(await stage.cli.run("switchover", "orders", "--dry-run")).toBe(0);
    expect(stage.cli.lines).toEqual([...plan, "nothing was asked (--dry-run)"]);
    expect(stage.cli.store.writes).toEqual([]);
  });
});

describe("failover with consent to a loss", () => {
  test("writes the bytes and says when they count", async () => {
    stage.observerWrites(250, (now) => clearRequest(now, writer("no")));
    await stage.cli.run("failover", "orders", "--allow-data-loss", "1000000", "--yes");
    expect(stage.cli.lines).toContain("may lose   1000000 bytes, if 10.0.0.1:6379 is down");
    expect(stage.state().lastTransition.why).toBe("no");
    expect(stage.cli.lines).toContain(
      "+0.00 s  epoch 1  steady: alice@laptop asks for a failover, losing 1000000 bytes at the most",
    );
  });

  test.each(["-1", "1.5", "many", "1e3"])("of %s bytes is a usage error", async (bytes) => {
    expect(await stage.cli.run("failover", "orders", `--allow-data-loss=${bytes}`, "--yes")).toBe(
      2,
    );
    expect(stage.cli.lines.join(" ")).toContain(
      `expected a whole number of bytes, got "${bytes}".`,
    );
  });
});

describe("cancel", () => {
  const later = { ...noWishes, kind: "switchover", by: "bob", to: "10.0.0.2:6379" } as const;
  const pending = request(steady, { ...later, at: "2030-01-31T04:00:00.000Z" }, writer("x")).next;

  test("takes a request back and says which", async () => {
    stage.cli.store.states.set("orders", pending);
    expect(await stage.cli.run("cancel", "orders")).toBe(0);
    const what = "switchover to 10.0.0.2:6379 at 2030-01-31T04:00:00.000Z, asked by bob";
    expect(stage.cli.lines).toEqual([`cancelled: ${what}`]);
    expect(stage.state()).toMatchObject({
      request: null,
      lastTransition: { rule: "cancel", why: `alice@laptop cancels the ${what}` },
    });
  });

  test("without a request writes nothing", async () => {
    expect(await stage.cli.run("cancel", "orders")).toBe(0);
    expect(stage.cli.lines).toEqual(["orders has no request"]);
    expect(stage.cli.store.writes).toEqual([]);
  });

  test("of one that has begun is refused", async () => {
    stage.cli.store.states.set("orders", claimed(pending).next);
    expect(await stage.cli.run("cancel", "orders")).toBe(1);
    expect(stage.cli.lines).toEqual([
      "! error: expected a request that nobody has begun, got epoch 2 in phase promoting; it goes on",
    ]);
    expect(stage.cli.store.writes).toEqual([]);
  });
});
