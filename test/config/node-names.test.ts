import { expect, test } from "@jest/globals";
import { formatAddress } from "../../lib/core/config.ts";
import { configOf } from "../support/cli.ts";
import { group, problemsOf } from "./load-stage.ts";

/** ADR 0011: a node is called as the file calls it, or by its probe address. */

const named = (...entries: readonly string[]) => group(`nodes: [${entries.join(", ")}]`);

test("a node has the name that it is given, and its probe address otherwise", () => {
  const { nodes } = configOf(named("{ name: n1, probe: 10.0.0.1:6379 }", "10.0.0.2:6379"));
  expect(nodes.map(({ id }) => id)).toEqual(["n1", "10.0.0.2:6379"]);
  expect(nodes.map(({ probe }) => formatAddress(probe))).toEqual([
    "10.0.0.1:6379",
    "10.0.0.2:6379",
  ]);
});

test("the same nodes under other names are another configuration", () => {
  const one = configOf(named("{ name: n1, probe: a:1 }", "b:1"));
  const other = configOf(named("{ name: n2, probe: a:1 }", "b:1"));
  expect(one.digest).not.toBe(other.digest);
});

test.each(["10.0.0.2:6379", "N1", "-n1", ""])("no node is called %p", (name) => {
  const text = named(`{ name: "${name}", probe: a:1 }`, "b:1");
  expect(problemsOf(text)).toEqual([
    expect.stringContaining(
      "groups[0].nodes[0].name: expected a name of 1 to 63 lower-case letters, digits and hyphens",
    ),
  ]);
});

test("two nodes of a group are not called the same", () => {
  const text = named("{ name: n1, probe: a:1 }", "{ name: n1, probe: b:1 }");
  expect(problemsOf(text)).toEqual([
    expect.stringContaining("expected each node of a group once, got the name n1 again"),
  ]);
});

test("two groups may call their nodes alike, and share no address under two names", () => {
  const carts = (entry: string) =>
    `${named("{ name: n1, probe: a:1 }", "b:1")}  - name: carts\n    nodes: [${entry}, "d:1"]\n`;
  expect(problemsOf(carts("{ name: n1, probe: c:1 }"))).toEqual([]);
  expect(problemsOf(carts("{ name: n2, probe: a:1 }"))).toEqual([
    expect.stringContaining("expected each node in one group only, got a:1 again"),
  ]);
});
