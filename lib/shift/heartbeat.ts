import { absenceBy } from "../core/absence.ts";
import { groupView, masterView, viewOf } from "../core/decide.ts";
import { firstMissAtMs, lastOffset, loadingForMs, type NodeMemory } from "../core/detector.ts";
import type { Memory } from "../core/memory.ts";
import type { Verdict } from "../core/model.ts";
import { describeOddity, odditiesOf } from "../core/oddities.ts";
import { unfitness } from "../core/readiness.ts";
import { spellsOf, writeRefusal } from "../core/spells.ts";
import { formatVerdict, verdictOf } from "../core/verdict.ts";
import { isAnswering, type MasterView, type View } from "../core/view.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupReport, Heartbeat, NodeReport } from "../ports/store.ts";
import type { GroupStatus } from "./group.ts";
import { wayOf } from "./way.ts";

/** What an observer says of itself, from the state of its watches. The only write in calm. */
export function heartbeatOf(
  self: Pick<Heartbeat, "observer" | "shift" | "codeVersion" | "everyMs" | "awake">,
  groups: ReadonlyMap<string, GroupStatus>,
  clock: Clock,
): Heartbeat {
  const nowMs = clock.nowMs();
  return {
    ...self,
    at: clock.wallTime(),
    groups: Object.fromEntries(
      [...groups].map(([name, status]) => [name, reportOf(status, nowMs)]),
    ),
  };
}

function reportOf(status: GroupStatus, nowMs: number): GroupReport {
  const { memory, rule, why, copiedRev } = status;
  const view = viewOf(memory, nowMs, "");
  const known = knownMaster(view);
  const unfit: ReadonlyMap<string, string | null> = known === null ? new Map() : unfitness(known);
  const knownForMs = nowMs - memory.masterKnown.sinceMs;
  const absence = absenceBy(memory.absence, nowMs);
  return {
    configVersion: memory.config.version,
    rev: memory.state?.rev ?? 0,
    isPauseSeen: memory.state?.pause !== null && memory.state?.pause !== undefined,
    ...suspicionOf(memory, nowMs),
    ...(absence === null ? {} : { absence }),
    masterEpoch: memory.masterKnown.epoch,
    // "Longer than anybody remembers" is a year: the table holds no infinities.
    masterKnownForMs: Number.isFinite(knownForMs) ? Math.round(knownForMs) : 31_536_000_000,
    copiedRev,
    rule,
    why: why.slice(0, 300),
    nodes: Object.fromEntries(
      Object.values(memory.nodes).map((node) => {
        const spells = spellsOf(node, nowMs);
        const setup = node.rehearsal?.setup;
        const report: NodeReport = {
          verdict: formatVerdict(verdictIn(memory, node, nowMs)),
          role: node.role,
          offset: node.positions.at(-1)?.offset ?? null,
          replid: node.facts?.replid ?? null,
          isLinkUp: isLinkUp(node),
          latencyMs: node.latencyMs === null ? null : Math.round(node.latencyMs * 10) / 10,
          unfit: unfit.get(node.node) ?? null,
          oddities: isAnswering(node) ? sayAllOdd(view, node) : [],
          ...(spells === null ? {} : { spells }),
          ...(node.facts === null ? {} : { priority: node.facts.priority }),
          ...(setup === undefined ? {} : { setup }),
        };
        return [node.node, report];
      }),
    ),
    ...(known === null ? {} : { way: wayOf(known) }),
  };
}

/** A pass goes on from what its predecessor found, for as long as a node does not answer. */
function verdictIn(memory: Memory, node: NodeMemory, nowMs: number): Verdict {
  const before = memory.verdicts[node.node];
  const isFoundDown = memory.foundDown[node.node] !== undefined && before?.kind === "down";
  return isFoundDown ? before : verdictOf(node, memory.config.settings, nowMs);
}

function knownMaster(view: View): MasterView | null {
  const { state } = view.memory;
  return state?.master == null ? null : masterView(groupView(view, state));
}

/** For people: what is odd about it, and with which words it refuses writes. */
function sayAllOdd(view: View, node: NodeMemory): readonly string[] {
  const said = odditiesOf(view, node).map((oddity) => describeOddity(view, node.node, oddity));
  const refusal = writeRefusal(node, view.settings, view.nowMs);
  return refusal === null ? said : [...said, `${node.node} refuses writes: ${refusal}`];
}

function isLinkUp(node: NodeMemory): boolean | null {
  return node.facts?.role === "replica" ? node.facts.isLinkUp : null;
}

function suspicionOf(memory: Memory, nowMs: number) {
  const suspect = suspectOf(memory);
  const node = suspect === null ? undefined : memory.nodes[suspect];
  if (suspect === null || node === undefined) {
    return { suspect: null, suspectForMs: 0, suspectOffset: null, suspectLoading: null };
  }
  const { inherited } = memory;
  const before =
    inherited?.suspect === suspect && node.lastAnsweredAtMs === null ? inherited : null;
  const ownMs = nowMs - (firstMissAtMs(node) ?? nowMs);
  return {
    suspect,
    suspectForMs: Math.round(ownMs + (before?.forMs ?? 0)),
    suspectOffset: lastOffset(node) ?? before?.offset ?? null,
    suspectLoading: loadingOf(node, nowMs),
  };
}

function loadingOf(node: NodeMemory, nowMs: number) {
  if (node.loadingSinceMs === null || node.facts === null) return null;
  return { runId: node.facts.runId, forMs: Math.round(loadingForMs(node, nowMs)) };
}

/** The master that this observer misses probes of, or that loads while that is no way to be a master for ever. */
export function suspectOf(memory: Memory): string | null {
  const master = memory.state?.master?.node;
  const node = master === undefined ? undefined : memory.nodes[master];
  if (node === undefined) return null;
  const isLoading = node.loadingSinceMs !== null && memory.config.settings.rebootDownAfterMs > 0;
  return firstMissAtMs(node) !== null || isLoading ? node.node : null;
}

/**
 * What changes in a heartbeat that others wait for: pauses and removals seen, versions adopted, suspicions, masters,
 * verdicts. It is asked for with every beat, so it is read from what the last looks concluded and not from a heartbeat
 * built for it.
 */
export function signature(groups: ReadonlyMap<string, GroupStatus>): string {
  return [...groups].map(([name, { memory }]) => `${name} ${signatureOf(memory)}`).join();
}

function signatureOf(memory: Memory): string {
  const { config, state, masterKnown, nodes, verdicts } = memory;
  const isPauseSeen = state?.pause !== null && state?.pause !== undefined;
  const isGone = state?.removed !== null && state?.removed !== undefined;
  const seen = Object.values(nodes).map((node) => {
    const verdict = verdicts[node.node];
    const said = verdict === undefined ? "unknown" : formatVerdict(verdict);
    return `${said} ${node.role} ${isLinkUp(node)} ${node.rehearsal?.oddities.join("+") ?? ""}`;
  });
  return `${config.version} ${isPauseSeen} ${isGone} ${suspectOf(memory)} ${masterKnown.epoch} ${seen.join()}`;
}

/**
 * Whether a heartbeat says something that the last one did not, and that somebody waits for. Not the rule, nor how fast a
 * node answers: in calm nothing is written but what is due.
 */
export function isNews(before: Heartbeat, now: Heartbeat): boolean {
  return newsIn(before) !== newsIn(now);
}

function newsIn({ codeVersion, groups }: Heartbeat): string {
  const reports = Object.entries(groups).map(([name, report]) => {
    const { configVersion, rev, isPauseSeen, suspect, masterEpoch, copiedRev, nodes } = report;
    const seen = Object.entries(nodes).map(
      ([node, { verdict, role, isLinkUp }]) => `${node} ${verdict} ${role} ${isLinkUp}`,
    );
    const own = [configVersion, rev, isPauseSeen, suspect, masterEpoch, copiedRev].join(" ");
    return `${name} ${own} ${seen.toSorted().join()}`;
  });
  return `${codeVersion} ${reports.toSorted().join(";")}`;
}
