import type { Clock } from "../ports/clock.ts";

/**
 * Hands out turns, one after the other, with the process's other work between any two of them. Each group that a shift begins
 * opens connections, and a start of hundreds in one moment would hold all answers up for longer than a probe waits: the
 * connections would count as failed and be opened again, and the process would never come to their answers.
 */
export function createTurns(clock: Clock): (signal: AbortSignal) => Promise<void> {
  let last = Promise.resolve();
  return (signal) => {
    const turn = last;
    last = turn.then(() => (signal.aborted ? undefined : clock.sleep(betweenMs)));
    return turn;
  };
}

/** The shortest time of a timer: a process that is busy is late for it, and one that is not begins a group with each. */
const betweenMs = 1;
