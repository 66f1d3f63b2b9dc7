import type { Rehearsing } from "../core/commands.ts";
import type { Address, AuthConfig, NodeConfig, TlsConfig } from "../core/config.ts";
import type { NodeFacts, Sample } from "../core/model.ts";
import type { ScriptAnswer, WriteAnswer } from "../core/spells.ts";
import type { Result } from "./errors.ts";

/** How to reach the nodes of one group. */
export interface RedisAccess {
  readonly auth?: { readonly username?: string; readonly password: string };
  readonly tls?: TlsAccess;
  /** The group's marker key; null when the group opted out. */
  readonly markerKey: string | null;
  /** Whether busy scripts are to be stopped, so that a rehearsal asks for the right to. */
  readonly killBusyScripts: boolean;
  /** Called when a server turned us away for who we are, or can't be trusted: the secrets may be others by now. */
  readonly onDenied?: () => void;
}

/** In PEM. A certificate of our own comes with its key. */
export interface TlsAccess {
  readonly ca?: string;
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where secrets come from; resolved before a shift's first probe. */
export interface SecretSource {
  resolve(
    auth: AuthConfig | undefined,
    tls: TlsConfig | undefined,
  ): Promise<Result<ResolvedSecrets>>;
  /** The same after a server did not take them: read anew, unless that was done for each a moment ago. */
  renew(auth: AuthConfig | undefined, tls: TlsConfig | undefined): Promise<Result<ResolvedSecrets>>;
}

export type ResolvedSecrets = Pick<RedisAccess, "auth" | "tls">;

/** The nodes of one group as one observer reaches them. Nothing here retries, queues or re-sends. */
export interface RedisNodes {
  /** PING and ROLE, and INFO when asked, over a connection kept for probing; never throws, never exceeds the deadline. */
  probe(node: NodeConfig, wants: ProbeWants): Promise<Sample>;
  /** A connection for effects: one, never reconnected. */
  openSession(node: NodeConfig, deadlineMs: number): Promise<Result<NodeSession>>;
  /** Calls back when a probe connection is lost while idle; the loop then probes at once. */
  onLost(listener: (node: string) => void): void;
  close(): Promise<void>;
}

export interface ProbeWants {
  readonly info: boolean;
  readonly rehearse: Rehearsing;
  readonly timeoutMs: number;
  /** A connection whose oldest probe is unanswered for this long is replaced. */
  readonly reconnectAfterMs: number;
}

/**
 * The connection that fences role changes (protocol F1): whoever observed an older role holds a connection that the
 * newer role change has cut.
 */
export interface NodeSession {
  readonly id: number;
  readonly node: string;
  readonly isOpen: boolean;
  /** WATCH marker, GET marker, INFO in one round trip. */
  observe(deadlineMs: number): Promise<Result<NodeFacts>>;
  /** The role change as one MULTI/EXEC, followed by INFO in the same round trip. */
  changeRole(change: RoleChange, deadlineMs: number): Promise<Result<RoleChanged>>;
  setMarker(epoch: number, deadlineMs: number): Promise<Result<void>>;
  /** SCRIPT KILL and FUNCTION KILL: what became of whatever script keeps the node busy. */
  killScript(deadlineMs: number): Promise<Result<ScriptKilled>>;
  /** Sets a key that is not there, for a time. */
  tryWrite(write: TriedWrite, deadlineMs: number): Promise<Result<WriteTried>>;
  close(): void;
}

export interface TriedWrite {
  readonly key: string;
  readonly value: string;
  readonly ttlMs: number;
}

export interface WriteTried {
  readonly answer: WriteAnswer;
  readonly text: string;
}

export interface ScriptKilled {
  readonly answer: ScriptAnswer;
  /** The server's own words. */
  readonly text: string;
}

export type RoleChange =
  | { readonly kind: "promote"; readonly epoch: number }
  | { readonly kind: "attach"; readonly master: Address }
  | { readonly kind: "hand-over"; readonly to: Address; readonly timeoutMs: number }
  /** Ends a hand-over and leaves the node a writable master. */
  | { readonly kind: "fence" }
  /** Cuts every other connection, and leaves the role as it is. */
  | { readonly kind: "cut" };

export interface RoleChanged {
  /** What the node says of itself right after, over the same connection. */
  readonly facts: NodeFacts;
  /** Parts that the ACL or the server refused without harm to the change. */
  readonly warnings: readonly string[];
}
