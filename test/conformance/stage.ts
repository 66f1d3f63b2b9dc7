/** What a test of a port stands on: one implementation of it, with time of its own. */
export interface Stage {
  pass(ms: number): Promise<void>;
}

/** Sets a stage, lets one test act on it, and takes it down. */
export type Play<S extends Stage> = (act: (stage: S) => Promise<void>) => Promise<void>;

const pollMs = 20;
const patienceMs = 30_000;

/** Asks again until it is so, for what happens by itself. */
export async function until(
  stage: Stage,
  condition: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    if (await condition()) return;
    await stage.pass(pollMs);
  }
  throw new Error(`expected the condition to hold within ${patienceMs} ms, got no change`);
}
