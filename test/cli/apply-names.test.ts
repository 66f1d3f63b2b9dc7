import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { configOf, masterOf, plant, steadyState } from "../support/cli.ts";
import { apply, cli } from "./apply-stage.ts";

/** ADR 0011: nodes by name, whose addresses may be others. */

const textOf = (...entries: readonly string[]) =>
  `observers: [a, b, c]\ngroups:\n  - name: orders\n    nodes:\n${entries.map((one) => `      - ${one}\n`).join("")}`;
const plain = ['"10.0.0.1:6379"', '"10.0.0.2:6379"'] as const;
const named = (name: string, host: string) => `{ name: ${name}, probe: "${host}:6379" }`;
const [one, two] = [named("n1", "10.0.0.1"), named("n2", "10.0.0.2")];
const config = configOf(textOf(one, two));

function standing(): GroupState | undefined {
  return cli.store.states.get("orders");
}

describe("a new name", () => {
  test("is a node's from then on, the master's too, wherever STATE has it", async () => {
    const before = configOf(textOf(...plain));
    plant(cli, before, { ...steadyState(before), previousMaster: masterOf("10.0.0.2:6379") });

    expect(await apply(textOf(one, two), "--yes")).toBe(0);

    expect(cli.lines).toContain("    nodes n1: added, at 10.0.0.1:6379");
    expect(standing()).toMatchObject({
      configVersion: 2,
      master: { node: "n1", runId: "run-1" },
      previousMaster: { node: "n2" },
    });
    // They are where they were, and nothing was reserved or is to be given back.
    expect(cli.store.writes).toEqual(["CONFIG orders#2", "STATE orders rev 4"]);
  });

  test("and a new address together are refused for the master: nobody knows that it is the same", async () => {
    const before = configOf(textOf(...plain));
    plant(cli, before, steadyState(before));

    expect(await apply(textOf(named("n1", "10.9.0.1"), two), "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      "expected the group to keep its master 10.0.0.1:6379, got a list without it; fail over to another node first, or name it where it is, and move it by the next apply",
    );
    expect(standing()).toMatchObject({ configVersion: 1 });
  });

  test("may be one for what was discovered, the master too", async () => {
    const before = configOf(textOf(plain[1]));
    const found = { host: "10.0.0.1", port: 6379 };
    plant(cli, before, { ...steadyState(before), discovered: [found] });

    expect(await apply(textOf(one, plain[1]), "--yes")).toBe(0);

    expect(standing()).toMatchObject({ master: { node: "n1" }, discovered: [] });
  });

  test("is no node's that is somewhere else already", async () => {
    const before = configOf(textOf(named("n1", "10.0.0.7"), two));
    const found = { host: "10.0.0.1", port: 6379 };
    plant(cli, before, { ...steadyState(before), discovered: [found] });

    expect(await apply(textOf(one, two), "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      "expected the group to keep its master 10.0.0.1:6379, got it under another name, n1",
    );
  });
});

describe("a replica's new address", () => {
  test("is reserved before anything is written, and the old one is given back when all have seen it", async () => {
    plant(cli, config, steadyState(config, "n1"));
    cli.store.nodes.clear();
    for (const node of ["10.0.0.1:6379", "10.0.0.2:6379"]) cli.store.nodes.set(node, "orders");

    expect(await apply(textOf(one, named("n2", "10.9.0.2")), "--yes")).toBe(0);

    expect(cli.lines).toContain("    nodes n2: at 10.0.0.2:6379 → at 10.9.0.2:6379");
    expect(cli.store.writes).toEqual([
      "NODE 10.9.0.2:6379 orders",
      "CONFIG orders#2",
      "STATE orders rev 4",
    ]);
    expect(cli.lines.at(-1)).toBe(
      "orders: 10.0.0.2:6379 stays reserved until `apply --wait` has seen every observer adopt the change",
    );
  });

  test("is no other group's", async () => {
    plant(cli, config, steadyState(config, "n1"));
    const carts =
      '  - name: carts\n    nodes: [{ name: n1, probe: "10.0.0.2:6379" }, "10.1.0.2:6379"]\n';
    const orders = textOf(one, named("n2", "10.9.0.2"));

    expect(await apply(orders + carts, "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      'got n1 at 10.0.0.2:6379, which the table has in group "orders"',
    );
  });

  test("takes over what was discovered there", async () => {
    const found = { host: "10.9.0.2", port: 6379 };
    plant(cli, config, { ...steadyState(config, "n1"), discovered: [found] });

    expect(await apply(textOf(one, named("n2", "10.9.0.2")), "--yes")).toBe(0);

    expect(standing()).toMatchObject({ configVersion: 2, discovered: [] });
  });
});
