import type { GroupState, Pause } from "../core/model.ts";
import { pause, resume } from "../core/state.ts";
import type { Store } from "../ports/store.ts";
import { describePause } from "../status/observers.ts";
import type { PauseStatus } from "../status/report.ts";
import { sayEnd } from "../status/words.ts";
import { type ConfirmOptions, endsDry } from "./confirm.ts";
import type { CliContext, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { changeState, needGroupState, operatorWriter, readActiveConfig } from "./group-state.ts";
import { nextLookMs, readHeartbeats } from "./heartbeats.ts";
import { readDuration, readInstant } from "./when.ts";

export interface PauseOptions extends ConfirmOptions {
  readonly reason?: string;
  /** A length of time, as written. */
  readonly for?: string;
  /** An instant, as written. */
  readonly until?: string;
}

/**
 * Forbids failovers and repairs of a group. It is paused only when every observer has said that it knows, and what had
 * been started is finished (protocol F12); until then it is pausing.
 */
export async function pauseGroup(
  context: CliContext,
  group: string,
  options: PauseOptions,
): Promise<number> {
  const until = readEnd(context, options);
  const { store } = context.open(options);
  const before = await needGroupState(store, group);
  if (options.dryRun === true) {
    await explainPause(context.terminal, store, before, wantedPause(before, until, options));
    endsDry(context.terminal, options);
    return exitCodes.fine;
  }
  const written = await changeState(store, group, (state) => {
    const isChanged = until !== null || options.reason !== undefined;
    if (state.pause !== null && !isChanged) return null;
    const wanted = wantedPause(state, until, options);
    const why = `${context.operator} pauses the group${sayWanted(wanted)}`;
    return pause(state, { by: context.operator, ...wanted }, operatorWriter(context, "pause", why));
  });
  const { pause: standing } = written.state;
  if (written.attempt === null) {
    context.terminal.out(`${group} has a pause already, by ${standing?.by}`);
  }
  if (standing !== null && standing.until !== null) {
    context.terminal.out(`it ends by itself at ${standing.until}`);
  }
  return waitUntilPaused(context, store, group);
}

type Wanted = Pick<Pause, "reason" | "until">;

/** What is not said stays as a standing pause has it. */
function wantedPause(state: GroupState, until: string | null, options: PauseOptions): Wanted {
  return {
    reason: options.reason ?? state.pause?.reason ?? "",
    until: until ?? state.pause?.until ?? null,
  };
}

function sayWanted({ reason, until }: Wanted): string {
  return `${sayEnd(until)}${reason === "" ? "" : `: ${reason}`}`;
}

/** What a pause would forbid and until when, and who has to know of it first. */
async function explainPause(
  terminal: Terminal,
  store: Store,
  before: GroupState,
  wanted: Wanted,
): Promise<void> {
  const { observers } = await readActiveConfig(store, before);
  const { group, pause: standing, phase } = before;
  if (standing !== null) terminal.out(`${group} has a pause already, by ${standing.by}`);
  terminal.out(`no failover and no repair of ${group} once ${observers.join(", ")} know of it`);
  terminal.out(
    `it would be paused${wanted.until === null ? " until it is resumed" : ""}${sayWanted(wanted)}`,
  );
  if (phase !== "steady") terminal.out(`epoch ${before.epoch} is ${phase}, and is finished first`);
}

function readEnd(context: CliContext, options: PauseOptions): string | null {
  const nowMs = Date.parse(context.clock.wallTime());
  if (options.for !== undefined && options.until !== undefined) {
    const message = "expected --for or --until, got both; nothing was changed";
    throw new CliError(exitCodes.usage, message);
  }
  if (options.until !== undefined) return readInstant("--until", options.until, nowMs);
  if (options.for === undefined) return null;
  return new Date(nowMs + readDuration("--for", options.for)).toISOString();
}

const waitMs = nextLookMs;
const pollMs = 500;

async function waitUntilPaused(context: CliContext, store: Store, group: string): Promise<number> {
  const { clock, terminal } = context;
  const startedAtMs = clock.nowMs();
  let told = "";
  for (;;) {
    const state = await needGroupState(store, group);
    const found = await readPause(store, state);
    if (found === null) {
      terminal.error(`${group} was resumed meanwhile: ${state.lastTransition.why}`);
      return exitCodes.unfinished;
    }
    if (found.status === "paused") {
      terminal.out(`${group} is ${terminal.paint("good", "paused")}`);
      return exitCodes.fine;
    }
    const text = `${group} is pausing, waiting for ${describeWait(found, state)}`;
    if (text !== told) terminal.out(text);
    told = text;
    if (clock.nowMs() - startedAtMs >= waitMs) {
      terminal.error(
        `expected every observer to acknowledge the pause within ${waitMs / 1000} s, still waiting for ${describeWait(found, state)}; ` +
          `the pause stays, \`lambda-sentinel status ${group}\` says when it is complete`,
      );
      return exitCodes.unfinished;
    }
    await clock.sleep(pollMs);
  }
}

async function readPause(store: Store, state: GroupState): Promise<PauseStatus | null> {
  const config = await readActiveConfig(store, state);
  return describePause(config, state, await readHeartbeats(store, config.observers));
}

function describeWait(found: PauseStatus, state: GroupState): string {
  const observers = found.waitingFor.map((name) => `observer ${name}`);
  const phase = state.phase === "steady" ? [] : [`phase ${state.phase} to end`];
  return [...phase, ...observers].join(", ");
}

/** Allows failovers and repairs again. */
export async function resumeGroup(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { store } = context.open(options);
  const { pause: standing } = await needGroupState(store, group);
  if (options.dryRun === true) {
    const what = standing === null ? "has no pause" : `has a pause by ${standing.by}, which ends`;
    context.terminal.out(`${group} ${what}`);
    endsDry(context.terminal, options);
    return exitCodes.fine;
  }
  const written = await changeState(store, group, (state) => {
    if (state.pause === null) return null;
    const why = `${context.operator} resumes the group`;
    return resume(state, operatorWriter(context, "resume", why));
  });
  context.terminal.out(written.attempt === null ? `${group} has no pause` : `${group} is resumed`);
  return exitCodes.fine;
}
