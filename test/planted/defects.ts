import { groundDefects } from "./ground-defects.ts";
import { holdDefects } from "./hold-defects.ts";
import { passDefects } from "./pass-defects.ts";
import { voteDefects } from "./vote-defects.ts";

/**
 * Mistakes of the kind people make, as edits of the real sources. The simulator must notice each of them; a simulator
 * that doesn't proves nothing by being green.
 */
export interface Defect extends Edit {
  readonly id: string;
  /** The mistake, in one sentence. */
  readonly title: string;
  /** Where a second safeguard would hide the mistake, it is taken out as well. */
  readonly also?: readonly Edit[];
}

export interface Edit {
  readonly file: string;
  /** Exactly this text, which must occur once … */
  readonly find: string;
  /** … becomes this. */
  readonly replace: string;
}

/** Mistakes of what decides, and of the ground that decisions stand on. */
export const defects: readonly Defect[] = [
  ...voteDefects,
  ...passDefects,
  {
    id: "companion-of-the-claim",
    title: "The companion carries the running epoch, not the one that committed the master.",
    file: "lib/core/rules/publication.ts",
    find: "epoch: state.masterEpoch,",
    replace: "epoch: state.epoch,",
  },
  {
    id: "repair-on-stale-state",
    title: "A repair acts on a STATE that was read before the node was observed.",
    file: "lib/core/rules/repairs.ts",
    find: `    prepared.askedAtMs <= memory.stateAskedAtMs &&
    // What was`,
    replace: `    // What was`,
    also: [
      {
        file: "lib/core/rules/repairs.ts",
        find: "if (!isMasterSane(view)) return none;",
        replace: "",
      },
      {
        file: "lib/core/rules/steady.ts",
        find: 'prepare: work.toPrepare, order: "nodes-first", state: true',
        replace: 'prepare: work.toPrepare, order: "together", state: true',
      },
    ],
  },
  {
    id: "promote-before-intent",
    title: "The candidate is promoted before the claim is written.",
    file: "lib/core/rules/claim.ts",
    find: 'plan: [[claim(state, intent, writer(view, "S370", why))], events.map(emit)],',
    replace: `plan: [
      [
        {
          kind: "promote" as const,
          node,
          session: view.memory.prepared[node]?.session ?? 0,
          epoch,
          beside: null,
        },
      ],
      [claim(state, intent, writer(view, "S370", why))],
      events.map(emit),
    ],`,
  },
  {
    id: "other-candidate-on-takeover",
    title: "Whoever takes an epoch over chooses another candidate.",
    file: "lib/core/state.ts",
    find: "return write(state, { leader: writer.shift, beat: state.beat + 1 }, writer);",
    replace: `const node = state.master?.node ?? "";
  const candidate = state.candidate === null ? null : { ...state.candidate, node };
  return write(state, { candidate, leader: writer.shift, beat: state.beat + 1 }, writer);`,
  },
  {
    id: "commit-over-the-living",
    title: "The epoch is committed although the old master answers.",
    file: "lib/core/rules/promoting.ts",
    find: 'if (view.state.kind !== "failover") return null;',
    replace: 'if (view.state.kind !== "switchover" || view.nowMs > 0) return null;',
  },
  {
    id: "claim-from-steady-only",
    title: "A master that dies while its epoch settles is never failed over.",
    file: "lib/core/rules.ts",
    find: `    endOfPauseRule,
    ...suspicionRules.map(unpaused),
    ...claimRules.map(unpaused),`,
    replace: "    endOfPauseRule,",
  },
  {
    id: "role-mismatch-ignored",
    title: "A committed master that answers as a replica counts as up.",
    file: "lib/core/situation.ts",
    find: 'if (master.role === "replica") {',
    replace: 'if (master.role === "replica" && nowMs < 0) {',
  },
  {
    id: "literal-history",
    title: "Only the very replication id of the record counts as its history.",
    file: "lib/core/lineage.ts",
    find: `  if (node.replid2 !== null && node.replid2 === chain.replid) return true;
  return (
    chain`,
    replace: `  return (
    chain.replid === "" &&
    chain`,
  },
  {
    id: "any-history",
    title: "A node of any history may be promoted, one that never synchronised too.",
    file: "lib/core/election.ts",
    find: "if (!isOfChain(input.master, facts)) return",
    replace: 'if (!isOfChain(input.master, facts) && facts.replid === "") return',
    also: [
      {
        file: "lib/core/election.ts",
        find: "if (!facts.hasSynced && !isOwnData) return",
        replace: 'if (!facts.hasSynced && facts.replid === "") return',
      },
    ],
  },
  {
    id: "aof-restart-is-amnesia",
    title: "A restart with an AOF is taken for lost data.",
    file: "lib/core/situation.ts",
    find: `  if (isMarked(facts)) return false;
  return keysBesideMarker(facts) < mostKeysOfChainNow(view);`,
    replace: "  return mostKeysOfChainNow(view) >= 0;",
  },
  {
    id: "stranger-is-master",
    title: "Another server at the master's address is taken for the master with another data set.",
    file: "lib/core/identity.ts",
    find: "  if (facts.runId === view.master.runId || isOurs(view.state, facts)) return false;",
    replace: '  if (facts.runId !== "") return false;',
  },
  {
    id: "own-is-stranger",
    title:
      "The group's own master is taken for another server once it was started again, marker or not.",
    file: "lib/core/identity.ts",
    find: "  if (facts.runId === view.master.runId || isOurs(view.state, facts)) return false;",
    replace:
      "  if (facts.runId === view.master.runId || isOurs(view.state, { ...facts, marker: null })) return false;",
    also: [
      {
        file: "lib/core/identity.ts",
        find: "facts.isLoading || facts.marker !== null) return false;",
        replace: "facts.isLoading) return false;",
      },
    ],
  },
  {
    id: "blind-is-down",
    title: "An observer that reaches no node votes that the master is down.",
    file: "lib/core/situation.ts",
    find: "if (isBlind(view)) {",
    replace: "if (isBlind(view) && nowMs < 0) {",
  },
  {
    id: "replicas-not-heard",
    title: "A master that only the observers cannot reach is failed over.",
    file: "lib/core/situation.ts",
    find: "if (!allowsDeath(heard, settings)) return unreachable(heard);",
    replace: "if (!allowsDeath(heard, settings) && nowMs < 0) return unreachable(heard);",
  },
  {
    id: "no-cool-down",
    title: "Automatic failovers follow one another without a cool-down.",
    file: "lib/core/rules/claim.ts",
    find: "if (leftMs <= 0 || mayComeEarly(view)) return null;",
    replace: "if (leftMs <= 1e12 || mayComeEarly(view)) return null;",
  },
  {
    id: "pause-ignored",
    title: "A paused group is failed over.",
    file: "lib/core/rules/steady.ts",
    find: "if (pause === null) return null;",
    replace: "if (pause === null || view.nowMs !== 0) return null;",
  },
  {
    id: "pause-repaired",
    title: "What is wrong in a paused group is repaired all the same.",
    file: "lib/core/rules/steady.ts",
    find: "if (pause === null) return null;",
    replace: `const { commands, toPrepare } = repairs(view, "all");
    if (pause === null || commands.length + toPrepare.length > 0) return null;`,
  },
  {
    id: "promote-on-old-state",
    title: "A promotion rests on a STATE that was read before the candidate was observed.",
    file: "lib/core/rules/promoting.ts",
    find: "    prepared.askedAtMs <= memory.stateAskedAtMs &&\n",
    replace: "",
  },
  {
    id: "me-too",
    title: "An observer that hears the master votes down as the others do.",
    file: "lib/core/rules/suspicion.ts",
    find: `    case "none":
      return "up";`,
    replace: `    case "none":
      return "down";`,
  },
  {
    id: "vote-unconfirmed",
    title: "A vote rests on a probe from before its round.",
    file: "lib/core/rules/suspicion.ts",
    find: "if (!mayVote(view) || isConfirmed(view)) return null;",
    replace: "if (!mayVote(view) || !isConfirmed(view) || isConfirmed(view)) return null;",
  },
  {
    id: "partial-view",
    title: "The choice is made among the one replica that was asked.",
    file: "lib/core/rules/choice.ts",
    find: "return contenders(view).filter((node) => isAnswering(node));",
    replace: "return contenders(view).filter((node) => isAnswering(node)).slice(-1);",
    also: [
      {
        file: "lib/core/rules/choice.ts",
        find: "return isMasterEligible(view) ? nodesExcept(view, null) : nodesExcept(view, view.master.node);",
        replace: "return nodesExcept(view, view.master.node).filter(isAnswering).slice(-1);",
      },
    ],
  },
  {
    id: "hand-made-switchover",
    title: "A switchover promotes and demotes by hand instead of FAILOVER.",
    file: "lib/core/rules/switchover.ts",
    find: 'if (old.facts.role === "replica" && target?.facts.role === "master") {',
    replace: "if (target !== null) {",
    also: [
      {
        file: "lib/core/rules/switchover.ts",
        find: "if (followed(config, old.facts) !== candidate.node) {",
        replace: "if (view.nowMs < 0) {",
      },
    ],
  },
  {
    id: "close-nothing",
    title: "A node that says master beside the committed one is left alone.",
    file: "lib/core/rules/repairs.ts",
    find: 'if (role === "master") return "master-too";',
    replace: 'if (role === "master") return null;',
  },
  {
    id: "restored-table-trusted",
    title: "A marker above STATE's epoch stops nobody.",
    file: "lib/core/rules/store.ts",
    find: "if (above === undefined) return null;",
    replace: "if (above === undefined || view.nowMs !== 0) return null;",
  },
  ...groundDefects,
  ...holdDefects,
];
