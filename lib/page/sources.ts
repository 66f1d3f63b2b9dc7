import type { DnsConfig } from "../core/config.ts";
import type { RecordSet } from "../core/records.ts";
import type { Clock } from "../ports/clock.ts";
import { type Result, success } from "../ports/errors.ts";
import type { Store } from "../ports/store.ts";
import { collectStatus } from "../status/collect.ts";
import { type Failover, failoversOf } from "../status/failovers.ts";
import { Memory, readRecordsRarely } from "../status/memory.ts";
import type { PageSources } from "./app.ts";

export interface PageReaders {
  readonly table: string;
  readonly store: Pick<Store, "listConfigs" | "readState" | "readHeartbeat" | "readEvents">;
  readonly readRecords: (dns: DnsConfig) => Promise<Result<readonly RecordSet[]>>;
  readonly clock: Pick<Clock, "nowMs" | "wallTime">;
}

/** The newest events in which failovers are looked for; a failover is about fifteen of them. */
const eventsRead = 120;
/** The last words of a failover are stored after its last write of STATE. */
const failoversKeptMs = 10_000;

/** The table and the zone, asked no more often than an open page needs it. */
export function pageSources(readers: PageReaders): PageSources {
  const { store, clock } = readers;
  const sources = { ...readers, readRecords: readRecordsRarely(readers.readRecords, clock) };
  const memory = new Memory<readonly Failover[]>(clock, failoversKeptMs);
  return {
    collect: (only) => collectStatus(sources, only),
    readFailovers: async ({ name, state }) => {
      const basis = String(state?.rev ?? 0);
      const known = memory.find(name, basis);
      if (known !== undefined) return success(known);
      const events = await store.readEvents(name, eventsRead);
      if (!events.ok) return events;
      const failovers = failoversOf(events.value, state?.lastEpoch ?? null);
      memory.keep(name, basis, failovers);
      return success(failovers);
    },
  };
}
