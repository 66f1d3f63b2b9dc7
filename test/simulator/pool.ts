import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runSeed } from "./run-seed.ts";
import type { SeedRecord } from "./seed-record.ts";

export interface Runner {
  run(seed: number): Promise<SeedRecord>;
  stop(): void;
}

/** One runner works in this process; more are child processes of plain Node. */
export function startRunners(jobs: number, trace?: (line: string) => void): readonly Runner[] {
  if (jobs === 1 || trace !== undefined) return [inProcess(trace)];
  return Array.from({ length: jobs }, startChild);
}

function inProcess(trace: ((line: string) => void) | undefined): Runner {
  const options = trace === undefined ? {} : { trace };
  return {
    run: async (seed) => (await runSeed({ seed, ...options })).record,
    stop: () => {},
  };
}

function startChild(): Runner {
  const child: ChildProcess = fork(fileURLToPath(new URL("worker.ts", import.meta.url)));
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
export async function runAll(
  runners: readonly Runner[],
  next: () => number | null,
  tell: (record: SeedRecord) => Promise<void> | void,
): Promise<void> {
  const work = async (runner: Runner): Promise<void> => {
    for (let seed = next(); seed !== null; seed = next()) await tell(await runner.run(seed));
  };
  try {
    await Promise.all(runners.map(work));
  } finally {
    for (const runner of runners) runner.stop();
  }
}
