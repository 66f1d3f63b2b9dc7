import { describe, expect, test } from "@jest/globals";
import { pause } from "../../lib/core/state.ts";
import { cli, published, setState, steady, writer } from "./status-stage.ts";

describe("status --json", () => {
  test("has a stable shape", async () => {
    setState(pause(steady, { by: "bob", reason: "kernel", until: null }, writer).next);
    expect(await cli.run("status", "orders", "--json")).toBe(0);
    const seen = {
      verdict: "up",
      role: "replica",
      offset: 990,
      replid: "r1",
      isLinkUp: true,
      latencyMs: 1.4,
      lagBytes: 10,
    };
    expect(JSON.parse(cli.lines.join("\n"))).toMatchObject({
      schema: 1,
      at: "2030-01-01T00:00:00.000Z",
      table: "test",
      isHealthy: true,
      groups: [
        {
          name: "orders",
          isHealthy: true,
          problems: [],
          configVersion: 1,
          newestConfigVersion: 1,
          state: {
            rev: 4,
            epoch: 1,
            phase: "steady",
            master: { node: "10.0.0.1:6379", epoch: 1, replid: "r1" },
            candidate: null,
            leader: null,
            round: null,
            request: null,
            lastEpoch: null,
            lastTransition: { rev: 4, rule: "r", why: "a test" },
          },
          pause: { status: "pausing", by: "bob", reason: "kernel", waitingFor: ["a", "b", "c"] },
          record: {
            name: "orders.redis.test",
            status: "right",
            published: { epoch: 1, node: "10.0.0.1:6379" },
            wanted: published,
            found: published,
            why: "as the table has it",
            answer: {
              status: "same",
              addresses: ["10.0.0.1"],
              alias: null,
              ttlSeconds: 4,
              why: "as the zone has it",
            },
          },
          nodes: [
            { id: "10.0.0.1:6379", isMaster: true },
            { id: "10.0.0.2:6379", isMaster: false, seenBy: { a: seen, b: seen, c: seen } },
            { id: "10.0.0.3:6379", isMaster: false },
          ],
          observers: [
            {
              name: "a",
              status: "present",
              ageMs: 0,
              shift: 7,
              codeVersion: "0.1.0",
              configVersion: 1,
              rev: 3,
              suspect: null,
              rule: "steady-healthy",
              why: "all is well",
            },
            { name: "b" },
            { name: "c" },
          ],
        },
      ],
    });
  });
});
