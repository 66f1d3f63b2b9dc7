import { beforeEach, expect, test } from "@jest/globals";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);
const held = "10.0.0.3:6379";
const state = { ...steadyState(config), kept: [held] };

const plan = [
  "group    orders",
  `held     ${held}: read-only, with what no other node may have`,
  "then     it synchronises from 10.0.0.1:6379, and what only it holds is gone for good",
];

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  plant(cli, config, state);
});

test("release lets the observers attach a node that is held", async () => {
  cli.answers.push(true);
  expect(await cli.run("release", "orders", held)).toBe(0);
  expect(cli.questions).toEqual([`Release ${held}, and lose what it holds?`]);
  expect(cli.lines).toEqual([
    ...plan,
    `released; the observers make ${held} a replica, and what only it holds is gone`,
  ]);
  expect(cli.store.states.get("orders")).toMatchObject({
    rev: state.rev + 1,
    kept: [],
    lastTransition: { rule: "release", why: `alice@laptop releases ${held}` },
  });
});

test("release gives nothing up without a yes: from a terminal, or in the command", async () => {
  expect(await cli.run("release", "orders", held)).toBe(2);
  expect(cli.lines).toEqual([...plan, expect.stringContaining("or --yes; got neither")]);
  cli.answers.push(false);
  expect(await cli.run("release", "orders", held)).toBe(1);
  expect(cli.lines.at(-1)).toBe("! error: not confirmed; nothing was changed");
  expect(cli.store.writes).toEqual([]);

  expect(await cli.run("release", "orders", held, "--yes")).toBe(0);
  expect(cli.questions).toHaveLength(1);
  expect(cli.store.states.get("orders")?.kept).toEqual([]);
});

test("release asks about what is held still when the answer comes", async () => {
  const other = { ...state, rev: state.rev + 1, kept: [] };
  cli.answers.push(true);
  cli.answers.shift = () => {
    cli.store.states.set("orders", other);
    return true;
  };
  expect(await cli.run("release", "orders", held)).toBe(2);
  expect(cli.lines.at(-1)).toContain("none is");
  expect(cli.store.writes).toEqual([]);
});

test("release shows what the loss report has of the node", async () => {
  const loss = { bytes: 42, certainty: "lower-bound" as const, oldOffset: 142, newOffset: 100 };
  const lastEpoch = {
    ...{ epoch: 2, kind: "failover" as const, result: "completed" as const, isAutomatic: true },
    ...{ from: held, to: "10.0.0.1:6379", reason: "it was down", isRefusal: false, loss },
  };
  cli.store.states.set("orders", { ...state, lastEpoch });
  await cli.run("release", "orders", held);
  expect(cli.lines).toContain("lost     at least 42 bytes");
});

test("release for programs prints an object, and asks nobody", async () => {
  cli.answers.push(true);
  expect(await cli.run("release", "orders", held, "--json")).toBe(2);
  expect(cli.lines).toEqual([expect.stringContaining("expected --yes or --dry-run with --json")]);
  expect(cli.store.writes).toEqual([]);

  cli.lines.length = 0;
  expect(await cli.run("release", "orders", held, "--json", "--yes")).toBe(0);
  expect(JSON.parse(cli.lines.join("\n"))).toEqual({
    schema: 1,
    group: "orders",
    node: held,
    isReleased: true,
    held: [],
  });
  expect(cli.questions).toEqual([]);
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
  ["a second time", () => cli.run("release", "orders", held, "--yes")],
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
