import type { GroupConfig, NodeId } from "../../core/config.ts";
import type { GroupState } from "../../core/model.ts";
import { askForMaster, keepMaster } from "../../core/state-adoption.ts";
import type { Store } from "../../ports/store.ts";
import { type ConfirmOptions, confirmOrStop, endsDry } from "../confirm.ts";
import type { CliContext, Services, Terminal } from "../context.ts";
import { CliError, exitCodes } from "../exit.ts";
import { renderChange } from "../follow.ts";
import { noRequest, refuseUnless, steady } from "../group-request.ts";
import { changeState, needGroupState, operatorWriter, readActiveConfig } from "../group-state.ts";
import { listen, nextLookMs, readHeartbeats } from "../heartbeats.ts";
import { needReport } from "../need-report.ts";
import { explainName, type ForeignName, findForeignNames, takeName } from "./name.ts";
import { findPromotion } from "./promotion.ts";

const pollMs = 500;
/** An account has five calls of Route 53 a second for everything, and a look at the record is three. */
const recordPollMs = 5_000;

/** What differs from the table because of people, and is to be believed. */
interface Found {
  /** Who is to be the master; null: the one that the table has. */
  readonly node: NodeId | null;
  readonly names: readonly ForeignName[];
}

/**
 * Accepts what people did by hand: a promotion, which the observers find and a quorum of them names, and a record that
 * somebody else wrote, of which the companion is taken over. Nothing is done to a server.
 */
export async function adoptGroup(
  context: CliContext,
  group: string,
  options: ConfirmOptions,
): Promise<number> {
  const { terminal } = context;
  const services = context.open(options);
  const { store } = services;
  const state = await needGroupState(store, group);
  const master = refuseUnlessReady(state);
  const config = await readActiveConfig(store, state);
  const names = await findForeignNames(services, config, state);
  const promotion = findPromotion(config, state, await listen(context, store, config));
  // A name can be taken over whatever the observers see; a promotion that they could not agree on can't.
  if (promotion.kind === "refused" && names.length === 0) {
    throw new CliError(exitCodes.unfinished, `${promotion.why}; nothing was changed`);
  }
  const found: Found = { node: promotion.kind === "found" ? promotion.node : null, names };
  if (found.node === null && names.length === 0) {
    terminal.out(
      `nothing to adopt: ${master} is the master, as the table has it, and no record is another's`,
    );
    return exitCodes.fine;
  }
  showPlan(terminal, config, state, found);
  if (promotion.kind === "found")
    for (const line of promotion.seen) terminal.out(`seen by    ${line}`);
  if (promotion.kind === "refused") terminal.out(`master     stays: ${promotion.why}`);
  if (endsDry(terminal, options)) return exitCodes.fine;
  await confirmOrStop(terminal, options.yes === true, `Adopt this for ${group}?`);
  for (const name of names) {
    await takeName(services, name);
    terminal.out(`${name.name} is ours now; the observers publish it`);
  }
  if (found.node !== null) return await adoptMaster(context, store, state);
  return await waitForRecords(context, services, state, names);
}

function refuseUnlessReady(state: GroupState): NodeId {
  if (state.master === null) {
    const message = `expected ${state.group} to have a master, got none: its observers are asking already who it is, \`lambda-sentinel status ${state.group}\` shows what they wait for; nothing was changed`;
    throw new CliError(exitCodes.unfinished, message);
  }
  refuseUnless(state, steady, noRequest());
  return state.master.node;
}

function showPlan(terminal: Terminal, config: GroupConfig, state: GroupState, found: Found): void {
  const committed = state.master?.node ?? "none";
  terminal.out(`group      ${terminal.paint("bold", state.group)}`);
  terminal.out(`master     ${committed}, since epoch ${state.masterEpoch}`);
  if (found.node !== null) {
    const becomes =
      found.node === committed ? `${found.node}, with the data that it holds now` : found.node;
    terminal.out(`would be   ${becomes}, once a quorum of ${config.observers.join(", ")} names it`);
    terminal.out(`meanwhile  nothing is failed over, repaired or published`);
  }
  for (const name of found.names) {
    for (const line of explainName(name, found.node ?? committed)) terminal.out(line);
  }
}

/** Asks, and follows the observers to the end; where they name nobody, the master stays the one that it was. */
async function adoptMaster(context: CliContext, store: Store, before: GroupState): Promise<number> {
  const { clock, terminal, operator } = context;
  const { group } = before;
  const asked = await changeState(store, group, (state) => {
    refuseUnlessUnmoved(state, before);
    const why = `${operator} adopts a promotion made by hand: who is master is asked anew`;
    return askForMaster(state, operatorWriter(context, "adopt", why));
  });
  const startedAtMs = clock.nowMs();
  let shownRev = asked.state.rev;
  for (;;) {
    const state = await needGroupState(store, group);
    const elapsedMs = clock.nowMs() - startedAtMs;
    if (state.rev !== shownRev) terminal.out(renderChange(state, elapsedMs));
    shownRev = state.rev;
    const isNamed = state.master !== null && state.masterEpoch > before.masterEpoch;
    if (isNamed && state.phase === "steady") {
      const done = `${state.master?.node} is the master since epoch ${state.masterEpoch}`;
      terminal.out(terminal.paint("good", done));
      if (state.pause !== null)
        terminal.out(`${group} stays paused; \`lambda-sentinel resume ${group}\` ends that`);
      return exitCodes.fine;
    }
    if (elapsedMs >= nextLookMs) return await giveUp(context, store, before);
    await clock.sleep(pollMs);
  }
}

/** What was shown is what is agreed to: who was the master then is so still, and nobody has asked for anything. */
function refuseUnlessUnmoved(state: GroupState, before: GroupState): void {
  refuseUnlessReady(state);
  const isSame =
    state.masterEpoch === before.masterEpoch &&
    state.master?.replid === before.master?.replid &&
    state.configVersion === before.configVersion;
  if (isSame) return;
  const message = `expected ${state.group} to be as it was shown, got ${state.lastTransition.why} meanwhile; nothing was changed, run the command again`;
  throw new CliError(exitCodes.unfinished, message);
}

async function giveUp(context: CliContext, store: Store, before: GroupState): Promise<number> {
  const { group, master } = before;
  const { observers } = await readActiveConfig(store, before);
  const said = [...(await readHeartbeats(store, observers))].flatMap(([observer, { groups }]) =>
    groups[group] === undefined ? [] : [`${observer}: ${groups[group].why}`],
  );
  const why = `no quorum named a master within ${nextLookMs / 1_000} s: ${master?.node} stays`;
  const kept = await changeState(store, group, (state) =>
    keepMaster(state, before, operatorWriter(context, "adopt-taken-back", why)),
  );
  if (kept.attempt !== null) {
    context.terminal.error(`${why}; the observers say ${said.join("; ") || "nothing"}`);
  } else {
    const hint = `\`lambda-sentinel status ${group}\` says how it goes on`;
    context.terminal.error(
      `expected ${group} to settle within ${nextLookMs / 1_000} s, got phase ${kept.state.phase}: the observers go on, ${hint}`,
    );
  }
  return exitCodes.unfinished;
}

/** A refused publication is tried again by the next shift at the latest. */
async function waitForRecords(
  context: CliContext,
  services: Services,
  { group, pause }: GroupState,
  names: readonly ForeignName[],
): Promise<number> {
  const { clock, terminal } = context;
  if (pause !== null) {
    terminal.out(`${group} is paused, so the observers publish once it is resumed`);
    return exitCodes.fine;
  }
  const startedAtMs = clock.nowMs();
  for (;;) {
    const [status] = (await needReport(context, services, group)).groups;
    const { record, problems } = status ?? { record: null, problems: [] };
    const wrong = problems.filter((one) =>
      names.some(({ name }) => one.includes(`record ${name} `)),
    );
    if (record?.status === "right" && wrong.length === 0) {
      terminal.out(terminal.paint("good", `${record.name} is ${record.why}`));
      return exitCodes.fine;
    }
    if (clock.nowMs() - startedAtMs >= nextLookMs) {
      const why = wrong[0] ?? record?.why ?? "nobody knows what it is";
      terminal.error(
        `expected the observers to publish within ${nextLookMs / 1_000} s, got ${why}; they do it with their next shift, \`lambda-sentinel status ${group}\` shows it`,
      );
      return exitCodes.unfinished;
    }
    await clock.sleep(recordPollMs);
  }
}
