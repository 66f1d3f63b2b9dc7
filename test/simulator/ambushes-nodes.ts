import type { Ambush } from "./ambush.ts";
import { forWhile, mayLose } from "./drawing.ts";
import { killOlder, slowCopies } from "./families-disk.ts";
import { ailments } from "./sim-ailments.ts";

/** Ambushes around Redis servers and the zone. */
export const nodeAmbushes: readonly Ambush[] = [
  {
    // Faults N6 to N10 in the middle of an epoch: whoever is to lead, or leads already, answers with errors only.
    name: "chosen-ails",
    draw: ({ candidate, master }, _world, prng) => {
      const node = candidate ?? master;
      if (node === null) return [];
      const of = prng.pick(ailments);
      return forWhile(prng.exp(200), prng.exp(20_000), { kind: "ail", node, with: of }, [
        { kind: "cure", node, of },
      ]);
    },
  },
  {
    name: "replica-ails",
    draw: ({ candidate, master }, world, prng) => {
      const hosts = [...world.nodes.values()].map((one) => one.host);
      const others = hosts.filter((host) => host !== (candidate ?? master));
      const node = prng.pick(others);
      const of = prng.pick(ailments);
      return forWhile(prng.exp(300), prng.exp(10_000), { kind: "ail", node, with: of }, [
        { kind: "cure", node, of },
      ]);
    },
  },
  {
    name: "take-record",
    draw: (_moment, _world, prng) =>
      forWhile(prng.exp(300), prng.exp(20_000), { kind: "dns-foreign" }, [{ kind: "dns-return" }]),
  },
  {
    name: "delete-record",
    draw: (_moment, _world, prng) => [{ afterMs: prng.exp(500), fault: { kind: "dns-delete" } }],
  },
  {
    // Faults N2 and N3 in calm: whoever leads is killed, and back with the data of its last save before anybody looks.
    name: "master-older",
    draw: ({ kind, master }, world, prng) => {
      const isCalm = kind === "settled" || kind === "closed" || kind === "other";
      if (!isCalm || master === null || !mayLose(world, master)) return [];
      return [...slowCopies(world, prng), ...killOlder(master, prng)];
    },
  },
];
