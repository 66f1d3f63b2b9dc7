import { digestOf } from "../../config/digest.ts";
import type { GroupConfig } from "../../core/config.ts";
import { withDiscovered } from "../../core/discovered.ts";
import type { GroupState } from "../../core/model.ts";
import { failure } from "../../ports/errors.ts";
import type { GroupStatus } from "../../status/report.ts";
import type { CliContext, Services } from "../context.ts";
import { needRead } from "../exit.ts";
import { needReport } from "../need-report.ts";
import type { GroupFacts } from "./facts.ts";
import type { Surroundings } from "./table.ts";

/** Asks everybody who can be asked from here; only the table has to answer. */

export interface Collected {
  readonly surroundings: Surroundings;
  readonly groups: readonly GroupFacts[];
}

export async function collectFacts(
  context: CliContext,
  services: Services,
  only: string | undefined,
): Promise<Collected> {
  const { store, table } = services;
  const [described, report] = await Promise.all([
    services.describeTable(),
    needReport(context, services, only),
  ]);
  const configs = needRead(await store.listConfigs(), `read the configuration in table ${table}`);
  const groups = await Promise.all(
    report.groups.map((status) => {
      const own = configs.filter((config) => config.name === status.name);
      return factsOf(services, status, own);
    }),
  );
  const [state] = groups.flatMap((one) => one.state ?? []);
  const dryWrite = state === undefined ? null : await tryToWrite(context, services, state);
  return { surroundings: { table: described, dryWrite }, groups: groups.map(({ facts }) => facts) };
}

async function factsOf(
  { store, zoneName, resolve }: Services,
  status: GroupStatus,
  configs: readonly GroupConfig[],
): Promise<{ readonly facts: GroupFacts; readonly state: GroupState | null }> {
  const stored = needRead(await store.readState(status.name), `read the state of ${status.name}`);
  const state = stored.kind === "state" ? stored.state : null;
  const active = configs.find((config) => config.version === state?.configVersion);
  // Newest first within a group.
  const named = active ?? configs[0];
  if (named === undefined) throw new Error(`expected a configuration of ${status.name}, got none`);
  const { dns } = named;
  const [zone, answer] =
    dns === undefined ? [null, null] : await Promise.all([zoneName(dns.zoneId), resolve(dns)]);
  const facts: GroupFacts = {
    status,
    config: withDiscovered(named, state),
    isConfigMissing: state !== null && active === undefined,
    isDigestRight: digestOf(named) === named.digest,
    foreign: stored.kind === "foreign" ? stored.why : null,
    removedBy: state?.removed?.by ?? null,
    zone,
    answer,
  };
  return { facts, state };
}

/** No STATE has this revision, so that its condition never holds: DynamoDB checks the right to write before that. */
const impossibleRev = -1;

async function tryToWrite(context: CliContext, { store }: Services, state: GroupState) {
  const tried = await store.writeState(impossibleRev, state, context.newAttempt());
  if (!tried.ok || !tried.value.isWon) return tried;
  return failure("malformed", "a write was taken whose condition can't hold");
}
