import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, Sample } from "../../lib/core/model.ts";
import { type Moment, momentOf } from "./ambush.ts";
import { applyFault } from "./apply-fault.ts";
import { Engine, type Process } from "./engine.ts";
import type { Fault, TimedFault } from "./faults.ts";
import { Fencing } from "./fencing.ts";
import { groupName, observerNames, observers, simConfig } from "./group-config.ts";
import { Invocations } from "./invocations.ts";
import { attachReplicas, membersOf } from "./joining.ts";
import { Judges } from "./judges.ts";
import type { Leaving } from "./leaving.ts";
import { Cuts } from "./network.ts";
import type { Note } from "./notes.ts";
import { Operators } from "./operators.ts";
import { writeGroup } from "./placement.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { smallData } from "./redis-world.ts";
import type { RoleCommand } from "./role-command.ts";
import { Routes } from "./routes.ts";
import { type Shape, usualShape } from "./shape.ts";
import { type ClientKind, startClient, Writes } from "./sim-client.ts";
import { SimDns } from "./sim-dns.ts";
import { SimRedis } from "./sim-redis.ts";
import { SimStore } from "./sim-store.ts";
import type { Observed } from "./sim-vantage.ts";
import { Trace } from "./trace.ts";
import { Troubles } from "./troubles.ts";
import type { Violation } from "./violation.ts";
import type { Woken } from "./wakes.ts";
import { inALoop, type Watching } from "./watching.ts";

export { groupName, observers };

export interface WorldOptions {
  readonly seed: number;
  readonly engine?: Engine;
  /** Whether the group keeps its marker key; without it an AOF restart makes a node foreign (docs/limits.md). */
  readonly hasMarker?: boolean;
  /** Lines of YAML for the group. */
  readonly groupLines?: readonly string[];
  readonly clientCount?: number;
  /** How big the group is, and who writes to it. */
  readonly shape?: Shape;
  /** Up to this long a scheduled start is late. */
  readonly scheduleJitterMs?: number;
  /** How the observers watch: in a loop where it is not said. */
  readonly watching?: Watching;
  /** An observer that never starts a shift. */
  readonly absent?: string;
  /** One clock for everybody, and first shifts one after the other. */
  readonly isOrderly?: boolean;
  readonly trace?: (line: string) => void;
  readonly onNote?: (who: string, note: Note) => void;
}

/** One simulated deployment: the real shift, rules and executor on simulated time, table, zone, servers and network. */
export class SimWorld {
  readonly engine: Engine;
  readonly options: WorldOptions;
  readonly shape: Shape;
  readonly config: GroupConfig;
  readonly nodes = new Map<string, SimRedis>();
  readonly routes = new Routes();
  readonly store: SimStore;
  readonly dns: SimDns;
  readonly operators: Operators;
  readonly judges: Judges;
  readonly troubles = new Troubles(() => this.engine.nowMs);
  readonly writes = new Writes();
  readonly fencing = new Fencing(this);
  readonly invocations: Invocations;
  readonly cuts = new Cuts();
  readonly trail: Trace;
  /** Every fault that happened, as it can be replayed. */
  readonly schedule: TimedFault[] = [];
  /** Told after each write of the group's item. */
  readonly onMoment: ((moment: Moment) => void)[] = [];
  violation: Violation | null = null;
  /** Mean one-way delay of an observer's packets, and the chance that a connection is found cut. */
  delayMs = 1;
  cutChance = 0;
  /** One way, drawn for each message. */
  drawDelayMs: (observer: string, node: string) => number = () =>
    this.delayMs * (0.5 + this.#network.next());
  /** What the observers' probes met. */
  readonly met = { probes: 0, unanswered: 0, late: 0, cut: 0 };
  replicationMs = 2;
  readonly timings = smallData();
  readonly hasMarker: boolean;
  readonly #network: Prng;

  constructor(options: WorldOptions) {
    this.options = options;
    this.engine = options.engine ?? new Engine();
    const { seed } = options;
    this.trail = new Trace(this, options.trace);
    this.#network = splitPrng(seed, "network");
    const marker = options.hasMarker === false ? ["marker: false"] : [];
    this.shape = options.shape ?? usualShape;
    const own = options.shape === undefined ? [] : writeGroup(this.shape);
    const groupLines = [...marker, ...own, ...(options.groupLines ?? [])];
    this.config = simConfig(groupLines, 1, observerNames.slice(0, this.shape.observers));
    this.hasMarker = this.config.settings.marker;
    this.judges = new Judges(this);
    this.store = this.#newStore();
    this.store.configs.push(this.config);
    this.operators = new Operators(this.store, groupLines, this.config.observers, () =>
      this.judges.onReplaced(),
    );
    this.dns = new SimDns(splitPrng(seed, "dns"), (after, before) => {
      this.note("zone", { kind: "record", after });
      this.judges.onRecords(after, before);
    });
    for (const [index, node] of this.config.nodes.entries()) {
      const server = this.addServer(node.probe.host, node.probe.port);
      server.priority = this.shape.priorities[index] ?? server.priority;
      server.replicas.required.toWrite = this.shape.minReplicas;
    }
    attachReplicas(this.nodes.values());
    this.invocations = this.#invocations();
  }

  #newStore(): SimStore {
    const { judges } = this;
    return new SimStore(this.options.seed, {
      onState: (before, after, writer) => this.#onState(before, after, writer),
      onSent: (process, next) => judges.onSent(process, next),
      onVote: (process, vote) => judges.onVote(process, vote),
      onCast: (process, vote) => judges.onCast(process, vote),
    });
  }

  #invocations(): Invocations {
    const { engine, config, store, dns, cuts, judges } = this;
    const around = {
      ...{ engine, config, store, dns },
      network: {
        nodes: this.nodes,
        routes: this.routes,
        hasMarker: this.hasMarker,
        isCut: (one: string, other: string) => cuts.isCut(one, other),
        isLost: (from: string, to: string) => cuts.isLost(from, to),
        onHeal: (one: string, other: string, action: () => void) => cuts.onHeal(one, other, action),
        delayMs: (observer: string, node: string) => this.drawDelayMs(observer, node),
        isConnectionCut: () => this.#isConnectionCut(),
        onSample: (process: Process, observer: string, sample: Sample) => {
          this.#onSample(sample);
          judges.onSample(process, observer, sample);
        },
        onObserved: (...seen: [Process, string, Observed]) => judges.onObserved(...seen),
      },
      note: (who: string, note: Note) => this.note(who, note),
      onEffect: (...effect: [Process, string, Leaving]) => judges.onEffect(...effect),
      onStart: (process: Process, woken: Woken | null) => judges.onStart(process, woken),
      fail: (violation: Violation) => this.fail(violation),
    };
    const { seed, isOrderly = false, absent, watching = inALoop } = this.options;
    const { scheduleJitterMs: jitterMs = 2_000 } = this.options;
    const observers = config.observers.filter((one) => one !== absent);
    return new Invocations(around, { watching, seed, observers, jitterMs, isOrderly });
  }

  #isConnectionCut(): boolean {
    const isCut = this.#network.chance(this.cutChance);
    if (isCut) this.met.cut += 1;
    return isCut;
  }

  #onSample({ reply, lateReplyToMs }: Sample): void {
    this.met.probes += 1;
    if (reply.kind !== "pong" && reply.kind !== "error") this.met.unanswered += 1;
    if (lateReplyToMs !== undefined) this.met.late += 1;
  }

  #redisWorld() {
    return {
      engine: this.engine,
      timings: this.timings,
      nodes: this.nodes,
      hasMarker: this.hasMarker,
      isCut: (from: string, to: string) => this.isCut(from, to),
      replicationDelayMs: () => this.replicationMs * (0.5 + this.#network.next()),
      onRoleChange: (node: SimRedis, command: RoleCommand, before: SimRedis["role"]) => {
        this.note(command.by, { kind: "role", command, node: node.id });
        this.troubles.touch(node.id);
        this.judges.onRoleChange(node, command, before);
      },
    };
  }

  addServer(host: string, port: number): SimRedis {
    const server = new SimRedis(this.#redisWorld(), host, port);
    this.nodes.set(server.id, server);
    return server;
  }

  /** Of the servers those that the file names, or the observers have found. */
  get members(): ReadonlyMap<string, SimRedis> {
    return membersOf(this.nodes, this.judges.config, this.state());
  }

  state(): GroupState | null {
    return this.store.states.get(groupName) ?? null;
  }

  get clients(): readonly string[] {
    return this.shape.clients.map((_, index) => `client${index}`);
  }

  /** The address that the group's name answers now. */
  recordNow(): string {
    return this.dns.resolveNow(this.config.dns?.name ?? "")[0] ?? "none";
  }

  /** Live processes by observer, the oldest first. */
  get processes(): ReadonlyMap<string, ReadonlySet<Process>> {
    return this.invocations.live;
  }

  isCut(one: string, other: string): boolean {
    return this.cuts.isCut(one, other);
  }

  cut(one: string, other: string, how: "both-ways" | "one-way" = "both-ways"): void {
    this.#touchLink(one, other);
    this.cuts.cut(one, other, how);
  }

  #touchLink(one: string, other: string): void {
    const isBetweenNodes = this.nodes.has(one) && this.nodes.has(other);
    if (isBetweenNodes) this.troubles.trouble(one, other);
    else this.troubles.obstruct(one, other);
  }

  heal(one: string, other: string): void {
    this.#touchLink(one, other);
    this.cuts.heal(one, other);
  }

  healAll(): void {
    for (const [one, other] of this.cuts.all()) this.heal(one, other);
  }

  /** Starts observers, clients and the servers' own second hand. */
  start(): void {
    this.invocations.start();
    this.fencing.start();
    const tick = () => {
      for (const node of this.nodes.values()) node.tick(this.engine.nowMs);
      this.engine.schedule(1_000, tick);
    };
    this.engine.schedule(1_000, tick);
    const { clientCount = this.shape.clients.length } = this.options;
    for (let index = 0; index < clientCount; index += 1) {
      const kind = this.shape.clients[index] ?? "follows";
      const options = { name: `client${index}`, kind, everyMs: 400, ttlMs: 1_000 };
      startClient(this.#clientWorld(index), this.writes, options);
    }
  }

  #clientWorld(index: number) {
    const name = this.config.dns?.name ?? "";
    return {
      engine: this.engine,
      prng: splitPrng(this.options.seed, `client${index}`),
      nodes: this.nodes,
      isCut: (from: string, to: string) => this.isCut(from, to),
      isLost: (from: string, to: string) => this.cuts.isLost(from, to),
      resolve: () => this.dns.resolveFor(`client${index}`, name, this.engine.nowMs)[0] ?? null,
      onAccepted: (by: ClientKind, node: SimRedis) => this.judges.onAccepted(by, node),
      onConfirmed: (value: number, node: SimRedis) => this.judges.onConfirmed(value, node),
    };
  }

  /** Lets a fault happen now; what changes anything is recorded. */
  inject(by: string, fault: Fault): void {
    if (applyFault(this, fault)) this.schedule.push({ atMs: this.engine.nowMs, by, fault });
  }

  #onState(before: GroupState | null, after: GroupState, writer: string): void {
    this.note(writer, { kind: "state", before, after });
    this.routes.onState(after);
    this.judges.onState(before, after, writer);
    const moment =
      this.onMoment.length === 0 ? null : momentOf(before, after, writer, this.config.observers);
    if (moment !== null) for (const tell of this.onMoment) tell(moment);
  }

  fail(violation: Violation): void {
    this.violation ??= violation;
  }

  note(who: string, note: Note): void {
    this.trail.add(who, note);
    this.options.onNote?.(who, note);
  }
}
