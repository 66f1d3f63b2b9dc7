import * as z from "zod";
import { namePattern, observersMax } from "../config/schema.ts";
import { cadences } from "../core/cadence.ts";

/**
 * The shape of a stage file. Every `error` completes the sentence "expected …". What one field alone can't tell is in
 * stage-checks.ts.
 */

/** Ways out of the function's network, by what they cost and reach (docs/deploying.md). */
export const networkPatterns = ["outside", "dual-stack", "nat"] as const;
export type NetworkPattern = (typeof networkPatterns)[number];

export const tableModes = ["single-region", "strongly-consistent"] as const;
/** Divisors of a minute, in seconds and at most 20 messages in it (lib/deploy/pulses.ts). */
export const pulsePeriodsMs = [
  3_000, 4_000, 5_000, 6_000, 10_000, 12_000, 15_000, 20_000, 30_000,
] as const;
export const statusPages = ["off", "function-url"] as const;

function word(form: string, pattern: RegExp) {
  return z.string({ error: form }).regex(pattern, { error: form });
}

const region = word("an AWS region such as eu-west-1", /^[a-z]{2}(-[a-z]+)+-\d$/);
const observerName = word("a name of lower-case letters, digits and hyphens", namePattern);
const subnet = word(
  "the id of a subnet such as subnet-0a1b2c3d4e5f67890",
  /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/,
);
const securityGroup = word(
  "the id of a security group such as sg-0a1b2c3d4e5f67890",
  /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/,
);
const topic = word(
  "the ARN of a standard SNS topic",
  /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/,
);
const eventBus = word(
  "the ARN of an EventBridge bus",
  /^arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus\/[A-Za-z0-9._/-]+$/,
);
const boundary = word(
  "the ARN of an IAM policy",
  /^arn:[a-z-]+:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/,
);
const key = word("the ARN of a KMS key", /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-z-]+$/);

function list<Item extends z.ZodType>(item: Item, what: string) {
  const error = `a list of at least one ${what}`;
  return z.array(item, { error }).min(1, { error });
}

const observer = z.strictObject(
  {
    name: observerName,
    region,
    subnets: list(subnet, "subnet").optional(),
    securityGroups: list(securityGroup, "security group").optional(),
    /** Instead of the stage's: one in each region still tells when another region is gone. */
    topic: topic.optional(),
    eventBus: eventBus.optional(),
  },
  { error: "a mapping with name and region" },
);

const table = z.strictObject(
  {
    /** The region whose stack owns the table. */
    home: region,
    mode: z.enum(tableModes, {
      error: `one of ${tableModes.join(", ")} (with eventual consistency two observers could both win)`,
    }),
    name: word(
      "a table's name of 3 to 255 letters, digits and _.-",
      /^[A-Za-z0-9_.-]{3,255}$/,
    ).optional(),
    /** Of a strongly consistent table: three regions, or two and a witness. */
    replicas: list(region, "region").optional(),
    witness: region.optional(),
  },
  { error: "a mapping with home and mode" },
);

export const stageSchema = z.strictObject(
  {
    table,
    observers: list(observer, "observer").max(observersMax, {
      error: `at most ${observersMax} observers`,
    }),
    /** Regions in which the Redis nodes stand. */
    nodeRegions: list(region, "region"),
    network: z.enum(networkPatterns, { error: `one of ${networkPatterns.join(", ")}` }),
    /** How observers watch, and the time between two of their pulses where they watch by these. */
    cadence: z.enum(cadences, { error: `one of ${cadences.join(", ")}` }).default("loop"),
    pulseMs: z
      .literal(pulsePeriodsMs, { error: `one of ${pulsePeriodsMs.join(", ")} (ms)` })
      .optional(),
    /** Hosted zones of the groups' records; none: the groups publish no records. */
    zones: z
      .array(word("a hosted zone's id such as Z0123456789ABCDEFGHIJ", /^Z[A-Z0-9]{1,31}$/), {
        error: "a list of hosted zones' ids",
      })
      .default([]),
    /** A pattern for the names in these zones. */
    recordNames: word(
      'a pattern for lower-case names such as "*.redis.example.com"',
      /^(\*\.)?([a-z0-9_-]+\.)+[a-z0-9-]+$/,
    ).optional(),
    secretPrefix: word(
      "a prefix of letters, digits and _.-/ that neither starts nor ends with a slash",
      /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/,
    ).default("lambda-sentinel"),
    topic: topic.optional(),
    eventBus: eventBus.optional(),
    /** A function of the table's stack that shows what the table knows, to whom IAM lets in. */
    statusPage: z.enum(statusPages, { error: `one of ${statusPages.join(", ")}` }).default("off"),
    logRetentionDays: z
      .literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], {
        error: "a number of days that CloudWatch Logs knows, such as 30",
      })
      .default(30),
    /** The KMS key of each region, for the table, the logs and the secrets there; none: keys that AWS owns. */
    keys: z.record(region, key, { error: "a mapping of regions and keys" }).default({}),
    permissionsBoundary: boundary.optional(),
    tags: z
      .record(z.string().min(1).max(128), z.string().max(256), {
        error: "a mapping of tag names and values",
      })
      .default({}),
  },
  { error: "a mapping with table, observers, nodeRegions and network" },
);

export type Stage = z.infer<typeof stageSchema>;
export type StageObserver = Stage["observers"][number];
