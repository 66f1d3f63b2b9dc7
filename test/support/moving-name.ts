import { createServer, connect as dial, type Server, type Socket } from "node:net";

interface Target {
  readonly host: string;
  readonly port: number;
}

export interface MovingName {
  readonly port: number;
  pointTo(node: Target): void;
  close(): Promise<void>;
}

/**
 * Stands for the name: whoever connects reaches the node that it names at that moment. Moving it leaves connections that
 * stand alone, as DNS does.
 */
export async function openName(node: Target): Promise<MovingName> {
  let target = node;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = dial(target.port, target.host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    port: address.port,
    pointTo: (next) => {
      target = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
