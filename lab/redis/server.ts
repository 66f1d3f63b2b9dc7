import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  eachLine,
  endChild,
  hasEnded,
  killChild,
  settlesWithin,
  signalChild,
  spawnChild,
} from "../child.ts";
import type { ProcessRegistry } from "../processes.ts";
import { aclFileName, configFileName, configLines, tlsFileNames } from "./config-file.ts";
import { findRedis, type RedisBinary } from "./find.ts";
import { answersPing } from "./ping.ts";

export type RedisServerOptions = Readonly<{
  host: string;
  port: number;
  /** By default what findRedis() finds. */
  binary?: RedisBinary;
  /** What is on disk after a crash; `none` by default, where a restart is a loss of all data. */
  persistence?: "none" | "rdb" | "aof";
  replicaOf?: Readonly<{ host: string; port: number }>;
  /** How often a master pings its replicas (repl-ping-replica-period); 1 by default. */
  replicaPingPeriodSeconds?: number;
  /** requirepass. Redis ignores it when there are ACL lines. */
  password?: string;
  /** masterauth and masteruser: how this server logs in to its master. */
  masterPassword?: string;
  masterUser?: string;
  /** Lines of an ACL file, such as `user default off`. */
  aclLines?: readonly string[];
  /**
   * Serves TLS too, at the next port, and replicates over it alone. Whoever connects there must show a certificate; the
   * lab's own clients use the plain port.
   */
  tls?: Readonly<{ cert: string; key: string; ca: string }>;
  /** Further lines of the config file; they win over the lab's own. */
  extra?: readonly string[];
  /** The folder of a server that runs no more, whose data this one takes over. */
  dataFrom?: string;
  startTimeoutMs?: number;
  /** Where the server is registered, to be ended with the rest of the lab. */
  processes?: ProcessRegistry;
}>;

/** One real server with a folder of its own, and the ways in which a server fails. */
export type RedisServer = Readonly<{
  host: string;
  port: number;
  /** Holds the config file and the data; removed by dispose(). */
  dir: string;
  binary: RedisBinary;
  /** The process that runs now, or ran last. */
  pid: number;
  isRunning: boolean;
  /** SIGKILL: what a crash looks like. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL if it is still there after the grace. */
  stop(graceMs?: number): Promise<void>;
  /** SIGSTOP: its sockets stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /**
   * Starts it again at the same address with the config as CONFIG REWRITE left it; a server that
   * still runs is stopped first. `empty` removes the data before it starts.
   */
  restart(options?: Readonly<{ empty?: boolean }>): Promise<void>;
  /** The last lines it logged, for an error message. */
  logTail(): readonly string[];
  /** Kills it and removes its folder. Safe to call twice. */
  dispose(): Promise<void>;
}>;

/**
 * Starts a server and waits until it answers. Throws with its last log lines when it does not, as
 * when the address is in use: pick others and try again.
 */
export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const binary = options.binary ?? (await findRedis());
  const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-redis-"));
  const server = new LabRedisServer(options, binary, dir);
  try {
    const lines = configLines(options, binary, dir);
    await writeFile(join(dir, configFileName), `${lines.join("\n")}\n`);
    const aclLines = options.aclLines ?? [];
    if (aclLines.length > 0) await writeFile(join(dir, aclFileName), `${aclLines.join("\n")}\n`);
    if (options.tls !== undefined) await writeTls(options.tls, dir);
    if (options.dataFrom !== undefined) await copyData(options.dataFrom, dir);
    await server.start();
  } catch (error) {
    await server.dispose();
    throw error;
  }
  return server;
}

async function writeTls(pem: NonNullable<RedisServerOptions["tls"]>, dir: string): Promise<void> {
  for (const what of ["cert", "key", "ca"] as const) {
    await writeFile(join(dir, tlsFileNames[what]), pem[what], { mode: 0o600 });
  }
}

async function copyData(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (!keptFiles.includes(name)) await cp(join(from, name), join(to, name), { recursive: true });
  }
}

/** What `restart` with `empty` leaves in the folder. */
const keptFiles: readonly string[] = [configFileName, aclFileName, ...Object.values(tlsFileNames)];

const logLinesMax = 40;
const stopGraceMs = 3_000;
const startTimeoutMsDefault = 15_000;
const pingAttemptsMax = 100;
const pingPauseMs = 20;

class LabRedisServer implements RedisServer {
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly binary: RedisBinary;
  readonly #options: RedisServerOptions;
  readonly #log: string[] = [];
  readonly #unregister: () => void;
  #child: ChildProcess | null = null;

  constructor(options: RedisServerOptions, binary: RedisBinary, dir: string) {
    this.host = options.host;
    this.port = options.port;
    this.dir = dir;
    this.binary = binary;
    this.#options = options;
    const registered = options.processes?.add({
      name: `${binary.kind}-server ${options.host}:${options.port}`,
      stop: () => this.dispose(),
      killNow: () => {
        if (this.#child !== null) signalChild(this.#child, "SIGKILL");
        rmSync(dir, { recursive: true, force: true });
      },
    });
    this.#unregister = registered ?? (() => {});
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null && !hasEnded(this.#child);
  }

  async kill(): Promise<void> {
    if (this.#child !== null) await killChild(this.#child);
  }

  async stop(graceMs: number = stopGraceMs): Promise<void> {
    if (this.#child !== null) await endChild(this.#child, graceMs);
  }

  pause(): void {
    if (this.#child !== null) signalChild(this.#child, "SIGSTOP");
  }

  resume(): void {
    if (this.#child !== null) signalChild(this.#child, "SIGCONT");
  }

  async restart({ empty = false }: Readonly<{ empty?: boolean }> = {}): Promise<void> {
    await this.stop();
    if (empty) await this.#removeData();
    await this.start();
  }

  logTail(): readonly string[] {
    return this.#log;
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
    this.#unregister();
  }

  async start(): Promise<void> {
    this.#log.length = 0;
    const child = await spawnChild(
      this.binary.path,
      // Arguments win over the file, which CONFIG REWRITE may change: we wait for a log line.
      [join(this.dir, configFileName), "--daemonize", "no", "--loglevel", "notice"],
      { cwd: this.dir, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    const ready = this.#untilReady(child);
    const timeoutMs = this.#options.startTimeoutMs ?? startTimeoutMsDefault;
    const isInTime = await settlesWithin(ready, timeoutMs);
    const failure = isInTime ? await ready : `no answer within ${timeoutMs} ms`;
    if (failure === null) return;
    await killChild(child);
    throw new Error(
      `Expected ${this.binary.path} to answer at ${this.host}:${this.port}, got ${failure}: ` +
        `see its last lines.\n${this.#log.join("\n")}`,
    );
  }

  /** Resolves with null when the server answers, or with what happened instead. */
  async #untilReady(child: ChildProcess): Promise<string | null> {
    const accepting = Promise.withResolvers<void>();
    const onLine = (line: string) => {
      this.#log.push(line);
      if (this.#log.length > logLinesMax) this.#log.shift();
      if (line.includes("Ready to accept connections")) accepting.resolve();
    };
    eachLine(child.stdout, onLine);
    eachLine(child.stderr, onLine);
    // `close` comes after the last line of its output, which says why it ended.
    child.once("close", () => accepting.resolve());
    // The line proves that our server listens there, and not another on the same address.
    await accepting.promise;
    for (let attempt = 0; attempt < pingAttemptsMax; attempt += 1) {
      if (hasEnded(child)) return `exit ${child.signalCode ?? child.exitCode}`;
      if (await answersPing(this.host, this.port, this.#options.password)) return null;
      await delay(pingPauseMs);
    }
    return "no reply to PING";
  }

  async #removeData(): Promise<void> {
    const names = await readdir(this.dir);
    for (const name of names) {
      if (keptFiles.includes(name)) continue;
      await rm(join(this.dir, name), { recursive: true, force: true });
    }
  }
}
