import * as z from "zod";
import type { StoredEvent } from "../../lib/ports/store.ts";
import type { Waiting } from "./measures.ts";
import { group } from "./scratch.ts";

/** What people would do with a new stage, and what becomes of it. It knows nothing of AWS: the lab can be drilled as well. */

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Drilled extends Waiting {
  /** Runs the command line against the stage's table. */
  cli(...args: readonly string[]): Promise<Ran>;
  /** Ends the server at this `host:port` as a crash would; somebody starts it again later. */
  crash(node: string): Promise<void>;
  /** The newest events of the group. */
  events(): Promise<readonly StoredEvent[]>;
}

/** One line of the report: what was done, and how it went. */
export interface Finding {
  readonly what: string;
  readonly result: string;
}

const statusSchema = z.object({
  groups: z
    .array(
      z.object({
        isHealthy: z.boolean(),
        problems: z.array(z.string()),
        state: z
          .object({
            epoch: z.number(),
            phase: z.string(),
            master: z.object({ node: z.string() }).nullable(),
          })
          .nullable(),
      }),
    )
    .length(1),
});

interface Seen {
  readonly isHealthy: boolean;
  readonly problems: readonly string[];
  readonly epoch: number;
  readonly phase: string;
  readonly master: string | null;
}

/** Applies the file and waits until the group is adopted and healthy; machines may have to start before. */
export async function adopt(on: Drilled, file: string, signal: AbortSignal): Promise<Finding[]> {
  const startedAtMs = on.nowMs();
  expectDone("apply", await on.cli("apply", "-f", file, "--yes"));
  const { master } = await untilHealthy(on, signal, () => true);
  const quorum = await on.cli("ckquorum", group);
  expectDone("ckquorum", quorum);
  return [
    {
      what: "first apply to a healthy group",
      result: `${sinceS(on, startedAtMs)}, master ${master}`,
    },
    { what: "ckquorum", result: firstLine(quorum.stdout) },
  ];
}

/** Hands over to a replica. */
export async function switchOver(on: Drilled, signal: AbortSignal): Promise<Finding[]> {
  const before = await see(on);
  const startedAtMs = on.nowMs();
  expectDone("switchover", await on.cli("switchover", group, "--yes"));
  const elapsed = sinceS(on, startedAtMs);
  const after = await untilHealthy(on, signal, (seen) => seen.master !== before.master);
  return [
    {
      what: `switchover of ${before.master} to ${after.master}, command to its end`,
      result: elapsed,
    },
    ...(await durationsOf(on, after.epoch)),
  ];
}

/** Kills the master, and waits for the next one and for the old one's return. */
export async function failOver(on: Drilled, signal: AbortSignal): Promise<Finding[]> {
  const before = await see(on);
  if (before.master === null) throw new Error("expected a master to kill, got none");
  const startedAtMs = on.nowMs();
  await on.crash(before.master);
  const after = await until(on, signal, (seen) => seen.epoch > before.epoch && isSettled(seen));
  const elapsed = sinceS(on, startedAtMs);
  await untilHealthy(on, signal, () => true);
  return [
    {
      what: `crash of ${before.master} until ${after.master} is settled, as status sees it`,
      result: elapsed,
    },
    ...(await durationsOf(on, after.epoch)),
    { what: "crash until the old master is back as a replica", result: sinceS(on, startedAtMs) },
  ];
}

function isSettled({ phase, master }: Seen): boolean {
  return phase === "steady" && master !== null;
}

/** The durations that the observers measured in an epoch, by the event that tells of them. */
async function durationsOf(on: Drilled, epoch: number): Promise<Finding[]> {
  const events = (await on.events()).filter((event) => event.epoch === epoch);
  return events.flatMap(({ name, observer, durationsMs }) => {
    const each = Object.entries(durationsMs).map(
      ([phase, ms]) => `${phase.replace(/Ms$/, "")} ${Math.round(ms)} ms`,
    );
    if (each.length === 0) return [];
    return [{ what: `${name} of epoch ${epoch}, by ${observer}`, result: each.join(", ") }];
  });
}

const pollMs = 1_000;
const patienceMs = 15 * 60_000;

function untilHealthy(
  on: Drilled,
  signal: AbortSignal,
  fits: (seen: Seen) => boolean,
): Promise<Seen> {
  return until(on, signal, (seen) => seen.isHealthy && isSettled(seen) && fits(seen));
}

async function until(
  on: Drilled,
  signal: AbortSignal,
  fits: (seen: Seen) => boolean,
): Promise<Seen> {
  const startedAtMs = on.nowMs();
  for (;;) {
    if (signal.aborted) throw new Error("it was told to stop");
    const seen = await see(on);
    if (fits(seen)) return seen;
    if (on.nowMs() - startedAtMs >= patienceMs) {
      const found = `phase ${seen.phase}, master ${seen.master}, ${seen.problems.join("; ")}`;
      throw new Error(`expected a healthy group within ${patienceMs} ms, got ${found}`);
    }
    await on.sleep(pollMs);
  }
}

/** What `status` says. A group that is not healthy is an answer as well, and one that nobody adopted has no state. */
async function see(on: Drilled): Promise<Seen> {
  const ran = await on.cli("status", group, "--json");
  if (ran.code > 1) expectDone("status", ran);
  const [found] = statusSchema.parse(JSON.parse(ran.stdout)).groups;
  const state = found?.state ?? null;
  return {
    isHealthy: found?.isHealthy ?? false,
    problems: found?.problems ?? [],
    epoch: state?.epoch ?? 0,
    phase: state?.phase ?? "none",
    master: state?.master?.node ?? null,
  };
}

function expectDone(what: string, { code, stdout, stderr }: Ran): void {
  if (code === 0) return;
  throw new Error(`expected ${what} to succeed, got exit code ${code}: ${stderr || stdout}`);
}

function sinceS(on: Drilled, startedAtMs: number): string {
  return `${((on.nowMs() - startedAtMs) / 1_000).toFixed(1)} s`;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
