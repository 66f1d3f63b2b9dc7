import * as z from "zod";
import { isPem, parseSecretRef, secretRefForms } from "./secret-ref.ts";
import {
  type ChoiceSetting,
  describeExpected,
  type IntegerSetting,
  type SwitchSetting,
  settingsTable,
} from "./settings.ts";

/**
 * The shape of the YAML document. Every `error` completes the sentence "expected …"; issues.ts adds what came and
 * where. What one field alone can't tell (timings, duplicates, ports) is in checks.ts.
 */

export const nodesMax = 100;
export const groupsMax = 500;
export const observersMax = 25;

/** Groups and observers are parts of keys in the table and of names in logs. */
export const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const nameForm =
  "a name of 1 to 63 lower-case letters, digits and hyphens that starts with a letter or digit";

const nameSchema = z.string({ error: nameForm }).regex(namePattern, { error: nameForm });

function integerSchema(setting: IntegerSetting) {
  const error = describeExpected(setting);
  return z
    .int({ error })
    .min(setting.minimum, { error })
    .max(setting.maximum, { error })
    .meta({ description: `${setting.meaning} ${setting.why}` });
}

function withDefault(setting: IntegerSetting & { readonly default: number }) {
  return integerSchema(setting).default(setting.default);
}

function withSwitch(setting: SwitchSetting) {
  return z
    .boolean({ error: describeExpected(setting) })
    .default(setting.default)
    .meta({ description: `${setting.meaning} ${setting.why}` });
}

function withChoice<const Word extends string>(setting: ChoiceSetting<Word>) {
  return z
    .enum(setting.choices, { error: describeExpected(setting) })
    .default(setting.default)
    .meta({ description: `${setting.meaning} ${setting.why}` });
}

const { writeProbeKey } = settingsTable;

const settingsShape = {
  probeIntervalMs: withDefault(settingsTable.probeIntervalMs),
  probeTimeoutMs: withDefault(settingsTable.probeTimeoutMs),
  downAfterMs: withDefault(settingsTable.downAfterMs),
  crashAfterMs: withDefault(settingsTable.crashAfterMs),
  rebootDownAfterMs: withDefault(settingsTable.rebootDownAfterMs),
  /** Its default depends on the number of observers. */
  quorum: integerSchema(settingsTable.quorum).optional(),
  stateReadMs: withDefault(settingsTable.stateReadMs),
  heartbeatMs: withDefault(settingsTable.heartbeatMs),
  takeoverMs: withDefault(settingsTable.takeoverMs),
  fenceMs: withDefault(settingsTable.fenceMs),
  fenceWaitMs: withDefault(settingsTable.fenceWaitMs),
  chooseTimeoutMs: withDefault(settingsTable.chooseTimeoutMs),
  failoverTimeoutMs: withDefault(settingsTable.failoverTimeoutMs),
  cooldownMs: withDefault(settingsTable.cooldownMs),
  maxLagBytes: withDefault(settingsTable.maxLagBytes),
  parallelSyncs: withDefault(settingsTable.parallelSyncs),
  marker: withSwitch(settingsTable.marker),
  whenUnreachable: withChoice(settingsTable.whenUnreachable),
  whenFlapping: withChoice(settingsTable.whenFlapping),
  whenReturned: withChoice(settingsTable.whenReturned),
  whenUnwritable: withChoice(settingsTable.whenUnwritable),
  killBusyScripts: withSwitch(settingsTable.killBusyScripts),
  writeProbeKey: z
    .string({ error: describeExpected(writeProbeKey) })
    .regex(writeProbeKey.pattern, { error: describeExpected(writeProbeKey) })
    .default(writeProbeKey.default)
    .meta({ description: `${writeProbeKey.meaning} ${writeProbeKey.why}` }),
  discover: withSwitch(settingsTable.discover),
};

/** The settings alone; other keys are ignored, so that a broken neighbour doesn't hide a broken timing. */
export const settingsSchema = z.object(settingsShape);

const addressForm = '"host:port" ("[address]:port" for IPv6)';
const addressSchema = z.string({ error: addressForm });

const placeForm =
  "a name of 1 to 63 letters, digits, dots, hyphens and underscores that starts with a letter or digit";
const placeSchema = z
  .string({ error: placeForm })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: placeForm });

const priorityMax = 100_000;
const priorityForm = `a whole number from 0 (never) to ${priorityMax}`;
const prioritySchema = z
  .int({ error: priorityForm })
  .min(0, { error: priorityForm })
  .max(priorityMax, { error: priorityForm });

const nodeForm = `${addressForm}, or a mapping with name, probe, replicate and publish where they differ from it, and zone, region and priority where they matter`;
const nodeMapping = z.strictObject({
  name: nameSchema.optional().meta({
    description: "What it is called, wherever its addresses move; its probe address by default.",
  }),
  probe: addressSchema.meta({ description: "Where observers connect." }),
  replicate: addressSchema
    .optional()
    .meta({ description: "Where its peers replicate from it; probe by default." }),
  publish: addressSchema
    .optional()
    .meta({ description: "What the DNS name answers for it; probe by default." }),
  zone: placeSchema.optional().meta({ description: "The zone in which it stands." }),
  region: placeSchema.optional().meta({ description: "The region in which it stands." }),
  priority: prioritySchema.optional().meta({
    description:
      "How much it is wanted as master: the lowest goes first, 0 is never promoted. It counts before its zone's, its region's and the server's replica-priority.",
  }),
});
export const nodeFields = Object.keys(nodeMapping.shape);
export const nodeSchema = z.union([addressSchema, nodeMapping], { error: nodeForm });

const prioritiesForm = "a mapping of names to priorities";
const masterRegionsForm = "a list of regions";

export const placementSchema = z.strictObject(
  {
    zones: z
      .record(placeSchema, prioritySchema, { error: prioritiesForm })
      .default({})
      .meta({ description: "Priorities of the zones, for nodes without one of their own." }),
    regions: z
      .record(placeSchema, prioritySchema, { error: prioritiesForm })
      .default({})
      .meta({ description: "Priorities of the regions, for nodes whose zone has none either." }),
    masterRegions: z
      .array(placeSchema, { error: masterRegionsForm })
      .min(1, { error: masterRegionsForm })
      .optional()
      .meta({ description: "The only regions in which a node is promoted; any by default." }),
  },
  { error: "a mapping with zones, regions or masterRegions" },
);

const zoneForm = 'the id of a hosted zone, like "Z0123456789ABCDEFGHIJ"';
const ttlForm = "a whole number from 1 to 3600 (seconds)";
const dnsNameForm = "a DNS name inside the zone";

export const dnsSchema = z.strictObject(
  {
    zoneId: z
      .string({ error: zoneForm })
      .regex(/^Z[A-Z0-9]{0,31}$/, { error: zoneForm })
      .meta({ description: "The Route 53 hosted zone of the name." }),
    name: z
      .string({ error: dnsNameForm })
      .meta({ description: "The name that clients use for the master." }),
    ttl: z
      .int({ error: ttlForm })
      .min(1, { error: ttlForm })
      .max(3600, { error: ttlForm })
      .default(5)
      .meta({ description: "Seconds for which clients may keep an old answer after a failover." }),
    srv: z
      .boolean({ error: "true or false" })
      .default(false)
      .meta({ description: "Whether `_redis._tcp.<name>` is published too, with the port." }),
    replicas: z
      .string({ error: dnsNameForm })
      .optional()
      .meta({ description: "A second name that lists all nodes but the master; none by default." }),
  },
  { error: "a mapping with zoneId and name" },
);

const passwordForm = `${secretRefForms}: the file and the table hold where a password is kept, never the password`;
const caForm = `certificates in PEM form, or ${secretRefForms}`;
const keyForm = `${secretRefForms}: the file and the table hold where a key is kept, never the key`;

const authSchema = z.strictObject(
  {
    username: z
      .string({ error: "a user name" })
      .min(1, { error: "a user name" })
      .optional()
      .meta({ description: "The ACL user; without it the password alone is sent." }),
    password: z
      .string({ error: passwordForm })
      .refine((text) => parseSecretRef(text) !== null, { error: passwordForm })
      .meta({ description: `Where the password is kept: ${secretRefForms}.` }),
  },
  { error: "a mapping with password and, where there is one, username" },
);

const certificatesSchema = z
  .string({ error: caForm })
  // Tools like to put certificate and key into one file.
  .refine(
    (text) => (isPem(text) && !text.includes("PRIVATE KEY")) || parseSecretRef(text) !== null,
    {
      error: caForm,
    },
  );

const tlsMapping = z.strictObject({
  ca: certificatesSchema
    .optional()
    .meta({ description: `Certificates to trust: PEM, or ${secretRefForms}.` }),
  servername: z
    .string({ error: "the name in the servers' certificate" })
    .min(1, { error: "the name in the servers' certificate" })
    .optional()
    .meta({ description: "The name to check in the servers' certificate." }),
  cert: certificatesSchema.optional().meta({
    description: `The certificate that observers show to servers that demand one: PEM, or ${secretRefForms}.`,
  }),
  key: z
    .string({ error: keyForm })
    .refine((text) => parseSecretRef(text) !== null, { error: keyForm })
    .optional()
    .meta({ description: `Where the key of that certificate is kept: ${secretRefForms}.` }),
});

const tlsSchema = z.union(
  [
    z.boolean(),
    tlsMapping.refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
      error: "cert and key together, because one is of no use without the other",
      path: ["key"],
    }),
  ],
  { error: "true, false, or a mapping with ca, servername, cert and key" },
);

const nodesForm = `a list of 1 to ${nodesMax} nodes`;

export const groupSchema = z.strictObject(
  {
    name: nameSchema.meta({ description: "The group's name in commands, events and the table." }),
    nodes: z
      .array(nodeSchema, { error: nodesForm })
      .min(1, { error: nodesForm })
      .max(nodesMax, { error: nodesForm })
      .meta({ description: "All Redis servers of the group; the observers find the master." }),
    placement: placementSchema
      .optional()
      .meta({ description: "Where a master may live, and where it had better." }),
    dns: dnsSchema.optional().meta({ description: "The record to keep on the master." }),
    auth: authSchema.optional().meta({ description: "How observers log in to the nodes." }),
    tls: tlsSchema.optional().meta({ description: "Whether connections are encrypted." }),
    ...settingsShape,
  },
  { error: "a mapping with name and nodes" },
);

const observersForm = `a list of 1 to ${observersMax} observer names`;
const groupsForm = `a list of 1 to ${groupsMax} groups`;

export const documentSchema = z.strictObject(
  {
    observers: z
      .array(nameSchema, { error: observersForm })
      .min(1, { error: observersForm })
      .max(observersMax, { error: observersForm })
      .meta({ description: "Every vantage point that has a vote; an odd number, three or more." }),
    groups: z
      .array(groupSchema, { error: groupsForm })
      .min(1, { error: groupsForm })
      .max(groupsMax, { error: groupsForm })
      .meta({ description: "The Redis masters to watch, each with its replicas." }),
  },
  { error: "a mapping with observers and groups" },
);

export type RawGroup = z.output<typeof groupSchema>;
