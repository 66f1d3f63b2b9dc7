import { describe, expect, test } from "@jest/globals";
import { heardBefore } from "../../lib/core/heard.ts";
import { answers, isSilent, turnsAway } from "../support/answers.ts";
import {
  groupConfig,
  groupState,
  masterFacts,
  n0,
  n1,
  n2,
  nodeConfig,
  replicaFacts,
} from "../support/builders.ts";
import { everybody, Watch } from "../support/watch.ts";

const newest = groupConfig({ version: 2 });
const named = groupConfig({ version: 1 });
const away = { host: "10.0.9.9", port: 6379 };
const moved = groupConfig({
  nodes: [n0, n1, n2].map((id) =>
    id === n1 ? { ...nodeConfig(id), probe: away } : nodeConfig(id),
  ),
});
/** STATE was put back to epoch 1, and names version 1. */
const restored = groupState({ configVersion: 1 });

/** A watch of the newest version, to which n1 told the marker of epoch 7. */
function begin(): Watch {
  const watch = new Watch({ config: newest, state: restored });
  watch.look({ samples: [...everybody, answers(n1, replicaFacts({ marker: 7 }))] });
  return watch;
}

/** The watch of this configuration that goes on, and is told nothing by n1. */
function goOn(config = named): Watch {
  const heard = heardBefore(begin().memory, config);
  return new Watch({ config, state: restored, heard });
}

/** Everybody but n1 answers. */
const others = [answers(n0, masterFacts()), isSilent(n1), answers(n2, replicaFacts())];

describe("D10 a watch that goes on with another configuration", () => {
  test("keeps its hands off because of a marker that was told to the one before", () => {
    expect(begin().look({ samples: everybody }).rule).toBe("F140");
    expect(goOn().look({ samples: others })).toMatchObject({
      rule: "F150",
      why: expect.stringContaining(`${n1} carries the marker of epoch 7, above STATE's 1`),
    });
  });

  test("believes what the node says now, where it answers", () => {
    expect(goOn().look({ samples: everybody }).rule).toBe("R799");
  });

  test("knows nothing of a node that is looked for elsewhere", () => {
    expect(goOn(moved).memory.nodes[n1]?.facts).toBeNull();
    expect(goOn(moved).memory.nodes[n2]?.facts).not.toBeNull();
  });

  test("N3, N18 does not take for news what an older connection was told", () => {
    const before = begin();
    before.look({ samples: [turnsAway(n0, "MAXCLIENTS")] });
    const heard = heardBefore(before.memory, named);
    const { nodes } = new Watch({ config: named, state: restored, heard }).memory;

    expect([n0, n2].map((id) => nodes[id]?.areFactsOfConnection)).toEqual([false, true]);
  });

  test("counts silence anew, and takes nobody for one that answers", () => {
    const before = begin();
    before.look({ samples: [isSilent(n0)] });
    const heard = heardBefore(before.memory, named);
    const { nodes } = new Watch({ config: named, state: restored, heard }).memory;

    expect(before.memory.nodes[n0]?.missedAtMs).toHaveLength(1);
    expect(nodes[n0]).toMatchObject({ missedAtMs: [], lastReply: null, lastSentAtMs: null });
  });

  test("that is the first one was told nothing", () => {
    expect(heardBefore(null, named)).toEqual({});
  });
});
