import { compareAndSwap } from "../../lib/adapters/compare-and-swap.ts";
import { publish } from "../../lib/adapters/publication.ts";
import type { NodeId } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import type { RecordChange } from "../../lib/core/records.ts";
import type { Dns } from "../../lib/ports/dns.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { NodeSession, RedisNodes } from "../../lib/ports/redis.ts";
import type { Store } from "../../lib/ports/store.ts";
import type { Hands } from "../../lib/shift/hands.ts";
import { alone } from "../support/alone.ts";
import { type Answer, type Asked, type Call, type Heard, isOfKind } from "./calls.ts";
import type { Turn } from "./replay.ts";
import type { NodeCommand, Standing, Token } from "./servers.ts";
import { settledAtMs, waitMs } from "./waits.ts";

interface Waiting {
  readonly call: Call;
  readonly askedAtMs: number;
  readonly resolve: (answer: Answer) => void;
}

/** An invocation's line to the outside: every call is numbered, and answered when the log says so. */
export class Line {
  nowMs: number;
  /** What the turn decided, once it has. */
  rule: string | null = null;
  /** Why an effect should not have started (invariant S4). */
  late: string | null = null;
  readonly #turn: Turn;
  readonly #waiting = new Map<number, Waiting>();
  readonly #tokens = new Map<number, Token | null>();
  #calls = 0;
  #sessions = 0;
  #verifiedAtMs: number;

  constructor(turn: Turn) {
    this.#turn = turn;
    this.nowMs = settledAtMs + waitMs[turn.wait];
    const written = turn.outcomes.flatMap((one) => ("askedAtMs" in one ? [one.askedAtMs] : []));
    this.#verifiedAtMs = Math.max(turn.memory.stateAskedAtMs, ...written);
  }

  waiting(): readonly Asked[] {
    return [...this.#waiting].map(([number, { call }]) => ({ number, call }));
  }

  standing(sessions: ReadonlyMap<NodeId, NodeSession>): readonly Standing[] {
    const open = [...sessions].flatMap(([node, session]) => {
      const token = this.#tokens.get(session.id) ?? null;
      return token === null ? [] : [{ node, session: session.id, token }];
    });
    return open.sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  hear(heard: Heard): void {
    if (heard.kind === "stall") {
      this.nowMs += waitMs.tick;
      return;
    }
    const waiting = this.#waiting.get(heard.number);
    if (waiting === undefined) throw new Error(`call ${heard.number} waits for no answer`);
    this.#waiting.delete(heard.number);
    const { answer } = heard;
    const isVerifying = answer.kind === "read-state" || answer.kind === "put";
    if (isVerifying && answer.result.ok) this.#verifiedAtMs = waiting.askedAtMs;
    waiting.resolve(answer);
  }

  async #ask<K extends Call["kind"]>(
    kind: K,
    call: Extract<Call, { readonly kind: K }>,
  ): Promise<Extract<Answer, { readonly kind: K }>> {
    this.#calls += 1;
    const number = this.#calls;
    if (kind === "command" || kind === "submit") this.#noteAge(kind);
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, { call, resolve, askedAtMs: this.nowMs });
    });
    if (!isOfKind(kind, answer)) throw new Error(`expected an answer to ${kind}`);
    return answer;
  }

  #noteAge(kind: string): void {
    const ageMs = this.nowMs - this.#verifiedAtMs;
    const { fenceMs } = this.#turn.memory.config.settings;
    if (ageMs >= fenceMs) this.late ??= `a ${kind} left on a STATE that was read too long ago`;
  }

  hands(): Hands {
    const sessions = new Map<NodeId, NodeSession>();
    for (const { node, token } of this.#turn.sessions) {
      sessions.set(node, this.#session(node, token));
    }
    return {
      store: this.#store(),
      dns: this.#dns(),
      clock: {
        nowMs: () => {
          this.nowMs += 1;
          return this.nowMs;
        },
        wallTime: () => "",
        // Only a promotion sleeps, beside an answer that the exploration gives or denies by itself.
        sleep: () => new Promise(() => {}),
      },
      reporter: { event: () => {}, line: () => {}, flush: () => Promise.resolve() },
      waker: { wake: () => Promise.resolve(success(undefined)) },
      budget: { refusal: () => null, isOver: () => false, signal: new AbortController().signal },
      freezes: { lastThawMs: () => Number.NEGATIVE_INFINITY, stop: () => {} },
      nodes: this.#nodes(),
      sessions,
      trips: { store: 0, redis: 0 },
      failing: new Map(),
      overheard: [],
      neighbours: alone,
      reading: [],
    };
  }

  #nodes(): RedisNodes {
    return {
      probe: async (node, wants) => {
        const sentAtMs = this.nowMs;
        // A bystander is asked first of all; whom a promotion asks beside it, once a decision was made.
        const isBystander = this.#calls === 0 && this.#turn.look.bystander === node.id;
        const isOptional = isBystander || this.rule !== null;
        const answer = await this.#ask("probe", { kind: "probe", node: node.id, isOptional });
        const { reply, facts } = answer;
        return {
          node: node.id,
          sentAtMs,
          receivedAtMs: this.nowMs,
          reply,
          isFreshConnect: reply.kind === "refused",
          ...(facts === null ? {} : { role: { role: facts.role, offset: facts.offset } }),
          ...(facts === null || !wants.info ? {} : { facts }),
        };
      },
      openSession: (node) => Promise.resolve(success(this.#session(node.id, null))),
      onLost: () => {},
      close: () => Promise.resolve(),
    };
  }

  #session(node: NodeId, standing: Token | null): NodeSession {
    this.#sessions += 1;
    const id = this.#sessions;
    this.#tokens.set(id, standing);
    const send = async (command: NodeCommand) => {
      const token = this.#tokens.get(id) ?? null;
      const { result } = await this.#ask("command", { kind: "command", node, token, command });
      if (result.ok) this.#tokens.set(id, result.value.token);
      return result;
    };
    return {
      id,
      node,
      isOpen: true,
      observe: async () => {
        const token = this.#tokens.get(id) ?? null;
        const { result } = await this.#ask("observe", { kind: "observe", node, token });
        if (!result.ok) return result;
        this.#tokens.set(id, result.value.token);
        return success(result.value.facts);
      },
      changeRole: async (change) => {
        const got = await send(change);
        return got.ok ? success({ facts: got.value.facts, warnings: [] }) : got;
      },
      setMarker: async (epoch): Promise<Result<void>> => {
        const got = await send({ kind: "mark", epoch });
        return got.ok ? success(undefined) : got;
      },
      killScript: () => Promise.resolve(failure("refused", "no script runs in these worlds")),
      tryWrite: () => Promise.resolve(failure("refused", "no key is named in these worlds")),
      close: () => {},
    };
  }

  #store(): Store {
    const read = async () => (await this.#ask("read-state", { kind: "read-state" })).result;
    const put = async (base: number | null, next: GroupState) =>
      (await this.#ask("put", { kind: "put", base, next })).result;
    const unused = () => Promise.resolve(failure("denied", "a watch asks for nothing of the kind"));
    return {
      readState: read,
      writeState: (base, next, attempt) => compareAndSwap({ read, put }, { base, next, attempt }),
      readVotes: async () => (await this.#ask("read-votes", { kind: "read-votes" })).result,
      castVote: async (vote) => (await this.#ask("cast", { kind: "cast", vote })).result,
      readHeartbeat: unused,
      writeHeartbeat: unused,
      appendEvent: unused,
      readEvents: unused,
      pruneEvents: unused,
      listConfigs: unused,
      readConfig: unused,
      putConfig: unused,
      deleteConfig: unused,
      claimNode: unused,
      releaseNode: unused,
    };
  }

  #dns(): Dns {
    const read = async () => (await this.#ask("read-zone", { kind: "read-zone" })).result;
    const submit = async (
      _zone: string,
      changes: readonly RecordChange[],
      isCurrent: () => boolean,
    ) => {
      if (!isCurrent()) return failure("refused", "STATE has moved on");
      return (await this.#ask("submit", { kind: "submit", changes })).result;
    };
    return {
      read,
      publish: (request) => publish(read, submit, request),
      resolve: async () => (await this.#ask("resolve", { kind: "resolve" })).result,
    };
  }
}
