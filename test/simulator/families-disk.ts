import { type Drawn, type Family, forWhile, mayLose, now, pickNode } from "./drawing.ts";
import type { Prng } from "./prng.ts";
import type { SimWorld } from "./world.ts";

/** Families around what a server finds on its disk. */
export const diskFamilies: readonly Family[] = [
  {
    // Faults N2 and N3: a server that only its snapshots keep is killed, and comes back as it was when it was saved last.
    name: "node-older",
    meanMs: 40_000,
    draw: (world, prng) => {
      const picked = pickNode(world, prng);
      const master = world.nodes.get(world.state()?.master?.node ?? "") ?? picked;
      const node = (prng.chance(0.5) ? master : picked).host;
      if (prng.chance(0.3) || !mayLose(world, node)) return [now({ kind: "save", node })];
      return [...slowCopies(world, prng), ...killOlder(node, prng)];
    },
  },
];

/** Killed, and started again at once (`Restart=always`) or late. */
export function killOlder(node: string, prng: Prng): readonly Drawn[] {
  const forMs = prng.chance(0.7) ? 100 + prng.next() * 2_900 : 3_000 + prng.exp(15_000);
  return forWhile(prng.exp(500), forMs, { kind: "kill", node }, [
    { kind: "restart", node, data: "old-rdb" },
  ]);
}

/** With its default a master waits for 5 s before it sends its data: until then a replica keeps what its master has lost. */
export function slowCopies({ timings }: SimWorld, prng: Prng): readonly Drawn[] {
  const of = "sync-delay-ms";
  const isSlow = prng.chance(0.7);
  const value = prng.chance(0.6) ? 5_000 : prng.next() * 10_000;
  if (!isSlow || timings.syncDelayMs > 0) return [];
  return forWhile(0, 15_000 + prng.exp(10_000), { kind: "rate", of, value }, [
    { kind: "rate", of, value: timings.syncDelayMs },
  ]);
}
