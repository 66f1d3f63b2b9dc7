import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Round, Sample, Vote } from "../../lib/core/model.ts";
import type { Process } from "./engine.ts";
import { Violation } from "./violation.ts";
import type { Woken } from "./wakes.ts";

/** Far beyond every probe's deadline: who heard from nobody for so long is blind, and knows it. */
const blindMarginMs = 10_000;

/** Who holds a down vote and hears the master again takes it back within two probes and this, unless the table is out of reach. */
const withdrawnMs = 6_000;
/** STATE is read every two seconds at the least; who gets no answer for longer may be unable to write as well. */
const tableGapMs = 2_500;

interface Heard {
  readonly node: string;
  readonly sentAtMs: number;
  readonly isAnswer: boolean;
}

/** What the witness is told of the world beside what observers hear. */
export interface Sight {
  config(): GroupConfig;
  /** When a process last had an answer of the table, by the process's clock. */
  tableReadAtMs(process: Process): number;
  /** The STATE that a process knows. */
  known(process: Process): GroupState | undefined;
  /** Whether the table was put back to a backup, so that whoever knows it writes nothing (rule F150). */
  isRestored(): boolean;
  /** Whether its answer as master may not be believed (doubts.ts). */
  isDoubted(node: string): boolean;
}

/**
 * Remembers what each observer really heard, and holds its votes against that: a vote says "down" only after one more
 * probe, sent since its round was opened (DESIGN 4.1), and never by an observer that hears no node at all (fault P3).
 */
export class Witness {
  readonly #sight: Sight;
  #state: GroupState | null = null;
  /** The down vote that each process holds, and since when it hears its suspect again. */
  readonly #held = new Map<string, { readonly vote: Vote; heardSinceMs: number | null }>();
  readonly #openedAtMs = new Map<number, number>();
  /** The same of each round by the name under which observers know it: tables that are put back open a number twice. */
  readonly #namedAtMs = new Map<string, number>();
  /** When another item took STATE's place, and this round with it: for whoever watches it was opened then. */
  readonly #broughtBackAtMs = new Map<number, number>();
  /** When the youngest probe that has ended was sent, by process and node. */
  readonly #sentAtMs = new WeakMap<Process, Map<string, number>>();
  /** When each process began, and the round that it was woken for. */
  readonly #starts = new WeakMap<
    Process,
    { readonly atMs: number; readonly round: number | null }
  >();
  /** Nodes that said to be master in the last probe that ended, by process. */
  readonly #masters = new WeakMap<Process, Set<string>>();
  /** When any node last answered, by observer. */
  readonly #answeredAtMs = new Map<string, number>();

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  onSample(process: Process, observer: string, sample: Sample): void {
    const { node, sentAtMs, reply } = sample;
    const isAnswer = reply.kind === "pong" || reply.kind === "error";
    this.onHeard(process, observer, { node, sentAtMs, isAnswer });
    this.#rememberRole(process, sample);
    this.#checkWithdrawal(process, sample);
  }

  #rememberRole(process: Process, { node, reply, role }: Sample): void {
    const masters = this.#masters.get(process) ?? new Set<string>();
    if (reply.kind === "pong" && role?.role === "master") masters.add(node);
    else masters.delete(node);
    this.#masters.set(process, masters);
  }

  /** F3: a vote is taken back by closing its round, before anybody else can count on it. */
  #checkWithdrawal(process: Process, { node, reply, role }: Sample): void {
    const held = this.#held.get(process.name);
    if (held === undefined || held.vote.node !== node) return;
    const { round, pause, phase } = this.#state ?? {};
    const isOpen = round?.number === held.vote.round && round.status === "open";
    if (!isOpen || pause !== null || phase === "promoting") {
      this.#held.delete(process.name);
      return;
    }
    const { nowMs } = process.engine;
    const isMaster = reply.kind === "pong" && role?.role === "master";
    const hasTable = process.now() - this.#sight.tableReadAtMs(process) < tableGapMs;
    const canWrite = hasTable && !this.#sight.isRestored() && this.#isActedOn();
    const boundMs = withdrawnMs + 2 * this.#sight.config().settings.probeIntervalMs;
    const isAwake = process.now() - process.lastThawMs > boundMs;
    const isHeard = isMaster && canWrite && isAwake && !this.#sight.isDoubted(node);
    if (!isHeard) held.heardSinceMs = null;
    else held.heardSinceMs ??= nowMs;
    const forMs = nowMs - (held.heardSinceMs ?? nowMs);
    if (forMs <= boundMs) return;
    throw new Violation(
      "F3",
      `${process.name} has heard ${node} for ${Math.round(forMs)} ms and lets its down vote stand`,
    );
  }

  /** An item that was edited by hand to name a stranger as master moves nobody (rule F160). */
  #isActedOn(): boolean {
    const master = this.#state?.master?.node;
    return this.#sight.config().nodes.some(({ id }) => id === master);
  }

  /** A probe or an observation has ended; `sentAtMs` by the process's own clock. */
  onHeard(process: Process, observer: string, heard: Heard): void {
    const { nowMs } = process.engine;
    const tookMs = (process.now() - heard.sentAtMs) / process.clockRate;
    const { node, isAnswer } = heard;
    const known = this.#sentAtMs.get(process);
    // Of two that are under way the one that was sent first may end last.
    if (known === undefined) this.#sentAtMs.set(process, new Map([[node, nowMs - tookMs]]));
    else known.set(node, Math.max(known.get(node) ?? 0, nowMs - tookMs));
    if (isAnswer) this.#answeredAtMs.set(observer, nowMs);
  }

  /** The item became another one without a write. */
  onReplaced(state: GroupState | null, nowMs: number): void {
    this.#state = state;
    if (state !== null) this.#broughtBackAtMs.set(state.round.number, nowMs);
  }

  onState(before: GroupState | null, after: GroupState, nowMs: number): void {
    this.#state = after;
    const { number } = after.round;
    if (number <= (before?.round.number ?? 0)) return;
    this.#openedAtMs.set(number, nowMs);
    // Two that share a name are one to whoever reads them.
    const name = nameOf(after.round);
    this.#namedAtMs.set(name, this.#namedAtMs.get(name) ?? nowMs);
  }

  /** A vote whose caster knows that it stands. */
  onCast(process: Process, vote: Vote): void {
    if (vote.verdict === "down") this.#held.set(process.name, { vote, heardSinceMs: null });
  }

  onStart(process: Process, woken: Woken | null): void {
    this.#starts.set(process, { atMs: process.engine.nowMs, round: woken?.round ?? null });
  }

  /** F2: a shift takes part in rounds that were opened under its eyes, and in the one that it was woken for. */
  #checkRound(process: Process, { round }: Vote): void {
    const start = this.#starts.get(process);
    const openedAtMs = this.#openedAtMs.get(round);
    if (start === undefined || openedAtMs === undefined || this.#sight.isRestored()) return;
    const seenAtMs = Math.max(openedAtMs, this.#broughtBackAtMs.get(round) ?? 0);
    if (seenAtMs >= start.atMs || start.round === round) return;
    const agoMs = Math.round(start.atMs - openedAtMs);
    const what = `${process.name} votes in round ${round}, which was opened ${agoMs} ms before it began`;
    throw new Violation("F2", start.round === null ? what : `${what}, woken for ${start.round}`);
  }

  /** When the round was opened that the process means: what took its place without its knowledge has no say. */
  #votedInSinceMs(process: Process, { round }: Vote): number {
    const known = this.#sight.known(process)?.round;
    const isMeant = known?.number === round;
    const namedAtMs = isMeant ? this.#namedAtMs.get(nameOf(known)) : undefined;
    return namedAtMs ?? this.#openedAtMs.get(round) ?? Number.POSITIVE_INFINITY;
  }

  /** Every vote, as it leaves its process. */
  onVote(process: Process, vote: Vote): void {
    this.#checkRound(process, vote);
    if (vote.verdict !== "down") return;
    const sentAtMs = this.#sentAtMs.get(process)?.get(vote.node ?? "");
    if (sentAtMs === undefined || sentAtMs < this.#votedInSinceMs(process, vote)) {
      throw new Violation(
        "S2",
        `${process.name} votes down in round ${vote.round} without a probe sent since it was opened`,
      );
    }
    // A master that lost data, or whose address another server has, answers as one: that is held against the truth.
    const isOfData = ["without its data", "with older data", "another server"].some((what) =>
      vote.evidence.includes(what),
    );
    if (!isOfData && this.#masters.get(process)?.has(vote.node ?? "") === true) {
      const what = `${process.name} votes down, and ${vote.node} has just answered it as master`;
      throw new Violation("S2", what);
    }
    const silentMs = process.engine.nowMs - (this.#answeredAtMs.get(vote.observer) ?? 0);
    if (silentMs > this.#sight.config().settings.downAfterMs + blindMarginMs) {
      const forMs = Math.round(silentMs);
      throw new Violation(
        "P3",
        `${process.name} votes down, and no node has answered it for ${forMs} ms`,
      );
    }
  }
}

function nameOf({ number, openedBy }: Round): string {
  return `${number} ${openedBy}`;
}
