import type { NodeConfig } from "../../lib/core/config.ts";
import type { Newcomer, Prepared } from "../../lib/core/memory.ts";
import type { NodeFacts, RedisErrorCode, Sample } from "../../lib/core/model.ts";
import type { Rehearsal } from "../../lib/core/rehearsal.ts";

/** What nodes say in the tests of the core, and how they fail to. */

/** Something that was seen a moment before `nowMs`: nodes are asked 3 ms before, and have answered 2 ms before. */
export type Seen<T> = (nowMs: number) => T;

function sampleOf(node: string, change: Pick<Sample, "reply"> & Partial<Sample>): Seen<Sample> {
  return (nowMs) => ({
    node,
    sentAtMs: nowMs - 3,
    receivedAtMs: nowMs - 2,
    isFreshConnect: false,
    ...change,
  });
}

/** The node answers; with facts, INFO was asked too. */
export function answers(node: string, facts?: NodeFacts): Seen<Sample> {
  if (facts === undefined) return sampleOf(node, { reply: { kind: "pong" } });
  const { role, offset } = facts;
  return sampleOf(node, {
    reply: { kind: "pong" },
    role: { role, offset },
    facts: own(node, facts),
  });
}

/** Two replicas are two processes, whatever else they have in common. */
function own(node: string, facts: NodeFacts): NodeFacts {
  return facts.runId === "run-replica" ? { ...facts, runId: `run-replica-${node}` } : facts;
}

/** The node answers, and a role change was rehearsed with it. */
export function rehearses(
  node: string,
  facts: NodeFacts,
  change: Partial<Rehearsal> = {},
): Seen<Sample> {
  const rehearsal: Rehearsal = { oddities: [], replication: null, ...change };
  return (nowMs) => ({ ...answers(node, facts)(nowMs), rehearsal });
}

export function isSilent(node: string, change: Partial<Sample> = {}): Seen<Sample> {
  return sampleOf(node, { reply: { kind: "timeout" }, ...change });
}

export function refuses(node: string): Seen<Sample> {
  return sampleOf(node, { reply: { kind: "refused" }, isFreshConnect: true });
}

/** Nobody could say where the node is, so it was not asked. */
export function isNowhere(node: string): Seen<Sample> {
  const text = `${node}: the resolver could not be asked: ETIMEOUT`;
  return sampleOf(node, { reply: { kind: "unresolved", text }, isFreshConnect: true });
}

export function errs(node: string, code: RedisErrorCode, text: string = code): Seen<Sample> {
  return sampleOf(node, { reply: { kind: "error", code, text } });
}

/** It answers a new connection with an error, and tells nothing of itself over that. */
export function turnsAway(node: string, code: RedisErrorCode): Seen<Sample> {
  return sampleOf(node, { reply: { kind: "error", code, text: code }, isFreshConnect: true });
}

/** What the node said over an effect session; null: it could not be observed. */
export function prepares(node: string, facts: NodeFacts | null, session = 7): Seen<Prepared> {
  const why = facts === null ? "refused" : "";
  const said = facts === null ? null : own(node, facts);
  return (nowMs) => ({ node, session, askedAtMs: nowMs - 3, facts: said, why });
}

/** What a server that is no node of the group said of itself; null: it did not answer. */
export function meets(
  node: NodeConfig,
  facts: NodeFacts | null,
  owner: string | null = null,
): Seen<Newcomer> {
  const why = facts === null ? "timed out" : "";
  return (nowMs) => ({ node, askedAtMs: nowMs - 3, facts, why, owner });
}
