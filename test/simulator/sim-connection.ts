import type { Rehearsal } from "../../lib/core/rehearsal.ts";
import { greetingBy, type Question, type Refusal } from "./sim-ailments.ts";
import type { SimRedis } from "./sim-redis.ts";

/** An observer's connection: it ends with the server's process, with its CLIENT KILL, or with the network's mood. */
export class SimConnection {
  readonly node: SimRedis;
  /** What the server said to the greeting, and says to everything since. */
  readonly greeting: Refusal | null;
  isClosed = false;
  /** null: not accepted yet, for the server is stopped. */
  #generation: number | null = null;
  readonly #runId: string;
  /** What a role change was found to meet, when that was asked over it. */
  #rehearsal: Rehearsal | null = null;
  /** Calls off whoever waits for its end. */
  #forget: () => void = () => {};

  constructor(node: SimRedis) {
    this.node = node;
    // A stopped server accepts when it thaws, in its turn: what waited before runs before, and cuts nobody it can't see.
    node.arrive(() => this.survive());
    this.#runId = node.runId;
    this.greeting = greetingBy(node);
  }

  /** It is among those that stand now; the connection that made a role change survives its own kill. */
  survive(): void {
    this.#generation = this.node.sockets.generation;
  }

  refusal(question: Question): Refusal | null {
    // Whoever is one too many is told so, and hung up on.
    if (this.greeting?.code === "MAXCLIENTS") this.isClosed = true;
    return this.greeting ?? this.node.refusal(question);
  }

  /** Once, and again while there is something to be mended. */
  rehearse(): Rehearsal {
    if (this.#rehearsal === null || this.#rehearsal.oddities.length > 0) {
      const isForbidden = this.node.ailments.has("forbidden");
      this.#rehearsal = { oddities: isForbidden ? ["no-replicaof"] : [], replication: null };
    }
    return this.#rehearsal;
  }

  get isStanding(): boolean {
    return !this.isClosed && this.node.isUp && !this.isCutByServer;
  }

  get isCutByServer(): boolean {
    const { sockets, runId } = this.node;
    const isKilled = this.#generation !== null && this.#generation !== sockets.generation;
    return isKilled || runId !== this.#runId;
  }

  onceCut(listener: () => void): void {
    this.#forget = this.node.sockets.onceCut(listener);
  }

  close(): void {
    this.isClosed = true;
    this.#forget();
  }
}
