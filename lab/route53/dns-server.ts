import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server as TcpServer, type Socket as TcpSocket } from "node:net";
import type { ServedZone } from "./dns-answer.ts";
import { replyTo } from "./dns-message.ts";

export interface DnsServerOptions {
  readonly host: string;
  /** UDP and TCP port; 0 takes one that is free for both. */
  readonly port: number;
  /** The zones as they are to be shown at this moment; called for each query. */
  readonly zones: () => readonly ServedZone[];
}

/** A running authoritative DNS server. */
export interface DnsServer {
  readonly port: number;
  /** Closes both sockets and all connections. */
  close(): Promise<void>;
}

/** A free TCP port is taken for UDP by somebody else now and then. */
const bindAttemptsMax = 20;
const connectionsMax = 200;
const lengthPrefixBytes = 2;
/** Answers held for a TCP connection whose other end does not read them. */
const unsentBytesMax = 1024 * 1024;
/** RFC 7766 section 6.2.3 leaves the time to the server. */
const tcpIdleMs = 10_000;

/**
 * Starts an authoritative DNS server over UDP and TCP on one port.
 *
 * @throws Error with code EADDRINUSE when the port asked for is taken, or no pair was found free.
 */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bindBoth(options);
    } catch (error) {
      const canRetry = options.port === 0 && attempt < bindAttemptsMax && isAddressInUse(error);
      if (!canRetry) throw error;
    }
  }
}

async function bindBoth({ host, port, zones }: DnsServerOptions): Promise<DnsServer> {
  const connections = new Set<TcpSocket>();
  const tcp = createServer((socket) => serveConnection(socket, connections, zones));
  tcp.maxConnections = connectionsMax;
  tcp.listen(port, host);
  await once(tcp, "listening");
  const boundPort = portOf(tcp);
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    udp.bind(boundPort, host);
    await once(udp, "listening");
  } catch (error) {
    udp.close();
    await closeTcp(tcp, connections);
    throw error;
  }
  serveDatagrams(udp, zones);
  return {
    port: boundPort,
    async close() {
      const udpClosed = once(udp, "close");
      udp.close();
      await Promise.all([udpClosed, closeTcp(tcp, connections)]);
    },
  };
}

function serveDatagrams(udp: UdpSocket, zones: () => readonly ServedZone[]): void {
  udp.on("message", (message, sender) => {
    const reply = replyTo(message, "udp", zones());
    if (reply.kind === "garbage") return;
    udp.send(reply.message, sender.port, sender.address, () => {
      // Best effort, as UDP is: an asker who has gone is no concern of the server.
    });
  });
  udp.on("error", () => {
    // An ICMP refusal of one answer must not end the server for all other askers.
  });
}

/**
 * Serves queries in the order they come. Garbage, or an asker who does not read the answers, ends
 * this connection only.
 */
function serveConnection(
  socket: TcpSocket,
  connections: Set<TcpSocket>,
  zones: () => readonly ServedZone[],
): void {
  connections.add(socket);
  let pending = Buffer.alloc(0);
  socket.setTimeout(tcpIdleMs, () => socket.destroy());
  socket.on("close", () => connections.delete(socket));
  socket.on("error", () => socket.destroy());
  socket.on("data", (part: Buffer) => {
    pending = Buffer.concat([pending, part]);
    for (;;) {
      const frame = firstFrame(pending);
      if (frame === undefined) return;
      pending = pending.subarray(lengthPrefixBytes + frame.length);
      const reply = replyTo(frame, "tcp", zones());
      if (reply.kind === "garbage" || socket.writableLength > unsentBytesMax) {
        pending = Buffer.alloc(0);
        socket.destroy();
        return;
      }
      socket.write(withLength(reply.message));
    }
  });
}

/** The first whole message of the bytes, without its length; undefined while more must come. */
function firstFrame(bytes: Buffer): Buffer | undefined {
  if (bytes.length < lengthPrefixBytes) return undefined;
  const end = lengthPrefixBytes + bytes.readUInt16BE(0);
  return bytes.length < end ? undefined : bytes.subarray(lengthPrefixBytes, end);
}

function withLength(message: Buffer): Buffer {
  const prefix = Buffer.alloc(lengthPrefixBytes);
  prefix.writeUInt16BE(message.length);
  return Buffer.concat([prefix, message]);
}

async function closeTcp(tcp: TcpServer, connections: ReadonlySet<TcpSocket>): Promise<void> {
  const closed = once(tcp, "close");
  tcp.close();
  for (const socket of connections) socket.destroy();
  await closed;
}

function portOf(tcp: TcpServer): number {
  const address = tcp.address();
  if (address === null || typeof address === "string") {
    throw new Error(`expected a TCP address, got ${String(address)}`);
  }
  return address.port;
}

function isAddressInUse(error: unknown): boolean {
  // Not `instanceof Error`: under jest the built-in modules have errors of another realm.
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "EADDRINUSE"
  );
}
