import type { Phase } from "../../lib/core/model.ts";

/** How a group's phase may move after its bootstrap (invariant S5), in the words of those who judge it. */
export const phaseEdges: ReadonlySet<string> = new Set([
  "steady>steady",
  "steady>promoting",
  "promoting>promoting",
  "promoting>settling",
  "promoting>steady",
  "settling>settling",
  "settling>steady",
  "settling>promoting",
] satisfies readonly `${Phase}>${Phase}`[]);
