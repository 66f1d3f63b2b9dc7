import * as z from "zod";

const entrySchema = z.object({
  message: z.string(),
  observer: z.string().default(""),
  event: z.string().nullable().default(null),
  group: z.string().default(""),
  rule: z.string().default(""),
  node: z.string().nullable().default(null),
  epoch: z.number().default(-1),
  round: z.number().default(-1),
  rev: z.number().default(-1),
  function_request_id: z.string().default(""),
  evidence: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .default({}),
  durationsMs: z.record(z.string(), z.number()).default({}),
});

/** One line that an observer printed; `event` is null for lines that are no event. */
export type Entry = z.infer<typeof entrySchema> & { readonly atMs: number };

/** What the observers of one world said, in the order of its arrival, and a way to wait for more. */
export interface Timeline {
  readonly entries: readonly Entry[];
  /** Every line as it was printed, metrics among them, and when it came by the wall clock. */
  readonly printed: readonly { readonly line: string; readonly at: number }[];
  add(observer: string, line: string): void;
  /** A line of the test's own, such as "master killed". */
  note(text: string): void;
  /** Events of this name, from `since` on. */
  named(name: string, since?: number): readonly Entry[];
  /** The place behind the last entry, for `since`. */
  mark(): number;
  /** Resolves with the first entry that fits, past or future; rejects with the whole timeline after the limit. */
  eventually(what: string, fits: (entry: Entry) => boolean, options?: Wait): Promise<Entry>;
  /** Repeats the check, at each line and a few times a second, until it passes; rejects with its last failure. */
  until<T>(what: string, check: () => Promise<T> | T, limitMs?: number): Promise<T>;
  format(): string;
}

export interface Wait {
  readonly since?: number;
  readonly limitMs?: number;
}

const limitMsDefault = 20_000;
const pauseMs = 100;

export function createTimeline(): Timeline {
  const startedAtMs = performance.now();
  const entries: Entry[] = [];
  const printed: { readonly line: string; readonly at: number }[] = [];
  const listeners = new Set<() => void>();

  const push = (entry: Entry): void => {
    entries.push(entry);
    for (const listener of [...listeners]) listener();
  };
  const nowMs = () => Math.round(performance.now() - startedAtMs);
  const format = () =>
    entries
      .map(({ atMs, observer, message, rule, epoch, round, rev }) => {
        const place = rule === "" ? "" : ` [${rule} e${epoch} r${round} rev${rev}]`;
        return `${String(atMs).padStart(7)} ${observer.padEnd(10)} ${message}${place}`;
      })
      .join("\n");
  const late = (what: string, limitMs: number, why: string) =>
    new Error(`Expected ${what} within ${limitMs} ms${why}\n${format()}`);

  /** Resolves at the next line, or after the pause. */
  const nextLine = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, waitMs));
      listeners.add(done);
    });

  return {
    entries,
    printed,
    add: (observer, line) => {
      printed.push({ line, at: Date.now() });
      // Metrics are printed as lines too, in CloudWatch's embedded format.
      if (line.startsWith('{"_aws"')) return;
      const parsed = entrySchema.safeParse(parseJson(line));
      const entry = parsed.success ? parsed.data : entrySchema.parse({ message: line });
      push({ ...entry, observer, atMs: nowMs() });
    },
    note: (text) =>
      push({ ...entrySchema.parse({ message: text }), observer: "TEST", atMs: nowMs() }),
    named: (name, since = 0) => entries.slice(since).filter((entry) => entry.event === name),
    mark: () => entries.length,
    eventually: async (what, fits, { since = 0, limitMs = limitMsDefault } = {}) => {
      const endMs = performance.now() + limitMs;
      for (;;) {
        const found = entries.slice(since).find(fits);
        if (found !== undefined) return found;
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) throw late(what, limitMs, ", got no such line:");
        await nextLine(leftMs);
      }
    },
    until: async (what, check, limitMs = limitMsDefault) => {
      const endMs = performance.now() + limitMs;
      for (;;) {
        try {
          return await check();
        } catch (error) {
          if (performance.now() >= endMs) throw late(what, limitMs, `, got: ${String(error)}`);
        }
        await nextLine(pauseMs);
      }
    },
    format,
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
