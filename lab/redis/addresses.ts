import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";

export type NodeAddress = Readonly<{ host: string; port: number }>;

const attemptsMax = 50;
// Below the range from which systems take the ports of outgoing connections.
const portMin = 10_000;
const portCount = 20_000;
const addressesMax = 200;

/**
 * Free addresses for so many nodes. On Linux each node has a loopback address of its own and all
 * share one port, so that nodes are told apart as on a real network; elsewhere only 127.0.0.1
 * exists and each has its own port. The choice is random: two labs on one machine do not meet.
 */
export async function pickNodeAddresses(count: number): Promise<NodeAddress[]> {
  if (process.platform !== "linux") return await portsOfLocalhost(count);
  const { hosts, port } = await loopbackAddresses(count);
  return hosts.map((host) => ({ host, port }));
}

/**
 * Picks loopback addresses next to each other and a port that is free on all of them (tried by
 * listening). The same seed tries the same addresses in the same order. Linux only: other systems
 * have no addresses but 127.0.0.1 until they are configured.
 */
export async function loopbackAddresses(
  count: number,
  seed: string | number = randomBytes(16).toString("hex"),
): Promise<Readonly<{ hosts: readonly string[]; port: number }>> {
  if (count < 1 || count > addressesMax) {
    throw new Error(
      `Expected 1 to ${addressesMax} addresses, got ${count}: ask for as many as you have nodes.`,
    );
  }
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const { hosts, port } = candidate(seed, attempt, count);
    if (await isFreeOnAll(hosts, port)) return { hosts, port };
  }
  throw new Error(
    `Expected ${count} loopback addresses with one free port, got none in ${attemptsMax} tries: ` +
      "check that 127.0.0.0/8 is on the loopback interface.",
  );
}

function candidate(seed: string | number, attempt: number, count: number) {
  const digest = createHash("sha256").update(`${seed}:${attempt}`).digest();
  // 127.0.x.y is left alone: system resolvers and the like live there.
  const second = 1 + (digest.readUInt8(0) % 254);
  const third = digest.readUInt8(1);
  const first = 1 + (digest.readUInt8(2) % (255 - count));
  const hosts = Array.from(
    { length: count },
    (_, index) => `127.${second}.${third}.${first + index}`,
  );
  return { hosts, port: portMin + (digest.readUInt16BE(3) % portCount) };
}

async function isFreeOnAll(hosts: readonly string[], port: number): Promise<boolean> {
  const servers: Server[] = [];
  try {
    for (const host of hosts) servers.push(await listen(host, port));
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(servers.map(close));
  }
}

async function portsOfLocalhost(count: number): Promise<NodeAddress[]> {
  // All are held at once, so that the system gives a different port to each.
  const servers = await Promise.all(Array.from({ length: count }, () => listen("127.0.0.1", 0)));
  const addresses = servers.map((server) => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return { host: "127.0.0.1", port };
  });
  await Promise.all(servers.map(close));
  return addresses;
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return server;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
