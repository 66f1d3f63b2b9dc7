import { normalizeName, type RecordChange } from "../core/records.ts";
import { type Failure, failure, type Result, type Success, success } from "../ports/errors.ts";
import { type Pacer, unpaced } from "./route53-pacer.ts";

/** A batch that was not taken; `blamed` are the names, as normalizeName writes them, of which the answer says why. */
export type Unsent = Failure & { readonly blamed?: readonly string[] };

type Send = (zoneId: string, changes: readonly RecordChange[]) => Promise<Success<void> | Unsent>;

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
 * together in the next one. A batch that is refused is sent again without the parts that the refusal blames, or bisected where it
 * blames none, so that one stale part spoils nobody else's.
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
    const { stale, rest } = split(current, result.blamed ?? []);
    for (const part of stale) part.settle(result);
    for (const some of stale.length > 0 ? [rest] : halves(current)) {
      if (some.length === 0) continue;
      await pacer.turn("change");
      await deliver(zoneId, some);
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

/**
 * Three observers that move the names of hundreds of groups find many of them moved. By bisection each of those took several
 * requests of the ten a second, and names came a minute late.
 */
function split(parts: readonly Waiting[], blamed: readonly string[]) {
  const names = new Set(blamed);
  const isStale = ({ changes }: Waiting): boolean =>
    changes.some(({ record }) => names.has(normalizeName(record.name)));
  return { stale: parts.filter(isStale), rest: parts.filter((part) => !isStale(part)) };
}

function halves(parts: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const middle = Math.ceil(parts.length / 2);
  return [parts.slice(0, middle), parts.slice(middle)];
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
