import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis, type RedisOptions } from "ioredis";
import { createClient, type RedisClientOptions, type RedisClientType } from "redis";
import * as z from "zod";

/** A client made by a recipe of docs/clients.md, as it stands there, but for the name. */
export interface DocumentedClient {
  /** Fails when the write was not acknowledged. */
  set(value: string): Promise<void>;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/clients.md"), "utf8");
const python = join(root, ".cache/redis-py/bin/python");

export const key = "followed";
/** `bash scripts/fetch-redis-py.sh` brings it. */
export const hasRedisPy = existsSync(python);

/** The first block of code under a heading. */
function recipe(heading: string): string {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [, code] = /```\w+\n([\s\S]*?)```/.exec(section) ?? [];
  if (code === undefined) throw new Error(`expected code under ${heading} in docs/clients.md`);
  return code;
}

const quiet = { error: () => {} };

export async function startIoredis(port: number): Promise<DocumentedClient> {
  // A function that returns an object may be called with `new`.
  function Here(options: RedisOptions): Redis {
    const { replyMapping: _mapped, ...plain } = options;
    return new Redis({ ...plain, host: "127.0.0.1", port, disconnectTimeout: 50 });
  }
  const make = new Function("Redis", "console", `${recipe("ioredis")}\nreturn redis;`);
  const made: unknown = make(Here, quiet);
  if (!(made instanceof Redis)) throw new Error("expected the recipe to make a client");
  return {
    set: async (value) => {
      await made.set(key, value);
    },
    close: async () => made.disconnect(),
  };
}

type NodeRedis = Pick<RedisClientType, "destroy" | "set">;
type Write = (send: () => Promise<unknown>) => Promise<unknown>;
const isWrite = (value: unknown): value is Write => typeof value === "function";

export async function startNodeRedis(port: number): Promise<DocumentedClient> {
  const opened: NodeRedis[] = [];
  const createHere = (options: RedisClientOptions) => {
    const { pingInterval } = options;
    const socket = { ...options.socket, host: "127.0.0.1", port };
    const client = createClient({
      ...(pingInterval === undefined ? {} : { pingInterval }),
      socket,
    });
    opened.push(client);
    return client;
  };
  const body = `return (async () => {${recipe("node-redis")}\nreturn write;})();`;
  const write: unknown = await new Function("createClient", "console", body)(createHere, quiet);
  const [client] = opened;
  if (client === undefined || !isWrite(write)) throw new Error("expected a client and its write");
  return {
    set: async (value) => {
      await write(() => client.set(key, value));
    },
    close: async () => client.destroy(),
  };
}

/** Runs the recipe with a class that goes to the port it is given, and writes what it reads, line by line. */
const pythonHarness = `
import sys, redis

class Here(redis.Redis):
    def __init__(self, **options):
        super().__init__(**{**options, "host": "127.0.0.1", "port": int(sys.argv[1])})

redis.Redis = Here
exec(sys.argv[2])
print("ready", flush=True)
for line in sys.stdin:
    try:
        client.set("${key}", line.strip())
        print("OK", flush=True)
    except redis.RedisError as error:
        print(repr(error), flush=True)
`;

export async function startRedisPy(port: number): Promise<DocumentedClient> {
  const args = ["-c", pythonHarness, String(port), recipe("redis-py")];
  const child = spawn(python, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("close", resolve));
  const next = async (): Promise<string> => {
    const line = await lines.next();
    return line.done === true ? "the client's process ended" : line.value;
  };
  const said = await next();
  if (said !== "ready") throw new Error(said);
  return {
    set: async (value) => {
      child.stdin.write(`${value}\n`);
      const answer = await next();
      if (answer !== "OK") throw new Error(answer);
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

const run = promisify(execFile);
const failed = z.object({ stdout: z.string(), stderr: z.string() });

export async function startRedisCli(port: number): Promise<DocumentedClient> {
  const words = recipe("redis-cli")
    .trim()
    .replace("-h orders.redis.example.com -p 6379", `-h 127.0.0.1 -p ${port}`)
    .split(" ");
  const [command = "", ...options] = words.slice(0, -2);
  return {
    set: async (value) => {
      const done = await run(command, [...options, key, value]).catch((error: unknown) => {
        const { stdout, stderr } = failed.parse(error);
        throw new Error(`${stdout}${stderr}` || "no answer in time");
      });
      if (done.stdout.trim() !== "OK") throw new Error(done.stdout);
    },
    close: async () => {},
  };
}
