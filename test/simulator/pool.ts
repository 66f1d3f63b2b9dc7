import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Runner<R> {
  run(seed: number): Promise<R>;
  stop(): void;
}

/** One runner works in this process by `run`; more are child processes of plain Node, each a `worker` with these words. */
export function startRunners<R>(
  jobs: number,
  run: (seed: number) => Promise<R>,
  worker: URL,
  words: readonly string[] = [],
): readonly Runner<R>[] {
  if (jobs === 1) return [{ run, stop: () => {} }];
  return Array.from({ length: jobs }, () => startChild<R>(worker, words));
}

function startChild<R>(worker: URL, words: readonly string[]): Runner<R> {
  const child: ChildProcess = fork(fileURLToPath(worker), words);
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`a child process ended with ${code ?? signal}; its messages are above`);
  });
  // Only a run waits for it: a child that is stopped at the end is no failure.
  ended.catch(() => {});
  return {
    run: async (seed) => {
      const answered = once(child, "message");
      child.send(seed);
      const [record] = await Promise.race([answered, ended]);
      return record;
    },
    stop: () => child.kill(),
  };
}

/** Hands seeds out to the runners until there are none; tells each record as it comes, in no order. */
export async function runAll<R>(
  runners: readonly Runner<R>[],
  next: () => number | null,
  tell: (record: R) => Promise<void> | void,
): Promise<void> {
  const work = async (runner: Runner<R>): Promise<void> => {
    for (let seed = next(); seed !== null; seed = next()) await tell(await runner.run(seed));
  };
  try {
    await Promise.all(runners.map(work));
  } finally {
    for (const runner of runners) runner.stop();
  }
}
