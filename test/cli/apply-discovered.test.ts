import { describe, expect, test } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { configOf, groupsText, masterOf, plant, steadyState } from "../support/cli.ts";
import { apply, cli, two } from "./apply-stage.ts";

const node = "10.0.0.4:6379";
const config = configOf(groupsText);
const found = { host: "10.0.0.4", port: 6379 };
const steady: GroupState = { ...steadyState(config), discovered: [found] };
const withNode = (entry: string) => groupsText.replace("nodes: [", `nodes: [${entry}, `);

function standing(group = "orders"): GroupState | undefined {
  return cli.store.states.get(group);
}

describe("apply of a file where nodes were discovered", () => {
  test("takes over the one that it names, reserves it, and says so", async () => {
    plant(cli, config, steady);

    expect(await apply(withNode(`"${node}"`), "--yes")).toBe(0);

    expect(cli.lines).toContain(`orders: ${node} was discovered, and is a node of the file now`);
    expect(standing()).toMatchObject({ configVersion: 2, discovered: [] });
    expect(cli.store.nodes.get(node)).toBe("orders");
  });

  test("leaves the others", async () => {
    plant(cli, config, steady);

    expect(await apply(`${groupsText}    parallelSyncs: 2\n`, "--yes")).toBe(0);
    expect(standing()).toMatchObject({ configVersion: 2, discovered: [found] });
  });

  test("leaves the master that was discovered, named or not", async () => {
    plant(cli, config, { ...steady, master: masterOf(node) });

    expect(await apply(`${groupsText}    discover: false\n`, "--yes")).toBe(0);
    expect(standing()).toMatchObject({ master: { node }, discovered: [found] });
    expect(await apply(withNode(`"${node}"`), "--yes")).toBe(0);
    expect(standing()).toMatchObject({ master: { node }, discovered: [] });
  });

  test("refuses to name the master otherwise than it was discovered", async () => {
    plant(cli, config, { ...steady, master: masterOf(node) });
    const entry = `{ probe: "172.16.0.4:6379", replicate: "${node}" }`;

    expect(await apply(withNode(entry), "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      `expected the group to keep its master ${node}, got it under another name, 172.16.0.4:6379`,
    );
    expect(standing()).toMatchObject({ configVersion: 1 });
  });

  test.each([
    ["by its address", `["${node}", "10.1.0.2:6379"]`, node],
    [
      "by where it replicates from",
      `[{ probe: "172.16.0.4:6379", replicate: "${node}" }]`,
      "172.16.0.4:6379",
    ],
  ])("refuses to take the one that another group has found, %s", async (_how, nodes, id) => {
    plant(cli, config, steady);
    const text = two.replace('["10.1.0.1:6379", "10.1.0.2:6379"]', nodes);

    expect(await apply(text, "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      `got ${id}, which the observers have found in group "orders"; run \`lambda-sentinel forget orders ${node}\` first`,
    );
    expect(standing("carts")).toBeUndefined();
  });

  test("refuses a record that what was discovered does not fit", async () => {
    const dns = "    dns: { zoneId: Z1, name: orders.redis.test, srv: true }\n";
    const other = { host: "10.0.0.4", port: 6380 };
    plant(cli, configOf(groupsText + dns), { ...steady, discovered: [other] });

    expect(await apply(groupsText + dns.replace(", srv: true", ""), "--yes")).toBe(2);

    expect(cli.lines.join("\n")).toContain(
      "expected a record that fits 10.0.0.4:6380 too, which was discovered, got one where its port is not the 6379 of the others",
    );
    expect(await apply(`${groupsText + dns}    parallelSyncs: 2\n`, "--yes")).toBe(0);
  });

  test("knows what a group has found that is not in the file", async () => {
    plant(cli, config, steady);
    const text = `observers: [a, b, c]\ngroups:\n  - name: carts\n    nodes: ["${node}"]\n`;

    expect(await apply(text, "--yes")).toBe(2);
    expect(cli.lines.join("\n")).toContain('have found in group "orders"');
  });
});
