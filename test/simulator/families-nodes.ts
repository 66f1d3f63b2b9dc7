import { type Family, forWhile, pickNode } from "./drawing.ts";
import { ailments } from "./sim-ailments.ts";

/** Families around Redis servers, the zone, the network and clients. */
export const nodeFamilies: readonly Family[] = [
  {
    name: "node-ails",
    meanMs: 45_000,
    draw: (world, prng) => {
      const node = pickNode(world, prng).host;
      const of = prng.pick(ailments);
      return forWhile(0, 500 + prng.exp(20_000), { kind: "ail", node, with: of }, [
        { kind: "cure", node, of },
      ]);
    },
  },
];
