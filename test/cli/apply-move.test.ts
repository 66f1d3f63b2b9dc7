import { beforeEach, describe, expect, test } from "@jest/globals";
import { claim } from "../../lib/core/state.ts";
import type { GroupReport, NodeReport } from "../../lib/ports/store.ts";
import { configOf, heartbeatOf, masterOf, plant, steadyState } from "../support/cli.ts";
import { apply, cli, writer } from "./apply-stage.ts";

/** ADR 0011: the master is looked for elsewhere only while nobody reaches it where it was. */

const textOf = (...hosts: readonly string[]) =>
  `observers: [a, b, c]\ngroups:\n  - name: orders\n    nodes:\n${hosts.map((host, index) => `      - { name: n${index + 1}, probe: "${host}:6379" }\n`).join("")}`;
const config = configOf(textOf("10.0.0.1", "10.0.0.2"));
const moved = textOf("10.9.0.1", "10.9.0.2");
const steady = steadyState(config, "n1");

function seen(verdict: string, isLinkUp: boolean | null = null): NodeReport {
  return {
    ...{ verdict, isLinkUp, role: null, offset: null, replid: null, latencyMs: null },
    ...{ unfit: null, oddities: [] },
  };
}

const allDown = { n1: seen("down(silent)"), n2: seen("down(silent)", true) };

/** What this observer says every second, from the first heartbeat after the command began. */
function beats(observer: string, nodes: GroupReport["nodes"], more: Partial<GroupReport> = {}) {
  heartbeatOf(cli, observer, "orders", { nodes: { n1: seen("up") } });
  for (let ms = 1_000; ms <= 120_000; ms += 1_000) {
    cli.clock.at(ms, () => heartbeatOf(cli, observer, "orders", { nodes, ...more }));
  }
}

beforeEach(() => plant(cli, config, steady));

const written = () => cli.store.writes.filter((one) => !one.startsWith("OBSERVER"));

describe("a master's new address", () => {
  test("is taken where every observer says that it is down at the old one", async () => {
    for (const name of ["a", "b", "c"]) beats(name, allDown);

    expect(await apply(moved, "--yes")).toBe(0);

    expect(cli.lines).toContain(
      "orders: asking the observers whether anybody reaches n1 at 10.0.0.1:6379",
    );
    expect(cli.lines).toContain("orders: n1 is down for a, b, c");
    expect(cli.store.states.get("orders")).toMatchObject({
      configVersion: 2,
      master: steady.master,
    });
    expect(cli.store.configs.get("orders#2")?.nodes[0]).toMatchObject({
      id: "n1",
      probe: { host: "10.9.0.1", port: 6379 },
    });
  });

  test("is taken where a quorum says so and the others say nothing", async () => {
    for (const name of ["a", "b"]) beats(name, allDown);
    heartbeatOf(cli, "c", "orders", { nodes: { n1: seen("up") } });

    expect(await apply(moved, "--yes")).toBe(0);

    expect(cli.lines).toContain("orders: n1 is down for a, b");
  });

  test("is taken where another server has the old one", async () => {
    const recycled = { ...allDown, n1: seen("down(foreign)") };
    for (const name of ["a", "b", "c"]) beats(name, recycled);

    expect(await apply(moved, "--yes")).toBe(0);
  });

  test("is refused where another node of the group was: that would be a failover without an epoch", async () => {
    for (const name of ["a", "b", "c"]) beats(name, allDown);

    expect(await apply(textOf("10.0.0.2", "10.9.0.2"), "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain("got another node of the group at 10.0.0.2:6379");
    expect(written()).toEqual([]);
  });

  test("waits for an observer that has only begun to miss it", async () => {
    for (const name of ["a", "b"]) beats(name, allDown);
    heartbeatOf(cli, "c", "orders", {});
    for (const [ms, verdict] of [
      [1_000, "slow"],
      [4_000, "down(silent)"],
    ] as const) {
      const nodes = { n1: seen(verdict), n2: seen("up") };
      cli.clock.at(ms, () => heartbeatOf(cli, "c", "orders", { nodes }));
    }

    expect(await apply(moved, "--yes")).toBe(0);

    expect(cli.lines).toContain("orders: n1 is down for a, b, c");
  });

  test.each([
    ["one observer reaches it", { n1: seen("up") }, "c saying up"],
    ["it answers, and is no master", { n1: seen("down(not-master)") }, "c saying down(not-master)"],
    ["it loads its data", { n1: seen("loading") }, "c saying loading"],
    ["another server answers there", { n1: seen("foreign") }, "c saying foreign"],
    [
      "a replica has a link to it",
      { n1: seen("down(silent)"), n2: seen("up", true) },
      "c saying that n2 has a link to it",
    ],
    ["its name could not be looked up", { n1: seen("unresolved") }, "c saying unresolved"],
  ])("is refused while %s", async (_why, nodes, got) => {
    for (const name of ["a", "b"]) beats(name, allDown);
    beats("c", nodes);

    expect(await apply(moved, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toBe(
      `! error: expected n1, the master of orders, to be down at 10.0.0.1:6379 for a quorum of the observers, and for no observer or replica to reach it, before it is looked for at 10.9.0.1:6379; got ${got}. One that lives would go on there with its clients, and nobody would watch it: stop it, or switch over to another node first. Nothing was changed`,
    );
    expect(written()).toEqual([]);
  });

  test("is refused without a quorum that says it under the version in force", async () => {
    beats("a", allDown);
    beats("b", allDown, { configVersion: 7 });
    heartbeatOf(cli, "c", "orders", { nodes: allDown });

    expect(await apply(moved, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain(
      "got no word from b under version 1, no word from c under version 1",
    );
    expect(written()).toEqual([]);
  });

  test("is refused while an epoch is open", async () => {
    const candidate = { node: "n2", replid: "r1", offset: 1 };
    const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: 1 } as const;
    plant(cli, config, claim(steady, intent, writer).next);

    expect(await apply(moved, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain("got phase promoting.");
  });

  test("is not taken where the node that moves became the master meanwhile", async () => {
    for (const name of ["a", "b", "c"]) beats(name, allDown);
    cli.clock.at(1_000, () =>
      cli.store.states.set("orders", { ...steady, rev: 9, epoch: 2, master: masterOf("n2") }),
    );

    expect(await apply(moved, "--yes")).toBe(1);

    expect(cli.lines.at(-1)).toContain(
      "expected n2 not to become the master of orders while it moves to 10.9.0.2:6379, got a failover meanwhile",
    );
    expect(cli.store.states.get("orders")).toMatchObject({ configVersion: 1 });
  });

  test("is nobody's business before the group is adopted", async () => {
    cli.store.states.clear();

    expect(await apply(moved, "--yes")).toBe(0);

    expect(cli.lines.at(-1)).not.toContain("asking");
  });
});

test("where peers and clients find the master may change while it lives", async () => {
  const text = textOf("10.0.0.1", "10.0.0.2").replace(
    '{ name: n1, probe: "10.0.0.1:6379" }',
    '{ name: n1, probe: "10.0.0.1:6379", publish: "203.0.113.1:6379" }',
  );

  expect(await apply(text, "--yes")).toBe(0);

  expect(cli.lines).toContain(
    "    nodes n1: at 10.0.0.1:6379 → at 10.0.0.1:6379, published as 203.0.113.1:6379",
  );
});
