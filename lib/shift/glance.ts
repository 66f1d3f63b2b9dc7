import type { Look } from "../core/commands.ts";
import { type Decision, step } from "../core/decide.ts";
import type { Memory } from "../core/memory.ts";
import type { GroupState } from "../core/model.ts";
import { unsettledBecause } from "../core/unsettled.ts";
import type { Hands } from "./hands.ts";
import { observe } from "./observe.ts";

export interface GlanceRequest {
  /** What was read of STATE by an earlier pass. */
  readonly recalled: GroupState;
  readonly memory: Memory;
  readonly look: Look;
  readonly attempt: string;
}

export interface Glance {
  readonly memory: Memory;
  readonly decision: Decision;
}

/**
 * Asks the nodes whether all is well by the STATE that an earlier pass has read. Nothing but "all is well" is ever concluded
 * from it: there is no plan, nothing is told and no effect starts. null: it is not, or not known. Then the watch goes on from
 * what the nodes said, with a STATE that it reads itself, so that silence counts from here:
 *
 *     glance   n1 asked ── refused
 *     watch                STATE read ── evidence ── n1 asked ── refused ── round
 */
export async function glance(hands: Hands, request: GlanceRequest): Promise<Glance | null> {
  const { recalled, memory: before, look, attempt } = request;
  const atMs = hands.clock.nowMs();
  const { config } = before;
  const asked = { look: { ...look, state: false }, config, memory: before, outcomes: [], attempt };
  const observation = await observe(hands, asked);
  const state = {
    kind: "read",
    askedAtMs: atMs,
    readAtMs: atMs,
    value: { state: recalled },
  } as const;
  const { memory, decision, noticed } = step(before, { ...observation, state });
  // As passes end that have read STATE: with a row of the calm that changes nothing, and with nothing to be done at once.
  const isWell =
    decision.rule.startsWith("R7") &&
    decision.plan.length === 0 &&
    decision.look.afterMs > 0 &&
    noticed.length === 0 &&
    unsettledBecause(memory, hands.clock.nowMs()) === null;
  if (isWell) return { memory, decision };
  hands.overheard.push(...observation.samples);
  return null;
}
