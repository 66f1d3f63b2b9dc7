import * as z from "zod";
import { listen, readBody } from "../../lab/http-server.ts";

/** A stand-in for the parameters of Systems Manager, as far as reading one goes. */
export interface Parameters {
  readonly endpoint: string;
  /** The names that were asked for, in order. */
  readonly asked: readonly string[];
  /** What the parameter of this name holds from now on. */
  set(name: string, value: string): void;
  close(): Promise<void>;
}

const requestSchema = z.object({ Name: z.string() });

export async function startParameters(): Promise<Parameters> {
  const values = new Map<string, string>();
  const asked: string[] = [];
  const server = await listen(
    (request, response) => {
      const answer = async () => {
        const body = await readBody(request, 64 * 1024);
        const { Name } = requestSchema.parse(JSON.parse(body.toString("utf8")));
        asked.push(Name);
        const value = values.get(Name);
        const said =
          value === undefined ? { __type: "ParameterNotFound" } : { Parameter: { Value: value } };
        response.writeHead(value === undefined ? 400 : 200, {
          "content-type": "application/x-amz-json-1.1",
        });
        response.end(JSON.stringify(said));
      };
      answer().catch(() => response.destroy());
    },
    { host: "127.0.0.1", port: 0 },
  );
  return {
    endpoint: server.endpoint,
    asked,
    set: (name, value) => {
      values.set(name, value);
    },
    close: () => server.close(),
  };
}
