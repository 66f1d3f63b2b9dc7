import type { WriteState } from "../core/commands.ts";
import { addressesOf, type GroupConfig } from "../core/config.ts";
import type { GroupState } from "../core/model.ts";
import { activateConfig } from "../core/state.ts";
import { reviveGroup } from "../core/state-removal.ts";
import type { Store } from "../ports/store.ts";
import { renamesIn, whyMasterLost } from "./apply-master.ts";
import { type Proof, whyUnproven } from "./apply-move.ts";
import type { GroupPlan } from "./apply-plan.ts";
import type { CliContext } from "./context.ts";
import { CliError, exitCodes, need } from "./exit.ts";
import { changeState, needAnyState, operatorWriter, readGroupState } from "./group-state.ts";

interface Claim {
  readonly node: string;
  readonly group: string;
}

/**
 * Reserves every node for its group before any configuration is written, so that no node is ever watched, repaired or
 * promoted by two groups (protocol F14). When one reservation fails, those made here are given back.
 */
export async function claimNodes(store: Store, plans: readonly GroupPlan[]): Promise<void> {
  const made: Claim[] = [];
  for (const plan of plans) {
    const owned = addressesOf(plan.stored);
    for (const node of addressesOf([plan.config])) {
      const claim = { node, group: plan.group };
      // Given back even if its answer is lost: giving back what is not ours does nothing.
      if (!owned.has(node)) made.push(claim);
      const result = await store.claimNode(node, plan.group);
      if (result.ok && result.value.owner === plan.group) continue;
      await releaseClaims(store, made);
      const { owner } = need(result, `reserve ${node} for ${plan.group}`);
      throw new CliError(
        exitCodes.unfinished,
        `expected ${node} to be free for ${plan.group}, got it reserved for ${owner}; take it out there first with \`apply --wait\`. Nothing was changed`,
      );
    }
  }
}

/** Best effort: what stays reserved stays so for the group that asked for it, and is taken up by its next apply. */
async function releaseClaims(store: Store, claims: readonly Claim[]): Promise<void> {
  for (const { node, group } of claims) await store.releaseNode(node, group);
}

/** Writes one immutable version; the same version with the same content is our own earlier write. */
export async function putVersion(store: Store, config: GroupConfig): Promise<void> {
  const put = await store.putConfig(config);
  if (put.ok) return;
  const doing = `write version ${config.version} of ${config.name}`;
  if (put.kind !== "refused" && put.isOutcomeKnown) need(put, doing);
  const standing = need(await store.readConfig(config.name, config.version), doing);
  if (standing?.digest === config.digest) return;
  if (standing === null) need(put, doing);
  const message = `expected version ${config.version} of ${config.name} to be free, got another one written meanwhile; run the command again to see the difference`;
  throw new CliError(exitCodes.unfinished, message);
}

const steadyWaitMs = 60_000;
const steadyPollMs = 500;

export type Activation = "active" | "not-adopted-yet" | "not-steady";

/**
 * Makes a version the one that STATE names. That happens in phase steady only: an epoch is finished under the
 * configuration that it was claimed with (protocol F11).
 */
export async function activate(
  context: CliContext,
  store: Store,
  plan: GroupPlan,
  proof: Proof | null,
): Promise<Activation> {
  const { clock, terminal } = context;
  const { config } = plan;
  const startedAtMs = clock.nowMs();
  let isTold = false;
  for (;;) {
    const state = await readGroupState(store, config.name);
    if (state === null) return "not-adopted-yet";
    if (isInForce(state, config.version)) return "active";
    if (state.phase === "steady" && (await tryActivate(context, store, plan, proof)))
      return "active";
    if (clock.nowMs() - startedAtMs >= steadyWaitMs) return "not-steady";
    if (!isTold && state.phase !== "steady") {
      const why = `its phase is ${state.phase}`;
      terminal.out(
        `${config.name}: ${why}; waiting up to ${steadyWaitMs / 1000} s until it is steady`,
      );
      isTold = true;
    }
    await clock.sleep(steadyPollMs);
  }
}

/** False when the phase left steady meanwhile. */
async function tryActivate(
  context: CliContext,
  store: Store,
  plan: GroupPlan,
  proof: Proof | null,
): Promise<boolean> {
  const { config, before } = plan;
  const { name, version } = config;
  const change = (state: GroupState): WriteState | null => {
    if (state.phase !== "steady" || isInForce(state, version)) return null;
    if (before !== null && state.removed === null && state.configVersion !== before.version) {
      const message = `expected version ${before.version} of ${name} in force, got ${state.configVersion} meanwhile; version ${version} is stored and not active, run the command again to see the difference`;
      throw new CliError(exitCodes.unfinished, message);
    }
    const master = state.master?.node;
    if (whyMasterLost(config, state, before) !== null) {
      const message = `expected ${name} to keep its master ${master}, got a failover to it meanwhile; version ${version} is stored and not active, apply a file that has this node`;
      throw new CliError(exitCodes.unfinished, message);
    }
    const unproven = whyUnproven(plan, state, proof);
    if (unproven !== null) throw new CliError(exitCodes.unfinished, unproven);
    const why = `${context.operator} applied version ${version}`;
    const writer = operatorWriter(context, "apply", why);
    if (state.removed !== null) return reviveGroup(state, version, writer);
    return activateConfig(state, config, writer, renamesIn(config, state, before));
  };
  const written = await changeState(store, name, change, needAnyState);
  return isInForce(written.state, version);
}

/** A removed group has no version in force, also where its removal was broken off and the version is there still. */
function isInForce(state: GroupState, version: number): boolean {
  return state.removed === null && state.configVersion >= version;
}

const versionsKept = 5;

/** Keeps the newest five versions and the active one, whatever its age. */
export async function pruneVersions(
  store: Store,
  plan: GroupPlan,
  activeVersion: number | null,
): Promise<void> {
  const versions = [
    plan.config,
    ...plan.stored.filter((one) => one.version !== plan.config.version),
  ];
  for (const { version } of versions.slice(versionsKept)) {
    if (version === activeVersion) continue;
    need(
      await store.deleteConfig(plan.group, version),
      `remove version ${version} of ${plan.group}`,
    );
  }
}
