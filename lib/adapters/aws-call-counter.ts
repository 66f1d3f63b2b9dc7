import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Requests that the AWS SDK has started since they were last taken, by service. */
export interface AwsCallCounter {
  take(): Readonly<Record<string, number>>;
  stop(): void;
}

/** Node tells of every HTTP request that a process starts; repetitions of the SDK are requests of their own. */
const channel = "http.client.request.start";

/**
 * Counts for the whole process, because that is what a bill counts. The SDK names the service in its user agent
 * (`api/dynamodb#3.1162.0`); the host would be that of a proxy or a stand-in as well.
 */
export function countAwsCalls(): AwsCallCounter {
  let counts: Record<string, number> = {};
  const listen = (message: unknown): void => {
    const service = serviceOf(message);
    if (service !== null) counts[service] = (counts[service] ?? 0) + 1;
  };
  subscribe(channel, listen);
  return {
    take: () => {
      const taken = counts;
      counts = {};
      return taken;
    },
    stop: () => unsubscribe(channel, listen),
  };
}

function serviceOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null) return null;
  const request: unknown = Reflect.get(message, "request");
  if (typeof request !== "object" || request === null) return null;
  const getHeader: unknown = Reflect.get(request, "getHeader");
  if (typeof getHeader !== "function") return null;
  const agent: unknown = Reflect.apply(getHeader, request, ["user-agent"]);
  return typeof agent === "string" ? (/\bapi\/([a-z0-9_-]+)#/.exec(agent)?.[1] ?? null) : null;
}
