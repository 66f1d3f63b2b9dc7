import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Runner<Q, R> {
  run(question: Q): Promise<R>;
  stop(): void;
}

/** One runner works in this process by `run`; more are child processes of plain Node, each a `worker` with these words. */
export function startRunners<Q extends Serializable, R>(
  jobs: number,
  run: (question: Q) => Promise<R>,
  worker: URL,
  words: readonly string[] = [],
): readonly Runner<Q, R>[] {
  if (jobs === 1) return [{ run, stop: () => {} }];
  return Array.from({ length: jobs }, () => startChild<Q, R>(worker, words));
}

function startChild<Q extends Serializable, R>(
  worker: URL,
  words: readonly string[],
): Runner<Q, R> {
  const child: ChildProcess = fork(fileURLToPath(worker), words);
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`a child process ended with ${code ?? signal}; its messages are above`);
  });
  // Only a run waits for it: a child that is stopped at the end is no failure.
  ended.catch(() => {});
  return {
    run: async (question) => {
      const answered = once(child, "message");
      child.send(question);
      const [record] = await Promise.race([answered, ended]);
      return record;
    },
    stop: () => child.kill(),
  };
}

/** Hands questions out to the runners until there are none; tells each answer as it comes, in no order. */
export async function runAll<Q, R>(
  runners: readonly Runner<Q, R>[],
  next: () => Promise<Q | null> | Q | null,
  tell: (answer: R, question: Q) => Promise<void> | void,
): Promise<void> {
  const work = async (runner: Runner<Q, R>): Promise<void> => {
    for (let question = await next(); question !== null; question = await next()) {
      await tell(await runner.run(question), question);
    }
  };
  try {
    await Promise.all(runners.map(work));
  } finally {
    for (const runner of runners) runner.stop();
  }
}
