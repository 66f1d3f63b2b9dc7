import { beforeEach, describe, expect, it } from "@jest/globals";
import { groupConfig, n0, n1, n2, promotingState } from "../support/builders.ts";
import { EpochChecker } from "./epoch-checker.ts";
import { plainSight } from "./plain-sight.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

let world: SimWorld;
let epochs: EpochChecker;

function node(id: string): SimRedis {
  const one = world.nodes.get(id);
  if (one === undefined) throw new Error(`expected a node ${id}`);
  return one;
}

function claim(id: string): void {
  const state = promotingState({ candidate: { node: id, replid: "id-1", offset: 0 } });
  epochs.onClaim(state);
  epochs.onCandidate(state);
}

/** n1 was promoted in epoch 2, n2 alone has its marker still, and the table is put back. */
beforeEach(async () => {
  world = new SimWorld({ seed: 1 });
  await world.engine.runUntil(60_000);
  epochs = new EpochChecker(plainSight(world, groupConfig(), new Map()));
  claim(n1);
  epochs.onRoleChange(
    node(n1),
    { kind: "promote", epoch: 2, to: null, timeoutMs: 0, marks: true, by: "a/1" },
    "replica",
    null,
  );
  node(n2).stream.append({ value: null, marker: 2 });
  epochs.onReplaced();
});

describe("S1 an epoch that a restored table repeats", () => {
  it("has one candidate as long as a node shows its marker", () => {
    expect(() => claim(n0)).toThrow("epoch 2 has the candidates");
  });

  it("may have another one once nobody shows it: the last one is loading what it synchronised", () => {
    node(n2).loading.veil = { replid: "id-1", replid2: null, secondOffset: -1, offset: 1 };

    expect(() => claim(n0)).not.toThrow();
  });
});
