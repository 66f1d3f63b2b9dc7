import type { ProcessRegistry } from "../lab/processes.ts";
import type { RedisBinary } from "../lab/redis/find.ts";
import type { Turn } from "./measurement.ts";
import { groupNames, type ServerGroup, startGroups } from "./sides/quiet-servers.ts";

/**
 * Servers for both sides of a pair, where neither changes them: hundreds take longer to start than to measure. The first of
 * the two starts them, and they are ended before the next pair.
 */
export class PairServers {
  readonly #binary: RedisBinary;
  readonly #processes: ProcessRegistry;
  #pair = "";
  #groups: Promise<readonly ServerGroup[]> | null = null;

  /** `processes` is for these servers alone. */
  constructor(binary: RedisBinary, processes: ProcessRegistry) {
    this.#binary = binary;
    this.#processes = processes;
  }

  /** Ends those of another pair. */
  async enter({ measurement, pair }: Turn): Promise<void> {
    const next = `${measurement.name} ${pair}`;
    if (next !== this.#pair) await this.end();
    this.#pair = next;
  }

  /** So many groups of so many servers each, whoever of the pair asks. */
  start(groups: number, nodesEach: number): Promise<readonly ServerGroup[]> {
    const under = { processes: this.#processes, binary: this.#binary };
    this.#groups ??= startGroups(under, groupNames(groups), nodesEach);
    return this.#groups;
  }

  /** Also after a failure, which may have been theirs. */
  async end(): Promise<void> {
    this.#groups = null;
    await this.#processes.stopAll().catch((error: unknown) => console.error(String(error)));
  }
}
