import type * as z from "zod";
import type { stageSchema } from "../../lib/deploy/stage-schema.ts";
import { busArn, topicArn } from "../support/notifications.ts";

type StageInput = z.input<typeof stageSchema>;

const vpc = { subnets: ["subnet-00000001", "subnet-00000002"], securityGroups: ["sg-00000001"] };
const records = { zones: ["Z1", "Z2"], recordNames: "*.redis.example.com" };
const keyIn = (region: string): string =>
  `arn:aws:kms:${region}:111122223333:key/mrk-0123456789abcdef`;

/** Stages that together show every mode of the table, network, cadence, number of regions, and what is optional. */
export const combinations = {
  smallest: {
    table: { home: "eu-west-1", mode: "single-region" },
    observers: [{ name: "one", region: "eu-west-1" }],
    nodeRegions: ["eu-west-1"],
    network: "outside",
  },
  zones: {
    table: { home: "eu-west-1", mode: "single-region", name: "sentinel" },
    observers: ["a", "b", "c"].map((zone) => ({
      ...{ name: `eu-west-1${zone}`, region: "eu-west-1" },
      ...{ subnets: [`subnet-0000000${zone}`], securityGroups: ["sg-00000001"] },
    })),
    nodeRegions: ["eu-west-1"],
    network: "dual-stack",
    cadence: "pulse",
    ...records,
    topic: topicArn,
  },
  nat: {
    table: { home: "us-east-1", mode: "single-region" },
    observers: [
      { name: "one", region: "us-east-1", ...vpc },
      { name: "two", region: "us-east-1", ...vpc },
    ],
    nodeRegions: ["us-east-1"],
    network: "nat",
    cadence: "tick",
    zones: ["Z1", "Z2"],
    recordNames: "cache.redis.example.com",
    eventBus: busArn,
    logRetentionDays: 365,
  },
  "third-region": {
    table: { home: "eu-central-1", mode: "single-region" },
    observers: ["eu-west-1", "eu-west-2", "eu-central-1"].map((region) => ({
      name: region,
      region,
      ...vpc,
    })),
    nodeRegions: ["eu-west-1", "eu-west-2"],
    network: "nat",
    ...records,
    topic: topicArn,
    eventBus: busArn,
    statusPage: "function-url",
  },
  "third-region-outside": {
    table: { home: "us-west-2", mode: "single-region" },
    observers: ["us-east-1", "ap-southeast-2", "us-west-2"].map((region) => ({
      name: region,
      region,
    })),
    nodeRegions: ["us-east-1", "ap-southeast-2"],
    network: "outside",
    secretPrefix: "team/redis",
    keys: { "us-west-2": keyIn("us-west-2") },
  },
  "three-replicas": {
    table: {
      home: "us-east-1",
      mode: "strongly-consistent",
      replicas: ["us-east-1", "us-east-2", "us-west-2"],
    },
    observers: ["us-east-1", "us-east-2", "us-west-2"].map((region) => ({
      name: region,
      region,
      ...vpc,
    })),
    nodeRegions: ["us-east-1", "us-east-2"],
    network: "dual-stack",
    ...records,
  },
  witness: {
    table: {
      home: "eu-west-1",
      mode: "strongly-consistent",
      replicas: ["eu-west-1", "eu-central-1"],
      witness: "eu-west-3",
    },
    observers: ["eu-west-1", "eu-central-1", "eu-west-3"].map((region) => ({
      name: region,
      region,
      ...vpc,
    })),
    nodeRegions: ["eu-west-1", "eu-central-1"],
    network: "nat",
    cadence: "pulse",
    pulseMs: 10_000,
    ...records,
    topic: topicArn,
  },
  locked: {
    table: { home: "eu-west-1", mode: "single-region" },
    observers: [
      { name: "one", region: "eu-west-1", ...vpc },
      { name: "two", region: "eu-west-1", ...vpc },
      { name: "three", region: "eu-west-1", ...vpc },
    ],
    nodeRegions: ["eu-west-1"],
    network: "dual-stack",
    ...records,
    keys: { "eu-west-1": keyIn("eu-west-1") },
    permissionsBoundary: "arn:aws:iam::111122223333:policy/boundary",
    statusPage: "function-url",
    tags: { team: "data", "cost-center": "42" },
  },
} satisfies Readonly<Record<string, StageInput>>;

export type Combination = keyof typeof combinations;
