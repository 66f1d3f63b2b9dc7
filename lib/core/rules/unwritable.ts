import { coolDownLeftMs } from "../cool-down.ts";
import { warning } from "../events.ts";
import { isCalm } from "../identity.ts";
import { isMemoryFull } from "../spells.ts";
import { type MasterView, nextLook } from "../view.ts";
import { chooseSuccessor } from "./choice.ts";
import { askEverybody, claimHandOver, lackOfFailover } from "./requests.ts";
import { type Finding, hold, type Rule } from "./rule.ts";

const backoffMinMs = 1_000;
const backoffMaxMs = 30_000;

/**
 * A master that refuses writes says so itself, so no vote is needed, and it can hand over without losing anything: the
 * master stays the master until its successor has all that it holds. Whoever can't hand over is left alone.
 */
export const unwritableRule: Rule<MasterView> = {
  id: "R785",
  title:
    "Let a master that can't save, and has refused writes for downAfterMs, hand over, where the policy says so and its cool-down is over.",
  source: "fault N10; protocol F4: the hand-over of a living master loses nothing",
  find: (view) => {
    const { masterMemory: master, settings, nowMs } = view;
    if (settings.whenUnwritable !== "failover" || !isCalm(view)) return null;
    if (master.unwritableSinceMs === null) return null;
    const forMs = Math.round(nowMs - master.unwritableSinceMs);
    if (forMs < settings.downAfterMs) return null;
    // Redis queues no command of a transaction then, and without one nothing cuts off who saw the role before.
    if (isMemoryFull(master.facts)) return told(view, "full", "a full server takes no transaction");
    // As after any automatic failover (S13): where the disk of all is at fault, masters must not go round.
    const leftMs = Math.ceil(Math.max(coolDownLeftMs(view), backoffLeftMs(view)));
    if (leftMs > 0) return told(view, "again", `the next try is in ${leftMs} ms`);
    const asking = askEverybody(view);
    if (asking !== null) return asking;
    const election = chooseSuccessor(view, null);
    if (election.choice.kind === "none") return told(view, "none", election.choice.why);
    const lacks = lackOfFailover(view);
    if (lacks !== null) return told(view, "lacks", lacks);
    const because = `${view.master.node} has refused writes for ${forMs} ms`;
    return claimHandOver(view, election, { rule: "R785", because, isAutomatic: true });
  },
};

function backoffLeftMs(view: MasterView): number {
  const { epoch, masterEpoch } = view.state;
  const failed = epoch - masterEpoch;
  if (failed === 0) return 0;
  const waitMs = Math.min(backoffMinMs * 2 ** failed, backoffMaxMs);
  const sinceMs = Math.max(view.memory.epochSeen.sinceMs, view.memory.startedAtMs);
  return sinceMs + waitMs - view.nowMs;
}

/** Each reason is said once a shift. */
function told(view: MasterView, reason: "full" | "again" | "none" | "lacks", why: string): Finding {
  const { node } = view.master;
  const message = `${node} refuses writes and stays the master: ${why}`;
  const onceKey = `unwritable ${node} ${reason}`;
  return hold(message, nextLook(view), warning("+hold", message, { node, onceKey }));
}
