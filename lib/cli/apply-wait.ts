import { addressesOf } from "../core/config.ts";
import type { Store } from "../ports/store.ts";
import type { GroupPlan } from "./apply-plan.ts";
import type { CliContext } from "./context.ts";
import { need } from "./exit.ts";
import { readHeartbeats } from "./heartbeats.ts";

const waitMs = 120_000;
const pollMs = 1_000;

/** Follows the heartbeats until every observer reports the applied versions. False when the time is over. */
export async function waitForAdoption(
  context: CliContext,
  store: Store,
  plans: readonly GroupPlan[],
): Promise<boolean> {
  const { clock, terminal } = context;
  const startedAtMs = clock.nowMs();
  let told = "";
  for (;;) {
    const missing = await findMissing(store, plans);
    if (missing.length === 0) {
      terminal.out(terminal.paint("good", "every observer has adopted every group"));
      return true;
    }
    const text = missing.join("; ");
    if (text !== told) terminal.out(`waiting for ${text}`);
    told = text;
    if (clock.nowMs() - startedAtMs >= waitMs) {
      terminal.error(
        `expected every observer to report the new versions within ${waitMs / 1000} s, still missing: ${text}. ` +
          "What was written stays; see `lambda-sentinel status` for each observer's last heartbeat.",
      );
      return false;
    }
    await clock.sleep(pollMs);
  }
}

/** One entry a group: who has not reported its version. */
async function findMissing(store: Store, plans: readonly GroupPlan[]): Promise<readonly string[]> {
  const observers = plans.flatMap((plan) => plan.config.observers);
  const heartbeats = await readHeartbeats(store, observers);
  const versionOf = (observer: string, group: string) =>
    heartbeats.get(observer)?.groups[group]?.configVersion ?? 0;
  return plans.flatMap(({ group, config }) => {
    const late = config.observers.filter((name) => versionOf(name, group) < config.version);
    return late.length === 0 ? [] : [`${late.join(", ")} (${group}, version ${config.version})`];
  });
}

/** Nodes that left their group are free for others once no observer uses the older version any more. */
export async function releaseRemoved(
  context: CliContext,
  store: Store,
  plans: readonly GroupPlan[],
): Promise<void> {
  for (const plan of plans) {
    for (const node of removedNodes(plan)) {
      need(await store.releaseNode(node, plan.group), `give ${node} back`);
      context.terminal.out(`${plan.group}: ${node} is no longer reserved`);
    }
  }
}

export function removedNodes(plan: GroupPlan): readonly string[] {
  const kept = addressesOf([plan.config]);
  return [...addressesOf(plan.stored)].filter((node) => !kept.has(node));
}
