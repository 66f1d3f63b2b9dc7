import { warning } from "../events.ts";
import { type MasterView, nextLook } from "../view.ts";
import { hold, type Rule } from "./rule.ts";

/** Said once a shift: a Sentinel that stays is no news, and nothing is done about it but to put right what it does. */
export const sentinelsKey = "sentinels";

export function sayConnected(count: number): string {
  return count === 1 ? "a Redis Sentinel is connected" : `${count} Redis Sentinels are connected`;
}

/** A Sentinel that comes after the adoption, by a reboot or a deployment, is met when everything else is in order. */
export const sentinelsRule: Rule<MasterView> = {
  id: "R775",
  title: "Say once a shift that Redis Sentinels are connected to a node of an adopted group.",
  source: "DESIGN 3, bootstrap: two managers fight",
  find: (view) => {
    if (view.memory.reported.includes(sentinelsKey)) return null;
    const managed = Object.values(view.memory.nodes).find(
      (node) => (node.facts?.sentinels ?? 0) > 0,
    );
    if (managed === undefined) return null;
    const who = sayConnected(managed.facts?.sentinels ?? 0);
    const why = `${who} to ${managed.node}: stop them, two managers fight; what they change is put right`;
    const event = warning("+page", why, { node: managed.node, onceKey: sentinelsKey });
    return hold(why, nextLook(view), event);
  },
};
