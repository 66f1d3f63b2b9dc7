import { findNode, type GroupConfig, type NodeId } from "../../core/config.ts";
import { withoutKept } from "../../core/kept.ts";
import type { GroupState } from "../../core/model.ts";
import { type Ownership, type RecordRole, recordOf, wantedOf } from "../../core/records.ts";
import { planTakeover, type TakeoverPlan } from "../../core/takeover.ts";
import { formatRecord } from "../../status/collect.ts";
import type { Services } from "../context.ts";
import { CliError, exitCodes } from "../exit.ts";

/** A name of the group that this deployment does not own, and how it is taken over. */
export interface ForeignName {
  readonly name: string;
  readonly zoneId: string;
  readonly take: TakeoverPlan;
}

/** Every name of the group that somebody else wrote; a zone that can't be asked ends the command. */
export async function findForeignNames(
  { readRecords }: Services,
  config: GroupConfig,
  state: GroupState,
): Promise<readonly ForeignName[]> {
  const master = findNode(config, state.master?.node ?? "");
  const names: ForeignName[] = [];
  if (master === undefined) return names;
  const owner: Ownership = {
    ...{ deployment: state.deployment, group: config.name, epoch: state.masterEpoch },
  };
  for (const role of ["master", "replicas"] as const satisfies readonly RecordRole[]) {
    const dns = recordOf(config, role);
    if (dns === null) continue;
    const found = await readRecords(dns);
    if (!found.ok) {
      const message = `expected Route 53 to say what ${dns.name} is, got no answer: ${found.why}; see this machine's credentials and zone ${dns.zoneId}. Nothing was changed`;
      throw new CliError(exitCodes.unfinished, message);
    }
    const wanted = wantedOf(withoutKept(config, state), role, owner, master);
    const takeover = planTakeover(found.value, wanted, owner);
    if (takeover.kind === "ours") continue;
    if (takeover.kind === "refused") {
      const message = `expected a record at ${dns.name} that can be taken over: ${takeover.why}. Nothing was changed`;
      throw new CliError(exitCodes.unfinished, message);
    }
    names.push({ name: dns.name, zoneId: dns.zoneId, take: takeover.take });
  }
  return names;
}

/** What stands at the name, whose it is, and what becomes of it. */
export function explainName({ name, take }: ForeignName, master: NodeId): readonly string[] {
  const there = take.strangers.map(formatRecord).join(", ") || "what the table wants already";
  const whose =
    take.from === null
      ? "which lambda-sentinel did not write"
      : `of group ${take.from.group} of deployment ${take.from.deployment}, whose observers are refused from then on`;
  return [
    `record     ${name} has ${there}, ${whose}`,
    `becomes    this deployment's, by ${formatRecord(take.companion)} at ${take.companion.name}; the observers then publish ${master}`,
  ];
}

/** Writes the companion, in one batch that fails where anything is not as it was shown. */
export async function takeName(
  { changeRecords }: Services,
  { name, zoneId, take }: ForeignName,
): Promise<void> {
  const changed = await changeRecords(zoneId, take.changes);
  if (changed.ok) return;
  const advice =
    changed.kind === "denied"
      ? `whoever may change the zone creates TXT ${take.companion.name} with ${take.companion.values.join(" ")}, and the observers do the rest`
      : "run the command again, which shows what stands there now";
  const doubt = changed.isOutcomeKnown ? "" : " (it may have been, all the same)";
  const message = `${name} was not taken over${doubt}: ${changed.why}; ${advice}`;
  throw new CliError(exitCodes.unfinished, message);
}
