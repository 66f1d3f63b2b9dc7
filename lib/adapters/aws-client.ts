import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type Failure, type FailureKind, failure } from "../ports/errors.ts";
import { withoutSecrets } from "./redact.ts";
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
  ThrottledException: "throttled",
  NoTurnError: "throttled",
  AccessDenied: "denied",
  AuthorizationErrorException: "denied",
  KMSAccessDeniedException: "denied",
  AccessDeniedException: "denied",
  UnrecognizedClientException: "denied",
  InvalidSignatureException: "denied",
  InvalidClientTokenId: "denied",
  SignatureDoesNotMatch: "denied",
  ExpiredToken: "denied",
  ExpiredTokenException: "denied",
  CredentialsProviderError: "denied",
  ResourceNotFoundException: "refused",
  NotFoundException: "refused",
  InvalidParameterException: "refused",
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

/** Errors that came after an attempt whose outcome is not known. */
const doubtful = new WeakSet<object>();

/**
 * The SDK tries again by itself and tells the last error alone. Whatever an earlier attempt left open stays open:
 *
 *   write ──► applied, reply lost ──► the SDK's second attempt ──► throttled: not "not written"
 */
export function keepDoubts(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next) => {
      let isInDoubt = false;
      return async (args) => {
        try {
          return await next(args);
        } catch (error) {
          if (isInDoubt && typeof error === "object" && error !== null) doubtful.add(error);
          isInDoubt ||= !awsFailure("an attempt", error).isOutcomeKnown;
          throw error;
        }
      };
    },
    { step: "finalizeRequest", priority: "low", name: "keepDoubts", override: true },
  );
}

const messageMax = 300;

/**
 * What AWS or somebody in between said, fit to be told. Where a signature does not fit, AWS answers with the request as it was
 * signed, from the second line on: the session token stands in it. A proxy may quote headers in the first.
 */
export function sayingOf(message: string): string {
  const { AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  const told = withoutSecrets(message, [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]);
  const [first = ""] = told.split(/[\r\n]/);
  return first.length <= messageMax ? first : `${first.slice(0, messageMax)}…`;
}

/** What the SDK adds to an error of its own parsers. They quote what they read, and that may be the secret that was asked for. */
const unparsed = "Deserialization error";

/** Maps what an SDK call threw to the closed set; an unknown error counts as an unknown outcome. */
export function awsFailure(what: string, error: unknown): Failure {
  const { name, code, message } = describeThrown(error);
  if (message.includes(unparsed)) {
    return failure("malformed", `${what}: expected an answer of AWS, got something else`);
  }
  // The SDK calls a reset connection a TimeoutError; its code tells what it was.
  const kind = kinds[code] ?? kinds[name] ?? (neverSent.has(message) ? "refused" : "cut");
  const why = `${what}: ${[name, code].filter((part) => part !== "").join(" ")}: ${sayingOf(message)}`;
  const failed = failure(kind, why);
  const isDoubtful = typeof error === "object" && error !== null && doubtful.has(error);
  return isDoubtful ? { ...failed, isOutcomeKnown: false } : failed;
}
