import { beforeEach, describe, expect, it } from "@jest/globals";
import { groupConfig, masterFacts, n0, n1, n1Record, settlingState } from "../support/builders.ts";
import { Engine, Process } from "./engine.ts";
import { Holding } from "./holding.ts";
import type { Leaving } from "./leaving.ts";
import { plainSight } from "./plain-sight.ts";
import type { RoleCommand } from "./role-command.ts";
import type { SimRedis } from "./sim-redis.ts";
import { SimWorld } from "./world.ts";

const process = new Process(new Engine(), "a/1", 0, 1);
const config = groupConfig({ settings: { whenReturned: "hold" } });
/** n1 was committed in place of n0. */
const open = settlingState({ configVersion: config.version, kept: [] });
const held = { ...open, rev: open.rev + 1, kept: [n0] };
const nobody = "127.0.0.1:1";

let world: SimWorld;
let old: SimRedis;
let holding: Holding;

beforeEach(() => {
  world = new SimWorld({ seed: 1 });
  const [first] = world.nodes.values();
  if (first === undefined) throw new Error("expected a node");
  old = first;
  holding = new Holding(plainSight(world, config, new Map([[7, n0]])));
});

function attach(to: string): RoleCommand {
  return { kind: "attach", epoch: 0, to, timeoutMs: 0, marks: true, by: "a" };
}

/** Lets an attach leave a process that knows this STATE, and has seen n0 like this. */
function leave(to: string, state = open, facts = masterFacts({ runId: "run-later" })): void {
  const seen = { askedAtMs: 100, facts };
  const leaving: Leaving = { what: `attach on ${n0}`, change: "attach", node: n0, to, seen };
  holding.onEffect(process, leaving, { known: new Map([["a/1", state]]), configs: [config] });
}

/** n0 is made read-only as one that is held. */
function fence(): void {
  old.changeRole(attach(nobody));
  holding.onRoleChange(old, attach(nobody), held);
}

describe("S9 an old master that alone has an acknowledged write", () => {
  beforeEach(() => {
    old.write(7);
  });

  it("is not attached to its successor, unless it has said that it has no more", () => {
    expect(() => leave(n1)).toThrow("which alone has the acknowledged 7");
    expect(() => leave(nobody)).not.toThrow();
    expect(() => leave(n1, open, masterFacts({ offset: 900, runId: "run-n0" }))).not.toThrow();
    expect(() => leave(n1, open, masterFacts({ keys: 0, marker: null }))).not.toThrow();
  });

  it("is not attached by what was found earlier, beside a successor that was started again since", () => {
    const { lastEpoch } = open;
    const loss = { bytes: 0, certainty: "exact", oldOffset: 1_000, newOffset: 1_000 } as const;
    const found = lastEpoch === null ? null : { ...lastEpoch, loss };
    const again = { ...n1Record, runId: "run-n1b", replid: "id-3" };
    const itself = masterFacts({ offset: 1_450, runId: "run-n0" });
    const rest = [
      { replid2: null, secondOffset: -1 },
      { replid2: "id-2", secondOffset: 9_001 },
    ];
    for (const ids of rest) {
      const state = { ...open, master: { ...again, ...ids }, lastEpoch: found };
      expect(() => leave(n1, state, itself)).toThrow("which alone has the acknowledged 7");
    }
  });

  it("may be attached once somebody has released it", () => {
    expect(() => leave(n1, { ...open, previousMaster: null })).not.toThrow();
  });
});

describe("S9 a node that is held", () => {
  it("is made nobody's replica by whoever knows it", () => {
    expect(() => leave(n1, held)).toThrow("knows it is held");
    expect(() => leave(nobody, held)).not.toThrow();
  });

  it("is given no other role once it is read-only, until it is released or started again", () => {
    fence();

    expect(() => holding.onRoleChange(old, attach(n1), held)).toThrow("which is held");
    expect(() => holding.onRoleChange(old, attach(n1), open)).not.toThrow();
    old.kill();
    old.restart("aof");
    expect(() => holding.onRoleChange(old, attach(n1), held)).not.toThrow();
  });

  it("takes no write, and keeps what it had", () => {
    old.write(7);
    fence();

    expect(old.write(8)).toBe(false);
    expect(() => holding.onState(held, held)).not.toThrow();
    old.becomeMaster();
    old.write(8);
    expect(() => holding.onAccepted(old)).toThrow("is held and took a client's write");
    expect(() => holding.onState(held, open)).toThrow("was held, and lost or took something");
  });

  it("that people moved by hand is theirs", () => {
    fence();
    world.troubles.changeByHand(n0);
    old.becomeMaster();
    old.write(8);

    expect(() => holding.onAccepted(old)).not.toThrow();
    expect(() => holding.onState(held, open)).not.toThrow();
  });

  it("S7 is chosen by nobody", () => {
    const candidate = { node: n0, replid: "id-1", offset: 1 };

    expect(() => holding.onState(held, { ...held, candidate })).toThrow("is held for inspection");
  });
});
