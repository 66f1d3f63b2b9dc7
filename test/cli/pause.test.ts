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
const paused = pause(steady, { by: "bob", reason: "maintenance", until: null }, writer).next;

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
      pause: { by: "alice@laptop", reason: "kernel update", until: null, rev: 4 },
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
    expect(cli.clock.nowMs()).toBe(75_000);
    expect(cli.lines.at(-1)).toBe(
      "! expected every observer to acknowledge the pause within 75 s, still waiting for observer b; the pause stays, `lambda-sentinel status orders` says when it is complete",
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

describe("pause with an end", () => {
  function inHours(hours: number): string {
    return new Date(Date.parse(cli.clock.wallTime()) + hours * 3_600_000).toISOString();
  }

  beforeEach(() => {
    for (const name of ["a", "b", "c"]) acknowledge(name);
  });

  test("writes when it ends by itself", async () => {
    const until = inHours(2);
    expect(await cli.run("pause", "orders", "--for", "2h", "--reason", "kernel")).toBe(0);
    expect(cli.lines).toEqual([`it ends by itself at ${until}`, "orders is paused"]);
    expect(cli.store.states.get("orders")).toMatchObject({
      pause: { reason: "kernel", until, rev: 4 },
      lastTransition: { why: `alice@laptop pauses the group until ${until}: kernel` },
    });
  });

  test.each([
    [["--for", "2h", "--reason", "kernel"], () => `until ${inHours(2)}: kernel`],
    [["--for", "2h"], () => `until ${inHours(2)}: maintenance`],
    [[], () => "until it is resumed: maintenance"],
  ])("%j is shown before it is written", async (options, until) => {
    cli.store.states.set("orders", paused);
    expect(await cli.run("pause", "orders", ...options, "--dry-run")).toBe(0);
    expect(cli.lines).toContain(`it would be paused ${until()}`);
    expect(cli.store.writes).toEqual([]);
  });

  test("moves the end of a pause, and keeps its reason", async () => {
    cli.store.states.set("orders", paused);
    const until = inHours(5);
    for (const name of ["a", "b", "c"]) acknowledge(name, 5);
    expect(await cli.run("pause", "orders", "--until", until)).toBe(0);
    expect(cli.store.states.get("orders")?.pause).toMatchObject({ reason: "maintenance", until });
  });

  test.each([
    [
      ["--for", "2"],
      'expected --for to be a length of time with its unit, from 1m to 30d, like 2h or 90m, got "2"; nothing was changed',
    ],
    [["--for", "soon"], 'got "soon"; nothing was changed'],
    [["--for", "10s"], 'got "10s"; nothing was changed'],
    [["--for=-2h"], 'got "-2h"; nothing was changed'],
    [["--for", "31d"], 'got "31d"; nothing was changed'],
    [["--until", "noon"], 'got "noon"; nothing was changed'],
    [
      ["--for", "2h", "--until", "2030-01-31T04:00Z"],
      "expected --for or --until, got both; nothing was changed",
    ],
  ])("%j is a usage error", async (options, message) => {
    expect(await cli.run("pause", "orders", ...options)).toBe(2);
    expect(cli.lines.at(-1)).toContain(message);
    expect(cli.store.writes).toEqual([]);
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
