import type { RecordChange } from "../core/records.ts";
import { failure, type Result, success } from "../ports/errors.ts";
import { type Pacer, unpaced } from "./route53-pacer.ts";

type Send = (zoneId: string, changes: readonly RecordChange[]) => Promise<Result<void>>;

interface Waiting {
  readonly changes: readonly RecordChange[];
  readonly isCurrent: () => boolean;
  readonly settle: (result: Result<void>) => void;
}

/** Route 53 takes 1,000 record values in one request: a master's name needs at most twelve, a list of replicas 200. */
const valuesMax = 1_000;
const partsMax = 80;

/**
 * One batch at a time for each zone: parts that arrive while one is under way, or while the pacer lets nobody send, go
 * together in the next one. A batch that is refused is bisected, so that one stale part spoils nobody else's.
 */
export function createBatcher(send: Send, pacer: Pacer = unpaced) {
  const queues = new Map<string, Waiting[]>();
  const running = new Set<string>();

  const deliver = async (zoneId: string, parts: readonly Waiting[]): Promise<void> => {
    const current = parts.filter((part) => part.isCurrent());
    for (const part of parts) {
      if (!current.includes(part)) {
        part.settle(failure("refused", "STATE has moved on; this part was not sent"));
      }
    }
    if (current.length === 0) return;
    const result = await send(
      zoneId,
      current.flatMap((part) => part.changes),
    );
    pacer.note(result);
    if (result.ok || result.kind !== "refused" || current.length === 1) {
      for (const part of current) part.settle(result.ok ? success(undefined) : result);
      return;
    }
    const middle = Math.ceil(current.length / 2);
    for (const half of [current.slice(0, middle), current.slice(middle)]) {
      await pacer.turn("change");
      await deliver(zoneId, half);
    }
  };

  const drain = async (zoneId: string): Promise<void> => {
    running.add(zoneId);
    try {
      while ((queues.get(zoneId) ?? []).length > 0) {
        await pacer.turn("change");
        await deliver(zoneId, takeBatch(queues.get(zoneId) ?? []));
      }
    } finally {
      running.delete(zoneId);
    }
  };

  return {
    /** Sends these changes, alone or together with others of the zone. Never rejects. */
    submit: async (
      zoneId: string,
      changes: readonly RecordChange[],
      isCurrent: () => boolean,
    ): Promise<Result<void>> => {
      const outcome = new Promise<Result<void>>((settle) => {
        const queue = queues.get(zoneId) ?? [];
        queue.push({ changes, isCurrent, settle });
        queues.set(zoneId, queue);
      });
      if (!running.has(zoneId)) await drain(zoneId);
      return outcome;
    },
  };
}

/** Takes the oldest parts, as many as one request holds; a part alone always fits. */
function takeBatch(queue: Waiting[]): readonly Waiting[] {
  let values = 0;
  const tooMany = queue.slice(0, partsMax).findIndex((part) => {
    values += part.changes.reduce((sum, { record }) => sum + record.values.length, 0);
    return values > valuesMax;
  });
  return queue.splice(0, tooMany === -1 ? partsMax : Math.max(1, tooMany));
}
