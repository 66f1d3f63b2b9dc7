import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach } from "@jest/globals";
import type { Address } from "../../lib/core/config.ts";
import { RedisLab } from "../support/redis-lab.ts";

/** Servers that are probed; they end with each test. */

export const lab = new RedisLab();
const strangers: Server[] = [];

afterEach(async () => {
  await lab.close();
  await Promise.all(
    strangers.splice(0).map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
});

/** A TCP server that greets everybody with this, and hangs up. */
export async function startStranger(greeting: string): Promise<Address> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    socket.end(greeting);
  });
  strangers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return { host: "127.0.0.1", port: address.port };
}
