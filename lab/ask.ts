import { Redis } from "ioredis";

/** Questions to one Redis server, over a connection for each. */

interface Place {
  readonly host: string;
  readonly port: number;
}

export function nameOf(node: Place): string {
  return `${node.host}:${node.port}`;
}

/** `master`, `replica of host:port` with its link up, `catching up`, or `unreachable`. */
export async function roleOf(node: Place): Promise<string> {
  return withNode(node, async (redis) => {
    const role: unknown = await redis.call("ROLE");
    if (!Array.isArray(role)) return "unknown";
    if (role[0] === "master") return "master";
    return role[3] === "connected" ? `replica of ${role[1]}:${role[2]}` : "catching up";
  }).catch(() => "unreachable");
}

/** Uses a connection of its own and closes it; rejects when the server can't be reached or refuses. */
export async function withNode<T>(node: Place, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    host: node.host,
    port: node.port,
    lazyConnect: true,
    retryStrategy: () => null,
    disconnectTimeout: 50,
    connectTimeout: 1_000,
    // A SAVE on a slow disk takes its time.
    commandTimeout: 15_000,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
