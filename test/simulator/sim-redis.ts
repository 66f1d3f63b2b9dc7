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
  /** Whether a promotion writes the epoch into the marker key. */
  readonly marks: boolean;
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
const reconnectMs = 2;
const handOverPollMs = 10;
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
  readonly configured: string | null;
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
  /** Whether this process was started without the data that was there. */
  hasBegunEmpty = false;
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
  /** The target of a hand-over under way, and whether this server has demoted itself for it already. */
  failingOverTo: string | null = null;
  #hasYielded = false;
  pausedUntilMs = 0;
  /** What a pause of writes holds back. */
  #held: (() => void)[] = [];
  replPingMs = 1_000;
  /** `min-replicas-to-write` and `min-replicas-max-lag`: a master whose replicas fall silent refuses writes. */
  readonly minReplicas = { toWrite: 0, maxLagMs: 10_000 };
  readonly #acknowledgedAtMs = new Map<string, number>();
  #hasGoodReplicas = true;
  queue: Queued[] = [];
  startedAtMs = 0;
  #linkId = 0;
  #replids = 0;
  /** The first byte of the stream that it can still send; null: it keeps no stream, for it never had a replica. */
  #backlogFrom: number | null = null;
  /** How far its master knows that it is: a replica tells once a second, and when asked. */
  #acknowledged = -1;
  /** Whom the configuration file names as its master. */
  #configured: string | null = null;
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

  /** How often the marker was written, here or by replication: what a WATCH notices, whatever was written. */
  markerWrites = 0;
  /** The newest marker in the data set; kept beside the log because it is asked for with every observation. */
  #marker: number | null = null;
  #otherKeys = 0;

  #remember(entry: LogEntry): void {
    this.log.push(entry);
    if (entry.marker === null) {
      this.#otherKeys += 1;
      return;
    }
    this.#marker = entry.marker;
    this.markerWrites += 1;
  }

  #keys(): number {
    return this.isLoading ? 0 : this.#otherKeys + (this.#marker === null ? 0 : 1);
  }

  /** What its configuration file says before its first start. */
  configure(masterId: string | null): void {
    this.#configured = masterId;
    this.role = masterId === null ? "master" : "replica";
    this.masterId = masterId;
    if (masterId !== null) this.connectToMaster();
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

  /** CLIENT PAUSE … WRITE. */
  pauseWrites(forMs: number): void {
    this.pausedUntilMs = this.#world.engine.nowMs + forMs;
    this.#world.engine.schedule(forMs, () => this.arrive(() => this.#releaseHeld()));
  }

  get isPaused(): boolean {
    return this.failingOverTo !== null || this.#world.engine.nowMs < this.pausedUntilMs;
  }

  /** Runs what may write: now, or when the pause has ended that a person or a hand-over has imposed. */
  whenUnpaused(action: () => void): void {
    if (this.isPaused) this.#held.push(action);
    else action();
  }

  #releaseHeld(): void {
    if (this.isPaused) return;
    const held = this.#held;
    this.#held = [];
    for (const action of held) this.whenUnpaused(action);
  }

  /** A client's request to write: a replica refuses it at once, a pause holds it back. */
  onWrite(action: () => void): void {
    if (this.role === "replica") action();
    else this.whenUnpaused(action);
  }

  #append(what: { readonly value: number | null; readonly marker: number | null }): void {
    if (this.#backlogFrom !== null) this.offset += writeBytes;
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
      this.#world.engine.scheduleQuiet(lagMs, () => replica.#receive(this, link, upTo));
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
    this.#feed();
  }

  /** Every second: the master feeds its links; a replica without one tries to connect; silence ends a link. */
  tick(nowMs: number): void {
    // A server that is busy with a script has no second hand either.
    if (!this.isServing || this.isLoading || this.ailments.has("busy")) return;
    this.#countGoodReplicas(nowMs);
    if (this.role === "master") {
      const isPingDue =
        Math.floor(nowMs / this.replPingMs) !== Math.floor((nowMs - 1_000) / this.replPingMs);
      if (isPingDue && this.#hasLinks()) {
        this.offset += pingBytes;
        this.#feed();
      }
      return;
    }
    if (this.linkUp && nowMs - this.lastIoMs > replTimeoutMs) this.dropLink();
    if (this.linkUp) this.#acknowledge();
    else if (!this.isSyncing) this.connectToMaster();
  }

  #hasLinks(): boolean {
    return [...this.#world.nodes.values()].some((node) => node.masterId === this.id && node.linkUp);
  }

  #acknowledge(): void {
    const master = this.masterId === null ? undefined : this.#world.nodes.get(this.masterId);
    if (master === undefined || this.#world.isCut(this.id, master.id)) return;
    this.#acknowledged = this.offset;
    master.#acknowledgedAtMs.set(this.id, this.#world.engine.nowMs);
  }

  #countGoodReplicas(nowMs: number): void {
    const { toWrite, maxLagMs } = this.minReplicas;
    const good = [...this.#acknowledgedAtMs.values()].filter((at) => nowMs - at <= maxLagMs);
    this.#hasGoodReplicas = this.role === "replica" || good.length >= toWrite;
  }

  /** What WAIT 1 asks: whether some replica has the stream up to an offset, and can say so. */
  hasReplicaAt(offset: number): boolean {
    return [...this.#world.nodes.values()].some(
      (node) =>
        node.masterId === this.id &&
        node.linkUp &&
        node.isServing &&
        node.replid === this.replid &&
        node.offset >= offset &&
        !this.#world.isCut(node.id, this.id),
    );
  }

  dropLink(): void {
    if (this.linkUp) this.linkDownAtMs = this.#world.engine.nowMs;
    this.linkUp = false;
    this.isSyncing = false;
    this.#linkId += 1;
  }

  connectToMaster(): void {
    const master = this.masterId === null ? undefined : this.#world.nodes.get(this.masterId);
    if (master === undefined || !master.isServing || this.#world.isCut(this.id, master.id)) return;
    if (master === this || master.refusal("replicate") !== null) return;
    // Whoever hands over takes nothing but the target's stream.
    if (this.failingOverTo !== null) return;
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
    master.#keepStream();
    const snapshot = master.#snapshot();
    engine.schedule(timings.fullSyncMs, () => this.#endTransfer(master, link, snapshot));
  }

  /** Measured: with its first replica a master begins a stream, and with it a history that has no past. */
  #keepStream(): void {
    if (this.#backlogFrom !== null) return;
    this.replid = this.#fresh("repl");
    this.replid2 = null;
    this.secondOffset = -1;
    this.#backlogFrom = this.offset + 1;
  }

  #snapshot(): Snapshot {
    const { replid, replid2, secondOffset, offset } = this;
    return { log: [...this.log], marker: this.#marker, replid, replid2, secondOffset, offset };
  }

  #canContinue(master: SimRedis): boolean {
    if (master.#backlogFrom === null || this.offset + 1 < master.#backlogFrom) return false;
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
      this.replid = master.replid;
      // Replicas of its own have to learn the new id.
      this.dropReplicas();
    }
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
      this.#backlogFrom = this.offset + 1;
      this.dropReplicas();
      if (this.#isLinkStanding(master, link) && this.replid === master.replid) this.#follow(master);
      else if (this.role === "replica") this.dropLink();
    });
  }

  #install(data: Snapshot): void {
    if (this.#marker !== null || data.marker !== null) this.markerWrites += 1;
    this.log = [...data.log];
    this.#marker = data.marker;
    this.#otherKeys = data.log.filter((entry) => entry.marker === null).length;
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
    const before = this.role;
    // FAILOVER ABORT comes first in every transaction.
    this.endHandOver();
    this.#cutConnections();
    if (kind === "hand-over") return this.#handOver(command);
    if (kind === "attach") {
      if (command.to === null) return "refused";
      this.becomeReplicaOf(command.to);
    } else {
      this.becomeMaster();
      if (kind === "fence") this.pausedUntilMs = 0;
      else if (command.marks) this.setMarker(command.epoch);
    }
    // CONFIG REWRITE; a fence leaves the file as it is.
    if (kind !== "fence" && !this.ailments.has("fileless")) this.#configured = this.masterId;
    this.#world.onRoleChange(this, command, before);
    this.#releaseHeld();
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
    // Replicas of its own have to learn the new id.
    this.dropReplicas();
  }

  becomeReplicaOf(masterId: string): void {
    if (this.refusal("change") !== null) return;
    if (this.role === "replica" && this.masterId === masterId) return;
    this.endHandOver();
    this.role = "replica";
    this.masterId = masterId;
    this.#backlogFrom ??= this.offset + 1;
    this.dropLink();
    this.dropReplicas();
    this.connectToMaster();
  }

  /** Its replicas lose their link, and connect again at once. */
  dropReplicas(): void {
    for (const node of this.#world.nodes.values()) {
      if (node.masterId !== this.id) continue;
      node.dropLink();
      this.#world.engine.schedule(reconnectMs, () => node.#reconnect());
    }
  }

  #reconnect(): void {
    if (this.linkUp || this.isSyncing || this.role === "master") return;
    if (this.isServing && !this.isLoading) this.connectToMaster();
  }

  /**
   * FAILOVER TO … TIMEOUT, in two parts that behave differently (measured on Redis 7.0 and Valkey 8.0). Until the target
   * has told that it has everything, writes are held, and TIMEOUT ends it. Then the server demotes itself, and waits for
   * its target for ever.
   */
  #handOver(command: RoleCommand): "done" | "refused" {
    const target = command.to === null ? undefined : this.#world.nodes.get(command.to);
    const isAttached = target !== undefined && target.masterId === this.id && target.linkUp;
    if (this.role !== "master" || !isAttached) return "refused";
    this.failingOverTo = target.id;
    this.#hasYielded = false;
    const endMs = this.#world.engine.nowMs + command.timeoutMs;
    this.#everyNowAndThen(target, () => {
      if (this.#hasYielded) this.#askToTakeOver(target);
      else this.#awaitTarget(target, endMs);
    });
    return "done";
  }

  #everyNowAndThen(target: SimRedis, act: () => void): void {
    const generation = this.killGeneration;
    const isOver = () =>
      this.failingOverTo !== target.id || !this.isUp || this.killGeneration !== generation;
    const poll = (): void => {
      if (isOver()) return;
      if (this.isHung) {
        this.arrive(poll);
        return;
      }
      act();
      if (!isOver()) this.#world.engine.schedule(handOverPollMs, poll);
    };
    this.#world.engine.schedule(handOverPollMs, poll);
  }

  #awaitTarget(target: SimRedis, endMs: number): void {
    if (target.isServing && target.linkUp) target.#acknowledge();
    if (target.linkUp && target.#acknowledged === this.offset) {
      this.#hasYielded = true;
      this.role = "replica";
      this.masterId = target.id;
      this.linkDownAtMs = null;
      target.dropLink();
    } else if (this.#world.engine.nowMs >= endMs) this.endHandOver();
  }

  #askToTakeOver(target: SimRedis): void {
    if (!target.isServing || target.isLoading || this.#world.isCut(this.id, target.id)) return;
    const isAccepted = target.role === "replica" && target.replid === this.replid;
    if (!isAccepted) {
      this.endHandOver();
      return;
    }
    target.becomeMaster();
    this.failingOverTo = null;
    this.#hasYielded = false;
    this.#releaseHeld();
    this.connectToMaster();
  }

  /** FAILOVER ABORT: whoever has demoted itself is a master again. */
  endHandOver(): void {
    if (this.failingOverTo === null) return;
    this.failingOverTo = null;
    const hasYielded = this.#hasYielded;
    this.#hasYielded = false;
    if (hasYielded) this.becomeMaster();
    this.#releaseHeld();
  }

  facts(nowMs: number): NodeFacts {
    const isReplica = this.role === "replica";
    const master = this.masterId === null ? undefined : this.#world.nodes.get(this.masterId);
    const downMs = this.linkDownAtMs === null ? null : nowMs - this.linkDownAtMs;
    const facts: NodeFacts = {
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
      keys: this.#keys(),
      masterHost: isReplica ? (master?.host ?? "gone") : null,
      masterPort: isReplica ? (master?.port ?? 1) : null,
      isLinkUp: isReplica && this.linkUp,
      lastIoSeconds: isReplica && this.linkUp ? Math.floor((nowMs - this.lastIoMs) / 1_000) : null,
      linkDownSeconds: isReplica && downMs !== null ? Math.floor(downMs / 1_000) : null,
      failoverState: this.#failoverState(),
      replPingMs: this.replPingMs,
      sentinels: 0,
    };
    if (this.#veil !== null) return { ...facts, ...this.#veil };
    return this.#world.hasMarker ? { ...facts, marker: this.#marker } : facts;
  }

  #failoverState(): string {
    if (this.failingOverTo === null) return "no-failover";
    return this.#hasYielded ? "failover-in-progress" : "waiting-for-sync";
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
    this.#hasYielded = false;
    this.pausedUntilMs = 0;
    this.#held = [];
    this.dropLink();
    this.dropReplicas();
  }

  /** Started again at the same address, with its configuration as last rewritten. */
  restart(data: "aof" | "rdb" | "empty"): void {
    if (this.isUp) return;
    this.isUp = true;
    this.runId = this.#fresh("run");
    this.startedAtMs = this.#world.engine.nowMs;
    this.hasBegunEmpty = data === "empty";
    this.linkDownAtMs = null;
    this.role = this.#configured === null ? "master" : "replica";
    this.masterId = this.#configured;
    const end = (): void => {
      this.#restore(data);
      if (this.role === "replica") this.connectToMaster();
    };
    const veil = { replid: this.#fresh("repl"), replid2: null, secondOffset: -1, offset: 0 };
    if (data === "empty") end();
    else this.#load(veil, end);
  }

  #restore(data: "aof" | "rdb" | "empty"): void {
    const hasStream = this.#backlogFrom !== null;
    this.#backlogFrom = null;
    // An RDB knows the history that it was saved in, and a replica goes on in it.
    if (data === "rdb" && hasStream) {
      this.#backlogFrom = this.offset + 1;
      this.replid2 = this.role === "master" ? this.replid : null;
      this.secondOffset = this.role === "master" ? this.offset + 1 : -1;
      if (this.role === "master") this.replid = this.#fresh("repl");
      return;
    }
    // Measured on Redis 7.0: an AOF restart has all data, a new id, no second id and offset 0.
    this.replid = this.#fresh("repl");
    this.replid2 = null;
    this.secondOffset = -1;
    if (data === "empty") {
      this.log = [];
      this.#marker = null;
      this.#otherKeys = 0;
    }
    this.log = this.log.map((entry) => ({ ...entry, end: 0 }));
    this.offset = 0;
  }

  /** Somebody else's server is started at this address: a master with data of its own (fault N18). */
  displace(keys: number): void {
    if (this.#displaced !== null) return;
    this.kill();
    this.#displaced = { ...this.#snapshot(), configured: this.#configured };
    this.#backlogFrom = null;
    this.#configured = null;
    // Values of its own, which no client of the group ever writes: what it holds can be lost as well.
    const first = -Math.round(this.#world.engine.nowMs) * 1_000;
    const log = Array.from({ length: keys }, (_, at) => {
      return { end: 0, value: first - at, marker: null };
    });
    const replid = this.#fresh("foreign");
    const lineage = { replid, replid2: null, secondOffset: -1, offset: 0 };
    this.#install({ log, marker: null, ...lineage });
    this.role = "master";
    this.masterId = null;
    this.isUp = true;
    this.runId = this.#fresh("run");
    this.startedAtMs = this.#world.engine.nowMs;
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
    this.#configured = own.configured;
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
  onRoleChange(node: SimRedis, command: RoleCommand, before: SimRedis["role"]): void;
}
