import type { ThrownError } from "./protocol.ts";

/**
 * How an invocation fails. `timeout`: killed at its deadline. `threw`: the handler threw. `exit`:
 * the
 * process ended by itself or was killed. `init`: the bundle could not be loaded. `throttled`: no
 * sandbox was free. `stopped`: the runner or the sandbox has been stopped.
 */
export type InvocationFailure = "timeout" | "threw" | "exit" | "init" | "throttled" | "stopped";

/** A failed invocation, with the error type that Lambda reports for it. */
export class InvocationError extends Error {
  override readonly name = "InvocationError";
  readonly kind: InvocationFailure;
  /** Such as `Sandbox.Timedout`, or the name of what the handler threw. */
  readonly errorType: string;
  /** The handler's own stack; empty where there is none. */
  readonly handlerStack: string;

  constructor(
    kind: InvocationFailure,
    detail: Readonly<{ errorType: string; message: string; handlerStack?: string }>,
  ) {
    super(detail.message);
    this.kind = kind;
    this.errorType = detail.errorType;
    this.handlerStack = detail.handlerStack ?? "";
  }
}

/** Lambda's words for an invocation that reached its deadline. */
export function timedOut(timeoutMs: number): InvocationError {
  return new InvocationError("timeout", {
    errorType: "Sandbox.Timedout",
    message: `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  });
}

/** Lambda's words for a process that ended within an invocation. */
export function exited(code: number | null, signal: NodeJS.Signals | null): InvocationError {
  const how = signal === null ? `exit status ${code}` : `signal: ${signal}`;
  return new InvocationError("exit", {
    errorType: "Runtime.ExitError",
    message: `Runtime exited with error: ${how}`,
  });
}

/** What the bundle threw, while it was loaded or while its handler ran. */
export function threw(kind: "threw" | "init", error: ThrownError): InvocationError {
  return new InvocationError(kind, {
    errorType: error.name,
    message: error.message,
    handlerStack: error.stack,
  });
}

export function throttled(functionName: string, sandboxesMax: number): InvocationError {
  return new InvocationError("throttled", {
    errorType: "TooManyRequestsException",
    message:
      `Expected a free sandbox of ${functionName}, got ${sandboxesMax} busy ones: ` +
      "a shift does not yield to its successor, or invocations come too fast.",
  });
}

export function stopped(what: string): InvocationError {
  return new InvocationError("stopped", {
    errorType: "Lab.Stopped",
    message: `Expected ${what} to run, got one that was stopped: start another.`,
  });
}

/** The failure as an InvocationError, also where starting the process failed. */
export function asInvocationError(error: unknown): InvocationError {
  if (error instanceof InvocationError) return error;
  return new InvocationError("init", { errorType: "Lab.StartFailed", message: String(error) });
}
