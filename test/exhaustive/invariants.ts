import { type GroupConfig, votesNeeded } from "../../lib/core/config.ts";
import type { GroupState, Vote } from "../../lib/core/model.ts";
import { parseCompanion, type RecordSet } from "../../lib/core/records.ts";
import { phaseEdges } from "../support/phase-edges.ts";
import type { Book } from "./book.ts";
import { type Sent, type Servers, serverOf } from "./servers.ts";

/** An invariant that a transition broke, with what happened. */
export interface Broken {
  readonly invariant: string;
  readonly what: string;
}

export interface Checked {
  readonly book: Book;
  readonly broken: Broken | null;
}

function broke(invariant: string, what: string): Broken {
  return { invariant, what };
}

/** Every write of STATE that is applied. */
export function checkWrite(
  config: GroupConfig,
  world: { readonly votes: readonly Vote[]; readonly servers: Servers; readonly book: Book },
  before: GroupState,
  after: GroupState,
): Checked {
  const { votes, servers, book } = world;
  const isClaim = after.phase === "promoting" && after.epoch > before.epoch;
  const isCommit = after.masterEpoch !== before.masterEpoch;
  const broken =
    checkEdge(before, after) ??
    (isClaim ? checkClaim(config, votes, before, after) : null) ??
    checkCandidate(book, after) ??
    (isCommit ? checkCommit(world, after) : null);
  if (isClaim) return { book: noteClaim(book, servers, before, after), broken };
  if (!isCommit) return { book, broken };
  const committed = { ...book.committed, [after.masterEpoch]: after.master?.node ?? "" };
  return { book: { ...book, committed, owed: [] }, broken };
}

function checkEdge(before: GroupState, after: GroupState): Broken | null {
  if (after.rev !== before.rev + 1) return broke("S5", `rev ${before.rev} → ${after.rev}`);
  if (after.epoch < before.epoch || after.epoch > before.epoch + 1) {
    return broke("S5", `epoch ${before.epoch} → ${after.epoch}`);
  }
  if (!phaseEdges.has(`${before.phase}>${after.phase}`)) {
    return broke("S5", `phase ${before.phase} → ${after.phase}`);
  }
  const isSame = after.masterEpoch === before.masterEpoch;
  if (isSame && after.master?.node !== before.master?.node) {
    return broke("S9", "the master changed without a commit");
  }
  return null;
}

/** S2: standing down votes of a quorum, in the open round on this master. */
function checkClaim(
  config: GroupConfig,
  votes: readonly Vote[],
  before: GroupState,
  after: GroupState,
): Broken | null {
  if (before.pause !== null) return broke("S12", "a claim while paused");
  if (after.kind === "switchover") return null;
  const { round } = before;
  if (round.status !== "open" || round.suspect !== before.master?.node) {
    return broke("S2", "a claim without an open round on the master");
  }
  const down = votes.filter(
    (vote) =>
      vote.round === round.number &&
      vote.epoch === before.epoch &&
      vote.digest === config.digest &&
      vote.verdict === "down" &&
      vote.node === round.suspect &&
      config.observers.includes(vote.observer),
  );
  const voters = new Set(down.map((vote) => vote.observer));
  if (voters.size >= votesNeeded(config)) return null;
  return broke("S2", `a claim with ${voters.size} standing down votes of ${votesNeeded(config)}`);
}

function noteClaim(book: Book, servers: Servers, before: GroupState, after: GroupState): Book {
  const node = after.candidate?.node ?? "";
  const isPlanned = after.kind === "switchover";
  return {
    ...book,
    intents: { ...book.intents, [after.epoch]: node },
    chosen: serverOf(servers, node).data,
    owed: isPlanned ? serverOf(servers, before.master?.node ?? "").data : [],
  };
}

/** S1: the candidate is written once in an epoch. */
function checkCandidate(book: Book, after: GroupState): Broken | null {
  if (after.phase !== "promoting" || after.candidate === null) return null;
  const known = book.intents[after.epoch];
  if (known === undefined || known === after.candidate.node) return null;
  return broke(
    "S1",
    `epoch ${after.epoch} has the candidates ${known} and ${after.candidate.node}`,
  );
}

function checkCommit(
  { servers, book }: { readonly servers: Servers; readonly book: Book },
  after: GroupState,
): Broken | null {
  const node = after.master?.node ?? "";
  const epoch = after.masterEpoch;
  if (book.intents[epoch] !== node)
    return broke("S3", `epoch ${epoch} commits ${node} without intent`);
  if (book.promoted.epoch !== epoch) {
    return broke("S6", `epoch ${epoch} commits ${node}, which nobody promoted in it`);
  }
  if (!book.promoted.isWhole) {
    return broke("S8", `epoch ${epoch} commits ${node}, which had lost what it held when chosen`);
  }
  const { data } = serverOf(servers, node);
  const lost = book.owed.filter((value) => !data.includes(value));
  if (lost.length > 0 && after.kind === "switchover") {
    return broke("S10", `the switchover to ${node} lost the acknowledged ${lost.join(", ")}`);
  }
  return null;
}

/** What a process may not even send, whatever becomes of it. */
export function checkSending(
  book: Book,
  process: number,
  before: GroupState,
  after: GroupState,
): Broken | null {
  const { epoch } = after;
  const isFailover = after.kind === "failover";
  // Who heard the old master answer as master after its claim does not commit over it.
  const isCommit = isFailover && after.masterEpoch > before.masterEpoch;
  if (isCommit && book.heardOld[process] === epoch) {
    return broke("F6", `epoch ${epoch} is committed over a master that answered its leader`);
  }
  const isClaim = isFailover && epoch > before.epoch;
  return isClaim ? checkRound(book, process, after.round.number, "claims") : null;
}

/** F2: who finds a round open at its first read of STATE neither votes nor claims in it. */
export function checkRound(
  book: Book,
  process: number,
  round: number,
  what: string,
): Broken | null {
  const found = book.found[process] ?? Number.POSITIVE_INFINITY;
  if (round > found) return null;
  return broke("F2", `a shift ${what} in round ${round}, which it found when it began`);
}

/** Every role change that a server is about to carry out. */
export function checkCommand(
  world: { readonly state: GroupState; readonly servers: Servers; readonly book: Book },
  { node, command, by }: Sent,
): Checked {
  const { state, servers, book } = world;
  if (command.kind === "promote") {
    const { epoch } = command;
    if (book.intents[epoch] === undefined) {
      return { book, broken: broke("S3", `${node} is promoted for epoch ${epoch} without intent`) };
    }
    if (book.intents[epoch] !== node) {
      const what = `epoch ${epoch} promotes ${node} beside ${book.intents[epoch]}`;
      return { book, broken: broke("S1", what) };
    }
    if (epoch !== state.epoch) return { book, broken: null };
    const { data } = serverOf(servers, node);
    const isWhole = book.chosen.every((value) => data.includes(value));
    return { book: { ...book, promoted: { epoch, isWhole } }, broken: null };
  }
  if (command.kind !== "attach") return { book, broken: null };
  const isCommitted = state.phase !== "promoting" && state.master?.node === node;
  if (isCommitted) {
    return { book, broken: broke("F1", `${by} demotes the committed master ${node}`) };
  }
  const isPromoted = state.candidate?.node === node && book.promoted.epoch === state.epoch;
  if (isPromoted && state.phase === "promoting") {
    return { book, broken: broke("F1", `${by} demotes ${node}, promoted for the open epoch`) };
  }
  return { book, broken: null };
}

/** S6: the record names committed masters alone, and never goes back. */
export function checkZone(
  config: GroupConfig,
  book: Book,
  before: readonly RecordSet[],
  after: readonly RecordSet[],
): Broken | null {
  const oldEpoch = epochOf(before);
  const newEpoch = epochOf(after);
  if (newEpoch === null) return broke("S6", "the record has no companion any more");
  if (oldEpoch !== null && newEpoch < oldEpoch) {
    return broke("S6", `the record goes back from epoch ${oldEpoch} to ${newEpoch}`);
  }
  const address = after.find((one) => one.type === "A")?.values[0];
  const committed = config.nodes.find((node) => node.id === book.committed[newEpoch]);
  if (committed !== undefined && committed.publish.host === address) return null;
  return broke(
    "S6",
    `the record says ${address} for epoch ${newEpoch}, committed was ${committed?.id}`,
  );
}

function epochOf(records: readonly RecordSet[]): number | null {
  const text = records.find((one) => one.type === "TXT")?.values[0];
  return text === undefined ? null : (parseCompanion(text)?.epoch ?? null);
}
