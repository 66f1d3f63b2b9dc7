import type { Defect } from "./defects.ts";

/** Mistakes about what a returned master alone has. */
export const holdDefects: readonly Defect[] = [
  {
    id: "held-is-attached",
    title: "A node that is held becomes a replica of the new master.",
    file: "lib/core/rules/repairs.ts",
    find: "isKept(state, node.node) ? nobody : findNode(view.config, master.node)?.replicate;",
    replace: "findNode(view.config, master.node)?.replicate;",
  },
  {
    id: "lower-bound-proves",
    title: "A returned master is attached where the lower bound of its loss is 0, or unknown.",
    file: "lib/core/rules/kept.ts",
    find: "if (bytes === 0) return null;",
    replace: "if (bytes === 0 || bytes === null) return null;",
  },
  {
    id: "attach-before-loss",
    title: "An old master is attached before its divergence is written down.",
    file: "lib/core/rules.ts",
    find: `    ...lineageRules,
    keptRule,
    ...requestRules,
    ...forgetRules,
    doubleRule,
    oddityRule,
    ...steadyRules,`,
    replace: `    ...lineageRules.slice(0, 1),
    keptRule,
    ...requestRules,
    ...forgetRules,
    doubleRule,
    oddityRule,
    ...steadyRules.slice(0, 1),
    ...lineageRules.slice(1),
    ...steadyRules.slice(1),`,
  },
];
