/** The closed set of ways in which the outside world fails us. */
export type FailureKind =
  /** Nobody listens, or no route: the request was certainly not carried out. */
  | "unreachable"
  /** Its name could not be looked up: nothing was sent, and nothing is known of the other side. */
  | "unresolved"
  /** No answer within the deadline: it may have been carried out, or may be yet. */
  | "timeout"
  /** The connection ended before the answer: it may have been carried out. */
  | "cut"
  /** Asked to slow down; not carried out. */
  | "throttled"
  /** Our rights or credentials do not suffice; not carried out. */
  | "denied"
  /** The other side answered that it will not: not carried out. */
  | "refused"
  /** What came back could not be understood. */
  | "malformed";

/** A typed failure. Ports return it; nothing is thrown across a port but programming errors. */
export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** False when the request may have taken effect. Set truthfully: recovery depends on it. */
  readonly isOutcomeKnown: boolean;
  /** What was expected and what came, in one sentence. */
  readonly why: string;
}

export interface Success<T> {
  readonly ok: true;
  readonly value: T;
}

export type Result<T> = Success<T> | Failure;

export function success<T>(value: T): Success<T> {
  return { ok: true, value };
}

const uncertain: ReadonlySet<FailureKind> = new Set(["timeout", "cut", "malformed"]);

export function failure(kind: FailureKind, why: string): Failure {
  return { ok: false, kind, isOutcomeKnown: !uncertain.has(kind), why };
}
