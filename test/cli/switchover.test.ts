import { describe, expect, test } from "@jest/globals";
import { clearRequest, noWishes, request } from "../../lib/core/state.ts";
import { besideSteadyGroup, claimed, plan, steady, writer } from "./failover-stage.ts";

const stage = besideSteadyGroup();

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
      "asked; the observers carry it out, whether you go on watching or not",
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
      `asked for ${at.toISOString()}; \`lambda-sentinel cancel orders\` takes it back, and so does any automatic failover before then`,
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
