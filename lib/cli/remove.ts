import { addressesOf, type GroupConfig, markerKeyOf } from "../core/config.ts";
import { withDiscovered } from "../core/discovered.ts";
import type { GroupState } from "../core/model.ts";
import { companionName, recordOf } from "../core/records.ts";
import { removeGroup } from "../core/state-removal.ts";
import type { Heartbeat, Store } from "../ports/store.ts";
import { type ConfirmOptions, confirmOrStop, endsDry } from "./confirm.ts";
import type { CliContext, Terminal } from "./context.ts";
import { CliError, exitCodes, need, needRead } from "./exit.ts";
import { refuseUnless, steady } from "./group-request.ts";
import {
  changeState,
  needAnyState,
  operatorWriter,
  readGroupState,
  unknownGroup,
} from "./group-state.ts";
import { readHeartbeats } from "./heartbeats.ts";

/**
 * Takes a group away while its observers run. STATE says so first, the observers acknowledge that they keep their hands
 * off, and only then its nodes are free and its configuration is gone. Whatever breaks it off, the same command goes on.
 */
export async function remove(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { terminal } = context;
  const { store } = context.open(options);
  const all = needRead(await store.listConfigs(), "list the groups");
  const configs = all.filter((config) => config.name === group);
  const [newest] = configs;
  const before = await readGroupState(store, group);
  if (newest === undefined) {
    if (before?.removed == null) throw unknownGroup(group, new Set(all.map((one) => one.name)));
    terminal.out(`${group} was removed by ${before.removed.by} already`);
    return exitCodes.fine;
  }
  if (before !== null) refuseUnless(before, steady);
  for (const line of explain(newest, before)) terminal.out(line);
  if (endsDry(terminal, options)) return exitCodes.fine;
  await confirmOrStop(terminal, options.yes === true, `Remove ${group}?`);
  if (before !== null) {
    const rev = await markRemoved(context, store, group);
    if (!(await waitForHandsOff(context, store, newest, rev))) return exitCodes.unfinished;
  }
  for (const node of addressesOf(configs)) {
    need(await store.releaseNode(node, group), `give ${node} back`);
  }
  // The newest goes last: while one is there, the command can be run again.
  for (const { version } of configs.toSorted((a, b) => a.version - b.version)) {
    need(await store.deleteConfig(group, version), `remove version ${version} of ${group}`);
  }
  terminal.out(
    `${group} is ${terminal.paint("good", "removed")}; its observers stop watching it within 15 s`,
  );
  return exitCodes.fine;
}

/** What becomes of everything that the group has. */
function explain(config: GroupConfig, state: GroupState | null): readonly string[] {
  const records = (["master", "replicas"] as const).flatMap((role) => {
    const dns = recordOf(config, role);
    return dns === null ? [] : [`${dns.name}, with ${companionName(dns)}`];
  });
  const master = state?.master?.node;
  return [
    `group    ${config.name}${master === undefined ? "" : `, master ${master}`}`,
    "servers  go on as they are; nobody fails them over any more, and nobody puts anything right",
    `key      ${markerKeyOf(config.name)} stays on them, where \`marker\` is on`,
    ...records.map((record) => `record   ${record}: stays as it is; delete it in the zone`),
    `nodes    ${withDiscovered(config, state)
      .nodes.map((node) => node.id)
      .join(", ")}: free for other groups`,
    "table    the configuration goes; the state stays, so that epochs never repeat, and so do votes and events",
  ];
}

async function markRemoved(context: CliContext, store: Store, group: string): Promise<number> {
  const change = (state: GroupState) => {
    if (state.removed !== null) return null;
    refuseUnless(state, steady);
    const why = `${context.operator} removes the group`;
    return removeGroup(state, context.operator, operatorWriter(context, "remove", why));
  };
  const { state } = await changeState(store, group, change, needAnyState);
  // Somebody who applied it again meanwhile has been faster, and wins.
  if (state.removed === null) {
    const message = `expected ${group} to stay removed, got ${state.lastTransition.why}`;
    throw new CliError(exitCodes.unfinished, message);
  }
  return state.removed.rev;
}

/** Longer than `fenceMs` may be: who has said nothing for so long starts no effect on a state that is older. */
const waitMs = 75_000;
const pollMs = 500;

/** An observer that sends no heartbeat all the while is not there; one that sends them has to acknowledge the removal. */
async function waitForHandsOff(
  context: CliContext,
  store: Store,
  config: GroupConfig,
  rev: number,
): Promise<boolean> {
  const { clock, terminal } = context;
  const startedAtMs = clock.nowMs();
  const first = await readHeartbeats(store, config.observers);
  let told = "";
  for (;;) {
    const now = await readHeartbeats(store, config.observers);
    const waiting = config.observers.filter((name) => !hasLetGo(now.get(name), config.name, rev));
    if (waiting.length === 0) return true;
    if (clock.nowMs() - startedAtMs >= waitMs) {
      const there = waiting.filter((name) => now.get(name)?.at !== first.get(name)?.at);
      return sayEnd(terminal, waiting, there);
    }
    const text = `waiting for ${waiting.map((name) => `observer ${name}`).join(", ")}`;
    if (text !== told) terminal.out(text);
    told = text;
    await clock.sleep(pollMs);
  }
}

function sayEnd(terminal: Terminal, waiting: readonly string[], there: readonly string[]): boolean {
  if (there.length === 0) {
    terminal.out(
      `${waiting.join(", ")} sent no heartbeat in ${waitMs / 1000} s and is not waited for`,
    );
    return true;
  }
  terminal.error(
    `expected ${there.join(", ")} to acknowledge the removal within ${waitMs / 1000} s; nothing is done with the group any more, and its nodes are not free yet: run the command again`,
  );
  return false;
}

function hasLetGo(heartbeat: Heartbeat | undefined, group: string, rev: number): boolean {
  const report = heartbeat?.groups[group];
  return report === undefined || report.rev >= rev;
}
