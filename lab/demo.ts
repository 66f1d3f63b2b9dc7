import { setTimeout as sleep } from "node:timers/promises";
import { nameOf, roleOf } from "./ask.ts";
import { summarise, writesKey } from "./demo-results.ts";
import { formatSummary, type Instants, noInstants, note } from "./demo-summary.ts";
import { startSite } from "./playground/site.ts";
import { WorldPlay } from "./playground/world-play.ts";
import type { ProcessRegistry } from "./processes.ts";
import { findRedis, installRedis, type RedisBinary } from "./redis/find.ts";
import type { RedisServer } from "./redis/server.ts";
import { type LoggedEvent, readEvent, Timeline } from "./timeline.ts";
import {
  labEnvironment,
  labGroup,
  labObservers,
  sharedPort,
  startObservers,
  startWorld,
  type World,
} from "./world.ts";
import { startWriter, type Writer } from "./writer.ts";

export interface DemoOptions {
  readonly json: boolean;
  readonly keep: boolean;
  /** Whether a target that was missed is a failure. */
  readonly judge: boolean;
  readonly processes: ProcessRegistry;
}

const startLimitMs = 30_000;
const failoverLimitMs = 30_000;
const rejoinLimitMs = 20_000;

/** A whole failover on this machine. Returns the exit code; the caller stops what was started. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const timeline = new Timeline(options.json);
  const stage = await setTheStage(options, timeline);
  const { world, writer } = stage;
  const instants = noInstants();
  const [oldMaster] = world.nodes;
  if (oldMaster === undefined) throw new Error("expected the lab to have a node");
  await sleep(1_500);

  timeline.heading(`kill -9 of the master ${oldMaster.host}:${oldMaster.port}`);
  const killed = await killAndWatch(stage, oldMaster, instants, timeline);

  timeline.heading("The old master is started again");
  const rejoinMs = await rejoin(oldMaster, killed.newMaster, timeline);
  await writer.stop();
  const summary = await summarise({ ...stage, instants, oldMaster, ...killed, rejoinMs });
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else process.stdout.write(`\n${formatSummary(summary)}\n`);
  if (options.keep) await stayUp(stage, timeline);
  timeline.mute();
  const isPassed = summary.ok && (!options.judge || summary.missed.length === 0);
  return isPassed ? 0 : 1;
}

interface Stage {
  readonly world: World;
  readonly writer: Writer;
  readonly binary: RedisBinary;
  /** Called with every event of an observer. */
  readonly listeners: Set<(event: LoggedEvent) => void>;
}

async function setTheStage(options: DemoOptions, timeline: Timeline): Promise<Stage> {
  const print = (line: string) => timeline.say("lab", line);
  timeline.heading("Starting Redis, a table, Route 53 with its DNS, three observers and a client");
  const binary = await findRedis().catch(() => installRedis(print));
  const listeners = new Set<(event: LoggedEvent) => void>();
  const world = await startWorld({
    processes: options.processes,
    binary,
    onLine: (observer, line) => {
      const event = readEvent(observer, line);
      if (event === null) return;
      timeline.event(event);
      for (const listener of listeners) listener(event);
    },
  });
  print(`${binary.kind} ${binary.version}: ${world.nodes.map(nameOf).join(", ")}`);
  print(
    `zone ${world.zoneId} at ${world.route53.endpoint}, DNS at 127.0.0.1:${world.route53.dnsPort}`,
  );
  const isUp = waitFor(listeners, (event) => event.event === "+failover-end", startLimitMs);
  await startObservers(world);
  if ((await isUp) === null) throw new Error(`no master was adopted within ${startLimitMs} ms`);
  const writer = startWriter({
    dnsServer: `127.0.0.1:${world.route53.dnsPort}`,
    name: world.dnsName,
    port: sharedPort(world.nodes),
    key: writesKey,
  });
  await firstWrite(writer);
  print(`a client that knows only ${world.dnsName} is writing integers`);
  return { world, writer, binary, listeners };
}

function firstWrite(writer: Writer): Promise<void> {
  return new Promise((resolve) => writer.onAcknowledged(() => resolve()));
}

/** The first event that matches; null when it doesn't come in time. */
function waitFor(
  listeners: Set<(event: LoggedEvent) => void>,
  matches: (event: LoggedEvent) => boolean,
  limitMs: number,
): Promise<LoggedEvent | null> {
  return new Promise((resolve) => {
    const listener = (event: LoggedEvent) => {
      if (matches(event)) finish(event);
    };
    const timer = setTimeout(() => finish(null), limitMs);
    const finish = (event: LoggedEvent | null) => {
      clearTimeout(timer);
      listeners.delete(listener);
      resolve(event);
    };
    listeners.add(listener);
  });
}

interface Killed {
  readonly newMaster: RedisServer | null;
  readonly epoch: number | null;
}

async function killAndWatch(
  stage: Stage,
  oldMaster: RedisServer,
  instants: Instants,
  timeline: Timeline,
): Promise<Killed> {
  const { world, writer, listeners } = stage;
  listeners.add((event) => note(instants, event, timeline.sinceZeroMs()));
  const settled = waitFor(listeners, (event) => event.event === "+failover-end", failoverLimitMs);
  const written = new Promise<void>((resolve) => {
    writer.onAcknowledged((write) => {
      if (instants.firstWriteMs !== null || nameOf(write) === nameOf(oldMaster)) return;
      instants.firstWriteMs = timeline.sinceZeroMs();
      timeline.say("client", `first write acknowledged by ${nameOf(write)}`, "green");
      resolve();
    });
  });
  timeline.zero();
  await oldMaster.kill();
  const moved = watchName(world, oldMaster, instants, timeline);
  const end = await settled;
  await Promise.race([Promise.all([written, moved]), sleep(end === null ? 0 : 5_000)]);
  const stored = await world.store.readState(labGroup);
  const state = stored.ok && stored.value.kind === "state" ? stored.value.state : null;
  const newMaster = world.nodes.find((node) => nameOf(node) === state?.master?.node) ?? null;
  return { newMaster: newMaster === oldMaster ? null : newMaster, epoch: state?.epoch ?? null };
}

/** Asks the DNS server over UDP, as any client does, until the name answers another address or port. */
async function watchName(
  world: World,
  oldMaster: RedisServer,
  instants: Instants,
  timeline: Timeline,
): Promise<void> {
  const before = await answerOf(world);
  while (timeline.sinceZeroMs() < failoverLimitMs) {
    const answer = await answerOf(world);
    if (answer !== null && answer !== before) {
      instants.dnsMs = timeline.sinceZeroMs();
      timeline.say(
        "dns",
        `${world.dnsName} answers ${answer} instead of ${nameOf(oldMaster)}`,
        "green",
      );
      return;
    }
    await sleep(5);
  }
}

/** What the zone's DNS answers now: the address and, where ports differ, the SRV port. */
async function answerOf(world: World): Promise<string | null> {
  const { Resolver } = await import("node:dns/promises");
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${world.route53.dnsPort}`]);
  try {
    const [host] = await resolver.resolve4(world.dnsName);
    const [srv] = await resolver.resolveSrv(`_redis._tcp.${world.dnsName}`);
    return `${host}:${srv?.port}`;
  } catch {
    return null;
  }
}

/** Starts the old master again and waits until it follows the new one with its link up. */
async function rejoin(
  oldMaster: RedisServer,
  newMaster: RedisServer | null,
  timeline: Timeline,
): Promise<number | null> {
  if (newMaster === null) return null;
  timeline.zero();
  await oldMaster.restart();
  timeline.say("lab", `${nameOf(oldMaster)} is up again`);
  while (timeline.sinceZeroMs() < rejoinLimitMs) {
    const role = await roleOf(oldMaster);
    if (role === `replica of ${nameOf(newMaster)}`) {
      timeline.say("lab", `${nameOf(oldMaster)} replicates from ${nameOf(newMaster)}`, "green");
      return timeline.sinceZeroMs();
    }
    await sleep(50);
  }
  return null;
}

/** Leaves everything running until a signal, with what is needed to play. */
async function stayUp({ world, listeners }: Stage, timeline: Timeline): Promise<void> {
  const play = new WorldPlay({ world, observers: labObservers, paths: new Map(), writer: null });
  listeners.add(({ observer, event, message }) => play.say(observer, `${event} ${message}`));
  const site = await startSite(world, play, 0);
  const env = Object.entries(labEnvironment(world))
    .map(([name, value]) => `  export ${name}=${value}`)
    .join("\n");
  timeline.heading("Everything keeps running until Ctrl-C. In another terminal:");
  const [node] = world.nodes;
  process.stdout.write(
    `  a page with buttons: ${site.endpoint}/\n\n${env}\n\n  npx lambda-sentinel status ${labGroup}\n  npx lambda-sentinel failover ${labGroup}\n` +
      `  npx lambda-sentinel pause ${labGroup}\n  redis-cli -h ${node?.host} -p ${node?.port} role\n` +
      `  dig @127.0.0.1 -p ${world.route53.dnsPort} ${world.dnsName}\n` +
      world.nodes.map((one) => `  kill -9 ${one.pid}    # ${nameOf(one)}\n`).join(""),
  );
  const forever = setInterval(() => {}, 60_000);
  await new Promise(() => forever);
}
