import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { claim } from "../../lib/core/state.ts";
import {
  type Cli,
  configOf,
  createCli,
  groupsText,
  heartbeatOf,
  plant,
  steadyState,
} from "../support/cli.ts";

const config = configOf(`${groupsText}    dns: { zoneId: Z1, name: orders.redis.test }\n`, 4);
const steady = { ...steadyState(config), epoch: 9 };

let cli: Cli;
let folder: string;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
  folder = mkdtempSync(join(tmpdir(), "lambda-sentinel-remove-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** These observers watch the group, and acknowledge what is written at that moment. */
function acknowledge(names: readonly string[], atMs: number): void {
  for (const name of names) {
    heartbeatOf(cli, name, "orders");
    const rev = () => cli.store.states.get("orders")?.rev ?? 0;
    cli.clock.at(atMs, () => heartbeatOf(cli, name, "orders", { rev: rev() }));
  }
}

async function apply(text: string): Promise<number> {
  const file = join(folder, "groups.yml");
  writeFileSync(file, text);
  return await cli.run("apply", "-f", file, "--yes");
}

describe("remove", () => {
  test("says what becomes of everything, asks, and waits until every observer keeps its hands off", async () => {
    acknowledge(["a", "b", "c"], 2_000);
    cli.answers.push(true);
    expect(await cli.run("remove", "orders")).toBe(0);
    expect(cli.questions).toEqual(["Remove orders?"]);
    expect(cli.lines).toEqual([
      "group    orders, master 10.0.0.1:6379",
      "servers  go on as they are; nobody fails them over any more, and nobody puts anything right",
      "key      lambda-sentinel:{orders}:epoch stays on them, where `marker` is on",
      "record   orders.redis.test, with _lambda-sentinel.orders.redis.test: stays as it is; delete it in the zone",
      "nodes    10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379: free for other groups",
      "table    the configuration goes; the state stays, so that epochs never repeat, and so do votes and events",
      "waiting for observer a, observer b, observer c",
      "orders is removed; its observers stop watching it within 15 s",
    ]);
    expect(cli.store.configs.size).toBe(0);
    expect(cli.store.nodes.size).toBe(0);
    expect(cli.store.states.get("orders")).toMatchObject({
      ...{ epoch: 9, configVersion: 4, master: null, phase: "steady" },
      removed: { by: "alice@laptop" },
    });
  });

  test("changes nothing without a yes, in an open epoch, or of an unknown name", async () => {
    cli.answers.push(false);
    expect(await cli.run("remove", "orders")).toBe(1);
    const candidate = { node: "10.0.0.2:6379", replid: "r1", offset: 90 };
    const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: 100 } as const;
    const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };
    cli.store.states.set("orders", claim(steady, intent, writer).next);
    expect(await cli.run("remove", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected phase steady, got promoting");
    expect(await cli.run("remove", "order", "--yes")).toBe(2);
    expect(cli.store.writes).toEqual([]);
  });

  test("waits for nobody who has sent no heartbeat all the while", async () => {
    acknowledge(["a", "b"], 2_000);
    heartbeatOf(cli, "c", "orders");
    expect(await cli.run("remove", "orders", "--yes")).toBe(0);
    expect(cli.lines).toContain("c sent no heartbeat in 75 s and is not waited for");
    expect(cli.store.nodes.size).toBe(0);
  });

  test("frees no node while an observer that is there may still act, and goes on when run again", async () => {
    acknowledge(["a", "b"], 2_000);
    heartbeatOf(cli, "c", "orders");
    cli.clock.at(30_000, () => heartbeatOf(cli, "c", "orders"));
    expect(await cli.run("remove", "orders", "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toContain("expected c to acknowledge the removal within 75 s");
    expect(cli.store.nodes.size).toBe(3);
    const { rev } = cli.store.states.get("orders")?.removed ?? { rev: 0 };
    heartbeatOf(cli, "c", "orders", { rev });
    expect(await cli.run("remove", "orders", "--yes")).toBe(0);
    expect(cli.store.configs.size).toBe(0);
    expect(await cli.run("remove", "orders", "--yes")).toBe(0);
    expect(cli.lines.at(-1)).toBe("orders was removed by alice@laptop already");
  });

  test("takes a group away that nobody has adopted", async () => {
    cli.store.states.delete("orders");
    expect(await cli.run("remove", "orders", "--yes")).toBe(0);
    expect(cli.store.nodes.size).toBe(0);
    expect(cli.store.configs.size).toBe(0);
  });

  test("leaves a name that no command takes for a group, and that comes back with its epochs", async () => {
    acknowledge(["a", "b", "c"], 2_000);
    await cli.run("remove", "orders", "--yes");
    expect(await cli.run("pause", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toContain("got orders, which alice@laptop has removed");
    expect(await cli.run("ckquorum", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toContain("got orders, which alice@laptop has removed");
    expect(await apply(groupsText.replaceAll("10.0.0.", "10.0.1."))).toBe(0);
    expect(cli.lines.at(-1)).toBe("orders: version 5 is active");
    expect(cli.store.states.get("orders")).toMatchObject({
      ...{ epoch: 9, configVersion: 5, master: null, removed: null },
      round: { status: "open", purpose: "bootstrap" },
    });
    expect(cli.store.nodes.get("10.0.1.1:6379")).toBe("orders");
  });

  test("is undone by an apply, where it was broken off", async () => {
    acknowledge(["a", "b", "c"], 2_000);
    cli.store.fail({ operation: "deleteConfig", kind: "unreachable" });
    expect(await cli.run("remove", "orders", "--yes")).toBe(3);
    expect(await cli.run("status", "orders")).toBe(1);
    expect(cli.lines.join("\n")).toContain("removed by alice@laptop, and not to the end");
    expect(await apply(`${groupsText}    dns: { zoneId: Z1, name: orders.redis.test }\n`)).toBe(0);
    expect(cli.store.states.get("orders")).toMatchObject({ configVersion: 4, removed: null });
    expect(cli.store.nodes.size).toBe(3);
  });
});
