import { describe } from "@jest/globals";
import { failure, success } from "../../lib/ports/errors.ts";
import { checkRows, cli, prepareWith } from "./doctor-stage.ts";

describe("doctor finds of the name", () => {
  checkRows("The name", {
    "no-name": {
      about: null,
      evidence: "the file has no `dns`",
      cause: () => prepareWith(/ {4}dns: .*\n/, ""),
    },
    "record-differs": {
      about: "orders.redis.test",
      evidence: "got nothing",
      cause: () => {
        cli.records = success([]);
      },
    },
    "record-unasked": {
      about: "orders.redis.test",
      evidence: "Route 53 could not be asked: no credentials",
      cause: () => {
        cli.records = failure("denied", "no credentials");
      },
    },
    "zone-missing": {
      about: "Z1",
      evidence: "no such zone",
      cause: () => cli.zones.set("Z1", failure("refused", "no such zone")),
    },
    "zone-unasked": {
      about: "Z1",
      evidence: "no credentials",
      cause: () => cli.zones.set("Z1", failure("denied", "no credentials")),
    },
    "outside-zone": {
      about: "orders.redis.test",
      evidence: "zone Z1 is example.com",
      cause: () => cli.zones.set("Z1", success("example.com.")),
    },
    "long-ttl": {
      about: "orders.redis.test",
      evidence: "its TTL is 300 s",
      cause: () => prepareWith("ttl: 5", "ttl: 300"),
    },
    "answer-differs": {
      about: "orders.redis.test",
      evidence: "expected 10.0.0.1, got 10.0.0.2; the TTL is 5 s",
      cause: () => {
        cli.resolution = success({
          addresses: ["10.0.0.2"],
          alias: null,
          ports: [],
          ttlSeconds: 5,
        });
      },
    },
    "no-answer": {
      about: "orders.redis.test",
      evidence: "no address and no alias",
      cause: () => {
        cli.resolution = success({ addresses: [], alias: null, ports: [], ttlSeconds: null });
      },
    },
    "dns-unasked": {
      about: "orders.redis.test",
      evidence: "no resolver",
      cause: () => {
        cli.resolution = failure("timeout", "no resolver");
      },
    },
  });
});
