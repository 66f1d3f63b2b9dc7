import type { NodeFacts } from "../../lib/core/model.ts";
import type { RedisWorld } from "./redis-world.ts";
import type { RoleCommand } from "./role-command.ts";
import { type Ailment, isBusy, type Question, type Refusal, refusalBy } from "./sim-ailments.ts";
import { HandOver } from "./sim-hand-over.ts";
import { factsOf } from "./sim-info.ts";
import { Link } from "./sim-link.ts";
import { Loading } from "./sim-loading.ts";
import { strangersLog } from "./sim-log.ts";
import { WritePause } from "./sim-pause.ts";
import { Replicas } from "./sim-replicas.ts";
import { Sockets } from "./sim-sockets.ts";
import { type OnDisk, type Snapshot, Stream } from "./sim-stream.ts";

/** What a server keeps that another one has taken the place of. */
interface Displaced {
  readonly held: Snapshot;
  readonly configured: string | null;
}

/**
 * One Redis server as far as a failover can tell: its role and its process's life, and what it is made of: the data and
 * their history, the link to its master, its replicas, a hand-over, a pause of writes, and its sockets.
 */
export class SimRedis {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  isUp = true;
  isHung = false;
  /** Whether this process was started without the data that was there before it, or before its predecessor. */
  hasBegunEmpty = false;
  /** Conditions in which it answers and serves nobody. */
  readonly ailments = new Set<Ailment>();
  priority = 100;
  readonly sentinels = new Set<string>();
  role: "master" | "replica" = "replica";
  masterId: string | null = null;
  runId: string;
  replPingMs = 1_000;
  startedAtMs = 0;
  /** When it last served as a master that had the group's data. */
  ledAtMs = Number.NEGATIVE_INFINITY;
  readonly stream: Stream;
  readonly link: Link;
  readonly replicas: Replicas;
  readonly handOver: HandOver;
  readonly pause: WritePause;
  readonly loading: Loading;
  readonly sockets = new Sockets();
  /** Whom the configuration file names as its master. */
  #configured: string | null = null;
  #displaced: Displaced | null = null;
  #ids = 0;
  readonly #world: RedisWorld;

  constructor(world: RedisWorld, host: string, port: number) {
    this.#world = world;
    this.host = host;
    this.port = port;
    this.id = `${host}:${port}`;
    this.runId = this.#fresh("run");
    this.stream = new Stream(
      () => this.#fresh("repl"),
      () => world.engine.nowMs,
    );
    this.link = new Link(this, world);
    this.replicas = new Replicas(this, world);
    this.handOver = new HandOver(this, world);
    this.pause = new WritePause(this, world.engine);
    this.loading = new Loading(this, world);
  }

  #fresh(kind: string): string {
    this.#ids += 1;
    return `${kind}-${this.id}-${this.#ids}`;
  }

  get isServing(): boolean {
    return this.isUp && !this.isHung;
  }

  get isLoading(): boolean {
    return this.loading.veil !== null;
  }

  get isDisplaced(): boolean {
    return this.#displaced !== null;
  }

  get replid(): string {
    return this.stream.replid;
  }

  get replid2(): string | null {
    return this.stream.replid2;
  }

  get offset(): number {
    return this.stream.offset;
  }

  /** The clients' values that it holds; up to an offset, if one is named. */
  values(upTo?: number): ReadonlySet<number> {
    return this.stream.values(upTo);
  }

  marker(): number | null {
    return this.stream.marker;
  }

  facts(): NodeFacts {
    return factsOf(this, this.#world);
  }

  /** What it answers to a question instead of an answer; null: nothing stands against one. */
  refusal(question: Question): Refusal | null {
    return refusalBy(this, question);
  }

  /** What its configuration file says before its first start. */
  configure(masterId: string | null): void {
    this.#configured = masterId;
    this.role = masterId === null ? "master" : "replica";
    this.masterId = masterId;
    if (masterId !== null) this.link.connect();
  }

  /** Every second. */
  tick(nowMs: number): void {
    // A server that is busy with a script has no second hand either.
    if (!this.isServing || this.isLoading || isBusy(this.ailments)) return;
    this.replicas.count(nowMs);
    if (this.role === "master") this.replicas.ping(nowMs);
    else this.link.tick(nowMs);
    if (this.role === "master" && !this.stream.beganApart) this.ledAtMs = nowMs;
  }

  /**
   * Runs now, or when a stopped process continues: bytes wait in its socket, whoever sent them. `onDeath` is called
   * instead where nobody listens, or where the server dies with the bytes in its socket.
   */
  arrive(action: () => void, onDeath?: () => void): void {
    if (!this.isUp) onDeath?.();
    else if (this.isHung) this.sockets.wait(action, onDeath);
    else action();
  }

  /** A client's request to write: a replica refuses it at once, a pause holds it back. */
  onWrite(action: () => void): void {
    if (this.role === "replica") action();
    else this.pause.whenOver(action);
  }

  /** A client's write. False: refused (READONLY, NOREPLICAS, paused, or it ails). */
  write(value: number): boolean {
    if (this.role !== "master" || this.refusal("write") !== null) return false;
    if (this.pause.isOn || !this.replicas.areGood) return false;
    this.#append({ value, marker: null });
    return true;
  }

  setMarker(epoch: number): boolean {
    if (this.role !== "master" || this.refusal("write") !== null) return false;
    this.#append({ value: null, marker: epoch });
    return true;
  }

  #append(what: { readonly value: number | null; readonly marker: number | null }): void {
    this.stream.append(what);
    this.replicas.feed();
  }

  /** A role change as the MULTI/EXEC of the executor: it cuts every other connection. */
  changeRole(command: RoleCommand): "done" | "refused" {
    const { kind, to } = command;
    const before = this.role;
    if (kind === "cut") {
      this.sockets.cut();
      return "done";
    }
    if (this.refusal("change") !== null) return "refused";
    // FAILOVER ABORT comes first in every transaction.
    this.handOver.end();
    this.sockets.cut();
    if (kind === "hand-over") return this.handOver.begin(to, command.timeoutMs);
    if (kind === "attach") {
      if (to === null) return "refused";
      this.becomeReplicaOf(to);
    } else {
      this.becomeMaster();
      if (kind === "fence") this.pause.lift();
      else if (command.marks) this.setMarker(command.epoch);
    }
    // CONFIG REWRITE; a fence leaves the file as it is.
    if (kind !== "fence" && !this.ailments.has("fileless")) this.#configured = this.masterId;
    this.#world.onRoleChange(this, command, before);
    this.pause.release();
    return "done";
  }

  becomeMaster(): void {
    if (this.role === "master" || this.refusal("change") !== null) return;
    this.role = "master";
    this.stream.goOnAs();
    this.masterId = null;
    this.link.drop();
    this.link.downAtMs = null;
    // Replicas of its own have to learn the new id.
    this.replicas.drop();
  }

  becomeReplicaOf(masterId: string): void {
    if (this.refusal("change") !== null) return;
    if (this.role === "replica" && this.masterId === masterId) return;
    this.handOver.end();
    this.role = "replica";
    this.masterId = masterId;
    this.stream.keep();
    this.link.drop();
    this.replicas.drop();
    this.link.connect();
  }

  hang(): void {
    if (this.isUp) this.isHung = true;
  }

  /** The process continues: everything that waited in its sockets runs, in the order in which it came. */
  thaw(): void {
    if (!this.isHung) return;
    this.isHung = false;
    for (const { action } of this.sockets.takeWaiting()) if (this.isServing) action();
  }

  /** kill -9: links end at once, queued commands are gone. */
  kill(): void {
    this.isUp = false;
    this.isHung = false;
    this.loading.forget();
    this.ailments.clear();
    for (const { onDeath } of this.sockets.takeWaiting()) onDeath();
    this.sockets.cut();
    this.handOver.forget();
    this.pause.forget();
    this.link.drop();
    this.replicas.drop();
  }

  /** Started again at the same address, with its configuration as last rewritten. */
  restart(data: OnDisk): void {
    if (this.isUp) return;
    this.#begin();
    this.link.downAtMs = null;
    this.role = this.#configured === null ? "master" : "replica";
    this.masterId = this.#configured;
    const end = (): void => {
      this.stream.restore(data, this.role);
      this.hasBegunEmpty = (data === "empty" || this.hasBegunEmpty) && this.values().size === 0;
      if (this.role === "replica") this.link.connect();
    };
    const veil = { replid: this.#fresh("repl"), replid2: null, secondOffset: -1, offset: 0 };
    if (data === "empty") end();
    else this.loading.begin(veil, end);
  }

  /** A process starts at the address. */
  #begin(): void {
    this.isUp = true;
    this.runId = this.#fresh("run");
    this.startedAtMs = this.#world.engine.nowMs;
  }

  /** Somebody else's server is started at this address: a master with data of its own (fault N18). */
  displace(keys: number): void {
    if (this.#displaced !== null) return;
    this.kill();
    this.#displaced = { held: this.stream.snapshot(), configured: this.#configured };
    this.#configured = null;
    const log = strangersLog(keys, this.#world.engine.nowMs);
    const lineage = { replid: this.#fresh("foreign"), replid2: null, secondOffset: -1 };
    const origin = { beganApart: true, predatesMarker: false };
    this.stream.install({ log, marker: null, offset: 0, ...origin, ...lineage });
    this.role = "master";
    this.masterId = null;
    this.#begin();
  }

  /** Our own server is back at its address, with the data it had. */
  reclaim(): void {
    const own = this.#displaced;
    if (own === null) return;
    this.kill();
    this.#displaced = null;
    this.stream.install(own.held);
    this.#configured = own.configured;
    this.restart("aof");
  }
}
