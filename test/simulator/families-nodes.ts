import { type Drawn, type Family, forWhile, now, pickNode, type Rate } from "./drawing.ts";
import { ailments } from "./sim-ailments.ts";

/** Rates of the zone and of servers, each drawn from a stream of its own. */
export const nodeRates: readonly Rate[] = [
  ["dns-throttled", 0.3, (prng) => prng.next() * 0.5],
  ["dns-busy-ms", 0.3, (prng) => prng.next() * 2_000],
  ["dns-appear-ms", 0.3, (prng) => prng.next() * 30_000],
  ["dns-cache-ms", 0.3, (prng) => prng.next() * 60_000],
];

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
  {
    name: "record-deleted",
    meanMs: 150_000,
    draw: () => [now({ kind: "dns-delete" })],
  },
  {
    // Rules T630 and R770: what is somebody else's is refused and told, until it is given back.
    name: "record-taken",
    meanMs: 90_000,
    draw: (world, prng) => {
      const own = pickNode(world, prng).host;
      const edit: readonly Drawn[] = prng.chance(0.7) ? [now({ kind: "dns-edit", node: own })] : [];
      const taken = forWhile(0, prng.exp(60_000), { kind: "dns-foreign" }, [
        { kind: "dns-return" },
      ]);
      return [...taken, ...edit];
    },
  },
];
