import type { Lineage, NodeFacts } from "../../lib/core/model.ts";
import type { Engine } from "./engine.ts";
import { type Ailment, type Question, type Refusal, refusalBy } from "./sim-ailments.ts";

/** A write in the replication stream: the offset at which it ends, and what it carries. */
export interface LogEntry {
  readonly end: number;
  readonly value: number | null;
  readonly marker: number | null;
}

export interface RoleCommand {
  readonly kind: "promote" | "attach" | "fence" | "hand-over";
  readonly epoch: number;
  readonly to: string | null;
  readonly timeoutMs: number;
  readonly by: string;
}

interface Queued {
  readonly action: () => void;
  readonly onDeath: () => void;
}

const noNews = (): void => {};

const writeBytes = 50;
const pingBytes = 14;
const partialSyncMs = 20;
const replTimeoutMs = 60_000;

/** How big the data is, as far as time tells: what a transfer and a load take, and what the backlog holds. */
export interface RedisTimings {
  /** From the fork to the last byte at the replica. */
  fullSyncMs: number;
  /** A restart with data, and the second half of a full synchronisation. */
  loadMs: number;
  backlogBytes: number;
}

export function smallData(): RedisTimings {
  return { fullSyncMs: 400, loadMs: 0, backlogBytes: 1_048_576 };
}

/** What a full synchronisation carries: the master as it was at the fork. */
interface Snapshot extends Lineage {
  readonly log: readonly LogEntry[];
  readonly marker: number | null;
  readonly offset: number;
}

type Veil = Pick<NodeFacts, "replid" | "replid2" | "secondOffset" | "offset">;

/** What a server keeps that another one has taken the place of. */
interface Displaced extends Snapshot {
  readonly role: "master" | "replica";
  readonly masterId: string | null;
}

/**
 * One Redis server as far as a failover can tell: role, replication ids and offsets, links with partial and full
 * synchronisation, restarts with and without data, a stopped process whose queue runs when it thaws, connections that
 * a role change cuts.
 */
export class SimRedis {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  isUp = true;
  isHung = false;
  isLoading = false;
  /** Conditions in which it answers and serves nobody. */
  readonly ailments = new Set<Ailment>();
  priority = 100;
  role: "master" | "replica" = "replica";
  masterId: string | null = null;
  runId: string;
  replid: string;
  replid2: string | null = null;
  secondOffset = -1;
  offset = 0;
  log: LogEntry[] = [];
  linkUp = false;
  isSyncing = false;
  linkDownAtMs: number | null = null;
  lastIoMs = 0;
  /** Connections opened before the last kill are cut. */
  killGeneration = 0;
  failingOverTo: string | null = null;
  pausedUntilMs = 0;
  replPingMs = 1_000;
  /** `min-replicas-to-write` and `min-replicas-max-lag`: a master whose replicas fall silent refuses writes. */
  readonly minReplicas = { toWrite: 0, maxLagMs: 10_000 };
  readonly #acknowledgedAtMs = new Map<string, number>();
  #hasGoodReplicas = true;
  queue: Queued[] = [];
  #linkId = 0;
  #replids = 0;
  /** While it loads, INFO says less than there is. */
  #veil: Veil | null = null;
  #displaced: Displaced | null = null;
  #onCut = new Set<() => void>();
  readonly #world: RedisWorld;

  constructor(world: RedisWorld, host: string, port: number) {
    this.#world = world;
    this.host = host;
    this.port = port;
    this.id = `${host}:${port}`;
    this.runId = this.#fresh("run");
    this.replid = this.#fresh("repl");
  }

  #fresh(kind: string): string {
    this.#replids += 1;
    return `${kind}-${this.id}-${this.#replids}`;
  }

  get isServing(): boolean {
    return this.isUp && !this.isHung;
  }

  values(): ReadonlySet<number> {
    const values = new Set<number>();
    for (const entry of this.log) if (entry.value !== null) values.add(entry.value);
    return values;
  }

  marker(): number | null {
    return this.#marker;
  }

  /** The newest marker in the data set; kept beside the log because it is asked for with every observation. */
  #marker: number | null = null;

  #remember(entry: LogEntry): void {
    this.log.push(entry);
    if (entry.marker !== null) this.#marker = entry.marker;
  }

  /**
   * Runs now, or when a stopped process continues: bytes wait in its socket, whoever sent them. `onDeath` is called
   * instead where nobody listens, or where the server dies with the bytes in its socket.
   */
  arrive(action: () => void, onDeath: () => void = noNews): void {
    if (!this.isUp) onDeath();
    else if (this.isHung) this.queue.push({ action, onDeath });
    else action();
  }

  /** What it answers to a question instead of an answer; null: nothing stands against one. */
  refusal(question: Question): Refusal | null {
    return refusalBy(this, question);
  }

  /** Calls back once, when the server cuts the connections that stand now. Returns how to call it off. */
  onceCut(listener: () => void): () => void {
    this.#onCut.add(listener);
    return () => this.#onCut.delete(listener);
  }

  #cutConnections(): void {
    this.killGeneration += 1;
    const listeners = this.#onCut;
    this.#onCut = new Set();
    for (const listener of listeners) listener();
  }

  /** A client's write. False: refused (READONLY, NOREPLICAS, paused, or it ails). */
  write(value: number): boolean {
    if (this.refusal("write") !== null) return false;
    if (this.role !== "master" || this.failingOverTo !== null) return false;
    if (!this.#hasGoodReplicas) return false;
    if (this.#world.engine.nowMs < this.pausedUntilMs) return false;
    this.#append({ value, marker: null });
    return true;
  }

  #append(what: { readonly value: number | null; readonly marker: number | null }): void {
    this.offset += writeBytes;
    this.#remember({ end: this.offset, ...what });
    this.#feed();
  }

  setMarker(epoch: number): boolean {
    if (this.role !== "master" || this.refusal("write") !== null) return false;
    this.#append({ value: null, marker: epoch });
    return true;
  }

  /** Sends the stream's new part to the linked replicas, each after a delay of its own. */
  #feed(): void {
    for (const replica of this.#world.nodes.values()) {
      if (replica.masterId !== this.id || !replica.linkUp) continue;
      const link = replica.#linkId;
      const lagMs = this.#world.replicationDelayMs();
      const upTo = this.offset;
      this.#world.engine.schedule(lagMs, () => replica.#receive(this, link, upTo));
    }
  }

  #receive(master: SimRedis, link: number, upTo: number): void {
    if (link !== this.#linkId || !this.linkUp || !this.isUp) return;
    if (this.isHung) {
      this.arrive(() => this.#receive(master, link, upTo));
      return;
    }
    if (!master.isUp || this.#world.isCut(master.id, this.id)) return;
    this.#copyFrom(master, upTo);
  }

  /** Takes over the stream as far as it was sent: what the master has written since is still on its way. */
  #copyFrom(master: SimRedis, upTo: number): void {
    this.lastIoMs = this.#world.engine.nowMs;
    if (upTo <= this.offset) return;
    for (let index = indexAfter(master.log, this.offset); index < master.log.length; index += 1) {
      const entry = master.log[index];
      if (entry === undefined || entry.end > upTo) break;
      this.#remember(entry);
    }
    this.offset = upTo;
  }

  /** Every second: the master feeds its links; a replica without one tries to connect; silence ends a link. */
  tick(nowMs: number): void {
    // A server that is busy with a script has no second hand either.
    if (!this.isServing || this.isLoading || this.ailments.has("busy")) return;
    this.#countGoodReplicas(nowMs);
    if (this.role === "master") {
      const isPingDue =
        Math.floor(nowMs / this.replPingMs) !== Math.floor((nowMs - 1_000) / this.replPingMs);
      const hasLinks = [...this.#world.nodes.values()].some(
        (node) => node.masterId === this.id && node.linkUp,
      );
      if (isPingDue && hasLinks) {
        this.offset += pingBytes;
        this.#feed();
      }
      return;
    }
    if (this.linkUp && nowMs - this.lastIoMs > replTimeoutMs) this.dropLink();
    if (!this.linkUp && !this.isSyncing) this.connectToMaster();
    const master = this.linkUp ? this.#world.nodes.get(this.masterId ?? "") : undefined;
    if (master === undefined || this.#world.isCut(master.id, this.id)) return;
    master.#acknowledgedAtMs.set(this.id, nowMs);
  }

  #countGoodReplicas(nowMs: number): void {
    const { toWrite, maxLagMs } = this.minReplicas;
    const good = [...this.#acknowledgedAtMs.values()].filter((at) => nowMs - at <= maxLagMs);
    this.#hasGoodReplicas = this.role === "replica" || good.length >= toWrite;
  }

  dropLink(): void {
    if (this.linkUp || this.isSyncing) this.linkDownAtMs = this.#world.engine.nowMs;
    this.linkUp = false;
    this.isSyncing = false;
    this.#linkId += 1;
  }

  connectToMaster(): void {
    const master = this.masterId === null ? undefined : this.#world.nodes.get(this.masterId);
    if (master === undefined || !master.isServing || this.#world.isCut(this.id, master.id)) return;
    if (master === this || master.refusal("replicate") !== null) return;
    // A replica without a link of its own can't serve one.
    if (master.role === "replica" && !master.linkUp) return;
    this.#linkId += 1;
    const link = this.#linkId;
    const { engine, timings } = this.#world;
    if (this.#canContinue(master)) {
      engine.schedule(partialSyncMs, () => this.#endPartialSync(master, link));
      return;
    }
    this.isSyncing = true;
    const snapshot = master.#snapshot();
    engine.schedule(timings.fullSyncMs, () => this.#endTransfer(master, link, snapshot));
  }

  #snapshot(): Snapshot {
    const { replid, replid2, secondOffset, offset } = this;
    return { log: [...this.log], marker: this.#marker, replid, replid2, secondOffset, offset };
  }

  #canContinue(master: SimRedis): boolean {
    if (master.offset - this.offset > this.#world.timings.backlogBytes) return false;
    if (this.replid === master.replid) return this.offset <= master.offset;
    return this.replid === master.replid2 && this.offset < master.secondOffset;
  }

  #isLinkStanding(master: SimRedis, link: number): boolean {
    return (
      link === this.#linkId &&
      this.role === "replica" &&
      this.isServing &&
      master.isServing &&
      !this.#world.isCut(this.id, master.id)
    );
  }

  #endPartialSync(master: SimRedis, link: number): void {
    if (link !== this.#linkId || !this.isUp) return;
    if (!this.#isLinkStanding(master, link) || !this.#canContinue(master)) {
      this.dropLink();
      return;
    }
    if (this.replid !== master.replid) {
      this.replid2 = this.replid;
      this.secondOffset = this.offset + 1;
    }
    this.replid = master.replid;
    this.#follow(master);
  }

  #follow(master: SimRedis): void {
    this.isSyncing = false;
    this.linkUp = true;
    this.linkDownAtMs = null;
    this.#copyFrom(master, master.offset);
  }

  /**
   * Everything is here. A transfer that breaks off leaves the old data untouched; what is loaded now is loaded to the
   * end, whatever becomes of the master (measured on Redis 7.0, disk-based).
   */
  #endTransfer(master: SimRedis, link: number, snapshot: Snapshot): void {
    if (link !== this.#linkId || !this.isUp) return;
    if (!this.#isLinkStanding(master, link)) {
      this.dropLink();
      return;
    }
    const { replid, replid2, secondOffset } = this;
    const veil = { replid, replid2, secondOffset, offset: 1 };
    this.#load(veil, () => {
      this.#install({ ...snapshot, replid2: null, secondOffset: -1 });
      if (this.#isLinkStanding(master, link) && this.replid === master.replid) this.#follow(master);
      else if (this.role === "replica") this.dropLink();
    });
  }

  #install(data: Snapshot): void {
    this.log = [...data.log];
    this.#marker = data.marker;
    this.replid = data.replid;
    this.replid2 = data.replid2;
    this.secondOffset = data.secondOffset;
    this.offset = data.offset;
  }

  /** Loads what is on disk: nobody is served meanwhile, and a kill leaves things as they were. */
  #load(veil: Veil, end: () => void): void {
    const { loadMs } = this.#world.timings;
    if (loadMs <= 0) {
      end();
      return;
    }
    const { runId } = this;
    this.isLoading = true;
    this.#veil = veil;
    const finish = (): void => {
      if (this.runId !== runId || !this.isUp) return;
      if (this.isHung) {
        this.arrive(finish);
        return;
      }
      this.isLoading = false;
      this.#veil = null;
      end();
    };
    this.#world.engine.schedule(loadMs, finish);
  }

  /** A role change as the MULTI/EXEC of the executor: it cuts every other connection. Null: refused. */
  changeRole(command: RoleCommand): "done" | "refused" {
    const { kind } = command;
    if (this.refusal("change") !== null) return "refused";
    if (kind === "hand-over") return this.#handOver(command);
    // FAILOVER ABORT comes first in every transaction.
    this.failingOverTo = null;
    this.#cutConnections();
    if (kind === "attach") {
      if (command.to === null) return "refused";
      this.becomeReplicaOf(command.to);
    } else {
      this.becomeMaster();
      this.pausedUntilMs = 0;
      if (kind === "promote") this.setMarker(command.epoch);
    }
    this.#world.onRoleChange(this, command);
    return "done";
  }

  becomeMaster(): void {
    if (this.role === "master" || this.refusal("change") !== null) return;
    this.role = "master";
    this.replid2 = this.replid;
    this.secondOffset = this.offset + 1;
    this.replid = this.#fresh("repl");
    this.masterId = null;
    this.dropLink();
    this.linkDownAtMs = null;
  }

  becomeReplicaOf(masterId: string): void {
    if (this.refusal("change") !== null) return;
    if (this.role === "replica" && this.masterId === masterId) return;
    this.role = "replica";
    this.masterId = masterId;
    this.failingOverTo = null;
    this.dropLink();
    this.linkDownAtMs = this.#world.engine.nowMs;
    this.dropReplicas();
    this.connectToMaster();
  }

  dropReplicas(): void {
    for (const node of this.#world.nodes.values()) if (node.masterId === this.id) node.dropLink();
  }

  /** FAILOVER TO … TIMEOUT: writes stop, the target catches up and takes over, or the timeout ends it. */
  #handOver(command: RoleCommand): "done" | "refused" {
    const target = command.to === null ? undefined : this.#world.nodes.get(command.to);
    const isAttached = target !== undefined && target.masterId === this.id && target.linkUp;
    if (this.role !== "master" || !isAttached) return "refused";
    this.#cutConnections();
    this.failingOverTo = target.id;
    const startedMs = this.#world.engine.nowMs;
    const poll = () => {
      if (this.failingOverTo !== target.id || !this.isUp) return;
      if (this.isHung) {
        this.arrive(poll);
        return;
      }
      const isTargetThere =
        target.isServing && target.linkUp && !this.#world.isCut(this.id, target.id);
      if (isTargetThere && target.offset >= this.offset) {
        target.becomeMaster();
        this.failingOverTo = null;
        this.becomeReplicaOf(target.id);
        return;
      }
      if (this.#world.engine.nowMs - startedMs >= command.timeoutMs) {
        this.failingOverTo = null;
        return;
      }
      this.#world.engine.schedule(10, poll);
    };
    this.#world.engine.schedule(10, poll);
    return "done";
  }

  facts(nowMs: number): NodeFacts {
    const isReplica = this.role === "replica";
    const master = this.masterId === null ? undefined : this.#world.nodes.get(this.masterId);
    const downMs = this.linkDownAtMs === null ? null : nowMs - this.linkDownAtMs;
    const markerKey = this.marker();
    return {
      runId: this.runId,
      version: "sim",
      role: this.role,
      replid: this.replid,
      replid2: this.replid2,
      secondOffset: this.secondOffset,
      offset: this.offset,
      priority: this.priority,
      isLoading: this.isLoading,
      isSyncing: this.isSyncing,
      hasSynced: !isReplica || this.linkUp || downMs !== null || this.offset > 1,
      keys: this.isLoading ? 0 : this.log.length,
      masterHost: isReplica ? (master?.host ?? "gone") : null,
      masterPort: isReplica ? (master?.port ?? 1) : null,
      isLinkUp: isReplica && this.linkUp,
      lastIoSeconds: isReplica && this.linkUp ? Math.floor((nowMs - this.lastIoMs) / 1_000) : null,
      linkDownSeconds: isReplica && downMs !== null ? Math.floor(downMs / 1_000) : null,
      failoverState: this.failingOverTo === null ? "no-failover" : "waiting-for-sync",
      ...(this.#world.hasMarker && !this.isLoading ? { marker: markerKey } : {}),
      replPingMs: this.replPingMs,
      sentinels: 0,
      ...this.#veil,
    };
  }

  /** Where it stands in the stream, as ROLE says it: a replica without a link does not tell how far it came. */
  place(): { readonly role: "master" | "replica"; readonly offset: number | null } {
    const { role } = this;
    if (role === "replica" && !this.linkUp) return { role, offset: null };
    return { role, offset: this.#veil?.offset ?? this.offset };
  }

  /** kill -9: links end at once, queued commands are gone. */
  kill(): void {
    this.isUp = false;
    this.isHung = false;
    this.isLoading = false;
    this.#veil = null;
    this.ailments.clear();
    const queued = this.queue;
    this.queue = [];
    for (const { onDeath } of queued) onDeath();
    this.#cutConnections();
    this.failingOverTo = null;
    this.dropLink();
    this.dropReplicas();
  }

  /** Started again at the same address, with its configuration as last rewritten. */
  restart(data: "aof" | "rdb" | "empty"): void {
    if (this.isUp) return;
    this.isUp = true;
    this.runId = this.#fresh("run");
    this.linkDownAtMs = null;
    const end = (): void => {
      this.#restore(data);
      if (this.role === "replica") this.connectToMaster();
    };
    const veil = { replid: this.#fresh("repl"), replid2: null, secondOffset: -1, offset: 0 };
    if (data === "empty") end();
    else this.#load(veil, end);
  }

  #restore(data: "aof" | "rdb" | "empty"): void {
    if (data === "rdb") {
      if (this.role === "replica") return;
      this.replid2 = this.replid;
      this.secondOffset = this.offset + 1;
      this.replid = this.#fresh("repl");
      return;
    }
    // Measured on Redis 7.0: an AOF restart has all data, a new id, no second id and offset 0.
    this.replid = this.#fresh("repl");
    this.replid2 = null;
    this.secondOffset = -1;
    if (data === "empty") {
      this.log = [];
      this.#marker = null;
    }
    this.log = this.log.map((entry) => ({ ...entry, end: 0 }));
    this.offset = 0;
  }

  /** Somebody else's server is started at this address: a master with data of its own (fault N18). */
  displace(keys: number): void {
    if (this.#displaced !== null) return;
    const { role, masterId } = this;
    this.kill();
    this.#displaced = { ...this.#snapshot(), role, masterId };
    const entry: LogEntry = { end: 0, value: null, marker: null };
    const replid = this.#fresh("foreign");
    const lineage = { replid, replid2: null, secondOffset: -1, offset: 0 };
    this.#install({ log: new Array<LogEntry>(keys).fill(entry), marker: null, ...lineage });
    this.role = "master";
    this.masterId = null;
    this.isUp = true;
    this.runId = this.#fresh("run");
  }

  get isDisplaced(): boolean {
    return this.#displaced !== null;
  }

  /** Our own server is back at its address, with the data it had. */
  reclaim(): void {
    const own = this.#displaced;
    if (own === null) return;
    this.kill();
    this.#displaced = null;
    this.#install(own);
    this.role = own.role;
    this.masterId = own.masterId;
    this.restart("aof");
  }

  hang(): void {
    if (this.isUp) this.isHung = true;
  }

  /** The process continues: everything that waited in its sockets runs, in the order in which it came. */
  thaw(): void {
    if (!this.isHung) return;
    this.isHung = false;
    const queued = this.queue;
    this.queue = [];
    for (const { action } of queued) if (this.isServing) action();
  }
}

/** The first entry that ends beyond an offset, by bisection. */
function indexAfter(log: readonly LogEntry[], offset: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log[middle]?.end ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What the servers share: time, the network between them, and who is told of role changes. */
export interface RedisWorld {
  readonly engine: Engine;
  readonly timings: RedisTimings;
  readonly nodes: Map<string, SimRedis>;
  readonly hasMarker: boolean;
  isCut(from: string, to: string): boolean;
  replicationDelayMs(): number;
  onRoleChange(node: SimRedis, command: RoleCommand): void;
}
