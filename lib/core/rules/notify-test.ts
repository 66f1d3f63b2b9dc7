import { notice } from "../events.ts";
import { isMasterSane } from "../identity.ts";
import { hasCome } from "../instants.ts";
import type { NotifyTestRequest } from "../requests.ts";
import { clearRequest } from "../state.ts";
import { lookNow, type MasterView, writer } from "../view.ts";
import { hold, type Rule } from "./rule.ts";

/**
 * A test of notifications is told by every observer for itself: each has rights and a network of its own, and one that
 * arrives proves nothing of the others. It touches no node, so a pause does not forbid it.
 */
export const notifyTestRules: readonly Rule<MasterView>[] = [
  {
    id: "R692",
    title: "End a test of notifications whose time is up.",
    source: "ADR 0008: whoever asked takes it back, unless the command line died",
    find: (view) => {
      const request = restingTest(view);
      if (request === null || !hasCome(request.until, view.memory.wallMs)) return null;
      const why = `the test of notifications that ${request.by} asked for ended at ${request.until}`;
      const plan = [[clearRequest(view.state, writer(view, "R692", why))]];
      return { why, plan, look: lookNow(view, { state: true }) };
    },
  },
  {
    id: "R694",
    title: "Tell topic and event bus that this is a test, once a shift of each observer.",
    source: "Sentinel's notification-script has no test; DESIGN 2: operators write requests",
    find: (view) => {
      const request = restingTest(view);
      if (request === null) return null;
      const onceKey = `notify-test ${request.id}`;
      if (view.memory.reported.includes(onceKey)) return null;
      const why = `${view.config.name}: a test of notifications, asked by ${request.by}`;
      const evidence = { request: request.id, by: request.by };
      const event = { ...notice("+notify-test", why, { evidence, onceKey }), isStored: true };
      return hold(why, lookNow(view, {}), event);
    },
  },
];

/** The test that stands, where nothing else asks for this observer: a master that answers, and no round. */
function restingTest(view: MasterView): NotifyTestRequest | null {
  const { request, round } = view.state;
  if (request?.kind !== "notify-test") return null;
  return round.status === "closed" && isMasterSane(view) ? request : null;
}
