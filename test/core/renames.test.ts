import { expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { noRenames, renameIn, renamesBetween } from "../../lib/core/renames.ts";
import { activateConfig } from "../../lib/core/state.ts";
import { configOf, masterOf, steadyState } from "../support/cli.ts";

/** ADR 0011: who stays where it is under another name is the same node. */

const listing = (...entries: readonly string[]) =>
  configOf(
    `observers: [a]\ngroups:\n  - name: orders\n    nodes:\n${entries.map((one) => `      - ${one}\n`).join("")}`,
  );
const before = listing("{ probe: a:1 }", "{ name: n2, probe: b:1 }", "{ name: n3, probe: c:1 }");

test.each([
  ["a node gets a name", "{ name: n1, probe: a:1 }", [["a:1", "n1"]]],
  ["a node keeps its address as its name", "{ probe: a:1 }", []],
  ["a node is gone", "{ name: n1, probe: d:1 }", []],
  ["a node gets another name", "{ name: n9, probe: b:1 }", [["n2", "n9"]]],
  ["a node loses its name", "{ probe: b:1 }", [["n2", "b:1"]]],
  ["a node has moved to where another one was", "{ name: n3, probe: b:1 }", []],
])("%s", (_what, entry, renames) => {
  expect([...renamesBetween(before, listing(entry))]).toEqual(renames);
});

test("two nodes that change places have kept their names", () => {
  const after = listing("{ name: n3, probe: b:1 }", "{ name: n2, probe: c:1 }");
  expect([...renamesBetween(before, after)]).toEqual([]);
});

const everywhere: GroupState = {
  ...steadyState(before, "a:1"),
  previousMaster: masterOf("n2"),
  published: { epoch: 1, node: "a:1" },
  kept: ["n3", "a:1"],
  lastEpoch: {
    epoch: 1,
    kind: "failover",
    result: "completed",
    isAutomatic: true,
    from: "n2",
    to: "a:1",
    reason: "",
    isRefusal: false,
    loss: null,
  },
  request: {
    id: "r",
    kind: "failover",
    by: "alice",
    to: "n2",
    at: null,
    allowedLossBytes: null,
  },
};

test("whoever STATE calls by the old name is called by the new one", () => {
  const renames = new Map([
    ["a:1", "n1"],
    ["n2", "n9"],
  ]);
  const writer = { attempt: "x", shift: "operator", rule: "apply", why: "a test" };
  const { next } = activateConfig(everywhere, { ...before, version: 2 }, writer, renames);
  expect(next).toMatchObject({
    configVersion: 2,
    master: { node: "n1", runId: "run-1" },
    previousMaster: { node: "n9" },
    published: { epoch: 1, node: "n1" },
    lastEpoch: { from: "n9", to: "n1" },
    request: { to: "n9" },
    kept: ["n3", "n1"],
  });
  const { log, lastTransition, ...rest } = next;
  expect(JSON.stringify(rest)).not.toContain('"a:1"');
  expect(renameIn(everywhere, noRenames)).toEqual({});
});
