import type { Judged } from "./demo-targets.ts";
import type { LoggedEvent } from "./timeline.ts";

/** What the demo measured; `--json` prints exactly this. Times in ms from the kill. */
export interface DemoSummary {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly server: string;
  readonly oldMaster: string;
  readonly newMaster: string | null;
  readonly epoch: number | null;
  readonly detectMs: number | null;
  readonly agreeMs: number | null;
  readonly promoteMs: number | null;
  readonly dnsMs: number | null;
  readonly firstWriteMs: number | null;
  /** Round trips in series from the vote that completed the quorum to a writable master. */
  readonly storeTrips: number | null;
  readonly redisTrips: number | null;
  readonly acknowledgedWrites: number;
  readonly lostWrites: number | null;
  /** Writes that never got an answer; each of them may or may not be there. */
  readonly unansweredWrites: number;
  readonly rejoinMs: number | null;
  /** How long each may take by the group's own settings. */
  readonly targets: Readonly<Record<Judged, number>>;
  /** What took longer. */
  readonly missed: readonly Judged[];
}

/** The instants of one failover, in ms since the kill; each is set once. */
export interface Instants {
  detectMs: number | null;
  agreeMs: number | null;
  promoteMs: number | null;
  dnsMs: number | null;
  firstWriteMs: number | null;
  storeTrips: number | null;
  redisTrips: number | null;
}

export const noInstants = (): Instants => ({
  detectMs: null,
  agreeMs: null,
  promoteMs: null,
  dnsMs: null,
  firstWriteMs: null,
  storeTrips: null,
  redisTrips: null,
});

/** Notes what an event says about the failover under way. */
export function note(instants: Instants, event: LoggedEvent, atMs: number): void {
  if (event.event === "+round") instants.detectMs ??= atMs;
  if (event.event === "+elected-leader") instants.agreeMs ??= atMs;
  if (event.event === "+promoted-slave") {
    instants.promoteMs ??= atMs;
    instants.storeTrips ??= numberOf(event.evidence.storeTrips);
    instants.redisTrips ??= numberOf(event.evidence.redisTrips);
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** The summary as people read it. */
export function formatSummary(summary: DemoSummary): string {
  const ms = (value: number | null) => (value === null ? "never" : `${value} ms`);
  const judgedMs = (part: Judged) => {
    const isMissed = summary.missed.includes(part);
    const verdict = `${isMissed ? "MISSED its target of" : "target"} ${summary.targets[part]} ms`;
    return `${ms(summary[part]).padEnd(10)} ${verdict}`;
  };
  const rows: readonly (readonly [string, string])[] = [
    ["detected (first full evidence)", ms(summary.detectMs)],
    ["agreed (quorum, epoch claimed)", ms(summary.agreeMs)],
    ["promoted (new master writable)", judgedMs("promoteMs")],
    ["DNS answers the new master", judgedMs("dnsMs")],
    ["first acknowledged write", judgedMs("firstWriteMs")],
    [
      "round trips, last vote to writable",
      `${summary.storeTrips} store, ${summary.redisTrips} Redis`,
    ],
    ["old master back as a replica after", judgedMs("rejoinMs")],
    ["acknowledged writes", String(summary.acknowledgedWrites)],
    ["lost writes", summary.lostWrites === null ? "not counted" : String(summary.lostWrites)],
    ["writes without an answer", String(summary.unansweredWrites)],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(36)} ${value}`);
  const verdict = summary.ok
    ? `  ${summary.oldMaster} died, ${summary.newMaster} is the master of epoch ${summary.epoch}.`
    : summary.problems.map((problem) => `  FAILED: ${problem}`).join("\n");
  return [...lines, "", verdict].join("\n");
}
