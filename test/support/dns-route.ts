import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** What becomes of questions: they pass, nobody answers them, or the answers are late by so many milliseconds. */
export type DnsMode = "open" | "silent" | { readonly lateMs: number };

/** A path to a DNS server, over UDP, which a test can slow down or cut. */
export interface DnsRoute {
  /** `host:port` to ask instead of the server. */
  readonly server: string;
  /** How many questions have come. */
  readonly asked: number;
  /** The port of the server on loopback. */
  leadTo(port: number): void;
  set(mode: DnsMode): void;
  close(): Promise<void>;
}

export async function openDnsRoute(): Promise<DnsRoute> {
  const near = createSocket("udp4");
  near.bind(0, "127.0.0.1");
  await once(near, "listening");
  const open = new Set<Socket>();
  let mode: DnsMode = "open";
  let target: number | null = null;
  let asked = 0;
  let isClosed = false;

  const answer = (message: Buffer, asker: RemoteInfo) => {
    if (!isClosed) near.send(message, asker.port, asker.address);
  };
  near.on("message", (question, asker) => {
    asked += 1;
    if (mode === "silent" || target === null) return;
    const lateMs = mode === "open" ? 0 : mode.lateMs;
    const far = createSocket("udp4");
    open.add(far);
    far.once("message", (message) => {
      open.delete(far);
      far.close();
      setTimeout(() => answer(message, asker), lateMs).unref();
    });
    far.send(question, target, "127.0.0.1");
  });

  return {
    server: `127.0.0.1:${near.address().port}`,
    get asked() {
      return asked;
    },
    leadTo: (port) => {
      target = port;
    },
    set: (next) => {
      mode = next;
    },
    close: async () => {
      isClosed = true;
      for (const far of open) far.close();
      near.close();
      await once(near, "close");
    },
  };
}
