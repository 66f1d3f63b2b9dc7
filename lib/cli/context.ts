import type { TableFacts } from "../adapters/table-facts.ts";
import type { DnsConfig } from "../core/config.ts";
import type { RecordChange, RecordSet } from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Resolution } from "../ports/dns.ts";
import type { Result } from "../ports/errors.ts";
import type { Store } from "../ports/store.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  /** Whose file says which table it is. */
  readonly stage?: string;
  readonly table?: string;
  readonly region?: string;
}

export type Style = "good" | "bad" | "warn" | "dim" | "bold";

/** Where a command's words go, and where answers come from. */
export interface Terminal {
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** How wide it is; null where nobody looks, or it doesn't know. */
  readonly columns: number | null;
  out(line: string): void;
  error(line: string): void;
  /** Shows these lines in place of everything that the screen has. */
  redraw(lines: readonly string[]): void;
  /** Tells a person what the command waits for, where it then says nothing for a second. */
  waitingFor(what: string): void;
  /** Asks for yes or no; anything but a clear yes is a no. */
  confirm(question: string): Promise<boolean>;
  paint(style: Style, text: string): string;
}

/** What lies outside this process, opened for one table. */
export interface Services {
  readonly table: string;
  readonly store: Store;
  /** The group's records as Route 53 has them. */
  readonly readRecords: (dns: DnsConfig) => Promise<Result<readonly RecordSet[]>>;
  /** One batch on a zone, with the rights of whoever runs the command. */
  readonly changeRecords: (
    zoneId: string,
    changes: readonly RecordChange[],
  ) => Promise<Result<void>>;
  /** The name of a hosted zone; fails as "refused" when there is none of that id. */
  readonly zoneName: (zoneId: string) => Promise<Result<string>>;
  /** What DNS answers this machine, as it answers a client here. */
  readonly resolve: (dns: DnsConfig) => Promise<Result<Resolution>>;
  readonly describeTable: () => Promise<Result<TableFacts>>;
}

export interface CliContext {
  readonly open: (options: GlobalOptions) => Services;
  readonly clock: Clock;
  readonly terminal: Terminal;
  /** Who asks, for the audit: `alice@laptop`. */
  readonly operator: string;
  readonly newAttempt: () => string;
  /** Where the files of stages are looked for. */
  readonly stagesFolder: string;
  readonly version: string;
}
