import { awsFailure, limitedHandler } from "../adapters/aws-client.ts";
import { assertNever } from "../core/assert-never.ts";
import type { AuthConfig, SecretRef, TlsConfig } from "../core/config.ts";
import type { Clock } from "../ports/clock.ts";
import { failure, type Result, success } from "../ports/errors.ts";
import type { ResolvedSecrets, SecretSource } from "../ports/redis.ts";
import { isPem, type ParsedSecretRef, parseSecretRef, secretRefForms } from "./secret-ref.ts";

export interface SecretSourceOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly region?: string;
  /** Limit of one request; the SDK may make two of them. */
  readonly timeoutMs?: number;
}

/** How long a value is used without asking again, as long as servers take it. */
const keptForMs = 300_000;

/** A value that a server did not take is read again no sooner: a password that stays wrong asks its store so often. */
const renewedAfterMs = 15_000;

/**
 * Reads secrets from environment variables, Systems Manager parameters and Secrets Manager. Values are kept for five
 * minutes; when asking again fails, the old value goes on being used, because an outage of the secret store must not
 * blind the observers. No failure ever contains a secret.
 */
export function createSecretSource(options: SecretSourceOptions): SecretSource {
  const read = cached(createReader(options), options.clock);

  const readRef = async (ref: SecretRef, maxAgeMs: number): Promise<Result<string>> => {
    const parsed = parseSecretRef(ref);
    if (parsed !== null) return read(ref, parsed, maxAgeMs);
    const why = `expected ${secretRefForms}, got another text (not shown here: it may be the secret)`;
    return failure("refused", why);
  };
  const readAll = async (
    auth: AuthConfig | undefined,
    tls: TlsConfig | undefined,
    maxAgeMs: number,
  ): Promise<Result<ResolvedSecrets>> => {
    const readOne = async (ref: string | undefined): Promise<Result<string | undefined>> => {
      if (ref === undefined) return success(undefined);
      return isPem(ref) ? success(ref) : readRef(ref, maxAgeMs);
    };
    const read = await Promise.all([auth?.password, tls?.ca, tls?.cert, tls?.key].map(readOne));
    const failed = read.find((one) => !one.ok);
    if (failed?.ok === false) return failed;
    const [password, ca, cert, key] = read.map((one) => (one.ok ? one.value : undefined));
    return success({ ...loginOf(auth, password), ...tlsOf(tls, { ca, cert, key }) });
  };

  return {
    resolve: (auth, tls) => readAll(auth, tls, keptForMs),
    renew: (auth, tls) => readAll(auth, tls, renewedAfterMs),
  };
}

function loginOf(auth: AuthConfig | undefined, password: string | undefined) {
  if (password === undefined) return {};
  const username = auth?.username;
  return { auth: { ...(username === undefined ? {} : { username }), password } };
}

type Pems = Readonly<Record<"ca" | "cert" | "key", string | undefined>>;

function tlsOf(tls: TlsConfig | undefined, { ca, cert, key }: Pems): Pick<ResolvedSecrets, "tls"> {
  if (tls === undefined) return {};
  const { servername } = tls;
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    },
  };
}

type ReadSecret = (ref: ParsedSecretRef) => Promise<Result<string>>;

/** Groups that share a secret share one request for it, too. */
function cached(read: ReadSecret, clock: Pick<Clock, "nowMs">) {
  const kept = new Map<SecretRef, { readonly value: string; readonly readAtMs: number }>();
  const askedAtMs = new Map<SecretRef, number>();
  const running = new Map<SecretRef, Promise<Result<string>>>();

  const refresh = async (ref: SecretRef, parsed: ParsedSecretRef): Promise<Result<string>> => {
    askedAtMs.set(ref, clock.nowMs());
    const got = await read(parsed);
    if (got.ok) {
      kept.set(ref, { value: got.value, readAtMs: clock.nowMs() });
      return got;
    }
    const old = kept.get(ref);
    return old === undefined ? got : success(old.value);
  };

  /** A store that can't be asked is asked no more often than one that can. */
  const isFresh = (ref: SecretRef, readAtMs: number, maxAgeMs: number): boolean => {
    const nowMs = clock.nowMs();
    const triedAtMs = askedAtMs.get(ref) ?? readAtMs;
    return nowMs - readAtMs < maxAgeMs || nowMs - triedAtMs < renewedAfterMs;
  };

  return async (
    ref: SecretRef,
    parsed: ParsedSecretRef,
    maxAgeMs: number,
  ): Promise<Result<string>> => {
    const known = kept.get(ref);
    const isRunning = running.has(ref);
    if (!isRunning && known !== undefined && isFresh(ref, known.readAtMs, maxAgeMs)) {
      return success(known.value);
    }
    const asked = running.get(ref) ?? refresh(ref, parsed).finally(() => running.delete(ref));
    running.set(ref, asked);
    return asked;
  };
}

function createReader(options: SecretSourceOptions): ReadSecret {
  const { env = process.env } = options;
  const ssm = once(() => openSsm(options));
  const secretsManager = once(() => openSecretsManager(options));
  return async (ref) => {
    switch (ref.source) {
      case "env":
        return readVariable(env, ref.name);
      case "ssm":
        return ask(`parameter ${ref.name}`, async () => (await ssm())(ref.name));
      case "secretsmanager": {
        const what = `secret ${ref.id}`;
        const got = await ask(what, async () => (await secretsManager())(ref.id));
        return got.ok && ref.jsonKey !== null ? pick(what, got.value, ref.jsonKey) : got;
      }
      default:
        return assertNever(ref);
    }
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

function readVariable(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): Result<string> {
  const value = env[name];
  if (value !== undefined && value !== "") return success(value);
  const got = value === undefined ? "none" : "an empty one";
  return failure("refused", `expected environment variable ${name} to hold a secret, got ${got}`);
}

const missing: ReadonlySet<string> = new Set([
  "ParameterNotFound",
  "ParameterVersionNotFound",
  "ResourceNotFoundException",
]);

async function ask(what: string, read: () => Promise<string | undefined>): Promise<Result<string>> {
  try {
    const value = await read();
    if (value !== undefined && value !== "") return success(value);
    return failure("refused", `expected ${what} to hold a text, got none`);
  } catch (error) {
    if (error instanceof Error && missing.has(error.name)) {
      return failure("refused", `expected ${what} to exist, got ${error.name}`);
    }
    return awsFailure(`read ${what}`, error);
  }
}

/** One member of a secret that is a JSON object. The parser's own message would quote the secret. */
function pick(what: string, text: string, key: string): Result<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return failure("malformed", `expected ${what} to be a JSON object, got another text`);
  }
  const members = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
  const value: unknown = members.find(([name]) => name === key)?.[1];
  if (typeof value === "string" && value !== "") return success(value);
  return failure("refused", `expected ${what} to have a text under "${key}", got none`);
}

/** Loaded only where a group uses it: a function that needs no client pays no start time for it. */
async function openSsm(options: SecretSourceOptions) {
  const { SSMClient, GetParameterCommand } = await import("../adapters/sdk-ssm.ts");
  const client = new SSMClient(limits(options));
  return async (name: string): Promise<string | undefined> => {
    const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return answer.Parameter?.Value;
  };
}

async function openSecretsManager(options: SecretSourceOptions) {
  const { SecretsManagerClient, GetSecretValueCommand } = await import(
    "../adapters/sdk-secrets.ts"
  );
  const client = new SecretsManagerClient(limits(options));
  return async (id: string): Promise<string | undefined> => {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return answer.SecretString;
  };
}

function limits({ region, timeoutMs = 2_000 }: SecretSourceOptions) {
  return {
    ...(region === undefined ? {} : { region }),
    requestHandler: limitedHandler(timeoutMs),
    maxAttempts: 2,
  };
}
