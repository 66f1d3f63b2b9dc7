/**
 * What the lab and its sandboxes tell each other over the IPC channel. These are types alone, which nothing loads: what a
 * handler sees of memory and modules should be its own.
 */

/** The fields of Lambda's context object that are data. */
export type InvocationContext = Readonly<{
  awsRequestId: string;
  functionName: string;
  functionVersion: string;
  memoryLimitInMB: string;
  invokedFunctionArn: string;
  logGroupName: string;
  logStreamName: string;
}>;

export type InvokeMessage = Readonly<{
  kind: "invoke";
  event: unknown;
  context: InvocationContext;
  /** Milliseconds since 1970 on the clock that both processes share. */
  deadlineAtMs: number;
}>;

/** An error as it crosses the process boundary, in Lambda's order of importance. */
export type ThrownError = Readonly<{ name: string; message: string; stack: string }>;

export type SandboxMessage =
  | Readonly<{ kind: "ready" }>
  | Readonly<{ kind: "init-failed"; error: ThrownError }>
  | Readonly<{ kind: "returned"; resultJson: string }>
  | Readonly<{ kind: "threw"; error: ThrownError }>;
