import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Redis } from "ioredis";
import { killChild, spawnChild } from "../../lab/child.ts";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import type { Address } from "../../lib/core/config.ts";
import type { Stage } from "../measurement.ts";
import { connectTo } from "./client.ts";
import { downAfterMs, pingPeriodMs } from "./timings.ts";
import { need } from "./waiting.ts";

/** A master that the Sentinels watch under this name. */
export interface Watched {
  readonly name: string;
  readonly master: Address;
  readonly replicas: number;
}

/** Something that a Sentinel said, with its arrival here by performance.now(). */
export interface Said {
  readonly sentinel: number;
  readonly event: string;
  readonly text: string;
  readonly atMs: number;
}

/** Three real Redis Sentinels, and what they say. */
export interface Sentinels {
  readonly pids: readonly number[];
  readonly addresses: readonly Address[];
  readonly said: readonly Said[];
  onSaid(listener: (said: Said) => void): void;
  /** What each Sentinel names as the master now; null: it did not answer. */
  mastersOf(name: string): Promise<readonly (Address | null)[]>;
  /** A command to the first Sentinel. */
  command(...words: readonly string[]): Promise<unknown>;
}

/** What they are told; the rest is as Sentinel has it. */
export interface Intervals {
  readonly downAfterMs: number;
  readonly pingPeriodMs: number;
}

const count = 3;
const quorum = 2;
const answerLimitMs = 2_000;
const readyLimitMs = 60_000;

/** Starts them, and resolves when each knows the others and every replica. */
export async function startSentinels(
  stage: Stage,
  watched: readonly Watched[],
  intervals: Intervals = { downAfterMs, pingPeriodMs },
): Promise<Sentinels> {
  const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-bench-"));
  const addresses = await pickNodeAddresses(count);
  stage.processes.add({
    name: "Sentinels' folder",
    stop: () => rm(dir, { recursive: true, force: true }),
    killNow: () => {},
  });
  const pids: number[] = [];
  for (const [index, address] of addresses.entries()) {
    pids.push(
      await startOne(stage, { address, watched, intervals, file: join(dir, `${index}.conf`) }),
    );
  }
  const sentinels = await connectAll(stage, addresses, pids);
  for (const link of sentinels.links) {
    // Sentinel's own rhythm where it has a say in it: as often as our side probes.
    await link.call("SENTINEL", "DEBUG", "PING-PERIOD", String(intervals.pingPeriodMs));
  }
  for (const one of watched) await needReady(sentinels.links, one);
  return sentinels;
}

interface One {
  readonly address: Address;
  readonly watched: readonly Watched[];
  readonly intervals: Intervals;
  readonly file: string;
}

async function startOne({ processes, binary }: Stage, one: One): Promise<number> {
  const { address, watched, intervals, file } = one;
  const lines = [
    `bind ${address.host}`,
    `port ${address.port}`,
    "protected-mode no",
    `dir "${join(file, "..")}"`,
    `sentinel announce-ip ${address.host}`,
    ...watched.flatMap(({ name, master }) => [
      `sentinel monitor ${name} ${master.host} ${master.port} ${quorum}`,
      `sentinel down-after-milliseconds ${name} ${intervals.downAfterMs}`,
    ]),
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  const { command, args } = sentinelProgram(binary.path, file);
  const child = await spawnChild(command, args, { stdio: "ignore" });
  processes.add({
    name: `Sentinel ${address.host}:${address.port}`,
    stop: () => killChild(child),
    killNow: () => child.kill("SIGKILL"),
  });
  return child.pid ?? 0;
}

/** `redis-sentinel` is the server's own program under another name, and not installed everywhere beside it. */
function sentinelProgram(server: string, file: string) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const own = folders.map((folder) => join(folder, "redis-sentinel")).find(existsSync);
  if (own !== undefined) return { command: own, args: [file] };
  return { command: server, args: [file, "--sentinel"] };
}

interface Linked extends Sentinels {
  readonly links: readonly Redis[];
}

async function connectAll(
  { processes }: Stage,
  addresses: readonly Address[],
  pids: readonly number[],
): Promise<Linked> {
  const said: Said[] = [];
  const listeners: ((one: Said) => void)[] = [];
  const links: Redis[] = [];
  for (const [sentinel, address] of addresses.entries()) {
    const link = await connect(address);
    const ears = await connect(address);
    links.push(link);
    processes.add({
      name: `connections to Sentinel ${sentinel}`,
      stop: async () => {
        link.disconnect();
        ears.disconnect();
      },
      killNow: () => {},
    });
    ears.on("pmessage", (_pattern: string, event: string, text: string) => {
      const one = { sentinel, event, text, atMs: performance.now() };
      said.push(one);
      for (const listener of listeners) listener(one);
    });
    await ears.psubscribe("*");
  }
  return {
    ...{ pids, addresses, said, links },
    onSaid: (listener) => {
      listeners.push(listener);
    },
    mastersOf: (name) => Promise.all(links.map((link) => masterOf(link, name))),
    command: async (...words) => {
      const [first] = links;
      const [name, ...rest] = words;
      if (first === undefined || name === undefined) throw new Error("Expected a command.");
      return first.call(name, ...rest);
    },
  };
}

async function connect(address: Address): Promise<Redis> {
  let connected: Redis | null = null;
  await need(
    `a Sentinel at ${address.host}:${address.port}`,
    async () => {
      const redis = connectTo(address, answerLimitMs);
      await redis.connect();
      await redis.ping();
      connected = redis;
      return true;
    },
    readyLimitMs,
  );
  if (connected === null) throw new Error("Expected a connection.");
  return connected;
}

async function masterOf(link: Redis, name: string): Promise<Address | null> {
  const answer: unknown = await link
    .call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    .catch(() => null);
  if (!Array.isArray(answer)) return null;
  return { host: String(answer[0]), port: Number(answer[1]) };
}

/** Until then a failover would be one of Sentinels that don't know each other. */
async function needReady(links: readonly Redis[], { name, replicas }: Watched): Promise<void> {
  for (const link of links) {
    await need(
      `a Sentinel that knows all of ${name}`,
      async () => {
        const master = fieldsOf(await link.call("SENTINEL", "MASTER", name));
        if (Number(master.get("num-slaves")) !== replicas) return false;
        if (Number(master.get("num-other-sentinels")) !== count - 1) return false;
        if (master.get("flags") !== "master") return false;
        const known: unknown = await link.call("SENTINEL", "REPLICAS", name);
        return Array.isArray(known) && known.every((one) => isFit(fieldsOf(one)));
      },
      readyLimitMs,
    );
  }
}

function isFit(replica: ReadonlyMap<string, string>): boolean {
  return replica.get("flags") === "slave" && replica.get("master-link-status") === "ok";
}

function fieldsOf(flat: unknown): ReadonlyMap<string, string> {
  const words = Array.isArray(flat) ? flat.map(String) : [];
  return new Map(
    words.flatMap((word, index): [string, string][] =>
      index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [],
    ),
  );
}
