import type { RedisServer } from "../../lab/redis/server.ts";
import type { LossReport } from "../../lib/core/model.ts";
import { idOf, type Rig } from "./rig.ts";
import { connectOnce, resolveMaster, type Writer, writerKey } from "./writer.ts";

/** What a node says of itself. */
export interface NodeRole {
  readonly node: string;
  readonly role: "master" | "replica";
  /** The master that it follows, and whether its link is up. */
  readonly follows: string | null;
  readonly isLinkUp: boolean;
}

export async function roleOf(node: RedisServer): Promise<NodeRole> {
  return await asking(node, async (ask) => {
    const reply = await ask("ROLE");
    const [role, host, port, link] = Array.isArray(reply) ? reply.map(String) : [];
    if (role === "master") {
      return { node: idOf(node), role, follows: null, isLinkUp: false };
    }
    const follows = `${host}:${port}`;
    return { node: idOf(node), role: "replica", follows, isLinkUp: link === "connected" };
  });
}

/** The roles of all nodes whose process runs. */
export async function rolesOf(nodes: readonly RedisServer[]): Promise<readonly NodeRole[]> {
  return await Promise.all(nodes.filter((node) => node.isRunning).map(roleOf));
}

type Ask = (command: string, ...args: (string | number)[]) => Promise<unknown>;

/** A server that hangs answers nothing, and one that changes its disk's settings on a busy machine answers late. */
const patienceMs = 5_000;

/** Talks to a node over a connection of its own. */
export async function asking<T>(node: RedisServer, talk: (ask: Ask) => Promise<T>): Promise<T> {
  const redis = connectOnce(node.host, node.port, patienceMs);
  try {
    await redis.connect();
    return await talk((command, ...args) => redis.call(command, ...args));
  } finally {
    redis.disconnect();
  }
}

/** The integers that a node holds of a writer. */
export async function writesOn(node: RedisServer, key: string = writerKey): Promise<Set<number>> {
  const reply = await asking(node, (ask) => ask("LRANGE", key, 0, -1));
  return new Set(Array.isArray(reply) ? reply.map(Number) : []);
}

/** Acknowledged integers that a node does not hold. */
export async function lostOn(node: RedisServer, writer: Pick<Writer, "acknowledged">) {
  const held = await writesOn(node);
  return [...writer.acknowledged].filter((integer) => !held.has(integer));
}

/** How many bytes of the replication stream these writes are. */
export function bytesOf(integers: readonly number[], key: string = writerKey): number {
  return integers.reduce((sum, integer) => {
    const parts = ["rpush", key, String(integer)];
    const body = parts.map((part) => `$${part.length}\r\n${part}\r\n`).join("");
    return sum + `*${parts.length}\r\n${body}`.length;
  }, 0);
}

/**
 * Waits for the end of every failover: STATE is steady and names this master, it is the only one, everybody who runs
 * follows it, and the record names it.
 */
export async function expectSettled(rig: Rig, master: string, limitMs = 20_000): Promise<void> {
  await rig.timeline.until(
    `${master} as the settled master`,
    async () => {
      const state = await rig.state();
      check("phase", state.phase, "steady");
      check("master in STATE", state.master?.node, master);
      check("published", state.published?.node, master);
      for (const { node, role, follows, isLinkUp } of await rolesOf(rig.world.nodes)) {
        check(`role of ${node}`, role, node === master ? "master" : "replica");
        if (node === master) continue;
        check(`master of ${node}`, follows, master);
        check(`link of ${node}`, isLinkUp, true);
      }
      check("address in DNS", await resolvedBy(rig), master);
    },
    limitMs,
  );
}

/**
 * Waits for a group that was applied at other addresses: the first leads it there, the rest follow, the name says so.
 * Returns the first.
 */
export async function expectMoved(rig: Rig, nodes: readonly RedisServer[]): Promise<RedisServer> {
  const [master, ...replicas] = nodes;
  if (master === undefined) throw new Error("expected nodes");
  await rig.timeline.until(
    "the group to go on at its new addresses",
    async () => {
      const { phase, round } = await rig.state();
      check("phase", phase, "steady");
      check("round", round.status, "closed");
      for (const { node, role, follows, isLinkUp } of await Promise.all(replicas.map(roleOf))) {
        check(`role of ${node}`, role, "replica");
        check(`master of ${node}`, follows, idOf(master));
        check(`link of ${node}`, isLinkUp, true);
      }
      check("address in DNS", await resolvedBy(rig), idOf(master));
    },
    40_000,
  );
  return master;
}

/** The node that the name answers now. */
export async function resolvedBy(rig: Rig): Promise<string> {
  const { dnsName: name, route53 } = rig.world;
  return idOf(await resolveMaster({ dnsPort: route53.dnsPort, name }));
}

/** The loss that the last failover states. */
export async function lossOf(rig: Rig): Promise<LossReport> {
  const { lastEpoch } = await rig.state();
  if (lastEpoch?.loss === null || lastEpoch === null) throw new Error("expected a loss report");
  return lastEpoch.loss;
}

/** Waits until the writer has so many acknowledgements more. */
export async function expectWrites(rig: Rig, writer: Writer, more = 20): Promise<void> {
  const wanted = writer.acknowledged.size + more;
  await rig.timeline.until(`${more} more acknowledged writes`, () => {
    if (writer.acknowledged.size < wanted) throw new Error(`${writer.acknowledged.size} so far`);
  });
}

function check(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: expected ${String(wanted)}, got ${String(got)}`);
}
