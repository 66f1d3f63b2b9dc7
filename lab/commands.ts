import { randomUUID } from "node:crypto";
import { localAwsDefaults, tableOf } from "../lib/cli/aws.ts";
import { CliError, exitCodes } from "../lib/cli/exit.ts";
import type {
  LabDemoOptions,
  LabDynamoDbOptions,
  LabNotifyOptions,
  LabObserverOptions,
  LabRoute53Options,
  LabUpOptions,
} from "../lib/cli/lab.ts";
import { watchBundle } from "./bundle.ts";
import { runDemo } from "./demo.ts";
import { startDynamoDb } from "./dynamodb/gateway.ts";
import { startObserverRunner } from "./lambda/runner.ts";
import { type Received, startNotify } from "./notify/server.ts";
import { startUp } from "./playground/up.ts";
import { ProcessRegistry } from "./processes.ts";
import { startRoute53 } from "./route53/server.ts";
import { pulsesFor, watchingBy, watchingEnvironment } from "./watching.ts";

/** The lab's parts as commands: each runs until SIGINT or SIGTERM and leaves nothing behind. */

const shiftTimeoutMs = 840_000;

export async function runLabDemo(options: LabDemoOptions): Promise<number> {
  const processes = new ProcessRegistry();
  processes.onSignals();
  try {
    return await told(runDemo({ ...options, processes }));
  } finally {
    await processes.stopAll();
  }
}

/** A world to play with, and its page. */
export async function runLabUp({ port, cadence }: LabUpOptions): Promise<number> {
  const processes = new ProcessRegistry();
  const stopped = untilStopped(processes);
  try {
    await told(startUp({ port, cadence, processes, print }));
  } catch (error) {
    await processes.stopAll();
    throw error;
  }
  return stopped;
}

export async function runLabDynamoDb(options: LabDynamoDbOptions): Promise<number> {
  const processes = new ProcessRegistry();
  const server = await told(startDynamoDb({ port: options.port }));
  processes.add({ name: "dynamodb", stop: () => server.close(), killNow: () => {} });
  const table = tableOf(options, process.env);
  await server.createTable(table);
  print(`AWS_ENDPOINT_URL_DYNAMODB=${server.endpoint}`);
  print(`LAMBDA_SENTINEL_TABLE=${table}`);
  return untilStopped(processes);
}

export async function runLabRoute53(options: LabRoute53Options): Promise<number> {
  const processes = new ProcessRegistry();
  const { port, dnsPort, zone } = options;
  const server = await told(
    startRoute53({
      port,
      dnsPort,
      zones: [zone],
      onAccess: ({ method, action, status, code, ms, changes }) => {
        const what = changes.map(
          (one) => `${one.action} ${one.recordSet.type} ${one.recordSet.name}`,
        );
        print(
          `${method} ${action} ${status} ${code ?? ""} ${Math.round(ms)} ms ${what.join("; ")}`,
        );
      },
    }),
  );
  processes.add({ name: "route53", stop: () => server.close(), killNow: () => {} });
  print(`AWS_ENDPOINT_URL_ROUTE_53=${server.endpoint}`);
  print(`LAMBDA_SENTINEL_DNS_SERVERS=127.0.0.1:${server.dnsPort}`);
  print(`zone ${zone} has the id ${server.zoneId(zone)}`);
  return untilStopped(processes);
}

/** The account and the region are nobody's: the stand-in takes every ARN. */
export async function runLabNotify({ port }: LabNotifyOptions): Promise<number> {
  const processes = new ProcessRegistry();
  const onTaken = ({ service, title, text }: Received) => print(`${service} ${title} ${text}`);
  const server = await told(startNotify({ port, onTaken }));
  processes.add({ name: "notify", stop: () => server.close(), killNow: () => {} });
  print(`AWS_ENDPOINT_URL_SNS=${server.endpoint}`);
  print(`AWS_ENDPOINT_URL_EVENTBRIDGE=${server.endpoint}`);
  print("LAMBDA_SENTINEL_TOPIC=arn:aws:sns:us-east-1:000000000000:lab");
  print("LAMBDA_SENTINEL_EVENT_BUS=arn:aws:events:us-east-1:000000000000:event-bus/lab");
  return untilStopped(processes);
}

/** One observer as EventBridge Scheduler and Lambda run it; the function's environment comes from this process's. */
export async function runLabObserver(options: LabObserverOptions): Promise<number> {
  const processes = new ProcessRegistry();
  const watching = watchingBy(options.cadence);
  const runner = await startObserverRunner({
    bundle: await watchBundle(),
    observer: options.name,
    region: options.region ?? process.env.AWS_REGION ?? "us-east-1",
    env: {
      ...passedOn(),
      ...localAwsDefaults(process.env),
      LAMBDA_SENTINEL_TABLE: tableOf(options, process.env),
      LAMBDA_SENTINEL_OBSERVER: options.name,
      ...watchingEnvironment(watching),
    },
    ...pulsesFor(watching),
    functionName: `watch-${options.name}-${randomUUID().slice(0, 4)}`,
    shiftTimeoutMs,
    processes,
    onLine: print,
    onReport: (report) => {
      if (report.kind !== "succeeded") print(`invocation ${report.kind}: ${report.error.message}`);
    },
  });
  processes.add({
    name: `observer ${options.name}`,
    stop: () => runner.stop({ graceful: true }),
    killNow: () => {},
  });
  return untilStopped(processes);
}

/** What a function may see of this process's environment: AWS's variables and ours, and the secrets named `env:`. */
function passedOn(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name === "NODE_OPTIONS" ? [] : [[name, value]],
    ),
  );
}

/** What this machine refuses, a port or an installation, is told in one line. */
async function told<T>(run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.unfinished, why);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function untilStopped(processes: ProcessRegistry): Promise<number> {
  processes.onSignals();
  return new Promise(() => {});
}
