import { renderDiff } from "../config/diff.ts";
import { assertNever } from "../core/assert-never.ts";
import { findByReplicate, formatAddress } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import type { Store } from "../ports/store.ts";
import { type Proof, proveOrStop } from "./apply-move.ts";
import { type ApplyPlan, checkAgainstTable, type GroupPlan, planApply } from "./apply-plan.ts";
import { releaseRemoved, removedNodes, waitForAdoption } from "./apply-wait.ts";
import { activate, claimNodes, pruneVersions, putVersion } from "./apply-write.ts";
import { type ConfirmOptions, confirmOrStop } from "./confirm.ts";
import type { CliContext } from "./context.ts";
import { exitCodes, needRead } from "./exit.ts";
import { readGroupState } from "./group-state.ts";
import { checkBoundsOrStop, checkZonesOrStop, loadOrStop, problemsError } from "./load-file.ts";

export interface ApplyOptions extends ConfirmOptions {
  readonly file: string;
  readonly wait?: boolean;
  /** The stage whose functions are to watch these groups, if it is not to be found by its table. */
  readonly stageFile?: string;
}

/** Validates the file, shows what it changes, and writes it; nothing is written unless everything is valid. */
export async function apply(context: CliContext, options: ApplyOptions): Promise<number> {
  const { terminal } = context;
  const loaded = await loadOrStop(terminal, options.file);
  const services = context.open(options);
  const { store, table } = services;
  const { stagesFolder: folder } = context;
  await checkBoundsOrStop(terminal, loaded, { file: options.stageFile, folder, table });
  await checkZonesOrStop(terminal, services, loaded);
  const configs = needRead(
    await store.listConfigs(),
    `read the configuration in table ${services.table}`,
  );
  const inFile = loaded.groups.map((group) => group.name);
  const inTable = configs.map((config) => config.name);
  const states = await readStates(store, inFile, inTable);
  const plan = planApply(loaded, configs, states);
  const problems = checkAgainstTable(loaded, configs, states);
  if (problems.length > 0) throw problemsError(terminal, problems);
  for (const line of renderDiff(plan.diffs)) terminal.out(line);
  if (options.dryRun === true) {
    terminal.out("dry run: nothing was changed");
    return exitCodes.fine;
  }
  const code = await write(context, store, plan, states, options);
  if (code !== exitCodes.fine) return code;
  return finish(context, store, plan.groups, options);
}

async function readStates(
  store: Store,
  inFile: readonly string[],
  inTable: readonly string[],
): Promise<ReadonlyMap<string, GroupState | null>> {
  const states = new Map<string, GroupState | null>();
  for (const group of inFile) states.set(group, await readGroupState(store, group));
  // Of the others only what they have discovered matters; one that this version can't read stops nothing.
  for (const group of new Set(inTable)) {
    if (states.has(group)) continue;
    const stored = needRead(await store.readState(group), `read the state of ${group}`);
    states.set(group, stored.kind === "state" ? stored.state : null);
  }
  return states;
}

/** A version that was stored and could not be activated then is activated now, changed or not. */
function isPending(plan: GroupPlan, state: GroupState | null | undefined): boolean {
  if (state?.removed != null) return true;
  return plan.isNew || (state?.configVersion ?? plan.config.version) < plan.config.version;
}

async function write(
  context: CliContext,
  store: Store,
  plan: ApplyPlan,
  states: ReadonlyMap<string, GroupState | null>,
  options: ApplyOptions,
): Promise<number> {
  const { terminal } = context;
  const pending = plan.groups.filter((one) => isPending(one, states.get(one.group)));
  if (pending.length === 0) {
    terminal.out("nothing to change");
    return exitCodes.fine;
  }
  const count = pending.length === 1 ? "one group" : `${pending.length} groups`;
  await confirmOrStop(terminal, options.yes === true, `Apply ${count}?`);
  const proofs = new Map<string, Proof | null>();
  for (const one of pending) proofs.set(one.group, await proveOrStop(context, store, one));
  await claimNodes(store, pending);
  for (const { isNew, config } of pending) if (isNew) await putVersion(store, config);
  let code: number = exitCodes.fine;
  for (const one of pending) {
    const proof = proofs.get(one.group) ?? null;
    if (!(await activateAndPrune(context, store, one, proof))) code = exitCodes.unfinished;
  }
  return code;
}

async function activateAndPrune(
  context: CliContext,
  store: Store,
  plan: GroupPlan,
  proof: Proof | null,
): Promise<boolean> {
  const { terminal } = context;
  const { name, version } = plan.config;
  const before = await readGroupState(store, name);
  const activation = await activate(context, store, plan, proof);
  switch (activation) {
    case "active":
      terminal.out(`${name}: version ${version} is active`);
      for (const line of explainTaken(plan, before)) terminal.out(line);
      break;
    case "not-adopted-yet":
      terminal.out(
        `${name}: version ${version} is stored; the observers adopt the group when a quorum of them names one master`,
      );
      break;
    case "not-steady":
      terminal.error(
        `${name}: version ${version} is stored and not active, because the group did not become steady; ` +
          `run the same apply again when \`lambda-sentinel status ${name}\` says so`,
      );
      break;
    default:
      return assertNever(activation);
  }
  const state = await readGroupState(store, name);
  await pruneVersions(store, plan, state?.configVersion ?? null);
  return activation !== "not-steady";
}

/** What the file names now and was found before. */
function explainTaken({ group, config }: GroupPlan, before: GroupState | null): readonly string[] {
  return (before?.discovered ?? [])
    .filter(({ host, port }) => findByReplicate(config, host, port) !== undefined)
    .map((one) => `${group}: ${formatAddress(one)} was discovered, and is a node of the file now`);
}

async function finish(
  context: CliContext,
  store: Store,
  plans: readonly GroupPlan[],
  options: ApplyOptions,
): Promise<number> {
  if (options.wait === true) {
    if (!(await waitForAdoption(context, store, plans))) return exitCodes.unfinished;
    await releaseRemoved(context, store, plans);
    return exitCodes.fine;
  }
  for (const plan of plans) {
    const removed = plan.isNew ? removedNodes(plan) : [];
    if (removed.length === 0) continue;
    context.terminal.out(
      `${plan.group}: ${removed.join(", ")} stays reserved until \`apply --wait\` has seen every observer adopt the change`,
    );
  }
  return exitCodes.fine;
}
