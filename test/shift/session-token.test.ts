import { describe, expect, it } from "@jest/globals";
import type { Effect, Outcome } from "../../lib/core/commands.ts";
import { PlanWorld } from "./plan-world.ts";

const never = new AbortController().signal;
const [n0, n1] = ["10.0.0.1:6379", "10.0.0.2:6379"] as const;
const to = { host: "10.0.0.2", port: 6379 };

/** Each on the session over which its shift has observed the node: the first node's is number 1. */
const effects: readonly Exclude<Effect, { kind: "publish" | "kill-script" }>[] = [
  { kind: "promote", node: n1, session: 2, epoch: 2, beside: null },
  { kind: "attach", node: n0, session: 1, epoch: 2, master: n1, address: to },
  { kind: "hand-over", node: n0, session: 1, epoch: 2, to: n1, address: to, timeoutMs: 500 },
  { kind: "fence", node: n0, session: 1, epoch: 2 },
  { kind: "cut", node: n0, session: 1, epoch: 2 },
  { kind: "mark", node: n0, session: 1, epoch: 2 },
];

/** What becomes of an effect, and what of it left the shift. `before` happens after the observation. */
async function carryOut(effect: Effect, before: (world: PlanWorld) => void = () => {}) {
  const world = new PlanWorld();
  const [intent = []] = world.plan();
  world.onSent = (what) => {
    if (what.startsWith("write-state")) before(world);
  };
  const last: Outcome[] = [];
  const act = async () => {
    last.push(...(await world.carryOut([intent, [effect]], never)).slice(-1));
  };
  await world.time.playOut(world.time.pass(2_000).then(act));
  return { outcome: last[0], left: world.sent.filter((what) => !what.startsWith("write-state")) };
}

describe("F1 rule 3: an effect acts over the connection on which its node was observed", () => {
  it.each(effects)("$kind leaves on it", async (effect) => {
    const { left } = await carryOut(effect);

    expect(left).toEqual([`${effect.kind} ${effect.node}`]);
  });

  it.each(effects)("$kind is refused on a session that was opened since", async (effect) => {
    const { outcome, left } = await carryOut({ ...effect, session: effect.session + 7 });

    expect(outcome).toMatchObject({
      ...{ kind: "effect-failed", command: effect.kind, isCertain: true },
      why: "its session is not the one it was observed on",
    });
    expect(left).toEqual([]);
  });

  it.each(effects)("$kind is refused once the node has cut it", async (effect) => {
    const { outcome, left } = await carryOut(effect, (world) =>
      world.nodes.get(effect.node)?.sockets.cut(),
    );

    expect(outcome).toMatchObject({
      ...{ kind: "effect-failed", command: effect.kind, isCertain: true },
      why: "its session was cut: somebody changed its role meanwhile",
    });
    expect(left).toEqual([]);
  });
});
