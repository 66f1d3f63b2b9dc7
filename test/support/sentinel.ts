import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eachLine, endChild, spawnChild } from "../../lab/child.ts";
import type { RedisServer } from "../../lab/redis/server.ts";

/** A real Redis Sentinel, with the file that it keeps rewriting. */
export interface Sentinel {
  readonly file: string;
  /** Resolves when its file names this many replicas. */
  knows(replicas: number): Promise<string>;
  stop(): Promise<void>;
  /** Starts it again with the file as it left it. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
}

const sentinels = new Set<Sentinel>();

/** For afterEach. */
export async function stopSentinels(): Promise<void> {
  const running = [...sentinels];
  sentinels.clear();
  for (const sentinel of running) await sentinel.dispose();
}

const startWaitMs = 15_000;

/** Starts the server's own program as a Sentinel that watches this master, and waits until it does. */
export async function startSentinel(
  master: RedisServer,
  lines: readonly string[],
): Promise<Sentinel> {
  const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-sentinel-"));
  const file = join(dir, "sentinel.conf");
  const port = await freePort();
  const all = [`port ${port}`, "bind 127.0.0.1", `dir ${dir}`, ...lines];
  await writeFile(file, `${all.join("\n")}\n`);
  let child: ChildProcess | null = null;
  let log: string[] = [];

  const until = async (what: string, holds: () => Promise<boolean> | boolean) => {
    const startedAtMs = performance.now();
    while (!(await holds())) {
      if (performance.now() - startedAtMs > startWaitMs) {
        throw new Error(`expected ${what}, got none in ${startWaitMs} ms:\n${log.join("\n")}`);
      }
      await sleep(50);
    }
  };

  const sentinel: Sentinel = {
    file,
    knows: async (replicas) => {
      const names = (text: string) => text.match(/^sentinel known-replica /gm)?.length ?? 0;
      await until(`${replicas} replicas in ${file}`, async () => names(await read()) >= replicas);
      return read();
    },
    start: async () => {
      log = [];
      child = await spawnChild(master.binary.path, [file, "--sentinel"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      eachLine(child.stdout, (line) => log.push(line));
      await until("a Sentinel that watches", () => log.some((line) => line.includes("+monitor")));
    },
    stop: async () => {
      if (child !== null) await endChild(child, 3_000);
      child = null;
    },
    dispose: async () => {
      await sentinel.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  const read = () => readFile(file, "utf8");
  sentinels.add(sentinel);
  await sentinel.start();
  return sentinel;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
