import { warning } from "../events.ts";
import { describeOddity, odditiesOf } from "../oddities.ts";
import { isAnswering, type MasterView, nextLook } from "../view.ts";
import { hold, type Rule } from "./rule.ts";

/**
 * What would be found out in the middle of a failover is told in calm. Each observer's log has it once a shift; it is not
 * stored, because every shift of every observer would push the history out of the table. `status` shows it all the time.
 */
export const oddityRule: Rule<MasterView> = {
  id: "R715",
  title:
    "Say once a shift what is odd about a node that answers: why it could not be promoted, or never follow.",
  source: "faults N9 and N19, seen before a failover instead of in it",
  find: (view) => {
    const events = Object.values(view.memory.nodes)
      .filter((node) => isAnswering(node))
      .flatMap((node) =>
        odditiesOf(view, node).map((oddity) => ({
          ...warning("+oddity", describeOddity(view, node.node, oddity), {
            node: node.node,
            evidence: { oddity },
            onceKey: `odd ${node.node} ${oddity}`,
          }),
          isStored: false,
        })),
      )
      .filter((event) => !view.memory.reported.includes(event.onceKey ?? ""));
    if (events.length === 0) return null;
    return hold(events.map((event) => event.message).join("; "), nextLook(view), ...events);
  },
};
