import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { pause, request, resume, type Writer } from "../../lib/core/state.ts";
import { success } from "../../lib/ports/errors.ts";
import { handOver, type ShiftPorts, startShift, watchGroups } from "../../lib/shift/shift.ts";
import { applyFault } from "./apply-fault.ts";
import { Checker, Violation } from "./checkers.ts";
import { cancel, Engine, Process } from "./engine.ts";
import type { Fault, TimedFault } from "./faults.ts";
import { type Prng, splitPrng } from "./prng.ts";
import { startClient, Writes } from "./sim-client.ts";
import { SimDns } from "./sim-dns.ts";
import { simNodes } from "./sim-nodes.ts";
import { type RoleCommand, SimRedis } from "./sim-redis.ts";
import { SimStore } from "./sim-store.ts";

export const observers = ["a", "b", "c"] as const;
export const groupName = "orders";
const shiftMs = 60_000;
const invocationMs = 900_000;
const linesKept = 60;

export interface WorldOptions {
  readonly seed: number;
  /** Whether the group keeps its marker key; without it an AOF restart makes a node foreign (docs/limits.md). */
  readonly hasMarker?: boolean;
  /** Lines of YAML for the group. */
  readonly groupLines?: readonly string[];
  readonly clientCount?: number;
  /** Up to this long a scheduled start is late. */
  readonly scheduleJitterMs?: number;
  readonly trace?: (line: string) => void;
}

/** One simulated deployment: the real shift, rules and executor on simulated time, table, zone, servers and network. */
export class SimWorld {
  readonly engine = new Engine();
  readonly options: WorldOptions;
  readonly config: GroupConfig;
  readonly nodes = new Map<string, SimRedis>();
  readonly store: SimStore;
  readonly dns: SimDns;
  readonly checker: Checker;
  readonly writes = new Writes();
  readonly processes = new Map<string, Set<Process>>();
  /** Pairs that can't reach each other, both ways: observers, nodes and clients by name. */
  readonly cuts = new Set<string>();
  readonly healers = new Map<string, (() => void)[]>();
  readonly firedRules = new Map<string, number>();
  readonly lines: string[] = [];
  /** Every fault that happened, as it can be replayed. */
  readonly schedule: TimedFault[] = [];
  violation: Violation | null = null;
  /** Mean one-way delay of an observer's packets, and the chance that a connection is found cut. */
  delayMs = 1;
  cutChance = 0;
  replicationMs = 2;
  shifts = 0;
  readonly hasMarker: boolean;
  readonly #prng: { readonly network: Prng; readonly schedule: Prng; readonly clocks: Prng };
  readonly #clocks = new Map<string, { readonly offsetMs: number; readonly rate: number }>();
  #records = 0;
  #operations = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    const { seed } = options;
    this.#prng = {
      network: splitPrng(seed, "network"),
      schedule: splitPrng(seed, "schedule"),
      clocks: splitPrng(seed, "clocks"),
    };
    const marker = options.hasMarker === false ? ["marker: false"] : [];
    this.config = simConfig([...marker, ...(options.groupLines ?? [])]);
    this.hasMarker = this.config.settings.marker;
    this.store = new SimStore(splitPrng(seed, "store"), {
      onState: (before, after, writer) => this.#onState(before, after, writer),
    });
    this.store.configs.push(this.config);
    this.dns = new SimDns(splitPrng(seed, "dns"), (after) =>
      this.#guard(() => this.#onRecords(after)),
    );
    for (const node of this.config.nodes) {
      const server = new SimRedis(this.#redisWorld(), node.probe.host, node.probe.port);
      this.nodes.set(node.id, server);
    }
    this.#attachReplicas();
    this.checker = new Checker(
      this.config,
      () => [...this.store.votes.values()],
      this.nodes,
      () => this.engine.nowMs,
      this.writes.acknowledged,
      (node) => observers.every((observer) => !this.isCut(observer, node)),
    );
    for (const observer of observers) {
      const offsetMs = this.#prng.clocks.int(-600_000, 600_000);
      const rate = 1 + (this.#prng.clocks.next() - 0.5) * 0.002;
      this.#clocks.set(observer, { offsetMs, rate });
      this.processes.set(observer, new Set());
    }
  }

  #redisWorld() {
    const world = this;
    return {
      engine: this.engine,
      prng: this.#prng.network,
      nodes: this.nodes,
      get hasMarker() {
        return world.hasMarker;
      },
      isCut: (from: string, to: string) => this.isCut(from, to),
      replicationDelayMs: () => this.replicationMs * (0.5 + this.#prng.network.next()),
      onRoleChange: (node: SimRedis, command: RoleCommand) =>
        this.#guard(() => {
          this.trace(
            command.by,
            `${command.kind} ${node.id} ${command.to ?? ""} epoch ${command.epoch}`,
          );
          this.checker.trouble(node.id);
          this.checker.onRoleChange(node, command, this.state());
        }),
    };
  }

  #attachReplicas(): void {
    const [master, ...replicas] = this.nodes.values();
    if (master === undefined) return;
    master.role = "master";
    for (const replica of replicas) replica.becomeReplicaOf(master.id);
  }

  state(): GroupState | null {
    return this.store.states.get(groupName) ?? null;
  }

  isCut(a: string, b: string): boolean {
    if (this.cuts.size === 0) return false;
    return this.cuts.has(a < b ? `${a}|${b}` : `${b}|${a}`);
  }

  cut(a: string, b: string): void {
    this.checker.trouble(a, b);
    this.cuts.add(a < b ? `${a}|${b}` : `${b}|${a}`);
  }

  heal(a: string, b: string): void {
    const key = a < b ? `${a}|${b}` : `${b}|${a}`;
    this.cuts.delete(key);
    this.checker.trouble(a, b);
    const waiting = this.healers.get(key) ?? [];
    this.healers.delete(key);
    for (const action of waiting) action();
  }

  healAll(): void {
    for (const key of [...this.cuts]) {
      const [a = "", b = ""] = key.split("|");
      this.heal(a, b);
    }
  }

  /** Starts observers, clients and the servers' own second hand. */
  start(): void {
    for (const observer of observers) {
      const first = this.#prng.schedule.int(0, 3_000);
      this.engine.schedule(first, () => this.#invokeAndRepeat(observer));
    }
    const tick = () => {
      for (const node of this.nodes.values()) node.tick(this.engine.nowMs);
      this.engine.schedule(1_000, tick);
    };
    this.engine.schedule(1_000, tick);
    for (let index = 0; index < (this.options.clientCount ?? 2); index += 1) {
      startClient(this.#clientWorld(index), this.writes, {
        name: `client${index}`,
        everyMs: 400,
        ttlMs: 1_000,
      });
    }
  }

  #clientWorld(index: number) {
    return {
      engine: this.engine,
      prng: splitPrng(this.options.seed, `client${index}`),
      nodes: this.nodes,
      isCut: (from: string, to: string) => this.isCut(from, to),
      resolve: () => this.dns.resolveNow(this.config.dns?.name ?? "")[0] ?? null,
    };
  }

  #invokeAndRepeat(observer: string): void {
    this.invoke(observer);
    const jitterMs = this.#prng.schedule.next() * (this.options.scheduleJitterMs ?? 2_000);
    this.engine.schedule(shiftMs + jitterMs, () => this.#invokeAndRepeat(observer));
  }

  /** One invocation: a process of its own, ended by its deadline at the latest. */
  invoke(observer: string): Process {
    this.shifts += 1;
    const clock = this.#clocks.get(observer) ?? { offsetMs: 0, rate: 1 };
    const process = new Process(
      this.engine,
      `${observer}/${this.shifts}`,
      clock.offsetMs,
      clock.rate,
    );
    const live = this.processes.get(observer);
    live?.add(process);
    process.onCrash = () => live?.delete(process);
    process.deliver(20, () => {
      void this.#shift(process, observer).then(() => {
        process.isDead = true;
        live?.delete(process);
      });
    });
    this.engine.schedule(invocationMs, () => process.crash());
    return process;
  }

  async #shift(process: Process, observer: string): Promise<void> {
    const ports = this.#ports(process, observer);
    try {
      const shift = await startShift(ports, {
        observer,
        deployment: "sim",
        codeVersion: "sim",
        requestId: String(this.shifts).padStart(8, "0"),
        woken: null,
        shiftMs,
        remainingMs: invocationMs,
        signal: new AbortController().signal,
      });
      await handOver(shift, await watchGroups(shift));
    } catch (error) {
      this.violation ??= new Violation(
        "crash",
        error instanceof Error ? (error.stack ?? "") : String(error),
      );
    }
  }

  #ports(process: Process, observer: string): ShiftPorts {
    const network = this.#prng.network;
    return {
      store: this.store.portFor(process, observer),
      dns: this.dns.portFor(process),
      clock: {
        nowMs: () => process.now(),
        wallTime: () => new Date(Math.max(0, process.now())).toISOString(),
        sleep: (ms, signal) => sleep(process, ms, signal),
      },
      reporter: {
        event: (event) => {
          this.firedRules.set(event.rule, (this.firedRules.get(event.rule) ?? 0) + 1);
          this.trace(process.name, `${event.name} [${event.rule}] ${event.message}`);
        },
        line: (level, message) => {
          if (level === "error") {
            this.violation ??= new Violation("error", `${process.name}: ${message}`);
          }
          this.trace(process.name, message);
        },
        flush: () => Promise.resolve(),
      },
      waker: { wake: () => Promise.resolve(success(undefined)) },
      connect: () =>
        Promise.resolve(
          success(
            simNodes(process, observer, {
              nodes: this.nodes,
              prng: network,
              isCut: (from, to) => this.isCut(from, to),
              onHeal: (from, to, action) => {
                const key = from < to ? `${from}|${to}` : `${to}|${from}`;
                this.healers.set(key, [...(this.healers.get(key) ?? []), action]);
              },
              delayMs: () => this.delayMs * (0.5 + network.next()),
              isConnectionCut: () => network.chance(this.cutChance),
              onEffect: (sender, _observer, change, node) =>
                this.#onEffect(sender, change.kind, node),
            }),
          ),
        ),
      watchFreezes: () => ({ lastThawMs: () => process.lastThawMs, stop: () => {} }),
    };
  }

  /** S4: no effect starts on a STATE that was read longer ago than fenceMs, by the sender's own clock. */
  #onEffect(sender: Process, kind: string, node: string): void {
    this.#guard(() => {
      const ageMs =
        sender.now() - (this.store.verifiedAtMs.get(sender.name) ?? Number.NEGATIVE_INFINITY);
      if (ageMs <= this.config.settings.fenceMs) return;
      throw new Violation(
        "S4",
        `${sender.name} starts ${kind} on ${node}, its STATE is ${Math.round(ageMs)} ms old`,
      );
    });
  }

  /** Lets a fault happen now; what changes anything is recorded. */
  inject(by: string, fault: Fault): void {
    if (applyFault(this, fault)) this.schedule.push({ atMs: this.engine.nowMs, by, fault });
  }

  canSetPause(isPaused: boolean): boolean {
    const state = this.state();
    return state !== null && (state.pause !== null) !== isPaused;
  }

  /** An operator pauses and resumes, straight in the table. */
  setPause(isPaused: boolean): void {
    const state = this.state();
    if (state === null || !this.canSetPause(isPaused)) return;
    const writer = this.#operator(isPaused ? "pause" : "resume");
    const write = isPaused ? pause(state, "sim", "drill", writer) : resume(state, writer);
    this.store.putNow(write.next, "operator");
  }

  canAskFailover(): boolean {
    const state = this.state();
    return state !== null && state.request === null && state.phase === "steady";
  }

  /** An operator's request, straight into the table. */
  askFailover(): void {
    const state = this.state();
    if (state === null || !this.canAskFailover()) return;
    const asked = request(state, { kind: "failover", by: "sim" }, this.#operator("asked"));
    this.store.putNow(asked.next, "operator");
  }

  #operator(why: string): Writer {
    this.#operations += 1;
    return { attempt: `operator-${this.#operations}`, shift: "operator", rule: "cli", why };
  }

  #onState(before: GroupState | null, after: GroupState, writer: string): void {
    this.#guard(() => {
      const { rule, why } = after.lastTransition;
      this.trace(
        writer,
        `STATE rev ${after.rev} ${after.phase} epoch ${after.epoch} [${rule}] ${why}`,
      );
      this.firedRules.set(rule, (this.firedRules.get(rule) ?? 0) + 1);
      if (before !== null && after.phase === "promoting" && after.epoch > before.epoch) {
        this.checker.noteClaimFrom(before.phase);
      }
      this.checker.onState(before, after);
    });
  }

  #lastRecords: readonly import("../../lib/core/records.ts").RecordSet[] = [];
  #onRecords(after: readonly import("../../lib/core/records.ts").RecordSet[]): void {
    this.#records += 1;
    this.checker.onRecords(this.#lastRecords, after);
    this.#lastRecords = after;
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.violation ??= error;
    }
  }

  trace(who: string, what: string): void {
    const state = this.state();
    const roles = [...this.nodes.values()]
      .map((node) =>
        node.isUp ? (node.isHung ? "h" : "") + (node.role === "master" ? "M" : "r") : "-",
      )
      .join("");
    const at = (this.engine.nowMs / 1_000).toFixed(3).padStart(10);
    const line = `${at} ${who.padEnd(8)} e${state?.epoch ?? 0} ${(state?.phase ?? "none").padEnd(9)} ${roles.padEnd(5)} ${what}`;
    this.lines.push(line);
    if (this.lines.length > linesKept) this.lines.shift();
    this.options.trace?.(line);
  }
}

function sleep(process: Process, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      process.deliver(0, resolve);
      return;
    }
    const onAbort = (): void => {
      cancel(timer);
      process.deliver(0, resolve);
    };
    const timer = process.deliver(ms / process.clockRate, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function simConfig(groupLines: readonly string[]): GroupConfig {
  const text = [
    `observers: [${observers.join(", ")}]`,
    "groups:",
    `  - name: ${groupName}`,
    '    nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]',
    "    dns: { zoneId: Z0123456789ABCDEFGHIJ, name: orders.sim.test, ttl: 1, srv: false }",
    ...groupLines.map((line) => `    ${line}`),
    "",
  ].join("\n");
  const loaded = loadConfig(text, "sim.yml");
  if (!loaded.ok)
    throw new Error(`the simulator's configuration is refused: ${JSON.stringify(loaded.problems)}`);
  const [draft] = loaded.groups;
  if (draft === undefined) throw new Error("expected one group");
  return toGroupConfig(draft, 1);
}
