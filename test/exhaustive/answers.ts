import type { GroupConfig } from "../../lib/core/config.ts";
import { isSameRecord, type RecordChange, type RecordSet } from "../../lib/core/records.ts";
import { type Failure, failure, success } from "../../lib/ports/errors.ts";
import type { Answer, Asked, Call, Heard, Told } from "./calls.ts";
import { factsOf } from "./facts.ts";
import { type Servers, serverOf, type Token } from "./servers.ts";
import type { World } from "./world.ts";

/** What the outside says to a watch's questions in a given world. */

export const noAnswer: Failure = failure("timeout", "no answer");

/** An answer to one call, as an entry of the turn's log. */
export function hear({ number }: Asked, answer: Answer): Heard {
  return { kind: "answer", number, answer };
}

/** Which nodes an observer cannot reach. */
export function cutFrom(world: World, observer: string): ReadonlySet<string> {
  const names = world.book.cuts.filter((cut) => cut.startsWith(`${observer} `));
  return new Set(names.map((cut) => cut.slice(observer.length + 1)));
}

export interface Reach {
  readonly config: GroupConfig;
  readonly servers: Servers;
  readonly zone: readonly RecordSet[];
  readonly cut: ReadonlySet<string>;
}

/** Whether an optional question would be answered, so that it makes a difference whether the answer comes in time. */
export function hasOptional(reach: Reach, asked: readonly Asked[]): boolean {
  return asked.some(
    ({ call }) => call.kind === "probe" && call.isOptional && isReached(reach, call.node),
  );
}

function isReached({ servers, cut }: Reach, node: string): boolean {
  const server = serverOf(servers, node);
  return server.isUp && !server.isHung && !cut.has(node);
}

/** What is read at one moment: the nodes, and the zone beside them. */
export function answerReads(
  reach: Reach,
  asked: readonly Asked[],
  isOptionalHeard: boolean,
): readonly Heard[] {
  return asked.map((one) => hear(one, answerRead(reach, one.call, isOptionalHeard)));
}

function answerRead(reach: Reach, call: Call, isOptionalHeard: boolean): Answer {
  switch (call.kind) {
    case "probe": {
      const isLate = call.isOptional && !isOptionalHeard;
      if (isLate || !isReached(reach, call.node)) {
        const isRefused = !serverOf(reach.servers, call.node).isUp && !reach.cut.has(call.node);
        return { kind: "probe", reply: { kind: isRefused ? "refused" : "timeout" }, facts: null };
      }
      const facts = factsOf(reach.servers, call.node, reach.config.settings.marker);
      return { kind: "probe", reply: { kind: "pong" }, facts };
    }
    case "observe":
      if (!isReached(reach, call.node)) return { kind: "observe", result: noAnswer };
      return { kind: "observe", result: success(told(reach.config, reach.servers, call.node)) };
    case "read-zone":
      return { kind: "read-zone", result: success(reach.zone) };
    case "resolve": {
      const addresses = reach.zone.find((one) => one.type === "A")?.values ?? [];
      return {
        kind: "resolve",
        result: success({ addresses, alias: null, ports: [], ttlSeconds: 5 }),
      };
    }
    default:
      throw new Error(`${call.kind} is no read`);
  }
}

/** What a node says over a connection on which it is observed now. */
export function told(config: GroupConfig, servers: Servers, node: string): Told {
  const { marker: hasMarker } = config.settings;
  const { generation, marker } = serverOf(servers, node);
  const token: Token = hasMarker ? { generation, watched: marker } : { generation };
  return { facts: factsOf(servers, node, hasMarker), token };
}

/** A batch as Route 53 takes it: whole or not at all, exact deletes, creates that never overwrite. */
export function applyBatch(
  zone: readonly RecordSet[],
  changes: readonly RecordChange[],
): readonly RecordSet[] | null {
  let next = [...zone];
  for (const { action, record } of changes) {
    const index = next.findIndex((one) => one.name === record.name && one.type === record.type);
    const found = next[index];
    if (action === "DELETE") {
      if (found === undefined || !isSameRecord(found, record)) return null;
      next = next.filter((_, at) => at !== index);
    } else {
      if (found !== undefined) return null;
      next.push(record);
    }
  }
  return next.sort((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));
}
