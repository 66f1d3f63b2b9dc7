import type { StoredEvent } from "../ports/store.ts";

/**
 * Rounds and epochs of a group, told from its stored events. The writes of STATE (`+transition`) are there for certain, and
 * give each story its beginning and end; everything else is what their actors lived to tell.
 */

/** One round: a suspicion of one master, whatever became of it. */
export interface RoundStory {
  readonly number: number;
  /** The epoch in which it was open. */
  readonly epoch: number;
  readonly suspect: string | null;
  readonly opening: StoredEvent;
  /** The write that ended it; null: it is open, or its end is not among the events. */
  readonly ending: StoredEvent | null;
  readonly end: "claimed" | "withdrawn" | "superseded" | "closed" | "open";
  /** In the order in which they sort; the transitions are among them. */
  readonly events: readonly StoredEvent[];
}

/** One epoch: an adoption, or an attempt to give the group another master. */
export interface EpochStory {
  readonly epoch: number;
  readonly opening: StoredEvent;
  /** The write back to `steady`; null: it is open. */
  readonly ending: StoredEvent | null;
  readonly commit: StoredEvent | null;
  /** What led to it; null: a request, or the beginning is not among the events. */
  readonly round: RoundStory | null;
  /** With those of its round. */
  readonly events: readonly StoredEvent[];
}

export interface Stories {
  /** Oldest first, as everything here. */
  readonly rounds: readonly RoundStory[];
  readonly epochs: readonly EpochStory[];
}

/** `events` in whatever order they were read. */
export function storiesOf(events: readonly StoredEvent[]): Stories {
  const told = events.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const writes = told.filter(isTransition);
  const rounds = roundsOf(told, writes);
  return { rounds, epochs: epochsOf(told, writes, rounds) };
}

export function isTransition({ name }: StoredEvent): boolean {
  return name === "+transition";
}

/** The writes that open a round name its number first; only a round on a master is a story. */
function roundsOf(
  told: readonly StoredEvent[],
  writes: readonly StoredEvent[],
): readonly RoundStory[] {
  const openings = writes.filter(({ rule }) => rule === "S310");
  return openings.map((opening) => {
    const later = writes.filter(({ id }) => id > opening.id);
    const ending =
      later.find((one) => one.round > opening.round || isClosing(one, opening)) ?? null;
    const begin = writes.findLast(({ id }) => id < opening.id)?.id ?? "";
    const bounds = { begin, opening, ending };
    const events = told.filter((one) => isOfRound(one, bounds) && !isTakenBack(one, told, opening));
    const said = events.find((one) => !isTransition(one) && one.rule === "S310");
    return {
      number: opening.round,
      epoch: opening.epoch,
      // Its opener may have died before it told: the sentence of the write begins with the node.
      suspect: said?.node ?? opening.message.split(" ")[0] ?? null,
      opening,
      ending,
      end: endOf(opening, ending),
      events,
    };
  });
}

const operatorsClosings = ["pause", "apply", "remove"];

function isClosing({ rule, epoch }: StoredEvent, opening: StoredEvent): boolean {
  const isOwn = rule === "S300" || rule === "R740" || operatorsClosings.includes(rule);
  return isOwn || epoch > opening.epoch;
}

function endOf(opening: StoredEvent, ending: StoredEvent | null): RoundStory["end"] {
  if (ending === null) return "open";
  if (ending.round > opening.round) return "superseded";
  if (ending.rule === "S300") return "withdrawn";
  return ending.rule === "S370" ? "claimed" : "closed";
}

interface Bounds {
  /** The write before the opening. */
  readonly begin: string;
  readonly opening: StoredEvent;
  readonly ending: StoredEvent | null;
}

/** What is told before the first reading of a round still bears the number before it: who found the master down, say. */
function isOfRound(event: StoredEvent, { begin, opening, ending }: Bounds): boolean {
  if (event.id === opening.id || event.id === ending?.id) return true;
  if (event.epoch !== opening.epoch || isTransition(event)) return false;
  if (ending !== null && event.id > ending.id) return false;
  if (event.round === opening.round) return true;
  const isLead = event.name === "+sdown" || event.name === "+round";
  const isOpening = event.name !== "+round" || event.message.startsWith(`round ${opening.round}:`);
  return event.round === opening.round - 1 && event.id > begin && isLead && isOpening;
}

/** A node that was down and came back before has nothing to do with this round. */
function isTakenBack(event: StoredEvent, told: readonly StoredEvent[], { id }: StoredEvent) {
  if (event.name !== "+sdown" || event.id > id) return false;
  return told.some(
    (one) =>
      one.name === "-sdown" &&
      one.node === event.node &&
      one.observer === event.observer &&
      one.id > event.id &&
      one.id < id,
  );
}

function epochsOf(
  told: readonly StoredEvent[],
  writes: readonly StoredEvent[],
  rounds: readonly RoundStory[],
): readonly EpochStory[] {
  const numbers = [...new Set(writes.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  return numbers.flatMap((epoch) => {
    const own = writes.filter((one) => one.epoch === epoch);
    const [opening] = own;
    // Half of a story misleads: its beginning was dropped with the oldest events.
    if (opening === undefined || !isOpening(opening)) return [];
    const ending = own.find((one) => phaseOf(one) === "steady") ?? null;
    const round = rounds.find((one) => one.ending?.id === opening.id) ?? null;
    const lead = round?.events ?? told.filter((one) => isLeadOf(one, opening));
    const tail = told.filter((one) => one.epoch === epoch && isTold(one, ending));
    return [
      {
        epoch,
        opening,
        ending,
        commit: own.find((one) => phaseOf(one) === "settling") ?? null,
        round,
        events: [...new Set([...lead, ...tail])],
      },
    ];
  });
}

/** A claim, or the adoption of a group. */
function isOpening(event: StoredEvent): boolean {
  return phaseOf(event) === "promoting" || event.rule === "B230";
}

export function phaseOf({ evidence }: StoredEvent): string {
  return String(evidence.phase ?? "");
}

/** A hand-over has no round: its claimer tells of it in the decision that opens it, under the epoch before. */
function isLeadOf(event: StoredEvent, opening: StoredEvent): boolean {
  const isSame = event.rule === opening.rule && event.round === opening.round;
  return isSame && event.epoch === opening.epoch - 1 && !isTransition(event);
}

const lateOnes = ["+loss-report", "+config-update-from", "+held"];

/** What bears an epoch and came after its end is calm, or leads to the next one; but for what is told of its outcome. */
function isTold(event: StoredEvent, ending: StoredEvent | null): boolean {
  return ending === null || event.id <= ending.id || lateOnes.includes(event.name);
}
