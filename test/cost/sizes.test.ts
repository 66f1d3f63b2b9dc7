import { describe, expect, it } from "@jest/globals";
import { keys, toItem } from "../../lib/adapters/dynamo-codec.ts";
import { heartbeatItem } from "../../lib/adapters/dynamo-heartbeat.ts";
import { configsBytes, heartbeatBytes } from "../../lib/cost/sizes.ts";
import { groupConfig, nodeConfig } from "../support/builders.ts";
import { heartbeatOf } from "../support/heartbeats.ts";
import { itemBytes } from "../support/item-size.ts";

describe("what an estimate takes for the size", () => {
  it.each([
    [1, 2],
    [1, 3],
    [10, 3],
    [10, 5],
    [100, 3],
    [300, 5],
  ])("of a heartbeat of %i groups of %i nodes is its size in the table", (groups, nodes) => {
    const ratio =
      heartbeatBytes(groups, groups * nodes) /
      itemBytes(heartbeatItem(heartbeatOf({ groups, nodes })));

    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it("of a configuration is not less than it has in the table", () => {
    const nodes = [1, 2, 3].map((node) => nodeConfig(`10.0.0.${node}:6379`));
    const config = groupConfig({ name: "orders-1", nodes });

    expect(configsBytes(1, 3)).toBeGreaterThan(
      itemBytes(toItem(keys.config("orders-1", 1), config)),
    );
  });
});
