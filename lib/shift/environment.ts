import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type Cadence, cadences } from "../core/cadence.ts";

/** This zod has no words of its own for what it refuses. */
z.config(en());

/** An ARN, or nothing. A FIFO topic is refused: it takes no message without a group and a deduplication id. */
function optionalArn(service: string, resource: string, of: string) {
  const pattern = new RegExp(`^(arn:[^:]+:${service}:[^:]+:[0-9]*:${resource})?$`);
  const what = `expected the ARN ${of}, or nothing`;
  return z._default(z.string().check(z.regex(pattern, what)), "");
}

const named = z.string().check(z.minLength(1));
const wholeMs = (least: number, most: number) =>
  z.coerce.number().check(z.int(), z.minimum(least), z.maximum(most));

/** The settings of a function, from its environment; every one of them is written by serverless.yml or by the lab. */
const schema = z.object({
  LAMBDA_SENTINEL_TABLE: z._default(named, "lambda-sentinel"),
  LAMBDA_SENTINEL_OBSERVER: named,
  /** The table's name by default: two deployments never share a table by accident. */
  LAMBDA_SENTINEL_DEPLOYMENT: z.optional(named),
  LAMBDA_SENTINEL_TABLE_REGION: z.optional(named),
  /** `host:port` of DNS servers, by comma, for the record and for nodes with names; the system's own when absent. */
  LAMBDA_SENTINEL_DNS_SERVERS: z._default(z.string(), ""),
  /** After this time a shift looks for its successor; the schedule's period. */
  LAMBDA_SENTINEL_SHIFT_MS: z._default(wholeMs(1_000, 840_000), 60_000),
  /** How this observer watches, and the time between two pulses where it watches by them. */
  LAMBDA_SENTINEL_CADENCE: z._default(z.enum(cadences), "loop"),
  LAMBDA_SENTINEL_PULSE_MS: z._default(wholeMs(1_000, 30_000), 5_000),
  LAMBDA_SENTINEL_PEERS: z._default(z.string(), ""),
  /** Whom this observer tells; empty: nobody. */
  LAMBDA_SENTINEL_TOPIC: optionalArn("sns", "[^:.]+", "of a standard SNS topic"),
  LAMBDA_SENTINEL_EVENT_BUS: optionalArn("events", "event-bus/[^:]+", "of an event bus"),
  LAMBDA_SENTINEL_VERSION: z._default(z.string(), "dev"),
});

export interface Environment {
  readonly table: string;
  readonly tableRegion: string | undefined;
  readonly observer: string;
  readonly deployment: string;
  readonly dnsServers: readonly string[];
  readonly shiftMs: number;
  readonly cadence: Cadence;
  readonly pulseMs: number;
  readonly peers: string;
  /** ARNs; null: nobody is told there. */
  readonly topic: string | null;
  readonly eventBus: string | null;
  readonly codeVersion: string;
}

/** Reads the environment; a missing or impossible value says which, and stops the function at its start. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((one) => `${one.path.join(".")}: ${one.message}`);
    throw new Error(`the function's environment is not complete: ${problems.join("; ")}`);
  }
  const values = parsed.data;
  return {
    table: values.LAMBDA_SENTINEL_TABLE,
    tableRegion: values.LAMBDA_SENTINEL_TABLE_REGION,
    observer: values.LAMBDA_SENTINEL_OBSERVER,
    deployment: values.LAMBDA_SENTINEL_DEPLOYMENT ?? values.LAMBDA_SENTINEL_TABLE,
    dnsServers: values.LAMBDA_SENTINEL_DNS_SERVERS.split(",").filter((one) => one !== ""),
    shiftMs: values.LAMBDA_SENTINEL_SHIFT_MS,
    cadence: values.LAMBDA_SENTINEL_CADENCE,
    pulseMs: values.LAMBDA_SENTINEL_PULSE_MS,
    peers: values.LAMBDA_SENTINEL_PEERS,
    topic: values.LAMBDA_SENTINEL_TOPIC || null,
    eventBus: values.LAMBDA_SENTINEL_EVENT_BUS || null,
    codeVersion: values.LAMBDA_SENTINEL_VERSION,
  };
}
