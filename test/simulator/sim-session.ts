import { assertNever } from "../../lib/core/assert-never.ts";
import type { NodeFacts } from "../../lib/core/model.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type {
  NodeSession,
  RoleChange,
  RoleChanged,
  ScriptKilled,
  TriedWrite,
  WriteTried,
} from "../../lib/ports/redis.ts";
import type { RoleCommand } from "./role-command.ts";
import { type Refusal, stopScript, writeAnswerOf } from "./sim-ailments.ts";
import type { SimConnection } from "./sim-connection.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { LastSeen, NodeRequest, Vantage } from "./sim-vantage.ts";

/** The connection over which a node is observed and then changed. */
export class SimSession implements NodeSession {
  readonly id: number;
  readonly node: string;
  readonly #vantage: Vantage;
  readonly #connection: SimConnection;
  readonly #server: SimRedis;
  /** The marker's writes when it was last observed; null: nothing is watched. */
  #watched: number | null = null;
  #sawHandOver = false;
  #seen: LastSeen = { askedAtMs: Number.POSITIVE_INFINITY, facts: null };

  constructor(vantage: Vantage, connection: SimConnection, id: number) {
    this.id = id;
    this.node = connection.node.id;
    this.#vantage = vantage;
    this.#connection = connection;
    this.#server = connection.node;
    vantage.onEnd(connection, () => {});
  }

  get isOpen(): boolean {
    // The kill is seen one network delay later; until then the session looks open.
    return !this.#connection.isClosed;
  }

  async observe(deadlineMs: number): Promise<Result<NodeFacts>> {
    const { process, observer, network } = this.#vantage;
    const sentAtMs = process.now();
    const act = (): Result<NodeFacts> => {
      const refusal = this.#connection.refusal("info");
      if (refusal !== null) return refused(this.node, refusal);
      if (network.hasMarker) this.#watched = this.#server.stream.markerWrites;
      this.#sawHandOver = this.#server.handOver.isUnderWay;
      return success(this.#facts());
    };
    const got = await this.#ask({ what: "observe", act }, deadlineMs);
    if (!got.ok) return got;
    this.#seen = { askedAtMs: sentAtMs, facts: got.value };
    network.onObserved(process, observer, { node: this.node, sentAtMs, facts: got.value });
    return got;
  }

  /** Sessions don't ask for what never changes. */
  #facts(): NodeFacts {
    return { ...this.#vantage.factsOf(this.#server), replPingMs: null, sentinels: 0 };
  }

  changeRole(change: RoleChange, deadlineMs: number): Promise<Result<RoleChanged>> {
    const { process, observer, network } = this.#vantage;
    network.onEffect(process, observer, change, this.node, this.#seen);
    // Only what carries the marker may write; a hand-over that was seen is ended before.
    const mayWrite = change.kind === "promote" && network.hasMarker && !this.#sawHandOver;
    const act = () => this.#change(commandOf(change, observer, network.hasMarker));
    return this.#ask({ what: change.kind, act, mayWrite }, deadlineMs);
  }

  #change(command: RoleCommand): Result<RoleChanged> {
    const refusal = this.#connection.refusal(command.kind === "cut" ? "info" : "change");
    if (refusal !== null) return refused(this.node, refusal);
    const isWatchBroken =
      this.#watched !== null && this.#watched !== this.#server.stream.markerWrites;
    this.#watched = null;
    if (isWatchBroken) return failure("refused", `${this.node}: the marker changed`);
    const done = this.#server.changeRole(command);
    this.#connection.survive();
    if (done === "refused") return failure("refused", `${this.node}: refused`);
    return success({ facts: this.#facts(), warnings: [] });
  }

  setMarker(epoch: number, deadlineMs: number): Promise<Result<void>> {
    const { process, observer, network } = this.#vantage;
    if (!network.hasMarker) return Promise.resolve(success(undefined));
    network.onEffect(process, observer, { kind: "mark" }, this.node, this.#seen);
    const act = (): Result<void> => {
      const refusal = this.#connection.refusal("write");
      if (refusal !== null) return refused(this.node, refusal);
      return this.#server.setMarker(epoch)
        ? success(undefined)
        : failure("refused", `${this.node}: READONLY`);
    };
    return this.#ask({ what: "mark", act, mayWrite: this.#server.role === "master" }, deadlineMs);
  }

  killScript(deadlineMs: number): Promise<Result<ScriptKilled>> {
    const { process, observer, network } = this.#vantage;
    network.onEffect(process, observer, { kind: "kill-script" }, this.node, this.#seen);
    const { ailments } = this.#server;
    const act = (): Result<ScriptKilled> => {
      const refusal = this.#connection.greeting;
      return refusal === null ? success(stopScript(ailments)) : refused(this.node, refusal);
    };
    return this.#ask({ what: "kill-script", act }, deadlineMs);
  }

  tryWrite(_write: TriedWrite, deadlineMs: number): Promise<Result<WriteTried>> {
    const { process, observer, network } = this.#vantage;
    network.onEffect(process, observer, { kind: "write-probe" }, this.node, this.#seen);
    const act = (): Result<WriteTried> => success(this.#write());
    return this.#ask({ what: "write-probe", act, mayWrite: true }, deadlineMs);
  }

  /** What it carries counts for nobody: it makes the stream longer, as a ping does. */
  #write(): WriteTried {
    const server = this.#server;
    const refusal = this.#connection.refusal("write");
    if (refusal !== null) return { answer: writeAnswerOf(refusal), text: refusal.text };
    if (server.role === "replica") return { answer: "moot", text: "READONLY" };
    if (!server.replicas.areGood) return { answer: "refused", text: "NOREPLICAS" };
    server.stream.ping();
    server.replicas.feed();
    return { answer: "taken", text: "OK" };
  }

  close(): void {
    this.#connection.close();
  }

  /** An answer that is a refusal is a failure as much as no answer. */
  async #ask<T>(request: NodeRequest<Result<T>>, deadlineMs: number): Promise<Result<T>> {
    const got = await this.#vantage.ask(this.#connection, request, deadlineMs);
    return got.ok ? got.value : got;
  }
}

function refused(node: string, refusal: Refusal) {
  return failure(refusal.code === "NOAUTH" ? "denied" : "refused", `${node}: ${refusal.text}`);
}

function commandOf(change: RoleChange, by: string, marks: boolean): RoleCommand {
  const none = { epoch: 0, to: null, timeoutMs: 0, marks, by };
  switch (change.kind) {
    case "promote":
      return { ...none, kind: "promote", epoch: change.epoch };
    case "attach":
      return { ...none, kind: "attach", to: `${change.master.host}:${change.master.port}` };
    case "hand-over":
      return {
        ...none,
        kind: "hand-over",
        to: `${change.to.host}:${change.to.port}`,
        timeoutMs: change.timeoutMs,
      };
    case "fence":
      return { ...none, kind: "fence" };
    case "cut":
      return { ...none, kind: "cut" };
    default:
      return assertNever(change);
  }
}
