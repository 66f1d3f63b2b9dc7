import type { RecordSet } from "../../lib/core/records.ts";
import type { Dns } from "../../lib/ports/dns.ts";
import type { Play, Stage } from "./stage.ts";

/** What stands between one client and the zone, which itself is sound. */
export type DnsTrouble =
  | "never answers"
  | "throttles"
  | "denies"
  /** The next batch is applied, and its answer lost. */
  | "loses the next answer"
  /** Every batch arrives, long after its sender gave up. */
  | "delays every batch";

/** A zone of its own for a test, and the processes that reach it. */
export interface DnsStage extends Stage {
  readonly zoneId: string;
  dns(): Dns;
  /** A process that gives up quickly, because this stands in its way. */
  troubled(by: DnsTrouble): Promise<Dns>;
  /** Takes away what stands in the way, and lets arrive what was delayed. */
  release(): void;
  /** What a person does in the console. */
  byHand(action: "CREATE" | "DELETE", record: RecordSet): void;
  /** Everything in the zone, as `name type values`. */
  listed(): readonly string[];
  /** How long a change takes to show when it is asked for as a client asks. */
  appearAfter(ms: number): void;
  /** How long a change keeps the zone busy. */
  handleFor(ms: number): void;
}

export type DnsPlay = Play<DnsStage>;
