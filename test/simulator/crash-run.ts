import { z } from "zod";
import { notConverged } from "./converged.ts";
import type { Process } from "./engine.ts";
import { Violation } from "./violation.ts";
import { groupName, observers, SimWorld } from "./world.ts";

export const troubles = ["crash", "hang", "request"] as const;

/** What makes somebody lead: a dead master, a hung one, or an operator's request for another one. */
export type Trouble = (typeof troubles)[number];

const deathSchema = z
  .strictObject({
    process: z.string().regex(new RegExp(`^[${observers.join("")}]/[1-9]\\d*$`)),
    atAwait: z.int().min(1),
    /** What it sent in its last turn arrives this much later than it should (fault C14); 0: in time. */
    lateMs: z.int().min(0),
  })
  .readonly();

export const planSchema = z
  .strictObject({
    trouble: z.enum(troubles),
    deaths: z.array(deathSchema).readonly(),
    /** When the old master is back after the last leader's death. */
    returns: z.enum(["never", "soon", "late"]),
  })
  .readonly();

export type CrashPlan = z.infer<typeof planSchema>;
export type Return = CrashPlan["returns"];
/** A leader that dies instead of hearing what would be its `atAwait`-th delivery. */
export type Death = z.infer<typeof deathSchema>;

/** One delivery to a process, and what the process sent because of it. */
export interface Turn {
  readonly process: string;
  readonly await: number;
  readonly phase: string;
  readonly hears: string;
  readonly sends: string[];
}

export interface CrashResult {
  readonly violation: Violation | null;
  /** Whom the plan wanted to die and who never came, where nothing else was wrong. */
  readonly absent: readonly string[];
  /** Who led an epoch, in order. */
  readonly leaders: readonly string[];
  /** Until the group was at rest. */
  readonly turns: readonly Turn[];
  /** What became of the epoch that was open, in the words of STATE. */
  readonly outcome: string;
  readonly master: string;
  /** How long the record named no writable master, to one slice. */
  readonly masterlessMs: number;
  readonly convergedMs: number;
  readonly lost: number;
}

/** What a run came to, as a child process tells it. */
export interface CrashEnd {
  readonly says: string;
  readonly violation: string | null;
  readonly masterlessMs: number;
  readonly lost: number;
}

export const troubleAtMs = 12_000;
const sliceMs = 50;
/** Longer than a takeover after every death, the longest lateness and the next scheduled shifts. */
const patienceMs = 150_000;
/** A late effect that undoes something must show before the end. */
const afterwardsMs = 10_000;
const returnAfterMs = { soon: 500, late: 25_000 };
const seed = 7;

/** Runs one plan until the group has converged and stayed so, or until patience ends. */
export async function runCrashPlan(
  plan: CrashPlan,
  trace?: (line: string) => void,
): Promise<CrashResult> {
  const run = new CrashRun(plan, trace);
  await run.start();
  await run.finish();
  return run.result();
}

class CrashRun {
  readonly plan: CrashPlan;
  readonly world: SimWorld;
  readonly turns: Turn[] = [];
  readonly leaders: string[] = [];
  readonly #watched = new Set<Process>();
  #dead = 0;
  #returnAtMs = Number.POSITIVE_INFINITY;
  #masterlessMs = 0;
  #convergedMs = 0;
  #turnsToRest = 0;
  #absent: readonly string[] = [];

  constructor(plan: CrashPlan, trace?: (line: string) => void) {
    this.plan = plan;
    this.world = new SimWorld({ seed, ...(trace === undefined ? {} : { trace }) });
  }

  async start(): Promise<void> {
    const { world, plan } = this;
    world.start();
    await world.engine.runUntil(troubleAtMs);
    const early = world.violation ?? notConverged(world);
    if (early !== null) throw new Error(`expected a group at rest before the trouble: ${early}`);
    this.#watch();
    const old = this.#oldMaster();
    world.troubles.trouble(old.id);
    if (plan.trouble === "crash") old.kill();
    else if (plan.trouble === "hang") old.hang();
    else world.operators.ask({ kind: "failover" })?.();
    if (plan.deaths.length === 0) this.#scheduleReturn();
  }

  #oldMaster() {
    const [first] = this.world.nodes.values();
    if (first === undefined) throw new Error("expected a node");
    return first;
  }

  async finish(): Promise<void> {
    const { world } = this;
    const { engine } = world;
    let calmSinceMs: number | null = null;
    while (engine.nowMs < troubleAtMs + patienceMs && world.violation === null) {
      await engine.runUntil(engine.nowMs + sliceMs);
      this.#watch();
      this.#lead();
      if (!this.#hasWritableMaster()) this.#masterlessMs += sliceMs;
      const isOver = this.#isOver() && notConverged(world) === null;
      if (!isOver) {
        calmSinceMs = null;
        continue;
      }
      if (calmSinceMs === null) this.#turnsToRest = this.turns.length;
      calmSinceMs ??= engine.nowMs;
      this.#convergedMs = calmSinceMs - troubleAtMs;
      if (this.plan.deaths.length === 0 || engine.nowMs - calmSinceMs >= afterwardsMs) return;
    }
    world.violation ??= notConverged(world);
    if (world.violation !== null) return;
    const came = new Set([...this.#watched].map((process) => process.name));
    const wanted = this.plan.deaths.map((death) => death.process);
    this.#absent = wanted.filter((name) => !came.has(name));
    world.violation = new Violation("L2", "the plan was not carried out");
  }

  /** Everything planned has happened: the deaths, the return, the request, whatever was late. */
  #isOver(): boolean {
    const { world, plan } = this;
    const lateMs = Math.max(0, ...plan.deaths.map((death) => death.lateMs));
    const isReturned = plan.returns === "never" || world.engine.nowMs > this.#returnAtMs;
    const isLate = world.engine.nowMs < this.#lastDeathMs + lateMs;
    const hasActed = this.leaders.length > plan.deaths.length || plan.deaths.length > 0;
    const isAsked = world.state()?.request !== null;
    return this.#dead === plan.deaths.length && isReturned && !isLate && hasActed && !isAsked;
  }

  #lastDeathMs = 0;

  /** Arms the deaths and follows every process turn by turn. */
  #watch(): void {
    for (const observer of observers) {
      for (const process of this.world.processes.get(observer) ?? []) {
        if (this.#watched.has(process)) continue;
        this.#watched.add(process);
        this.#follow(process);
        const death = this.plan.deaths.find((one) => one.process === process.name);
        if (death !== undefined) this.#arm(process, death);
      }
    }
  }

  #follow(process: Process): void {
    process.onTurn = (does, what) => {
      if (does === "hears") {
        const phase = this.world.state()?.phase ?? "none";
        const turn = { process: process.name, await: process.awaits, phase, hears: what };
        this.turns.push({ ...turn, sends: [] });
      } else {
        this.turns.findLast((turn) => turn.process === process.name)?.sends.push(what);
      }
    };
  }

  #arm(process: Process, death: Death): void {
    process.crashAtAwait = death.atAwait;
    if (death.lateMs > 0) {
      process.lateFromAwait = death.atAwait - 1;
      process.lateMs = death.lateMs;
    }
    const { onCrash } = process;
    process.onCrash = () => {
      onCrash();
      this.#dead += 1;
      this.#lastDeathMs = this.world.engine.nowMs;
      if (this.#dead === this.plan.deaths.length) this.#scheduleReturn();
    };
  }

  #scheduleReturn(): void {
    const { returns, trouble } = this.plan;
    if (returns === "never" || trouble === "request") return;
    const afterMs = returnAfterMs[returns];
    this.#returnAtMs = this.world.engine.nowMs + afterMs;
    const old = this.#oldMaster();
    this.world.engine.schedule(afterMs, () => {
      this.world.troubles.trouble(old.id);
      if (trouble === "hang") old.thaw();
      else old.restart(returns === "soon" ? "aof" : "rdb");
    });
  }

  #lead(): void {
    const leader = this.world.state()?.leader ?? null;
    if (leader === null) return;
    const live = [...(this.world.processes.get(leader.split("/")[0] ?? "") ?? [])];
    const [process] = live;
    if (process === undefined || this.leaders.at(-1) === process.name) return;
    if (live.length > 1) throw new Error(`expected one shift of ${leader}, got ${live.length}`);
    this.leaders.push(process.name);
  }

  #hasWritableMaster(): boolean {
    const { world } = this;
    const node = [...world.nodes.values()].find((one) => one.host === world.recordNow());
    return node?.isServing === true && node.role === "master" && !node.handOver.isUnderWay;
  }

  result(): CrashResult {
    const { world } = this;
    const state = world.state();
    const last = state?.lastEpoch ?? null;
    const kept = world.nodes.get(state?.master?.node ?? "")?.values() ?? new Set<number>();
    const lost = [...world.writes.acknowledged.keys()].filter((value) => !kept.has(value)).length;
    if (this.plan.trouble === "request" && lost > 0) {
      world.violation ??= new Violation("S10", `a switchover lost ${lost} acknowledged writes`);
    }
    return {
      violation: world.violation,
      absent: this.#absent,
      leaders: this.leaders,
      turns: this.turns.slice(0, this.#turnsToRest),
      outcome:
        last === null ? `${groupName} kept its master` : `epoch ${last.epoch} ${last.result}`,
      master: state?.master?.node ?? "none",
      masterlessMs: this.#masterlessMs,
      convergedMs: this.#convergedMs,
      lost,
    };
  }
}

export function endOf({ returns }: CrashPlan, result: CrashResult): CrashEnd {
  const { leaders, outcome, master, masterlessMs, convergedMs, lost, violation } = result;
  const by = leaders.at(-1) ?? "nobody";
  const end = `${outcome}, ${master}`;
  const says = `${returns.padEnd(5)} ${by.padEnd(4)} ${end.padEnd(32)} ${masterlessMs} ms without master, at rest after ${convergedMs} ms, ${lost} lost`;
  return { says, violation: violation?.message ?? null, masterlessMs, lost };
}
