import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";

/** A node:http server that listens, and can be closed without leaving a socket behind. */
export type ListeningServer = Readonly<{
  /** `http://host:port`, with the port really in use. */
  endpoint: string;
  port: number;
  /** Cuts every connection, answered or not, and stops listening. */
  close(): Promise<void>;
}>;

/**
 * Starts a server for one of the local stand-ins.
 * Port 0 takes a free one; an address in use is refused with the address in the message.
 */
export async function listen(
  handler: RequestListener,
  where: Readonly<{ host: string; port: number }>,
): Promise<ListeningServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const hint = "give a free address of this machine, or port 0 to take any free port";
      reject(
        new Error(
          `Expected to listen on ${where.host}:${where.port}, got "${cause.message}": ${hint}.`,
          { cause },
        ),
      );
    });
    server.listen(where.port, where.host, resolve);
  });
  const port = portOf(server);
  return {
    endpoint: `http://${where.host.includes(":") ? `[${where.host}]` : where.host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        // The callback's error only says that the server was closed before, which is what we want.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Reads a request's body; rejects when it exceeds the limit or the client goes away before its end.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > bytesMax) {
      throw new Error(
        `Expected a body of at most ${bytesMax} bytes, got more: send a smaller request.`,
      );
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

/** Parses JSON that came from outside; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for a JSON object, whose fields are still unknown. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === "object" && address !== null) return address.port;
  throw new Error(
    `Expected a TCP server with a port, got the address ${String(address)}: listen on TCP.`,
  );
}
