import type { Defect } from "./defects.ts";

/** Mistakes about what one shift takes over from another. */
export const passDefects: readonly Defect[] = [
  {
    id: "age-of-a-heartbeat-guessed",
    title: "A shift takes it that a minute has passed since its predecessor's heartbeat.",
    file: "lib/shift/predecessor.ts",
    find: "forMs: known.masterKnownForMs }",
    replace: "forMs: known.masterKnownForMs + 60_000 }",
  },
  {
    id: "unknown-predecessor-knew",
    title: "Where the predecessor is unknown, the master counts as known for ever.",
    file: "lib/shift/predecessor.ts",
    find: "if (known === undefined) return { epoch: unknownEpoch, forMs: 0 };",
    replace: "if (known === undefined) return null;",
  },
];
