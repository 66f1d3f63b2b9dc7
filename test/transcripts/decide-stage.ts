import { removeGroup } from "../../lib/core/state-removal.ts";
import { addressOf, n3 } from "../core/discovery-stage.ts";
import { answers, isSilent } from "../support/answers.ts";
import { masterFacts, n0, n1, n2, replicaFacts } from "../support/builders.ts";
import { type LookSeen, Watch } from "../support/watch.ts";
import type { Stage } from "./script.ts";

const nodes = [n0, n1, n2];

/**
 * Transcripts of decisions alone, for what no world can bring about: one shift of one observer, look by look. A look
 * names the nodes that answer ("all", "none", or their numbers from 0 on) and what came of STATE; and Redis Sentinels that
 * are connected to the master, which the simulated world has none of. "Doubled" is a STATE that has found the second node
 * under another name, which answers as that does.
 */
export class DecideStage implements Stage {
  readonly #watch = new Watch();

  async perform(commands: readonly string[]): Promise<readonly string[]> {
    return commands.map((command) => {
      const { table } = this.#watch;
      if (command.includes("STATE removed") && table !== null && table.removed === null) {
        const writer = { attempt: "operator", shift: "operator", rule: "remove", why: "removed" };
        this.#watch.table = removeGroup(table, "alice", writer).next;
      }
      if (command.includes("STATE doubled") && table !== null) {
        this.#watch.table = { ...table, discovered: [addressOf(n3)] };
      }
      const { rule, plan } = this.#watch.look(parseLook(command));
      const kinds = plan.flat().map((one) => one.kind);
      return `${rule}: ${kinds.length === 0 ? "nothing is done" : kinds.join(", ")}`;
    });
  }
}

/** `look answering all STATE unread` */
function parseLook(command: string): LookSeen {
  const found =
    /^look answering (all|none|[0-2]+), STATE (read|unread|failed|removed|doubled)(?:, (\d) Sentinels)?$/.exec(
      command,
    );
  const [, who = "", of = "", sentinels = "0"] = found ?? [];
  if (found === null) {
    throw new Error(
      `expected "look answering all|none|012, STATE read|unread|failed|removed|doubled[, 1 Sentinels]", got "${command}"`,
    );
  }
  const isAnswering = (index: number) => who === "all" || who.includes(String(index));
  const samples = nodes.map((node, index) => {
    if (!isAnswering(index)) return isSilent(node);
    return index === 0
      ? answers(node, masterFacts({ sentinels: Number(sentinels) }))
      : answers(node, replicaFacts());
  });
  if (of === "doubled") samples.push(answers(n3, replicaFacts({ runId: `run-replica-${n1}` })));
  const state = {
    read: {},
    unread: { state: "unread" as const },
    failed: { state: { failed: "timeout" } },
  };
  return {
    afterMs: 1_000,
    samples,
    ...(of === "read" || of === "unread" || of === "failed" ? state[of] : {}),
  };
}
