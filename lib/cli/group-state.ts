import { didYouMean } from "../config/suggest.ts";
import { assertNever } from "../core/assert-never.ts";
import type { WriteState } from "../core/commands.ts";
import type { GroupConfig } from "../core/config.ts";
import { withDiscovered } from "../core/discovered.ts";
import type { GroupState } from "../core/model.ts";
import type { Writer } from "../core/state.ts";
import type { Store } from "../ports/store.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes, need, needRead } from "./exit.ts";

/** Reads STATE; null where the observers have not adopted the group yet. */
export async function readGroupState(store: Store, group: string): Promise<GroupState | null> {
  const stored = needRead(await store.readState(group), `read the state of ${group}`);
  switch (stored.kind) {
    case "absent":
      return null;
    case "state":
      return stored.state;
    case "foreign":
      throw new CliError(
        exitCodes.unfinished,
        `expected a state of ${group} that this version may touch, got another: ${stored.why}`,
      );
    default:
      return assertNever(stored);
  }
}

/** STATE of a group that must have one; without it, what is missing is said. */
export async function needGroupState(store: Store, group: string): Promise<GroupState> {
  const state = await readGroupState(store, group);
  if (state !== null && state.removed === null) return state;
  if (state?.removed != null) {
    const message = `expected a group that is watched, got ${group}, which ${state.removed.by} has removed; \`lambda-sentinel apply\` with a file that has it adds it again`;
    throw new CliError(exitCodes.unfinished, message);
  }
  const configs = needRead(await store.listConfigs(), "list the groups");
  const known = new Set(configs.map((config) => config.name));
  if (known.has(group)) {
    const message = `expected ${group} to be watched, got no state yet: the observers create it when a quorum of them names one master; \`lambda-sentinel status ${group}\` shows what they see`;
    throw new CliError(exitCodes.unfinished, message);
  }
  throw unknownGroup(group, known);
}

/** STATE as it stands, of a removed group too. */
export async function needAnyState(store: Store, group: string): Promise<GroupState> {
  return (await readGroupState(store, group)) ?? needGroupState(store, group);
}

export function unknownGroup(group: string, known: ReadonlySet<string>): CliError {
  const hint = didYouMean(group, known);
  const list =
    known.size === 0 ? "none; add it with `lambda-sentinel apply`" : [...known].join(", ");
  return new CliError(
    exitCodes.usage,
    `expected the name of a group in the table, got "${group}"${hint === "" ? `; there are ${list}` : hint}`,
  );
}

/** The configuration that STATE names, with the nodes that STATE has discovered. */
export async function readActiveConfig(store: Store, state: GroupState): Promise<GroupConfig> {
  return withDiscovered(await readNamedConfig(store, state), state);
}

/** The configuration that STATE names, as the file had it. */
export async function readNamedConfig(store: Store, state: GroupState): Promise<GroupConfig> {
  const { group, configVersion } = state;
  const config = needRead(
    await store.readConfig(group, configVersion),
    `read version ${configVersion}`,
  );
  if (config !== null) return config;
  const message = `expected version ${configVersion} of ${group} in the table, got none; run \`lambda-sentinel apply\` with the group's file`;
  throw new CliError(exitCodes.unfinished, message);
}

export interface Written {
  /** What stands now, our write or a later one. */
  readonly state: GroupState;
  /** The id of our write; null when there was nothing to write. */
  readonly attempt: string | null;
}

const triesMax = 20;

/**
 * Writes STATE by compare-and-swap and starts from a fresh read when somebody else was faster. `change` returns null
 * when nothing is left to do, and throws what speaks against the change.
 */
export async function changeState(
  store: Store,
  group: string,
  change: (state: GroupState) => WriteState | null,
  read: (store: Store, group: string) => Promise<GroupState> = needGroupState,
): Promise<Written> {
  const doing = `write the state of ${group}`;
  for (let tries = 0; tries < triesMax; tries += 1) {
    const state = await read(store, group);
    const write = change(state);
    if (write === null) return { state, attempt: null };
    const swap = await store.writeState(write.base, write.next, write.attempt);
    if (!swap.ok && !swap.isOutcomeKnown) {
      // The answer was lost: our attempt id in the item tells whether the write was not.
      const standing = await readGroupState(store, group);
      if (standing?.attempts.includes(write.attempt) !== true) need(swap, doing);
      else return { state: standing, attempt: write.attempt };
    }
    const { isWon, state: standing } = need(swap, doing);
    if (isWon) return { state: standing ?? write.next, attempt: write.attempt };
  }
  const message = `expected to write the state of ${group}, got overtaken ${triesMax} times; run the command again when the group is calm`;
  throw new CliError(exitCodes.unfinished, message);
}

/** Who writes, for the audit in STATE. */
export function operatorWriter(context: CliContext, rule: string, why: string): Writer {
  return { attempt: context.newAttempt(), shift: `operator ${context.operator}`, rule, why };
}
