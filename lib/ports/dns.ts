import type { DnsConfig } from "../core/config.ts";
import type { Ownership, RecordSet } from "../core/records.ts";
import type { Result } from "./errors.ts";

/** The published name: read, and changed by compare-and-swap only (DESIGN 5). */
export interface Dns {
  /** Everything at the group's names, from the API, including what is still pending. */
  read(dns: DnsConfig): Promise<Result<readonly RecordSet[]>>;
  /** Publishes and reads back; "refused" when somebody else owns the name or a newer epoch stands. */
  publish(request: PublishRequest): Promise<Result<{ readonly isChanged: boolean }>>;
  /** Asks DNS as a client does: the addresses, the alias and the SRV ports that the name answers now. */
  resolve(dns: DnsConfig): Promise<Result<Resolution>>;
}

export interface PublishRequest {
  readonly dns: DnsConfig;
  readonly owner: Ownership;
  readonly wanted: readonly RecordSet[];
  /** What was read ahead of need, so that the first sending costs no read; null when nothing was. */
  readonly known: readonly RecordSet[] | null;
  /** Re-derived before each sending: false stops a batch that STATE has overtaken. */
  readonly isCurrent: () => boolean;
}

export interface Resolution {
  readonly addresses: readonly string[];
  /** The name that a CNAME leads to, in lower case and without a final dot; null: the name is no alias. */
  readonly alias: string | null;
  readonly ports: readonly number[];
  /** For how much longer whoever was asked may give the same answer; null: there is none. */
  readonly ttlSeconds: number | null;
}
