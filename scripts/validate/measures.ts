import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Route53Client,
} from "@aws-sdk/client-route-53";
import * as z from "zod";

/** What a live account can tell and nothing else: how long things take there. */

export interface Waiting {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** null: nothing was measured. The percentile of rank n is the smallest value with at least n % at or below it. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  if (sorted.length === 0) return null;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

const syncedPollMs = 1_000;
const syncedLimitMs = 300_000;

/**
 * From the acceptance of a change of one record until Route 53 says that all its servers have it, in milliseconds and to a second
 * or so. Each change creates a TXT record of its own, which is deleted afterwards.
 */
export async function measureSpreading(
  client: Route53Client,
  zone: { readonly id: string; readonly name: string },
  times: number,
  waiting: Waiting,
): Promise<readonly number[]> {
  const measured: number[] = [];
  for (let time = 1; time <= times; time += 1) {
    const record: ResourceRecordSet = {
      Name: `probe-${time}.${zone.name}`,
      Type: "TXT",
      TTL: 1,
      ResourceRecords: [{ Value: `"${time}"` }],
    };
    const id = await change(client, zone.id, "CREATE", [record]);
    try {
      measured.push(await untilSynced(client, id, waiting));
    } finally {
      await change(client, zone.id, "DELETE", [record]);
    }
  }
  return measured;
}

async function untilSynced(client: Route53Client, id: string, waiting: Waiting): Promise<number> {
  const startedAtMs = waiting.nowMs();
  for (;;) {
    const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: id }));
    const elapsedMs = waiting.nowMs() - startedAtMs;
    if (ChangeInfo?.Status === "INSYNC") return elapsedMs;
    if (elapsedMs >= syncedLimitMs) {
      throw new Error(
        `expected change ${id} to be in sync within ${syncedLimitMs} ms, got ${ChangeInfo?.Status}`,
      );
    }
    await waiting.sleep(syncedPollMs);
  }
}

/** Deletes what the functions and the measures put into the zone, which can't be deleted before. Returns how much there was. */
export async function emptyZone(client: Route53Client, zoneId: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    // The first page each time: what was on the one before is gone.
    const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
    const found = page.ResourceRecordSets ?? [];
    const ours = found.filter(({ Type }) => Type !== "NS" && Type !== "SOA");
    if (ours.length === 0) return deleted;
    await change(client, zoneId, "DELETE", ours);
    deleted += ours.length;
  }
}

async function change(
  client: Route53Client,
  zoneId: string,
  action: "CREATE" | "DELETE",
  records: readonly ResourceRecordSet[],
): Promise<string> {
  const Changes = records.map((record) => ({ Action: action, ResourceRecordSet: record }));
  const { ChangeInfo } = await client.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }),
  );
  return ChangeInfo?.Id ?? "";
}

/** What Lambda says of one invocation in the line that begins with REPORT. */
export interface Invocation {
  readonly durationMs: number;
  readonly memoryUsedMb: number;
  /** Of a cold start; null: the environment was there already. */
  readonly initMs: number | null;
}

/** The REPORT lines among others; anything else is no invocation. */
export function invocationsIn(lines: readonly string[]): readonly Invocation[] {
  return lines.flatMap((line) => {
    if (!line.startsWith("REPORT RequestId:")) return [];
    const figure = (name: string) => {
      const found = new RegExp(`(?:^|\\t)${name}: ([0-9.]+) (?:ms|MB)`).exec(line)?.[1];
      return found === undefined ? null : Number(found);
    };
    const [durationMs, memoryUsedMb] = [figure("Duration"), figure("Max Memory Used")];
    if (durationMs === null || memoryUsedMb === null) return [];
    return [{ durationMs, memoryUsedMb, initMs: figure("Init Duration") }];
  });
}

/** What the hand answers when it has measured a table. */
export const tableTimes = z.object({ putMs: z.array(z.number()), getMs: z.array(z.number()) });
export type TableTimes = z.infer<typeof tableTimes>;

/** What the hand answers when it has sent a command. */
export const handAnswer = z.object({ answer: z.string() });
