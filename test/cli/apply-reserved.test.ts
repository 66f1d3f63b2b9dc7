import { describe, expect, test } from "@jest/globals";
import { failure, success } from "../../lib/ports/errors.ts";
import { configOf, groupsText, plant } from "../support/cli.ts";
import { apply, cli, file, printed, two } from "./apply-stage.ts";

describe("zones", () => {
  const text = `${groupsText}    dns: { zoneId: Z1, name: orders.redis.test }\n`;

  test("that can't be asked are a warning", async () => {
    expect(await apply(text, "--yes")).toBe(0);
    expect(printed()[0]).toBe(
      "! warning: could not ask Route 53 about zone Z1 (no network); whether its records lie inside it was not checked",
    );
  });

  test.each([
    [
      success("other.test."),
      `5:30: groups[0].dns.name: expected a name inside the zone other.test, got "orders.redis.test"`,
    ],
    [
      failure("refused", "NoSuchHostedZone"),
      "5:20: groups[0].dns.zoneId: expected a hosted zone of this AWS account, got Z1, which Route 53 doesn't know",
    ],
  ])("that don't fit are refused: %j", async (name, problem) => {
    cli.zones.set("Z1", name);
    expect(await apply(text, "--yes")).toBe(2);
    expect(printed()[0]).toBe(`! ${file}:${problem}`);
    expect(cli.store.writes).toEqual([]);
  });

  test("that fit are no matter", async () => {
    cli.zones.set("Z1", success("redis.test."));
    expect(await apply(text, "--yes")).toBe(0);
    expect(printed()[0]).toBe("+ orders: new");
  });
});

describe("nodes and records of other groups", () => {
  const others = `observers: [a, b, c]
groups:
  - name: old
    nodes: ["10.0.0.3:6379", "10.9.0.2:6379"]
    dns: { zoneId: Z1, name: orders.redis.test }
`;

  test("in the table are refused with their place in the file", async () => {
    plant(cli, configOf(others), null);
    const text = `${groupsText}    dns: { zoneId: Z1, name: orders.redis.test }\n`;
    expect(await apply(text, "--yes")).toBe(2);
    expect(printed().slice(1)).toEqual([
      `! ${file}:4:47: groups[0].nodes[2]: expected each node in one group only, got 10.0.0.3:6379, which the table has in group "old"; take it out there first with \`apply --wait\``,
      `! ${file}:5:30: groups[0].dns.name: expected each record in one group only, got orders.redis.test, which the table has in group "old"`,
      "! error: expected a valid file, got 2 problems; nothing was changed",
    ]);
    expect(cli.store.writes).toEqual([]);
  });

  test("in the table are refused as a replicas' name, too", async () => {
    plant(cli, configOf(others.replace("10.0.0.3", "10.9.0.3")), null);
    const names = "name: new.redis.test, replicas: orders.redis.test";
    expect(await apply(`${groupsText}    dns: { zoneId: Z1, ${names} }\n`, "--yes")).toBe(2);
    expect(printed()[1]).toBe(
      `! ${file}:5:56: groups[0].dns.replicas: expected each record in one group only, got orders.redis.test, which the table has in group "old"`,
    );
  });

  test("that are reserved are refused, and what was reserved before is given back", async () => {
    cli.store.nodes.set("10.1.0.2:6379", "old");
    expect(await apply(two, "--yes")).toBe(1);
    expect(printed().at(-1)).toBe(
      "! error: expected 10.1.0.2:6379 to be free for carts, got it reserved for old; take it out there first with `apply --wait`. Nothing was changed",
    );
    expect([...cli.store.nodes]).toEqual([["10.1.0.2:6379", "old"]]);
    expect(cli.store.configs.size).toBe(0);
  });

  test("are given back when the table fails in between, an answer lost included", async () => {
    cli.store.onCall = (operation) => {
      if (operation === "claimNode" && cli.store.nodes.size === 3) {
        cli.store.fail({ operation: "claimNode", kind: "lost" });
      }
    };
    expect(await apply(two, "--yes")).toBe(3);
    expect(printed().at(-1)).toBe(
      "! error: reserve 10.1.0.1:6379 for carts: claimNode: no answer in time; it may have happened all the same. Check the network, the region and AWS_ENDPOINT_URL_DYNAMODB, then run the command again.",
    );
    expect(cli.store.nodes.size).toBe(0);
    expect(cli.store.configs.size).toBe(0);
  });

  test("that the file doesn't name are left alone", async () => {
    plant(cli, configOf(others.replace("10.0.0.3", "10.9.0.1"), 4), null);
    expect(await apply(groupsText, "--yes")).toBe(0);
    expect(printed()).toContain("  old: in the table and not in the file, left alone");
    expect(cli.store.writes).not.toContain("old");
  });
});
