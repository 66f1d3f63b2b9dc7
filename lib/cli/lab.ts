import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cadence, cadences } from "../core/cadence.ts";
import type { GlobalOptions } from "./context.ts";

/** What the lab's parts are told; lab/commands.ts runs each until it is stopped and returns an exit code. */

export interface LabDynamoDbOptions extends GlobalOptions {
  readonly port: number;
}

export interface LabRoute53Options {
  readonly port: number;
  readonly dnsPort: number;
  readonly zone: string;
}

export interface LabNotifyOptions {
  readonly port: number;
}

export interface LabObserverOptions extends GlobalOptions {
  readonly name: string;
  readonly cadence: Cadence;
}

export interface LabUpOptions {
  readonly port: number;
  readonly cadence: Cadence;
}

export interface LabDemoOptions {
  /** Prints only the summary object. */
  readonly json: boolean;
  /** Leaves everything running. */
  readonly keep: boolean;
  /** Ends with 1 where a target was missed. */
  readonly judge: boolean;
}

type Finish = (run: () => Promise<number>) => Promise<void>;

/** The lab is loaded only when it is asked for: a command on a production table needs none of it. */
const loadLab = () => import("../../lab/commands.ts");

/** Adds `lab` and its sub-commands; `finish` keeps the exit code of what ran. */
export function addLabCommands(program: Command, finish: Finish): void {
  const lab = program
    .command("lab")
    .description("run the parts of a whole installation on this machine");

  lab
    .command("dynamodb")
    .description("a DynamoDB stand-in with the table")
    .option("--port <port>", "port on 127.0.0.1; 0 takes a free one", parsePort, 8000)
    .action((_options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabDynamoDb(command.optsWithGlobals())),
    );

  lab
    .command("route53")
    .description("a Route 53 stand-in with a zone, and its DNS server")
    .option("--port <port>", "port of the API on 127.0.0.1", parsePort, 8053)
    .option("--dns-port <port>", "port of the DNS server, UDP and TCP", parsePort, 5300)
    .option("--zone <name>", "name of the hosted zone", "redis.test")
    .action((_options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabRoute53(command.optsWithGlobals())),
    );

  lab
    .command("notify")
    .description("a topic and an event bus that print what they are told")
    .option("--port <port>", "port on 127.0.0.1; 0 takes a free one", parsePort, 8070)
    .action((_options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabNotify(command.optsWithGlobals())),
    );

  lab
    .command("observer")
    .description("one observer: runs shifts as Lambda does until it is stopped")
    .argument("<name>", "one of the names under `observers` in groups.yml")
    .addOption(cadenceOption())
    .action((name: string, _options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabObserver({ ...command.optsWithGlobals(), name })),
    );

  lab
    .command("up")
    .description("a playground: the status page, with buttons that make servers and observers fail")
    .option("--port <port>", "port of the page on 127.0.0.1; 0 takes a free one", parsePort, 8080)
    .addOption(cadenceOption())
    .action((_options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabUp(command.optsWithGlobals())),
    );

  lab
    .command("demo")
    .description("a whole failover, from kill -9 to the first write on the new master")
    .option("--json", "print only the summary object", false)
    .option("--keep", "leave everything running, with instructions for playing", false)
    .option("--judge", "end with 1 where it took longer than the settings allow", false)
    .action((_options: unknown, command: Command) =>
      finish(async () => (await loadLab()).runLabDemo(command.optsWithGlobals())),
    );
}

function cadenceOption(): Option {
  return new Option("--cadence <cadence>", "how observers watch, as a stage's file says it")
    .choices(cadences)
    .default("loop");
}

/** A port, 0 for any. */
function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError(`expected a port from 0 to 65535, got "${text}".`);
}
