import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type Failure, type FailureKind, failure } from "../ports/errors.ts";
import { describeThrown } from "./thrown.ts";

/**
 * Limits of every AWS client. The SDK's own defaults are no time limit at all, and a `requestTimeout` that only warns,
 * so all three are set (SDK: NodeHttpHandlerOptions).
 */
export function limitedHandler(timeoutMs: number): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: Math.min(timeoutMs, 1_000),
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
  });
}

const kinds: Readonly<Record<string, FailureKind>> = {
  ThrottlingException: "throttled",
  Throttling: "throttled",
  ProvisionedThroughputExceededException: "throttled",
  RequestLimitExceeded: "throttled",
  PriorRequestNotComplete: "throttled",
  ReplicatedWriteConflictException: "throttled",
  TransactionConflictException: "throttled",
  AccessDenied: "denied",
  AccessDeniedException: "denied",
  UnrecognizedClientException: "denied",
  InvalidSignatureException: "denied",
  InvalidClientTokenId: "denied",
  SignatureDoesNotMatch: "denied",
  ExpiredToken: "denied",
  ExpiredTokenException: "denied",
  CredentialsProviderError: "denied",
  ResourceNotFoundException: "refused",
  ParameterNotFound: "refused",
  NoSuchHostedZone: "refused",
  InvalidChangeBatch: "refused",
  InvalidInput: "refused",
  ValidationException: "refused",
  TimeoutError: "timeout",
  AbortError: "timeout",
  ECONNREFUSED: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ECONNRESET: "cut",
  EPIPE: "cut",
};

/** What the SDK says before it sends anything: nothing can have happened. */
const neverSent: ReadonlySet<string> = new Set(["Region is missing", "Credential is missing"]);

/** Maps what an SDK call threw to the closed set; an unknown error counts as an unknown outcome. */
export function awsFailure(what: string, error: unknown): Failure {
  const { name, code, message } = describeThrown(error);
  // The SDK calls a reset connection a TimeoutError; its code tells what it was.
  const kind = kinds[code] ?? kinds[name] ?? (neverSent.has(message) ? "refused" : "cut");
  return failure(
    kind,
    `${what}: ${[name, code].filter((part) => part !== "").join(" ")}: ${message}`,
  );
}
