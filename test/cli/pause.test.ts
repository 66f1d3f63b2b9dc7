import { beforeEach, describe, expect, test } from "@jest/globals";
import { pause, resume } from "../../lib/core/state.ts";
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
const writer = { attempt: "x", shift: "a/1", rule: "r", why: "bob resumes" };
const paused = pause(steady, "bob", "maintenance", writer).next;

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, steady);
  for (const name of ["a", "b", "c"]) heartbeatOf(cli, name, "orders");
});

function acknowledge(observer: string, rev = 4): void {
  heartbeatOf(cli, observer, "orders", { isPauseSeen: true, rev });
}

describe("pause", () => {
  test("is complete when every observer has acknowledged it", async () => {
    cli.clock.at(1_000, () => acknowledge("a"));
    cli.clock.at(1_000, () => acknowledge("b", 3));
    cli.clock.at(1_000, () => acknowledge("c"));
    cli.clock.at(8_000, () => acknowledge("b"));
    expect(await cli.run("pause", "orders", "--reason", "kernel update")).toBe(0);
    expect(cli.lines).toEqual([
      "orders is pausing, waiting for observer a, observer b, observer c",
      "orders is pausing, waiting for observer b",
      "orders is paused",
    ]);
    expect(cli.store.states.get("orders")).toMatchObject({
      pause: { by: "alice@laptop", reason: "kernel update", rev: 4 },
      lastTransition: { rule: "pause", why: "alice@laptop pauses the group: kernel update" },
    });
  });

  test("waits for an epoch to end", async () => {
    cli.store.states.set("orders", { ...steady, phase: "settling" });
    for (const name of ["a", "b", "c"]) acknowledge(name);
    cli.clock.at(3_000, () => {
      const standing = cli.store.states.get("orders") ?? steady;
      cli.store.states.set("orders", { ...standing, phase: "steady" });
    });
    expect(await cli.run("pause", "orders")).toBe(0);
    expect(cli.lines).toEqual([
      "orders is pausing, waiting for phase settling to end",
      "orders is paused",
    ]);
  });

  test("that is not acknowledged in time stays, and says who is missing", async () => {
    for (const name of ["a", "c"]) acknowledge(name);
    expect(await cli.run("pause", "orders")).toBe(1);
    expect(cli.clock.nowMs()).toBe(45_000);
    expect(cli.lines.at(-1)).toBe(
      "! expected every observer to acknowledge the pause within 45 s, still waiting for observer b; the pause stays, `lambda-sentinel status orders` says when it is complete",
    );
    expect(cli.store.states.get("orders")?.pause).not.toBeNull();
  });

  test("of a paused group writes nothing", async () => {
    cli.store.states.set("orders", paused);
    for (const name of ["a", "b", "c"]) acknowledge(name);
    expect(await cli.run("pause", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders has a pause already, by bob", "orders is paused"]);
    expect(cli.store.writes).toEqual([]);
  });

  test("that somebody takes back meanwhile is not complete", async () => {
    cli.clock.at(1_000, () => {
      cli.store.states.set("orders", resume(cli.store.states.get("orders") ?? steady, writer).next);
    });
    expect(await cli.run("pause", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toBe("! orders was resumed meanwhile: bob resumes");
  });
});

describe("resume", () => {
  test("takes the pause back", async () => {
    cli.store.states.set("orders", paused);
    expect(await cli.run("resume", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders is resumed"]);
    expect(cli.store.states.get("orders")).toMatchObject({
      pause: null,
      lastTransition: { rule: "resume", why: "alice@laptop resumes the group" },
    });
  });

  test("of a running group writes nothing", async () => {
    expect(await cli.run("resume", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders has no pause"]);
    expect(cli.store.writes).toEqual([]);
  });

  test("gives up when it is overtaken again and again", async () => {
    cli.store.states.set("orders", paused);
    cli.store.onCall = (operation) => {
      if (operation !== "writeState") return;
      const standing = cli.store.states.get("orders") ?? paused;
      cli.store.states.set("orders", { ...standing, rev: standing.rev + 1 });
    };
    expect(await cli.run("resume", "orders")).toBe(1);
    expect(cli.lines).toEqual([
      "! error: expected to write the state of orders, got overtaken 20 times; run the command again when the group is calm",
    ]);
  });
});
