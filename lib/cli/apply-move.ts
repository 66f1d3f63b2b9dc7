import {
  formatAddress,
  type GroupConfig,
  moveOf,
  type NodeId,
  votesNeeded,
} from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import type { GroupReport, Store } from "../ports/store.ts";
import type { GroupPlan } from "./apply-plan.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { readGroupState } from "./group-state.ts";
import { type Heard, listen } from "./heartbeats.ts";

/**
 * The master may be looked for elsewhere only while nobody reaches it where it was (ADR 0011). Otherwise a typing error
 * is a silent master to the observers, who replace it, and a living one to its clients, which nobody watches or fences.
 */

/** A master that the observers found down in this epoch. */
export interface Proof {
  readonly node: NodeId;
  readonly epoch: number;
}

interface Move {
  readonly node: NodeId;
  readonly from: string;
  readonly to: string;
}

/** Where the master was and is to be looked for; null: it stays, or it is no master of theirs. */
function moveOfMaster({ before, config }: GroupPlan, state: GroupState | null): Move | null {
  const node = state?.master?.node;
  const move = before === null || node === undefined ? null : moveOf(before, config, node);
  return move === null || node === undefined ? null : { node, ...move };
}

/** A shift that has just begun has not found out yet; a heartbeat later it may have. */
const roundsMax = 5;

/** Listens to the observers where the master moves, and stops unless a quorum finds it down and nobody hears it. */
export async function proveOrStop(
  context: CliContext,
  store: Store,
  plan: GroupPlan,
): Promise<Proof | null> {
  const { before } = plan;
  const state = await readGroupState(store, plan.group);
  const move = moveOfMaster(plan, state);
  if (before === null || state === null || move === null) return null;
  const { terminal } = context;
  if (state.phase !== "steady") throw refuse(plan, move, `phase ${state.phase}`);
  const there = [...before.nodes.map(({ probe }) => probe), ...state.discovered].map(formatAddress);
  // Whoever was another node of the group there would be the master without an epoch, a choice or a count of what is lost.
  if (there.includes(move.to)) {
    throw refuse(
      plan,
      move,
      `another node of the group at ${move.to}; a failover makes that one the master`,
    );
  }
  terminal.out(
    `${plan.group}: asking the observers whether anybody reaches ${move.node} at ${move.from}`,
  );
  for (let round = 1; ; round += 1) {
    const found = judge(plan, before, await listen(context, store, before), move.node);
    if (found.kind === "down") {
      terminal.out(`${plan.group}: ${move.node} is down for ${found.by.join(", ")}`);
      return { node: move.node, epoch: state.epoch };
    }
    if (found.kind === "refused" || round === roundsMax) throw refuse(plan, move, found.why);
  }
}

type Finding =
  | { readonly kind: "down"; readonly by: readonly string[] }
  /** Who asks in vain may know better a heartbeat later. */
  | { readonly kind: "refused" | "unsure"; readonly why: string };

/** As in a vote, a quorum says down; unlike there, a single word against it counts: nothing is lost by waiting. */
function judge(plan: GroupPlan, before: GroupConfig, heard: Heard, master: NodeId): Finding {
  const reports = before.observers.map((name) => [name, reportOf(heard, name, plan)] as const);
  const reached = reports.flatMap(([name, report]) =>
    report === null ? [] : sayReached(name, report, master),
  );
  if (reached.length > 0) return { kind: "refused", why: reached.join(", ") };
  const by = reports.filter(([, report]) => isGone(report, master)).map(([name]) => name);
  const others = reports.filter(([name]) => !by.includes(name));
  const unsure = others.filter(([, report]) => report !== null);
  if (by.length >= votesNeeded(before) && unsure.length === 0) return { kind: "down", by };
  const said = others.map(([name, report]) =>
    report === null
      ? `no word from ${name} under version ${before.version}`
      : `${name} saying ${verdictIn(report, master)}`,
  );
  return { kind: unsure.length > 0 ? "unsure" : "refused", why: said.join(", ") };
}

function verdictIn(report: GroupReport | null, node: NodeId): string {
  return report?.nodes[node]?.verdict ?? "nothing";
}

/** Nobody of the group answers there. A master that is down because it loads, or says replica, answers. */
function isGone(report: GroupReport | null, node: NodeId): boolean {
  return ["down(silent)", "down(refused)", "down(foreign)"].includes(verdictIn(report, node));
}

/** What an observer says that asked in vain, or not yet. */
const unknowns = ["slow", "unresolved", "blind", "nothing"];

/** An observer that reaches it, or a replica that has a link to it. */
function sayReached(name: string, report: GroupReport, master: NodeId): readonly string[] {
  const verdict = verdictIn(report, master);
  if (!isGone(report, master) && !unknowns.includes(verdict)) return [`${name} saying ${verdict}`];
  const linked = Object.entries(report.nodes)
    .filter(([id, seen]) => id !== master && !isGone(report, id) && seen.isLinkUp)
    .map(([id]) => id);
  return linked.length === 0 ? [] : [`${name} saying that ${linked.join(", ")} has a link to it`];
}

/** What was found holds for the master and the epoch that it was found in. */
export function whyUnproven(
  plan: GroupPlan,
  state: GroupState,
  proof: Proof | null,
): string | null {
  const move = moveOfMaster(plan, state);
  if (move === null || (proof?.node === move.node && proof.epoch === state.epoch)) return null;
  return `expected ${move.node} not to become the master of ${plan.group} while it moves to ${move.to}, got a failover meanwhile; version ${plan.config.version} is stored and not active, run the command again`;
}

/** What an observer said of the group while we listened, under the version in force. */
function reportOf(heard: Heard, name: string, { group, before }: GroupPlan): GroupReport | null {
  const report = heard.fresh.has(name) ? heard.last.get(name)?.groups[group] : undefined;
  return report === undefined || report.configVersion !== before?.version ? null : report;
}

function refuse({ group }: GroupPlan, { node, from, to }: Move, got: string): CliError {
  return new CliError(
    exitCodes.unfinished,
    `expected ${node}, the master of ${group}, to be down at ${from} for a quorum of the observers, and for no observer or replica to reach it, before it is looked for at ${to}; got ${got}. ` +
      "One that lives would go on there with its clients, and nobody would watch it: stop it, or switch over to another node first. Nothing was changed",
  );
}
