import type { GroupConfig, NodeId, Settings } from "./config.ts";
import { findByReplicate } from "./config.ts";
import { firstMissAtMs, isSuspect, type NodeMemory } from "./detector.ts";
import { followsNobody } from "./kept.ts";

/** `repl-ping-replica-period` where a master's own setting was never seen: Redis's default. */
export const replPingDefaultMs = 10_000;
/** INFO counts silence in whole seconds of a cached clock. */
const infoGranularityMs = 1_000;
const silenceGraceMs = 2_000;
/** A stream counts as busy when it advanced in this many gaps between recent probes. */
const busyGapsMin = 2;

export type Testimony =
  | { readonly replica: NodeId; readonly says: "alive"; readonly why: string }
  | {
      readonly replica: NodeId;
      readonly says: "dead";
      readonly isLinkDown: boolean;
      readonly why: string;
    }
  | { readonly replica: NodeId; readonly says: "silent"; readonly why: string };

/**
 * What the replicas say about a master that this observer cannot reach (DESIGN 4.2, protocol F13). Only replicas that
 * answered after the first unanswered probe, and that follow this master, may testify.
 *
 *   first miss ──────── INFO 1 asked ───── INFO 2 asked ────► now
 *        │   input from the master seen between them: alive
 *        └── link down: dead · no input: silent, and dead only when silence proves something
 */
export function testimonies(
  config: GroupConfig,
  master: NodeMemory,
  others: readonly NodeMemory[],
  nowMs: number,
): readonly Testimony[] {
  const since = firstMissAtMs(master);
  if (since === null) return [];
  const pingMs = master.facts?.replPingMs ?? replPingDefaultMs;
  return others.flatMap((replica) => {
    const testimony = testify(config, master.node, replica, { since, pingMs, nowMs });
    return testimony === null ? [] : [testimony];
  });
}

interface Moment {
  readonly since: number;
  readonly pingMs: number;
  readonly nowMs: number;
}

function testify(
  config: GroupConfig,
  master: NodeId,
  replica: NodeMemory,
  { since, pingMs, nowMs }: Moment,
): Testimony | null {
  const { facts, factsAskedAtMs, factsAtMs } = replica;
  if (facts === null || factsAskedAtMs === null || factsAtMs === null) return null;
  if (isSuspect(replica) || factsAskedAtMs < since || facts.role !== "replica") return null;
  if (facts.masterHost === null || facts.masterPort === null) return null;
  if (findByReplicate(config, facts.masterHost, facts.masterPort)?.id !== master) return null;

  const name = replica.node;
  if (!facts.isLinkUp) {
    return { replica: name, says: "dead", isLinkDown: true, why: "its link to the master is down" };
  }
  const quietMs = Math.round((facts.lastIoSeconds ?? 0) * 1_000 + (nowMs - factsAtMs));
  if (quietMs > pingMs + silenceGraceMs) {
    const why = `it heard nothing for ${quietMs} ms, longer than the master's ping period of ${pingMs} ms`;
    return { replica: name, says: "dead", isLinkDown: false, why };
  }
  if (advancedAfter(replica, since)) {
    return { replica: name, says: "alive", why: "its offset advances" };
  }
  const heardAtMs = factsAtMs - (facts.lastIoSeconds ?? 0) * 1_000;
  if (facts.lastIoSeconds !== null && heardAtMs > since + infoGranularityMs) {
    return { replica: name, says: "alive", why: `it heard from the master ${quietMs} ms ago` };
  }
  if (wasBusyBefore(replica, since)) {
    return { replica: name, says: "dead", isLinkDown: false, why: "a busy stream stopped" };
  }
  return {
    replica: name,
    says: "silent",
    why: "its link is idle, which an idle master explains too",
  };
}

/** Two positions, both asked for after the first miss, of which the later is further. */
function advancedAfter(replica: NodeMemory, since: number): boolean {
  const after = replica.positions.filter((position) => position.sentAtMs >= since);
  const first = after[0];
  const last = after.at(-1);
  return first !== undefined && last !== undefined && last.offset > first.offset;
}

/** Whether the stream advanced at every recent probe before the first miss; then its stopping is news. */
function wasBusyBefore(replica: NodeMemory, since: number): boolean {
  const before = replica.positions.filter((position) => position.receivedAtMs <= since);
  const after = replica.positions.filter((position) => position.sentAtMs >= since);
  let gaps = 0;
  for (const [index, position] of before.entries()) {
    const previous = before[index - 1];
    if (previous === undefined) continue;
    if (position.offset <= previous.offset) return false;
    gaps += 1;
  }
  return gaps >= busyGapsMin && after.length >= 2;
}

/** The replicas' testimony in one word. `none`: no replica of this master answered. */
export function summarise(all: readonly Testimony[]): "alive" | "dead" | "silent" | "none" {
  if (all.some((one) => one.says === "alive")) return "alive";
  if (all.some((one) => one.says === "silent")) return "silent";
  return all.length > 0 ? "dead" : "none";
}

/** Refused connects are full evidence only beside links that are down on every replica that answers. */
export function allLinksDown(all: readonly Testimony[], others: readonly NodeMemory[]): boolean {
  const answering = others.filter(
    // One that is kept from having a master has no link to lose.
    (node) => !isSuspect(node) && node.facts?.role === "replica" && !followsNobody(node.facts),
  );
  return all.length > 0 && all.length === answering.length && all.every(isLinkDown);
}

function isLinkDown(testimony: Testimony): boolean {
  return testimony.says === "dead" && testimony.isLinkDown;
}

/** Whether the silence of the replicas lets an observer hold its evidence against the master. */
export function allowsDeath(all: readonly Testimony[], settings: Settings): boolean {
  const word = summarise(all);
  if (word === "alive") return settings.whenUnreachable === "failover";
  return word !== "silent";
}
