import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { startRoute53 } from "../../lab/route53/server.ts";
import type { Drilled } from "../../scripts/validate/drill.ts";
import { runPlan } from "../../scripts/validate/plan.ts";
import { type Findings, renderReport } from "../../scripts/validate/report.ts";
import { scratchOf } from "../../scripts/validate/scratch.ts";
import { stepsOf, type World } from "../../scripts/validate/steps.ts";
import { storedEvent } from "../support/builders.ts";

const scratch = scratchOf("0a1b2c", "eu-west-1");
const reported =
  "REPORT RequestId: 1\tDuration: 61000.5 ms\tBilled Duration: 61001 ms\tMemory Size: 256 MB\tMax Memory Used: 121 MB\tInit Duration: 500.25 ms\t\n";

/** An account in which everything works, unless told otherwise, and that writes down what is done in it. */
class Account {
  readonly done: string[] = [];
  readonly there = new Set<string>();
  readonly findings: Findings = { drills: [], invocations: new Map(), times: new Map() };
  /** The stack whose deployment fails. */
  failing: string | null = null;
  #epoch = 1;
  readonly #world: World;

  constructor(route53: Route53Client, zoneId: string, groupsFile: string) {
    this.#world = {
      stacks: {
        create: async (name, _template, parameters) => {
          this.#make(name);
          this.done.push(`password of ${parameters.Password?.length} characters`);
        },
        outputs: async () => ({
          ...{ Subnets: "subnet-00000001,subnet-00000002,subnet-00000003", ZoneId: zoneId },
          ...{ SecurityGroup: "sg-00000001", HandName: "hand" },
          ...{ PlainTableName: "plain", StrongTableName: "strong" },
        }),
        isThere: async (name) => this.there.has(name),
        delete: async (name) => this.#unmake(name),
      },
      route53,
      framework: {
        package: async () => 0,
        deploy: async ({ name }) => {
          this.#make(name);
          return name === this.failing ? 1 : 0;
        },
        remove: async ({ name }) => {
          this.#unmake(name);
          return 0;
        },
      },
      password: "0".repeat(48),
      groupsFile,
      out: { say: () => {}, complain: () => {} },
      drilled: () => this.#drilled(),
      measureTable: async (_base, table, times) => {
        this.done.push(`measure ${table}`);
        return {
          putMs: Array(times).fill(table === "strong" ? 60 : 4),
          getMs: Array(times).fill(3),
        };
      },
      dropQuorumTable: async () => {
        this.done.push(`drop ${scratch.table}`);
      },
      reportLines: async () => [reported],
    };
  }

  validate() {
    const options = {
      ...{ undoTimes: 1, pauseMs: 0, sleep: async () => {} },
      signal: new AbortController().signal,
    };
    return runPlan(stepsOf(scratch, this.#world, this.findings), this.#world.out, options);
  }

  #make(name: string): void {
    this.done.push(`make ${name}`);
    this.there.add(name);
  }

  #unmake(name: string): void {
    this.done.push(`take ${name} away`);
    this.there.delete(name);
  }

  /** A group whose master changes with each switchover and each crash. */
  #drilled(): Drilled {
    let nowMs = 0;
    const master = () => `10.77.${this.#epoch % 3}.10:6379`;
    return {
      cli: async (command = "", ...args) => {
        this.done.push([command, ...args].join(" "));
        if (command === "switchover") this.#epoch += 1;
        if (command !== "status") return { code: 0, stdout: "OK 3 usable\n", stderr: "" };
        const state = { epoch: this.#epoch, phase: "steady", master: { node: master() } };
        const groups = [{ isHealthy: true, problems: [], state }];
        return { code: 0, stdout: JSON.stringify({ groups }), stderr: "" };
      },
      crash: async (node) => {
        this.done.push(`crash ${node}`);
        nowMs += 2_400;
        this.#epoch += 1;
      },
      events: async () => [
        {
          ...storedEvent("1"),
          name: "+promoted-slave",
          epoch: 3,
          observer: "one",
          durationsMs: { agreeMs: 31.4 },
        },
      ],
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
      },
    };
  }
}

let account: Account;
let client: Route53Client;
let zoneId: string;
let close: () => Promise<void>;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "validation-"));
  const route53 = await startRoute53({ zones: [scratch.zoneName] });
  const credentials = { accessKeyId: "lab", secretAccessKey: "lab" };
  client = new Route53Client({ endpoint: route53.endpoint, region: "us-east-1", credentials });
  zoneId = route53.zoneId(scratch.zoneName);
  account = new Account(client, zoneId, join(folder, "groups.yml"));
  close = async () => {
    client.destroy();
    await route53.close();
    await rm(folder, { recursive: true });
  };
});
afterEach(() => close());

const stacks = ["one", "two", "three"].map((one) => `lambda-sentinel-${scratch.name}-${one}`);
const [one, two, three] = stacks;

describe("a validation", () => {
  it("drills the stage, measures, and takes everything away", async () => {
    const outcome = await account.validate();

    expect(outcome).toEqual({ failure: null, left: [] });
    expect(account.there).toEqual(new Set());
    const done = account.done.filter((line) => !line.startsWith("status"));
    expect(done.map((line) => line.replace(/ -f .*/, ""))).toEqual([
      ...[`make ${scratch.baseStack}`, "password of 48 characters"],
      ...[`make ${one}`, `make ${two}`, `make ${three}`],
      ...["apply", "ckquorum orders", "switchover orders --yes", "crash 10.77.2.10:6379"],
      ...["measure plain", "measure strong"],
      ...[`take ${three} away`, `take ${two} away`, `take ${one} away`, `drop ${scratch.table}`],
      `take ${scratch.baseStack} away`,
    ]);
    const { ResourceRecordSets: records = [] } = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }),
    );
    expect(records.map(({ Type }) => Type).sort()).toEqual(["NS", "SOA"]);
  });

  it("tells what it found, to be pasted", async () => {
    const outcome = await account.validate();

    const report = renderReport(scratch, account.findings, {
      ...{ startedAt: "2030-01-01T00:00:00.000Z", version: "0.1.0" },
      ...outcome,
    });

    expect(report.split("\n")).toEqual(
      expect.arrayContaining([
        "Every step was done.",
        "Everything was taken away.",
        "| ckquorum | OK 3 usable |",
        "| crash of 10.77.2.10:6379 until 10.77.0.10:6379 is settled, as status sees it | 2.4 s |",
        "| +promoted-slave of epoch 3, by one | agree 31 ms |",
        "| cold start of two, Init Duration | 1 | 500.3 | 500.3 | 500.3 |",
        "| conditional write, one region | 200 | 4 | 4 | 4 |",
        "| conditional write, strongly consistent, eu-west-1, eu-west-2, witness eu-west-3 | 200 | 60 | 60 | 60 |",
        "| Route 53, change to INSYNC | 10 | 0 | 0 | 0 |",
      ]),
    );
  });

  it("whose stage can't be deployed takes away what there is of it, and drills nothing", async () => {
    account.failing = two ?? "";

    const outcome = await account.validate();

    expect(outcome).toEqual({
      failure: "stage: expected the stage to be deployed, got code 1",
      left: [],
    });
    expect(account.there).toEqual(new Set());
    expect(account.done).toEqual([
      ...[`make ${scratch.baseStack}`, "password of 48 characters", `make ${one}`, `make ${two}`],
      ...[`take ${two} away`, `take ${one} away`, `drop ${scratch.table}`],
      `take ${scratch.baseStack} away`,
    ]);
    const report = renderReport(scratch, account.findings, {
      ...{ startedAt: "", version: "" },
      ...{ failure: outcome.failure, left: ["delete the table by hand"] },
    });
    expect(report).toContain("It ended early: stage: expected the stage");
    expect(report).toContain("Left behind:\n- delete the table by hand\n");
  });

  it("writes a file for the group that knows the zone of this time", async () => {
    await account.validate();

    const [, file = ""] =
      /^apply -f (\S+)/.exec(account.done.find((line) => line.startsWith("apply")) ?? "") ?? [];
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      groups: [{ dns: { zoneId, name: "orders.validate-0a1b2c.internal" } }],
    });
  });
});
