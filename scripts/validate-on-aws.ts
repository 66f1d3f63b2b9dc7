// npm run validate:aws: an hour on a live account, which tells what only a live account can. It has never been run.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { Route53Client } from "@aws-sdk/client-route-53";
import { Command, CommanderError } from "commander";
import * as z from "zod";
import { createDynamoStore } from "../lib/adapters/dynamo-store.ts";
import { createFramework } from "../lib/deploy/osls.ts";
import { baseTemplate } from "./validate/base-stack.ts";
import { accountOf, askHand, dropTable, reportLines, Stacks } from "./validate/cloud.ts";
import { runCommandLine } from "./validate/command-line.ts";
import type { Drilled } from "./validate/drill.ts";
import { handAnswer, tableTimes } from "./validate/measures.ts";
import { type Outcome, type PlanOut, runPlan, type Step, sayError } from "./validate/plan.ts";
import { type Findings, renderReport } from "./validate/report.ts";
import {
  type Base,
  group,
  groupsFileOf,
  type Scratch,
  scratchOf,
  stageOf,
} from "./validate/scratch.ts";
import { plannedBase, stacksIn, stepsOf, type World } from "./validate/steps.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const usageExit = 2;
const undoPauseMs = 60_000;
const undoTimes = 5;
const handMs = 330_000;

interface Options {
  readonly region: string;
  readonly account?: string;
  readonly dryRun?: true;
}

const out: PlanOut = {
  say: (line) => console.log(line),
  complain: (line) => console.error(line),
};

const program = new Command("validate-on-aws")
  .exitOverride()
  .showHelpAfterError("(add --help for what there is)")
  .description(
    "Deploys a scratch stage with three small Redis nodes, drills it, measures, and takes everything away again.",
  )
  .requiredOption(
    "--region <region>",
    "where; in eu-west-1 and the like strongly consistent tables are measured too",
  )
  .option(
    "--account <id>",
    "the account that may be used; refused if the credentials are another one's",
  )
  .option("--dry-run", "write the templates and files, and say what would be done; asks nobody")
  .action(async (options: Options) => {
    process.exitCode = options.dryRun === true ? await plan(options) : await validate(options);
  });

/** Nothing is asked and nothing is made but files, which can be read and linted. */
async function plan({ region }: Options): Promise<number> {
  const scratch = scratchOf("000000", region);
  const folder = join("dist/validate", scratch.name);
  const files = {
    "base.json": `${JSON.stringify(baseTemplate(scratch), null, 2)}\n`,
    "stage.yml": `${JSON.stringify(stageOf(scratch, plannedBase), null, 2)}\n`,
    "groups.yml": groupsFileOf(scratch, plannedBase),
  };
  await mkdir(join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, folder, name), text);
  const steps = stepsOf(scratch, worldOf(scratch), emptyFindings());
  for (const [index, step] of steps.entries()) {
    out.say(`[${index + 1}/${steps.length}] ${step.name}: ${step.what}`);
  }
  for (const { undo } of steps.toReversed()) if (undo !== null) out.say(`[clean-up] ${undo.what}`);
  const names = stacksIn(scratch, plannedBase).map((stack) => stack.name);
  out.say(`the stage's stacks: ${names.join(", ")}`);
  out.say(
    `${Object.keys(files).join(", ")} are in ${folder}; ids in them stand for what the base stack will say`,
  );
  return 0;
}

async function validate({ region, account }: Options): Promise<number> {
  const why = await whyNotIn(region, account);
  if (why !== null) {
    out.complain(why);
    return usageExit;
  }
  const scratch = scratchOf(randomBytes(3).toString("hex"), region);
  const findings = emptyFindings();
  const startedAt = new Date().toISOString();
  const outcome = await run(stepsOf(scratch, worldOf(scratch), findings));
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const report = renderReport(scratch, findings, { startedAt, version, ...outcome });
  await mkdir(join(root, "dist/validate", scratch.name), { recursive: true });
  await writeFile(join(root, "dist/validate", scratch.name, "report.md"), report);
  out.say(`\n${report}`);
  return outcome.failure === null && outcome.left.length === 0 ? 0 : 1;
}

/** Who says which account is meant doesn't make all this in another one; nobody is asked before it was said. */
async function whyNotIn(region: string, account: string | undefined): Promise<string | null> {
  const purpose = "everything is made in that account, and taken away again";
  if (account === undefined) return `expected --account, got none: ${purpose}`;
  try {
    const found = await accountOf(region);
    if (found === account) return null;
    return `expected credentials of account ${account}, got those of ${found}: ${purpose}`;
  } catch (error) {
    return `expected credentials of account ${account}, got an error: ${sayError(error)}`;
  }
}

/** Ctrl-C ends the steps and never the clean-up. */
async function run(steps: readonly Step[]): Promise<Outcome> {
  const stopping = new AbortController();
  const onStop = () => {
    out.complain("stopping: what was made is taken away first; this may take half an hour");
    stopping.abort();
  };
  // A terminal that is gone must not end the clean-up.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onStop);
  return runPlan(steps, out, {
    signal: stopping.signal,
    undoTimes,
    pauseMs: undoPauseMs,
    sleep: (ms) => delay(ms),
  });
}

function emptyFindings(): Findings {
  return { drills: [], invocations: new Map(), times: new Map() };
}

function worldOf(scratch: Scratch): World {
  const { region, name, table } = scratch;
  const client = new LambdaClient({
    region,
    requestHandler: { requestTimeout: handMs },
    maxAttempts: 1,
  });
  return {
    stacks: new Stacks(region),
    // Route 53 has one address for all regions.
    route53: new Route53Client({ region: "us-east-1" }),
    framework: createFramework(root, name),
    password: randomBytes(24).toString("hex"),
    groupsFile: join(root, "dist/validate", name, "groups.yml"),
    out,
    drilled: (base) => drilledOf(scratch, base, client),
    measureTable: async (base, measured, times) =>
      tableTimes.parse(await askHand(client, base.hand, { table: measured, times })),
    reportLines: (functionName) => reportLines(region, functionName),
    dropQuorumTable: () => dropTable(new DynamoDBClient({ region }), table),
  };
}

function drilledOf({ region, table }: Scratch, base: Base, client: LambdaClient): Drilled {
  const store = createDynamoStore({ table, region, deployment: table, timeoutMs: 5_000 });
  return {
    cli: (...args) => runCommandLine(root, [...args, "--region", region, "--table", table]),
    crash: async (node) => {
      const [host = "", port = ""] = node.split(":");
      const event = { host, port: Number(port), command: ["SHUTDOWN", "NOSAVE"] };
      const { answer } = handAnswer.parse(await askHand(client, base.hand, event));
      if (answer !== "gone") throw new Error(`expected ${node} to be gone, got ${answer}`);
    },
    events: async () => {
      const read = await store.readEvents(group, 200);
      if (!read.ok) throw new Error(read.why);
      return read.value;
    },
    nowMs: () => performance.now(),
    sleep: (ms) => delay(ms),
  };
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : usageExit;
}
