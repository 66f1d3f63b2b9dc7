import type { GroupState } from "../core/model.ts";
import { request } from "../core/state.ts";
import type { Store, StoredEvent } from "../ports/store.ts";
import { type ConfirmOptions, endsDry } from "./confirm.ts";
import type { CliContext } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { instantIn, master, noRequest, refuseUnless, steady, takeBack } from "./group-request.ts";
import {
  changeState,
  needGroupState,
  operatorWriter,
  readActiveConfig,
  readGroupState,
} from "./group-state.ts";
import { nextLookMs } from "./heartbeats.ts";

const waitMs = nextLookMs;
const pollMs = 500;
/** By then the command line has taken its request back, unless it died. */
const untilMs = waitMs + 30_000;
/** The answers are among the newest events, whatever else happens meanwhile. */
const eventsRead = 200;

/**
 * Asks every observer to tell topic and event bus that this is a test, and shows how each fared. The functions send it:
 * what is tested is their rights and their network, and not those of whoever runs this.
 */
export async function testNotifications(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { store } = context.open(options);
  if (options.dryRun === true) {
    const before = await needGroupState(store, group);
    refuseUnless(before, master, noRequest(), steady);
    const told = (await readActiveConfig(store, before)).observers.join(", ");
    context.terminal.out(`each of ${told} would tell topic and event bus that this is a test`);
    endsDry(context.terminal, options);
    return exitCodes.fine;
  }
  const until = instantIn(context, untilMs);
  const asked = await changeState(store, group, (state) => {
    refuseUnless(state, master, noRequest(), steady);
    const wish = { kind: "notify-test" as const, by: context.operator, until };
    const why = `${context.operator} asks for a test of notifications`;
    return request(state, wish, operatorWriter(context, "request-notify-test", why));
  });
  const id = asked.attempt ?? "";
  const { observers } = await readActiveConfig(store, asked.state);
  context.terminal.out(`asked; each of ${observers.join(", ")} tells topic and event bus`);
  try {
    return await collectAnswers(context, store, { group, id, observers });
  } finally {
    const why = `${context.operator} has seen the test of notifications`;
    await takeBack(context, store, { group, id }, { rule: "notify-test-done", why });
  }
}

interface Asked {
  readonly group: string;
  readonly id: string;
  readonly observers: readonly string[];
}

async function collectAnswers(context: CliContext, store: Store, asked: Asked): Promise<number> {
  const { clock, terminal } = context;
  const startedAtMs = clock.nowMs();
  const answered = new Map<string, StoredEvent>();
  for (;;) {
    for (const event of await readAnswers(store, asked)) {
      if (answered.has(event.observer)) continue;
      answered.set(event.observer, event);
      const mark = event.name === "+notified" ? "good" : "bad";
      terminal.out(`${event.observer}  ${terminal.paint(mark, event.message)}`);
    }
    const missing = asked.observers.filter((observer) => !answered.has(observer));
    if (missing.length === 0) break;
    const state = await readGroupState(store, asked.group);
    const isOver = state?.request?.id !== asked.id;
    if (isOver || clock.nowMs() - startedAtMs >= waitMs) {
      for (const observer of missing) terminal.error(`${observer}  ${explain(state, isOver)}`);
      return exitCodes.unfinished;
    }
    await clock.sleep(pollMs);
  }
  const isFine = [...answered.values()].every((event) => event.name === "+notified");
  return isFine ? exitCodes.fine : exitCodes.unfinished;
}

async function readAnswers(store: Store, { group, id }: Asked): Promise<readonly StoredEvent[]> {
  const events = needRead(await store.readEvents(group, eventsRead), `read the events of ${group}`);
  return events.filter(
    ({ name, evidence }) =>
      (name === "+notified" || name === "-notified") && evidence.request === id,
  );
}

function explain(state: GroupState | null, isOver: boolean): string {
  if (isOver)
    return `did not answer: the test gave way, ${state?.lastTransition.why ?? "the state is gone"}`;
  return `did not answer within ${waitMs / 1_000} s: it does not run, or does not reach the master`;
}
