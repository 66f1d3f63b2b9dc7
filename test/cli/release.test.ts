import { beforeEach, expect, test } from "@jest/globals";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);
const held = "10.0.0.3:6379";
const state = { ...steadyState(config), kept: [held] };

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, state);
});

test("release lets the observers attach a node that is held", async () => {
  expect(await cli.run("release", "orders", held)).toBe(0);
  expect(cli.lines).toEqual([
    `released; the observers make ${held} a replica, and what only it holds is gone`,
  ]);
  expect(cli.store.states.get("orders")).toMatchObject({
    rev: state.rev + 1,
    kept: [],
    lastTransition: { rule: "release", why: `alice@laptop releases ${held}` },
  });
});

test("release of a node that is not held says which are", async () => {
  expect(await cli.run("release", "orders", "10.0.0.2:6379")).toBe(2);
  expect(cli.lines).toEqual([
    `! error: expected a node of orders that is held, got "10.0.0.2:6379"; there are ${held}`,
  ]);
  expect(cli.store.writes).toEqual([]);
});

test("release in an unknown group, or of a name without its port, says what there is", async () => {
  expect(await cli.run("release", "order", held)).toBe(2);
  expect(await cli.run("release", "orders", "10.0.0.3")).toBe(2);
  expect(cli.lines).toEqual([
    expect.stringContaining('expected the name of a group in the table, got "order"'),
    expect.stringContaining(`got "10.0.0.3"; there are ${held}`),
  ]);
});

test.each([
  ["a second time", () => cli.run("release", "orders", held)],
  [
    "while a failover is under way",
    async () => {
      cli.store.states.set("orders", { ...state, phase: "promoting", kept: [] });
    },
  ],
])("release %s changes nothing", async (_what, before) => {
  await before();
  cli.lines.length = 0;
  const { length } = cli.store.writes;
  expect(await cli.run("release", "orders", held)).toBe(2);
  expect(cli.lines).toEqual([
    `! error: expected a node of orders that is held, got "${held}"; none is`,
  ]);
  expect(cli.store.writes).toHaveLength(length);
});

test("status shows who is held, and how it is released", async () => {
  await cli.run("status", "orders");
  const row = cli.lines.find((line) => line.trim().startsWith("held"));
  expect(cli.lines).toContainEqual(
    expect.stringContaining(`${held} is held for inspection, and no replica until its release`),
  );
  expect(row?.trim().replace(/ +/g, " ")).toBe(
    `held ${held}: read-only, with what nobody else may have, until \`lambda-sentinel release orders ${held}\``,
  );
});
