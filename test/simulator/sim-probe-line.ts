import type { ProbeReply, Sample } from "../../lib/core/model.ts";
import { type Failure, success } from "../../lib/ports/errors.ts";
import type { ProbeWants } from "../../lib/ports/redis.ts";
import type { SimConnection } from "./sim-connection.ts";
import { placeOf } from "./sim-info.ts";
import type { Vantage } from "./sim-vantage.ts";

/** What a probe brings home: PING's reply, the place in the stream, and everything else where it was asked for. */
type Look = Pick<Sample, "reply" | "role" | "facts" | "rehearsal">;

function failedReply({ kind, why }: Failure): ProbeReply {
  if (kind === "unresolved") return { kind, text: why };
  return { kind: kind === "timeout" ? "timeout" : "refused" };
}

/** One observer's probes of one node, over a connection that is kept for them. */
export class ProbeLine {
  readonly #vantage: Vantage;
  readonly #node: string;
  readonly #onLost: () => void;
  #connection: SimConnection | null = null;
  /** When the oldest probe was sent that has no answer over this connection. */
  #oldestMs: number | null = null;
  /** When the probe was sent that was answered after its deadline. */
  #lateMs: number | null = null;
  #isBusy = false;

  /** `onLost` is told when the connection ends while nobody asks. */
  constructor(vantage: Vantage, node: string, onLost: () => void) {
    this.#vantage = vantage;
    this.#node = node;
    this.#onLost = onLost;
  }

  async probe(wants: ProbeWants): Promise<Sample> {
    const { process } = this.#vantage;
    const sentAtMs = process.now();
    this.#isBusy = true;
    if (this.#oldestMs !== null && sentAtMs - this.#oldestMs >= wants.reconnectAfterMs) {
      this.#connection?.close();
      this.#drop();
    }
    let isFreshConnect = this.#connection === null;
    // Another server may be at the address since, or another run of it.
    const anew: ProbeWants = { ...wants, info: true };
    let look = await this.#look(sentAtMs, isFreshConnect ? anew : wants);
    // The end of a kept connection tells nothing of the node.
    if (!isFreshConnect && look.reply.kind === "reset") {
      isFreshConnect = this.#connection === null;
      look = await this.#look(sentAtMs, isFreshConnect ? anew : wants);
    }
    const receivedAtMs = process.now();
    const late = this.#lateMs === null ? {} : { lateReplyToMs: this.#lateMs };
    this.#lateMs = null;
    const node = this.#node;
    const sample: Sample = { node, sentAtMs, receivedAtMs, isFreshConnect, ...look, ...late };
    this.#vantage.network.onSample(process, this.#vantage.observer, sample);
    this.#isBusy = false;
    return sample;
  }

  close(): void {
    this.#connection?.close();
  }

  #drop(): void {
    this.#connection = null;
    this.#oldestMs = null;
  }

  async #look(sentAtMs: number, wants: ProbeWants): Promise<Look> {
    const kept = this.#connection;
    const opened = kept === null ? await this.#connect(wants.timeoutMs) : success(kept);
    if (!opened.ok) return { reply: failedReply(opened) };
    const connection = this.#connection ?? opened.value;
    this.#oldestMs ??= sentAtMs;
    const request = { what: "probe", act: () => this.#seenOver(connection, wants) };
    const got = await this.#vantage.ask(connection, request, wants.timeoutMs, ({ ok }) => {
      if (ok) this.#onAnswer(connection, sentAtMs, wants);
    });
    if (got.ok) {
      this.#oldestMs = null;
      // A login that was refused is tried again over a new connection.
      if (connection.greeting?.code === "NOAUTH") {
        connection.close();
        this.#drop();
      }
      return got.value;
    }
    if (got.kind === "timeout") return { reply: { kind: "timeout" } };
    this.#drop();
    return { reply: { kind: "reset" } };
  }

  /** Of several attempts the first that opens is kept, however late. */
  #connect(timeoutMs: number) {
    return this.#vantage.open(this.#node, timeoutMs, (fresh) => {
      if (this.#connection !== null) return;
      this.#connection = fresh;
      this.#listenOn(fresh);
    });
  }

  /** A kept connection that the server cuts is lost one delay later, where that news gets through. */
  #listenOn(connection: SimConnection): void {
    this.#vantage.onEnd(connection, () => {
      if (this.#connection !== connection || this.#isBusy) return;
      this.#drop();
      this.#onLost();
    });
  }

  /** A late answer counts for the probe that it answers, while its connection is kept. */
  #onAnswer(connection: SimConnection, sentAtMs: number, wants: ProbeWants): void {
    const afterMs = this.#vantage.process.now() - sentAtMs;
    if (afterMs <= wants.timeoutMs || afterMs > wants.timeoutMs + wants.reconnectAfterMs) return;
    if (this.#connection !== connection) return;
    this.#lateMs = sentAtMs;
    this.#oldestMs = null;
  }

  #seenOver(connection: SimConnection, wants: ProbeWants): Look {
    const refusal = connection.refusal("ping");
    const reply: ProbeReply = refusal === null ? { kind: "pong" } : { kind: "error", ...refusal };
    if (connection.refusal("role") !== null) return { reply };
    const role = placeOf(connection.node);
    if (!wants.info || connection.refusal("info") !== null) return { reply, role };
    const rehearsal = wants.rehearse !== "no" ? { rehearsal: connection.rehearse() } : {};
    return { reply, role, facts: this.#vantage.factsOf(connection.node), ...rehearsal };
  }
}
