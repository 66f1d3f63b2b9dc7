import { createServer, connect as openSocket, type Server, type Socket } from "node:net";

export type RouteMode =
  /** Bytes pass. */
  | "open"
  /** A lost path: connections stay, nothing passes, nobody is told. Held bytes arrive after healing. */
  | "silent"
  /** Nobody listens: open connections end, new ones are refused. */
  | "refusing";

/** One path of one client to one server, which the lab or a test can cut and heal. */
export interface TcpRoute {
  /** `host:port` to connect to instead of the target. */
  readonly address: string;
  set(mode: RouteMode): Promise<void>;
  close(): Promise<void>;
}

export async function openRoute(target: { host: string; port: number }): Promise<TcpRoute> {
  const route = new CuttableRoute(target);
  await route.listen(0);
  return route;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

class CuttableRoute implements TcpRoute {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<Pair>();
  #mode: RouteMode = "open";
  #server: Server | null = null;
  #port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: false }, (near) => this.#accept(near));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    const address = server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : port;
    this.#server = server;
  }

  async set(mode: RouteMode): Promise<void> {
    this.#mode = mode;
    if (mode === "refusing") {
      await this.close();
      return;
    }
    if (this.#server === null) await this.listen(this.#port);
    for (const pair of this.#pairs) this.#flow(pair);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed =
      server === null
        ? Promise.resolve()
        : new Promise<void>((resolve) => server.close(() => resolve()));
    for (const { near, far } of this.#pairs) {
      // Not resetAndDestroy(): Node 24 can spin at its exit after it.
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  #accept(near: Socket): void {
    const far = openSocket({ ...this.#target, noDelay: true });
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => {});
      from.on("close", end);
      from.on("data", (bytes) => to.write(bytes));
    }
    this.#flow(pair);
  }

  #flow({ near, far }: Pair): void {
    if (this.#mode === "silent") {
      near.pause();
      far.pause();
    } else {
      near.resume();
      far.resume();
    }
  }
}
