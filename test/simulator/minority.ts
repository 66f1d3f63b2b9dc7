import { votesNeeded } from "../../lib/core/config.ts";
import { splitPrng } from "./prng.ts";
import type { SimWorld } from "./world.ts";

/**
 * What stays broken while all else is healed: an observer that starts no shift any more, one that reaches neither nodes
 * nor table, a replica that is dead.
 */
export const minorities = ["absent", "cut-off", "dead"] as const;
export type Minority = (typeof minorities)[number];

/** Breaks it for good. Answers its name; null: nobody can be done without now. */
export function breakForGood(world: SimWorld, kind: Minority): string | null {
  const whom = kind === "dead" ? spareNode(world) : spareObserver(world);
  if (whom === null) return null;
  world.note("nemesis", { kind: "line", text: `${whom} stays ${kind}` });
  if (kind === "dead") {
    world.troubles.trouble(whom);
    world.nodes.get(whom)?.kill();
  } else if (kind === "absent") {
    world.invocations.machines.failStarts(whom, Number.POSITIVE_INFINITY);
    for (const process of [...(world.processes.get(whom) ?? [])]) process.crash();
  } else {
    world.store.faults.cutOff.add(whom);
    for (const node of world.nodes.keys()) world.cut(whom, node);
  }
  return whom;
}

/** Of those whom the configuration names, the others must be enough. */
function spareObserver(world: SimWorld): string | null {
  const { config } = world.judges;
  const whom = splitPrng(world.options.seed, "minority").pick(world.config.observers);
  const left = config.observers.filter((one) => one !== whom);
  return left.length < votesNeeded(config) ? null : whom;
}

/** A replica beside a master that is one, and has what there is: what is open, or was lost, may need any other node. */
function spareNode(world: SimWorld): string | null {
  const state = world.state();
  const master = world.nodes.get(state?.master?.node ?? "");
  if (state?.phase !== "steady" || master?.role !== "master" || !master.isServing) return null;
  const others = [...world.nodes.values()].filter((node) => node !== master);
  if (others.some((node) => node.stream.hasMoreThan(master.stream))) return null;
  return splitPrng(world.options.seed, "minority").pick(others).id;
}
