import { type Defect, defects } from "../planted/defects.ts";

/** A mistake that the exploration must find, and in which scope it does. */
export interface Hunted extends Defect {
  readonly scope: string;
}

function shared(id: string, scope: string): Hunted {
  const found = defects.find((one) => one.id === id);
  if (found === undefined) throw new Error(`test/planted/defects.ts has no ${id}`);
  return { ...found, scope };
}

export const hunted: readonly Hunted[] = [
  shared("skip-quorum", "return-early"),
  shared("join-old-round", "crash"),
  shared("no-fence", "slow"),
  shared("promote-before-intent", "return"),
  shared("other-candidate-on-takeover", "takeover"),
  shared("commit-over-the-living", "return"),
  shared("trust-lost-write", "record"),
  shared("effect-sent-again", "lost-repair"),
  shared("repair-on-stale-state", "return"),
  {
    id: "role-change-cuts-nothing",
    title: "A role change leaves the connections that observed the older role.",
    file: "test/exhaustive/servers.ts",
    find: "const cut = put(servers, node, { handingTo: null, generation: server.generation + 1 });",
    replace: "const cut = put(servers, node, { handingTo: null });",
    scope: "late-repair",
  },
  {
    id: "claim-ignores-rev",
    title: "A write of STATE passes whatever stands.",
    file: "test/exhaustive/writes.ts",
    find: "if (write.base !== state.rev)",
    replace: "if (write.base === null)",
    scope: "return",
  },
  {
    id: "beside-forgotten",
    title: "What the old master answered beside a failed promotion is forgotten.",
    file: "lib/core/absorb.ts",
    find: "const oldMaster = outcome.oldMaster ?? null;",
    replace: "const oldMaster = null;",
    scope: "crash-return",
  },
];
