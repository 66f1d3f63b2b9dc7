import { setTimeout as delay } from "node:timers/promises";
import { Route53Client } from "@aws-sdk/client-route-53";
import { startRoute53 } from "../../lab/route53/server.ts";
import { limitedHandler } from "../../lib/adapters/aws-client.ts";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import { assertNever } from "../../lib/core/assert-never.ts";
import { type HttpDoor, openHttpDoor } from "../support/http-door.ts";
import type { DnsPlay, DnsTrouble } from "./dns-stage.ts";

const zoneName = "redis.test";
/** Long enough for an answer that comes, short enough to wait for one that does not. */
const hastyMs = 250;
const patientMs = 10_000;

export const playRoute53: DnsPlay = async (act) => {
  const api = await startRoute53({
    zones: [zoneName],
    rateLimit: { burst: 10_000, perSecond: 10_000 },
  });
  const clients: Route53Client[] = [];
  const doors: HttpDoor[] = [];
  const released = Promise.withResolvers<void>();
  const connect = (endpoint: string, timeoutMs: number) => {
    const client = new Route53Client({
      region: "us-east-1",
      endpoint,
      credentials: { accessKeyId: "lab", secretAccessKey: "lab" },
      requestHandler: limitedHandler(timeoutMs),
      maxAttempts: 1,
    });
    clients.push(client);
    return createRoute53Dns({
      client,
      timeoutMs: patientMs,
      requestsPerSecond: 10_000,
      servers: [`127.0.0.1:${api.dnsPort}`],
    });
  };
  const heal = () => Object.assign(api.faults, { hang: false, throttled: false, denied: false });
  const troubled = async (by: DnsTrouble) => {
    switch (by) {
      case "never answers":
        api.faults.hang = true;
        return connect(api.endpoint, hastyMs);
      case "throttles":
        api.faults.throttled = true;
        return connect(api.endpoint, patientMs);
      case "denies":
        api.faults.denied = true;
        return connect(api.endpoint, patientMs);
      case "loses the next answer":
        api.faults.dropReplyOnce = 1;
        return connect(api.endpoint, patientMs);
      case "delays every batch": {
        const door = await openHttpDoor(api.endpoint, async (body) => {
          if (body.includes("ChangeBatch")) await released.promise;
        });
        doors.push(door);
        return connect(door.endpoint, hastyMs);
      }
      default:
        return assertNever(by);
    }
  };
  try {
    const zone = api.zone(zoneName);
    await act({
      zoneId: api.zoneId(zoneName),
      pass: (ms) => delay(ms),
      dns: () => connect(api.endpoint, patientMs),
      troubled,
      release: () => {
        heal();
        released.resolve();
      },
      byHand: (action, record) => {
        const recordSet = { ...record, name: `${record.name}.` };
        const outcome = zone.applyBatch([{ action, recordSet }]);
        if (outcome.kind === "refused") throw new Error(outcome.problems.join(", "));
      },
      listed: () =>
        zone
          .recordSets()
          .filter((set) => set.type !== "SOA" && set.type !== "NS")
          .map((set) => `${set.name.replace(/\.$/, "")} ${set.type} ${set.values.join(" ")}`),
      appearAfter: (ms) => {
        api.timings.appearAfterMs = ms;
      },
      handleFor: (ms) => {
        api.timings.changeHandlingMs = ms;
      },
    });
  } finally {
    released.resolve();
    await Promise.all(doors.map((door) => door.close()));
    for (const client of clients) client.destroy();
    await api.close();
  }
};
