import type { Outcome, Plan } from "../../lib/core/commands.ts";
import type { NodeId } from "../../lib/core/config.ts";
import { newMemory } from "../../lib/core/memory.ts";
import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import { wantedOf } from "../../lib/core/records.ts";
import { claim, commit, settle } from "../../lib/core/state.ts";
import type { NodeSession } from "../../lib/ports/redis.ts";
import { createBudget } from "../../lib/shift/budget.ts";
import { execute } from "../../lib/shift/execute.ts";
import type { Hands } from "../../lib/shift/hands.ts";
import { SimTime } from "../conformance/sim-time.ts";
import { simConfig } from "../simulator/group-config.ts";
import { splitPrng } from "../simulator/prng.ts";
import { smallData } from "../simulator/redis-world.ts";
import type { RoleCommand } from "../simulator/role-command.ts";
import { simClock } from "../simulator/sim-clock.ts";
import { SimDns } from "../simulator/sim-dns.ts";
import { simNodes } from "../simulator/sim-nodes.ts";
import { SimRedis } from "../simulator/sim-redis.ts";
import { SimStore } from "../simulator/sim-store.ts";
import { alone } from "../support/alone.ts";
import { groupState } from "../support/builders.ts";

const config = simConfig([]);
const [n0, n1, n2] = ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"] as const;
const invocationMs = 60_000;

/** Something that changes Redis, DNS or STATE, at the moment at which it leaves its shift. */
export type Sent = string;

/** Table, zone and three servers as the simulator has them, and shifts that do nothing but carry out one plan. */
export class PlanWorld {
  readonly time = new SimTime();
  readonly nodes = new Map<string, SimRedis>();
  /** Role changes that a server carried out. */
  readonly done: RoleCommand[] = [];
  readonly sent: Sent[] = [];
  /** Called as each effect leaves, and as each write arrives. */
  onSent: (what: Sent) => void = () => {};
  /** Called as the plan makes a connection of its own. */
  onConnecting: () => void = () => {};
  readonly store: SimStore;
  readonly dns: SimDns;

  constructor() {
    this.store = new SimStore(1, {
      onState: (_before, after) => this.#tell(`write-state ${after.lastTransition.rule}`),
      onSent: () => {},
      onVote: () => {},
      onCast: () => {},
    });
    this.dns = new SimDns(splitPrng(1, "dns"), () => this.#tell("publish"));
    const world = {
      engine: this.time.engine,
      timings: smallData(),
      nodes: this.nodes,
      hasMarker: true,
      isCut: () => false,
      isLost: () => false,
      replicationDelayMs: () => 1,
      onRoleChange: (_node: SimRedis, command: RoleCommand) => this.done.push(command),
    };
    for (const { id, probe } of config.nodes) {
      this.nodes.set(id, new SimRedis(world, probe.host, probe.port));
    }
    for (const [id, node] of this.nodes) node.configure(id === n0 ? null : n0);
    const first = groupState({ group: config.name, deployment: "sim", published: null });
    this.store.states.set(config.name, { ...first, master: this.#record(n0) });
  }

  #tell(what: Sent): void {
    this.sent.push(what);
    this.onSent(what);
  }

  #record(id: NodeId): MasterRecord {
    const { replid, runId } = this.#node(id);
    return { node: id, runId, replid, replid2: null, secondOffset: -1, isMarked: true };
  }

  #node(id: NodeId): SimRedis {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`expected a node ${id}`);
    return node;
  }

  /** A whole failover from n0 to n1 as one plan; its sessions are numbered in the order of the nodes. */
  plan(): Plan {
    const base = this.state();
    const writer = (attempt: string, rule: string) => ({
      ...{ attempt, rule },
      shift: "a/1",
      why: "the plan says so",
    });
    const { replid } = this.#record(n1);
    const chosen = { node: n1, replid, offset: 0 };
    const intent = {
      kind: "failover" as const,
      isAutomatic: true,
      candidate: chosen,
      masterOffset: 0,
    };
    const claimed = claim(base, intent, writer("a#1", "S370"));
    const loss = { bytes: 0, certainty: "exact" as const, oldOffset: 0, newOffset: 0 };
    const committed = commit(claimed.next, this.#record(n1), loss, writer("a#2", "P510"));
    const settled = settle(committed.next, true, writer("a#3", "T620"));
    const { epoch } = claimed.next;
    const owner = { deployment: "sim", group: config.name, epoch };
    const target = config.nodes[1];
    if (target === undefined) throw new Error("expected a second node");
    const records = wantedOf(config, "master", owner, target);
    const zoneId = config.dns?.zoneId ?? "";
    const to = { epoch, master: n1, address: target.replicate };
    return [
      [claimed],
      [{ kind: "promote", node: n1, session: 2, epoch, beside: null }],
      [committed],
      [
        { kind: "attach", node: n0, session: 1, ...to },
        { kind: "attach", node: n2, session: 3, ...to },
        { kind: "publish", role: "master", zoneId, owner, records },
      ],
      [settled],
    ];
  }

  /** A new shift observes every node, reads STATE, and carries the plan out; `signal` ends it early. */
  async carryOut(plan: Plan, signal: AbortSignal): Promise<readonly Outcome[]> {
    const process = this.time.process();
    const clock = simClock(process);
    const nodes = simNodes(process, "a", {
      nodes: this.nodes,
      hasMarker: true,
      isCut: () => false,
      isLost: () => false,
      onHeal: () => {},
      delayMs: () => 1,
      isConnectionCut: () => false,
      onSample: () => {},
      onObserved: () => {},
      onEffect: (_process, _observer, change, node) => this.#tell(`${change.kind} ${node}`),
    });
    const sessions = new Map<NodeId, NodeSession>();
    for (const node of config.nodes) {
      const opened = await nodes.openSession(node, 1_000);
      if (!opened.ok) throw new Error(opened.why);
      await opened.value.observe(1_000);
      sessions.set(node.id, opened.value);
    }
    const hands: Hands = {
      store: this.store.portFor(process, "a"),
      dns: this.dns.portFor(process),
      clock,
      reporter: { event: () => {}, line: () => {}, flush: () => Promise.resolve() },
      waker: { wake: () => Promise.resolve({ ok: true, value: undefined }) },
      budget: createBudget(clock, invocationMs, signal),
      freezes: { lastThawMs: () => Number.NEGATIVE_INFINITY, stop: () => {} },
      nodes: {
        ...nodes,
        openSession: (...asked) => {
          this.onConnecting();
          return nodes.openSession(...asked);
        },
      },
      sessions,
      trips: { store: 0, redis: 0 },
      failing: new Map(),
      overheard: [],
      neighbours: alone,
      reading: [],
    };
    const start = {
      ...{ observer: "a", shift: "a/1", deployment: "sim", config, wokenFor: null },
      ...{ masterKnown: null, inherited: null, nowMs: clock.nowMs() },
    };
    const memory = { ...newMemory(start), state: this.state(), stateAskedAtMs: clock.nowMs() };
    const look = {
      ...{
        afterMs: 0,
        probe: [],
        info: false,
        rehearse: "no" as const,
        prepare: [],
        newcomers: [],
        bystander: null,
        votes: false,
      },
      ...{ order: "together" as const, state: true, record: "none" as const },
    };
    const outcomes = await execute(hands, memory, { rule: "T600", why: "a plan", plan, look });
    // What is still under way arrives.
    await this.time.pass(5_000);
    return outcomes;
  }

  state(): GroupState {
    const state = this.store.states.get(config.name);
    if (state === undefined) throw new Error("expected a STATE");
    return state;
  }

  /** Everything that a plan may change. */
  end() {
    const servers = [...this.nodes.values()].map((node) => ({
      ...{ id: node.id, role: node.role, masterId: node.masterId },
      ...{ replid: node.replid, marker: node.marker() },
    }));
    return { state: this.state(), servers, records: this.dns.records };
  }
}
