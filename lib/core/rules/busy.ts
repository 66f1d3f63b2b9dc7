import { warning } from "../events.ts";
import type { ScriptKill } from "../spells.ts";
import { isAnswering, lookNow, type MasterView, nextLook } from "../view.ts";
import { emit, type Finding, hold, type Rule } from "./rule.ts";

/**
 * A busy master lives and serves nobody. Redis itself stops no script that has written, so that what is stopped here has
 * changed nothing, and whoever is told twice or late loses nothing but a script.
 */
export const busyRule: Rule<MasterView> = {
  id: "R735",
  title:
    "Tell a script that has kept the master busy for downAfterMs to stop, once a spell, where people want that.",
  source: "fault N7; Sentinel tells a script to stop when a node has been BUSY for down-after",
  find: (view) => {
    const { masterMemory: master, memory, settings, nowMs, state } = view;
    if (!settings.killBusyScripts || master.busySinceMs === null) return null;
    if (!isAnswering(master) || master.role === "replica") return null;
    const { node } = master;
    const forMs = Math.round(nowMs - master.busySinceMs);
    if (forMs < settings.downAfterMs) return null;
    const told = master.scriptKill;
    if (told !== null && !isToRepeat(view, told)) return sayStanding(view, told);
    const why = `a script has kept ${node} busy for ${forMs} ms`;
    // The executor starts no effect on an old STATE, and would be asked again and again.
    if (2 * (nowMs - memory.stateAskedAtMs) >= settings.fenceMs) {
      return hold(
        `${why}; reading STATE before it is told to stop`,
        lookNow(view, { state: true }),
      );
    }
    const event = warning("+script-kill", `${why}; it is told to stop`, { node });
    return {
      why: event.message,
      plan: [[emit(event)], [{ kind: "kill-script", node, epoch: state.masterEpoch }]],
      look: nextLook(view),
    };
  },
};

function isToRepeat({ settings, nowMs }: MasterView, { answer, atMs }: ScriptKill): boolean {
  return answer === "unanswered" && nowMs - atMs >= settings.downAfterMs;
}

/** A script that goes on, and that nobody can or may stop from here: said once a spell. */
function sayStanding(view: MasterView, { answer, why }: ScriptKill): Finding | null {
  const { node, busySinceMs } = view.masterMemory;
  const onceKey = `script-kill ${node} ${busySinceMs}`;
  if (answer === "unanswered" || view.memory.reported.includes(onceKey)) return null;
  const what =
    answer === "denied"
      ? "lets the observers stop no script: add +script|kill +function|kill to the user's ACL, or set killBusyScripts to false"
      : "runs a script that has written and can't be stopped: wait for its end, or accept what SHUTDOWN NOSAVE loses";
  const message = `${node} ${what} (${why})`;
  return hold(message, nextLook(view), warning("+page", message, { node, onceKey }));
}
