import { beforeEach, describe, expect, test } from "@jest/globals";
import { request } from "../../lib/core/state.ts";
import type { StoredEvent } from "../../lib/ports/store.ts";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);
const steady = steadyState(config);
const writer = { attempt: "x", shift: "operator", rule: "cli", why: "bob asks for a failover" };
const wish = { by: "bob", to: null, at: null, allowedLossBytes: null };

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
});

/** At that time an observer has told, or has not. */
function answers(ms: number, observer: string, change: Partial<StoredEvent> = {}): void {
  cli.clock.at(ms, () => {
    cli.store.events.push({
      ...{ group: "orders", id: `4#${observer}`, at: "2030-01-01T00:00:00.000Z", observer },
      ...{ name: "+notified", rule: "R694", epoch: 1, round: 1, node: null },
      message: "the topic took it; the event bus took it",
      evidence: { request: "attempt-1", by: "alice@laptop" },
      durationsMs: {},
      ...change,
    });
  });
}

const asked = "asked; each of a, b, c tells topic and event bus";

describe("notify test", () => {
  test("is done when every observer has told, and takes its request back", async () => {
    answers(500, "a");
    answers(1_000, "c");
    answers(4_000, "b");

    expect(await cli.run("notify", "test", "orders")).toBe(0);

    const took = "the topic took it; the event bus took it";
    expect(cli.lines).toEqual([asked, `a  ${took}`, `c  ${took}`, `b  ${took}`]);
    expect(cli.store.states.get("orders")).toMatchObject({
      request: null,
      lastTransition: { why: "alice@laptop has seen the test of notifications" },
    });
  });

  test("writes a request that ends by itself, and nothing else, while it waits", async () => {
    cli.clock.at(500, () => {
      expect(cli.store.states.get("orders")).toEqual({
        ...steady,
        rev: steady.rev + 1,
        attempts: ["attempt-1", ...steady.attempts],
        log: [...steady.log, expect.objectContaining({ rule: "request-notify-test" })],
        request: {
          ...{ id: "attempt-1", kind: "notify-test", by: "alice@laptop" },
          until: "2030-01-01T00:01:45.000Z",
        },
        lastTransition: {
          ...{ rev: steady.rev + 1, rule: "request-notify-test" },
          why: "alice@laptop asks for a test of notifications",
        },
      });
    });
    for (const observer of ["a", "b", "c"]) answers(1_000, observer);
    expect(await cli.run("notify", "test", "orders")).toBe(0);
    expect.assertions(2);
  });

  test("fails when one observer could not tell, and says why", async () => {
    answers(500, "a");
    answers(500, "b", { name: "-notified", message: "the topic did not: SNS Publish: denied" });
    answers(500, "c");

    expect(await cli.run("notify", "test", "orders")).toBe(1);
    expect(cli.lines).toContain("b  the topic did not: SNS Publish: denied");
  });

  test("names who did not answer in time, and listens to no earlier test", async () => {
    answers(500, "a");
    answers(500, "b", { evidence: { request: "an earlier one" } });
    answers(500, "c");

    expect(await cli.run("notify", "test", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! b  did not answer within 75 s: it does not run, or does not reach the master",
    );
    expect(cli.store.states.get("orders")?.request).toBeNull();
  });

  test("gives way to a failover, and leaves that request alone", async () => {
    cli.clock.at(1_000, () => {
      const standing = cli.store.states.get("orders") ?? steady;
      cli.store.states.set("orders", request(standing, { ...wish, kind: "failover" }, writer).next);
    });

    expect(await cli.run("notify", "test", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! c  did not answer: the test gave way, bob asks for a failover",
    );
    expect(cli.store.states.get("orders")?.request).toMatchObject({ id: "x", kind: "failover" });
  });

  test.each([
    [{ master: null }, "expected orders to have a master, got none yet"],
    [{ phase: "settling" as const }, "expected phase steady, got settling"],
    [
      { request: { ...wish, kind: "switchover" as const, id: "y" } },
      "expected no pending request, got a switchover, asked by bob",
    ],
  ])("is refused with %j, with the reason", async (change, message) => {
    cli.store.states.set("orders", { ...steady, ...change });
    expect(await cli.run("notify", "test", "orders")).toBe(1);
    expect(cli.lines[0]).toContain(`! error: ${message}`);
    expect(cli.lines[0]).toContain("nothing was changed");
    expect(cli.store.writes).toEqual([]);
  });
});

describe("a test that stands", () => {
  const standing = {
    ...steady,
    request: {
      id: "x",
      kind: "notify-test" as const,
      by: "bob",
      until: "2030-01-01T00:01:00.000Z",
    },
  };

  test("stops no failover from being asked for", async () => {
    cli.store.states.set("orders", standing);
    expect(await cli.run("failover", "orders", "--dry-run")).toBe(0);
  });

  test("is shown by status, and taken back by cancel", async () => {
    cli.store.states.set("orders", standing);
    await cli.run("status", "orders");
    expect(cli.lines.join("\n")).toMatch(/request +test of notifications, asked by bob/);
    expect(await cli.run("cancel", "orders")).toBe(0);
    expect(cli.lines.at(-1)).toBe("cancelled: test of notifications, asked by bob");
  });
});
