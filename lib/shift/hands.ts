import type { GroupConfig, NodeId } from "../core/config.ts";
import { findNode } from "../core/config.ts";
import type { Asked, RecordView } from "../core/memory.ts";
import type { Sample } from "../core/model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Dns } from "../ports/dns.ts";
import { failure, type Result } from "../ports/errors.ts";
import type { NodeSession, RedisNodes } from "../ports/redis.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { Store } from "../ports/store.ts";
import type { Waker } from "../ports/waker.ts";
import type { Budget } from "./budget.ts";
import type { FreezeWatch } from "./freeze.ts";
import type { Neighbours } from "./neighbours.ts";

/** Everything outside that a shift touches. */
export interface Ports {
  readonly store: Store;
  readonly dns: Dns;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly waker: Waker;
}

/** Round trips in series since the last vote: what the path from quorum to a writable master costs. */
export interface Trips {
  store: number;
  redis: number;
}

/** One shift's grip on one group: its connections, its effect sessions, its count of trips. */
export interface Hands extends Omit<Ports, "waker"> {
  /** null: this shift was woken itself, and wakes nobody, whatever it forgets in a freeze. */
  readonly waker: Waker | null;
  readonly budget: Budget;
  readonly freezes: FreezeWatch;
  readonly nodes: RedisNodes;
  readonly neighbours: Neighbours;
  readonly sessions: Map<NodeId, NodeSession>;
  readonly trips: Trips;
  /** What each call that fails has failed with, so that it is told once for as long as it lasts. */
  readonly failing: Map<string, string>;
  /** Answers of nodes that were asked beside a look and not waited for: the next look takes them in. */
  readonly overheard: Sample[];
  /** The read of the record that is under way, one at most. */
  readonly reading: PendingRecord[];
}

/** A read of the record; `answer` is null until it has come. */
export interface PendingRecord {
  answer: Asked<RecordView> | null;
}

/** The open session that a node was observed on, or a fresh one. */
export async function sessionFor(
  hands: Hands,
  config: GroupConfig,
  node: NodeId,
): Promise<Result<NodeSession>> {
  const standing = hands.sessions.get(node);
  if (standing?.isOpen) return { ok: true, value: standing };
  const target = findNode(config, node);
  if (target === undefined) {
    return failure("refused", `${node} is no node of configuration version ${config.version}`);
  }
  const opened = await hands.nodes.openSession(target, config.settings.chooseTimeoutMs);
  if (opened.ok) hands.sessions.set(node, opened.value);
  return opened;
}

/** Tells that a call fails, once for each reason; what nobody decides on would otherwise be said by nobody (fault D14). */
export function tellFailure(
  hands: Pick<Hands, "failing" | "reporter">,
  what: string,
  got: Result<unknown>,
): void {
  if (got.ok) hands.failing.delete(what);
  else if (hands.failing.get(what) !== got.why) {
    hands.failing.set(what, got.why);
    hands.reporter.line("warn", `${what}: ${got.why}`, {});
  }
}

export function dropSession(hands: Hands, node: NodeId): void {
  hands.sessions.get(node)?.close();
  hands.sessions.delete(node);
}

export function dropSessions(hands: Hands): void {
  for (const node of [...hands.sessions.keys()]) dropSession(hands, node);
}
