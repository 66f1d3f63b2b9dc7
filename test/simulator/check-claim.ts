import { votesNeeded } from "../../lib/core/config.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { holdsAnothers } from "./owners.ts";
import type { Sight } from "./sight.ts";
import { noticedMs, quietMinMs } from "./troubles.ts";
import { Violation } from "./violation.ts";

/** S2: enough observers say down, in the round that is open on the master. */
export function checkVotes(before: GroupState, sight: Sight): void {
  const config = sight.config();
  const suspect = before.round.suspect;
  const down = sight
    .votes()
    .filter(
      (vote) =>
        vote.round === before.round.number &&
        vote.epoch === before.epoch &&
        vote.digest === config.digest &&
        vote.verdict === "down" &&
        vote.node === suspect &&
        config.observers.includes(vote.observer),
    );
  if (before.round.status !== "open" || suspect !== before.master?.node) {
    throw new Violation("S2", "a claim without an open round on the master");
  }
  if (new Set(down.map((vote) => vote.observer)).size < votesNeeded(config)) {
    throw new Violation("S2", `a claim with ${down.length} standing votes`);
  }
}

/** L4: nobody fails over a master that serves, and that nothing has befallen for a while. */
export function checkMasterIsDown(before: GroupState, after: GroupState, sight: Sight): void {
  const id = before.master?.node ?? "";
  const node = sight.nodes.get(id);
  if (node === undefined || !node.isServing || node.role !== "master") return;
  if (node.loading.isTooLong(sight.config().settings)) return;
  // A master that came back without its data is rightly replaced by a node that has it, or had it when it was asked: it may
  // have copied the master since, and then it is not committed.
  const chosen = sight.nodes.get(after.candidate?.node ?? "");
  if (chosen?.stream.hadMoreThan(node.stream, noticedMs)) return;
  // So is another's server by a node with the group's history, though that holds nothing beside the marker.
  if (holdsAnothers(before, node)) return;
  const quietMs = sight.now() - sight.troubles.awayAtMs(id);
  if (quietMs > quietMinMs && sight.isReachable(id)) {
    const ails = [...node.ailments, ...(node.isLoading ? ["loading"] : [])].join(", ");
    const how = ails === "" ? "serves" : `answers (${ails})`;
    throw new Violation(
      "L4",
      `${id} ${how} as master, never away for ${Math.round(quietMs)} ms, and is failed over`,
    );
  }
}
