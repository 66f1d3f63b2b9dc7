import { describe, expect, test } from "@jest/globals";
import { wantedRecords } from "../../lib/core/records.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import { cli, config, owner } from "./status-stage.ts";

/** The line of `status` about DNS, with its exit code: no answer makes a group unhealthy. */
async function dnsLine(): Promise<string | undefined> {
  expect(await cli.run("status", "orders")).toBe(0);
  return cli.lines.find((line) => line.startsWith("  dns "))?.trim();
}

function answer(addresses: readonly string[], alias: string | null = null): void {
  const ttlSeconds = addresses.length === 0 ? null : 4;
  cli.resolution = success({ addresses, alias, ports: [], ttlSeconds });
}

describe("status of what DNS answers", () => {
  test("tells another answer from none, and none from a server that could not be asked", async () => {
    answer(["10.0.0.2"]);
    expect(await dnsLine()).toBe(
      "dns          10.0.0.2 for another 4 s, where the zone has 10.0.0.1: an answer from before, or another zone's",
    );
    cli.lines.length = 0;
    answer([]);
    expect(await dnsLine()).toBe("dns          no answer: DNS knows no such name on this machine");
    cli.lines.length = 0;
    cli.resolution = failure("timeout", "no answer in 3 s");
    expect(await dnsLine()).toBe("dns          DNS could not be asked: no answer in 3 s");
  });

  test("takes one address too many for another answer", async () => {
    answer(["10.0.0.1", "10.0.0.2"]);
    expect(await dnsLine()).toContain("where the zone has 10.0.0.1");
  });

  test("compares with the table where the zone can't be asked", async () => {
    cli.records = failure("denied", "no credentials");
    answer(["10.0.0.1"]);
    expect(await dnsLine()).toBe("dns          10.0.0.1 for another 4 s, as the table has it");
  });

  test("follows an alias, and takes an address without it for another answer", async () => {
    const dns = { zoneId: "Z1", name: "orders.redis.test", ttlSeconds: 5, srv: false };
    const named = wantedRecords(config, dns, owner, { host: "n1.redis.test", port: 6379 });
    cli.records = success(named);
    const line = async () => {
      cli.lines.length = 0;
      await cli.run("status", "orders");
      return cli.lines.find((one) => one.startsWith("  dns "));
    };
    answer(["10.0.0.1"], "n1.redis.test");
    expect(await line()).toContain("n1.redis.test, 10.0.0.1 for another 4 s, as the zone has it");
    answer(["10.0.0.1"]);
    expect(await line()).toContain("where the zone has n1.redis.test.");
  });
});
