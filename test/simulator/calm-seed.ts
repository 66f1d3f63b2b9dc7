import { settingsTable } from "../../lib/config/settings.ts";
import type { Cadence } from "../../lib/core/cadence.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { inALoop, type Watching } from "./watching.ts";
import { observers, SimWorld } from "./world.ts";

/** What one simulated hour of noise below every threshold did to a healthy group: a line of the ledger. */
export interface CalmRecord {
  readonly seed: number;
  readonly virtualMs: number;
  readonly cpuMs: number;
  readonly absent: string;
  readonly weather: Weather;
  readonly isIdle: boolean;
  readonly probeIntervalMs: number;
  /** Epochs beyond that of the bootstrap. One is one too many. */
  readonly epochs: number;
  readonly rounds: number;
  readonly downVotes: number;
  readonly probes: number;
  readonly unanswered: number;
  readonly late: number;
  readonly cut: number;
  readonly violation: string | null;
  /** The last events, where something went wrong. */
  readonly lines: readonly string[];
}

/** How the delays of up to half a second come: drawn for each message, or for a path that keeps its own for a while. */
const weathers = ["message", "path", "stormy path"] as const;
type Weather = (typeof weathers)[number];

/** The default, and longer ones with as few probes to a `downAfterMs` as the settings allow. */
const intervalsMs = [1_000, 2_000, 5_000] as const;

const delayMaxMs = 500;
const cutChance = 0.1;
const scheduleJitterMs = 30_000;
const pathMeanMs = 60_000;
/** Redis's default `repl-ping-replica-period`, the hardest for testimony. */
const replPingMs = 10_000;
const noiseFromMs = 20_000;
const hourMs = 3_600_000;
const sliceMs = 60_000;

export const noiseSays = `packets take up to ${delayMaxMs} ms each way, ${cutChance * 100} % of requests find their connection cut, schedules are up to ${scheduleJitterMs / 1_000} s late, one observer is missing`;

/** What may differ from an hour of `npm run sim:calm`, which draws probe intervals by the seed. */
export interface CalmSettings {
  /** Lines of YAML for the group. */
  readonly groupLines?: readonly string[];
  readonly watching?: Watching;
}

export interface CalmWishes {
  /** How the observers watch; in a loop unless told. */
  readonly cadence?: Cadence | undefined;
  readonly trace?: (line: string) => void;
}

/** One simulated hour of a healthy group: slow packets, cut connections, late schedules, one observer missing. */
export async function runCalm(seed: number, wishes: CalmWishes = {}): Promise<CalmRecord> {
  const { cadence = "loop", trace } = wishes;
  const probeIntervalMs = intervalsMs[Math.floor(seed / 9) % intervalsMs.length] ?? intervalsMs[0];
  const downAfterMs = Math.max(settingsTable.downAfterMs.default, 3 * probeIntervalMs);
  const groupLines = [`probeIntervalMs: ${probeIntervalMs}`, `downAfterMs: ${downAfterMs}`];
  return runHour(seed, { groupLines, watching: { ...inALoop, cadence } }, trace);
}

/** The same hour with other settings. It ends with the first failover, as `virtualMs` tells. */
export async function runHour(
  seed: number,
  { groupLines = [], watching = inALoop }: CalmSettings,
  trace?: (line: string) => void,
): Promise<CalmRecord> {
  const cpuBefore = process.cpuUsage();
  const absent = observers[seed % observers.length] ?? observers[0];
  const weather = weathers[Math.floor(seed / observers.length) % weathers.length] ?? "message";
  // Every fourth master has nothing to say: its silence is the hardest to read.
  const isIdle = seed % 4 === 0;
  const rounds = { opened: 0, downVotes: 0 };
  const world = new SimWorld({
    ...{ seed, scheduleJitterMs, absent, clientCount: isIdle ? 0 : 2, groupLines, watching },
    onNote: (_who, note) => {
      if (note.kind !== "event") return;
      // Rounds that look for the first master are no suspicion.
      const hasMaster = world.state()?.master != null;
      if (note.event.name === "+round" && hasMaster) rounds.opened += 1;
      if (note.event.name === "+vote" && note.event.message.includes("votes down")) {
        rounds.downVotes += 1;
      }
    },
    ...(trace === undefined ? {} : { trace }),
  });
  const { probeIntervalMs } = world.config.settings;
  for (const node of world.nodes.values()) node.replPingMs = replPingMs;
  world.start();
  // Nobody names a master over paths on which no probe is answered in time; the noise comes over a group at rest.
  world.engine.schedule(noiseFromMs, () => {
    world.cutChance = cutChance;
    world.replicationMs = delayMaxMs / 1.5;
    world.drawDelayMs = delaysOf(weather, world, splitPrng(seed, "weather"));
  });
  while (world.engine.nowMs < hourMs && !isOver(world)) {
    await world.engine.runUntil(world.engine.nowMs + sliceMs);
  }
  const epochs = Math.max(0, (world.state()?.epoch ?? 0) - 1);
  const { met, violation } = world;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    ...{ seed, absent, weather, isIdle, probeIntervalMs, epochs },
    virtualMs: world.engine.nowMs,
    cpuMs: Math.round((cpu.user + cpu.system) / 1_000),
    rounds: rounds.opened,
    downVotes: rounds.downVotes,
    ...met,
    violation: violation?.message ?? (world.state()?.master ? null : "no master was ever adopted"),
    lines: isOver(world) ? world.trail.lines : [],
  };
}

function isOver(world: SimWorld): boolean {
  return world.violation !== null || (world.state()?.epoch ?? 0) > 1;
}

function delaysOf(
  weather: Weather,
  world: SimWorld,
  prng: Prng,
): (observer: string, node: string) => number {
  if (weather === "message") return () => prng.next() * delayMaxMs;
  const paths = new Map<
    string,
    Map<string, { readonly delayMs: number; readonly untilMs: number }>
  >(observers.map((observer) => [observer, new Map()]));
  const leastMs = weather === "path" ? 0 : delayMaxMs / 2;
  return (observer, node) => {
    const { nowMs } = world.engine;
    const ofObserver = paths.get(observer);
    const standing = ofObserver?.get(node);
    if (standing !== undefined && standing.untilMs > nowMs) return standing.delayMs;
    const delayMs = leastMs + prng.next() * (delayMaxMs - leastMs);
    ofObserver?.set(node, { delayMs, untilMs: nowMs + prng.exp(pathMeanMs) });
    return delayMs;
  };
}
