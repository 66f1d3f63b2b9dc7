import { beforeEach, describe, expect, test } from "@jest/globals";
import { noWishes, request } from "../../lib/core/state.ts";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);
const writer = { attempt: "x", shift: "operator bob", rule: "request", why: "a test" };
const held = "10.0.0.3:6379";
const found = "10.0.0.4:6379";

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  const discovered = [{ host: "10.0.0.4", port: 6379 }];
  plant(cli, config, { ...steadyState(config), kept: [held], discovered });
});

describe("--dry-run", () => {
  test.each([
    ["release", "orders", held],
    ["forget", "orders", found],
    ["reset", "orders"],
    ["remove", "orders"],
    ["pause", "orders", "--for", "2h"],
    ["resume", "orders"],
    ["cancel", "orders"],
    ["ack", "orders"],
    ["notify", "test", "orders"],
  ])("of %s checks and shows, and neither asks nor changes anything", async (...words) => {
    cli.answers.push(true);

    expect(await cli.run(...words, "--dry-run")).toBe(0);

    expect(cli.lines.at(-1)).toBe("nothing was changed (--dry-run)");
    expect(cli.questions).toEqual([]);
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses what would be refused", async () => {
    expect(await cli.run("release", "orders", found, "--dry-run")).toBe(2);
    expect(await cli.run("forget", "orders", held, "--dry-run")).toBe(2);
    expect(await cli.run("remove", "ordres", "--dry-run")).toBe(2);
    expect(cli.store.writes).toEqual([]);
  });

  test("of release --json says that nobody was released", async () => {
    expect(await cli.run("release", "orders", held, "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(cli.lines.join("\n"))).toEqual({
      schema: 1,
      group: "orders",
      node: held,
      isReleased: false,
      held: [held],
    });
  });

  test.each([
    [["pause", "orders"], "no failover and no repair of orders once a, b, c know of it"],
    [["resume", "orders"], "orders has a pause by bob, which ends"],
    [["ack", "orders"], "would acknowledge the automatic failover of epoch 1 to 10.0.0.1:6379"],
  ])("of %j says what would become of it", async (words, line) => {
    const paused = { by: "bob", reason: "", until: null, rev: 3 };
    plant(cli, config, { ...steadyState(config), pause: paused, automaticEpoch: 1 });
    expect(await cli.run(...words, "--dry-run")).toBe(0);
    expect(cli.lines).toContain(line);
    expect(cli.store.writes).toEqual([]);
  });

  test("of cancel names the request, and refuses one that is being carried out", async () => {
    const state = request(
      steadyState(config),
      { ...noWishes, kind: "failover", by: "bob" },
      writer,
    );
    plant(cli, config, state.next);
    expect(await cli.run("cancel", "orders", "--dry-run")).toBe(0);
    expect(cli.lines).toContain("would be cancelled: failover, asked by bob");
    plant(cli, config, { ...state.next, phase: "settling" });
    expect(await cli.run("cancel", "orders", "--dry-run")).toBe(1);
    expect(cli.store.writes).toEqual([]);
  });

  test("of notify test refuses what the test would be refused for", async () => {
    const state = request(
      steadyState(config),
      { ...noWishes, kind: "failover", by: "bob" },
      writer,
    );
    plant(cli, config, state.next);
    expect(await cli.run("notify", "test", "orders", "--dry-run")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected no pending request");
    expect(cli.store.writes).toEqual([]);
  });
});
