import { z } from "zod";
import { ailments } from "./sim-ailments.ts";

/**
 * Everything that may befall a simulated world, as plain data. A fault's text form is its kind and its fields, in the
 * order given here: `kill 10.0.0.1`, `restart 10.0.0.1 aof`, `cut a 10.0.0.1`. What each one does is in apply-fault.ts.
 */

/** A node by its host, an observer or a client by its name. */
const place = z.string().regex(/^[a-z0-9.]+$/, "expected the host of a node, or a name");
const node = z.string().regex(/^\d+(\.\d+){3}$/, "expected the host of a node");
const observer = z.string().regex(/^[a-z]+$/, "expected the name of an observer");
const count = z.coerce.number().int().min(1);

export const rateNames = [
  "store-lost-request",
  "store-lost-reply",
  "store-late-apply",
  "store-throttled",
  "store-slow",
  "store-conflict",
  "store-write-ms",
  "dns-lost-reply",
  "dns-late",
  "dns-throttled",
  "delay-ms",
  "connection-cut",
  "replication-ms",
  "repl-ping-ms",
  "start-skipped",
  "cold-start-ms",
  "dns-busy-ms",
  "dns-appear-ms",
  "dns-cache-ms",
  "full-sync-ms",
  "sync-delay-ms",
  "load-ms",
  "backlog-bytes",
  "wake-reach",
  "wake-late-ms",
  "wake-twice",
  "pulse-lost",
  "pulse-twice",
  "pulse-held-up",
] as const;

function fault<K extends string, S extends z.ZodRawShape>(kind: K, fields: S) {
  return z.object({ kind: z.literal(kind), ...fields }).readonly();
}

const kinds = [
  // Servers. A hung one is stopped: its sockets take bytes, and what they hold runs when it thaws.
  fault("kill", { node }),
  fault("restart", { node, data: z.enum(["aof", "rdb", "old-rdb", "empty"]) }),
  // Its RDB is written: what it comes back with by `old-rdb`, when it was killed.
  fault("save", { node }),
  fault("hang", { node }),
  fault("thaw", { node }),
  // It is alive and of no use, in one of several ways (sim-ailments.ts).
  fault("ail", { node, with: z.enum(ailments) }),
  fault("cure", { node, of: z.enum(ailments) }),
  // Somebody else's server runs at the node's address, with so many keys; then ours again (fault N18).
  fault("displace", { node, keys: count }),
  fault("reclaim", { node }),
  // The network between two places, both ways; or only what the one sends is lost.
  fault("cut", { one: place, other: place }),
  fault("cut-way", { one: place, other: place }),
  fault("heal", { one: place, other: place }),
  // Invocations. A crash comes at the n-th next thing that each live process of the observer waits for.
  fault("crash", { observer, await: count }),
  // The n-th youngest live process of the observer; `unfreeze` continues all of them.
  fault("freeze", { observer, youngest: count }),
  fault("unfreeze", { observer }),
  fault("invoke", { observer }),
  // Whatever leaves the observer's live processes from now on arrives so much later.
  fault("late", { observer, ms: z.coerce.number().min(0) }),
  // The runtime gives up on each live process at the n-th next thing that it waits for: the signal, and it runs on.
  fault("end-early", { observer, await: count }),
  // The next starts of the observer fail, and its wall clock is set: nothing but people's plans may depend on it.
  fault("fail-starts", { observer, times: count }),
  fault("set-clock", { observer, by: z.coerce.number() }),
  // Whatever starts for the observer from now on is the next version of the code.
  fault("upgrade", { observer }),
  // The table and the zone. Each round trip of a far observer takes so much longer.
  fault("far", { observer, ms: z.coerce.number().min(0) }),
  fault("store-cut", { observer }),
  fault("store-heal", { observer }),
  fault("dns-down", {}),
  fault("dns-up", {}),
  fault("dns-edit", { node }),
  // All of the group's records are deleted, or its companion becomes another deployment's and ours again.
  fault("dns-delete", {}),
  fault("dns-foreign", {}),
  fault("dns-return", {}),
  // The table is copied, put back to that copy, and mended by people; it is taken by another deployment, and given back.
  fault("table-backup", {}),
  fault("table-restore", {}),
  fault("table-mend", {}),
  fault("table-foreign", {}),
  fault("table-back", {}),
  // Somebody edits the item by hand, in a way that no version of the code writes, and puts it right again.
  fault("table-edit", { of: z.enum(["master", "kind"]) }),
  fault("table-unedit", {}),
  // People: by the command line, and by hand on a server. `apply` activates its version in steady only.
  fault("apply", { setting: z.string(), value: z.string() }),
  fault("ask-failover", {}),
  fault("ack", {}),
  fault("release", { node }),
  fault("ask-failover-to", { node }),
  // Planned for so many seconds from now, by a right clock.
  fault("plan-switchover", { seconds: count }),
  fault("ask-notify-test", { seconds: count }),
  fault("pause", {}),
  fault("pause-until", { seconds: count }),
  fault("resume", {}),
  // The group is removed, as `remove` leaves it once everybody keeps hands off, and applied again.
  fault("remove-group", {}),
  fault("apply-again", {}),
  // People accept the node that they made the master by hand, as `adopt` does where every node that serves follows it.
  fault("adopt", {}),
  // A server that no file names is started as a replica of the master; people want it, or whatever is silent, forgotten.
  fault("join", { node }),
  fault("ask-forget", { node }),
  // The address at which a server was found leads to another one of the group, in calm, and back to its own.
  fault("route", { node, to: node }),
  fault("unroute", { node }),
  fault("ask-reset", {}),
  // A Redis Sentinel connects to a node, and is stopped.
  fault("sentinel-comes", { node }),
  fault("sentinel-goes", { node }),
  fault("no-one", { node }),
  fault("replica-of", { node, master: node }),
  // What holds until it is set again: a probability, or a time in milliseconds.
  fault("rate", {
    of: z.enum(rateNames),
    value: z.coerce.number().min(0),
  }),
] as const;

const schema = z.discriminatedUnion("kind", kinds);

export type Fault = z.infer<typeof schema>;
export type FaultKind = Fault["kind"];
export type RateName = Extract<Fault, { kind: "rate" }>["of"];

/** A fault with the virtual time at which it came, and the family that drew it (or "script"). */
export interface TimedFault {
  readonly atMs: number;
  readonly by: string;
  readonly fault: Fault;
}

const fieldsOf: ReadonlyMap<string, readonly string[]> = new Map(
  kinds.map((kind) => {
    const { shape } = kind.unwrap();
    return [shape.kind.value, Object.keys(shape).filter((field) => field !== "kind")];
  }),
);

export const faultKinds: readonly string[] = [...fieldsOf.keys()];

/** Whether a line starts as a fault does. */
export function isFaultLine(line: string): boolean {
  return fieldsOf.has(line.trim().split(/\s+/)[0] ?? "");
}

export function formatFault(one: Fault): string {
  const { kind, ...fields } = one;
  return [kind, ...Object.values(fields)].join(" ");
}

/** Reads a fault's text form. Throws with what was expected when the text is none. */
export function parseFault(line: string): Fault {
  const [kind = "", ...words] = line.trim().split(/\s+/);
  const fields = fieldsOf.get(kind);
  if (fields === undefined) {
    throw new Error(`expected a fault (${faultKinds.join(", ")}), got "${line}"`);
  }
  const usage = [kind, ...fields.map((field) => field.toUpperCase())].join(" ");
  if (words.length !== fields.length) throw new Error(`expected "${usage}", got "${line}"`);
  const parsed = schema.safeParse({
    kind,
    ...Object.fromEntries(fields.map((field, index) => [field, words[index]])),
  });
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`expected "${usage}", got "${line}" (${why.join("; ")})`);
}
