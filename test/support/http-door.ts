import { request as forward } from "node:http";
import { listen, readBody } from "../../lab/http-server.ts";

export interface HttpDoor {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Awaited before a request goes on: where a test can hold it. The request goes on even if its client has given up. */
export type HoldRequest = (body: string) => Promise<void>;

/** An address in front of an HTTP server; everything passes, unless `hold` keeps it. */
export async function openHttpDoor(target: string, hold: HoldRequest): Promise<HttpDoor> {
  const { hostname, port } = new URL(target);
  const server = await listen(
    (incoming, response) => {
      const pass = async () => {
        const body = await readBody(incoming, 1024 * 1024);
        await hold(body.toString("utf8"));
        const onward = forward(
          {
            host: hostname,
            port,
            method: incoming.method,
            path: incoming.url,
            headers: incoming.headers,
            agent: false,
          },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
          },
        );
        onward.on("error", () => response.destroy());
        onward.end(body);
      };
      pass().catch(() => response.destroy());
    },
    { host: "127.0.0.1", port: 0 },
  );
  return server;
}
