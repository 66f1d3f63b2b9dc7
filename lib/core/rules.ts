import { withoutMaster, withoutState } from "./rules/bootstrap.ts";
import { claimRules } from "./rules/claim.ts";
import { doubleRule } from "./rules/discovery.ts";
import { forgetRules, refuseToForgetRule } from "./rules/forget.ts";
import { keptRule } from "./rules/kept.ts";
import { followRule, leadRules } from "./rules/lead.ts";
import { notifyTestRules } from "./rules/notify-test.ts";
import { oddityRule } from "./rules/oddities.ts";
import { closingRules, promoteRules } from "./rules/promoting.ts";
import { renamedRule } from "./rules/renamed.ts";
import { requestRules } from "./rules/requests.ts";
import type { Rule } from "./rules/rule.ts";
import { settlingFollower, settlingRules } from "./rules/settling.ts";
import { endOfPauseRule, lineageRules, pauseRule, steadyRules } from "./rules/steady.ts";
import { failStatic, handsOff } from "./rules/store.ts";
import { suspicionRules } from "./rules/suspicion.ts";
import { switchoverRules } from "./rules/switchover.ts";
import type { GroupView, MasterView, View } from "./view.ts";

/**
 * The decision table, in the order in which it is tried. A row decides alone and the first finding wins, so a row may
 * rely on every row above it having found nothing.
 */
export interface RuleTable {
  /** Tried first, whatever is known. */
  readonly failStatic: readonly Rule<View>[];
  readonly withoutState: readonly Rule<View>[];
  readonly handsOff: readonly Rule<GroupView>[];
  readonly withoutMaster: readonly Rule<GroupView>[];
  readonly steady: readonly Rule<MasterView>[];
  readonly promoting: readonly Rule<MasterView>[];
  readonly settling: readonly Rule<MasterView>[];
}

/** A row that applies only while this shift leads the open epoch. */
function led(rule: Rule<MasterView>): Rule<MasterView> {
  return {
    ...rule,
    find: (view) => (view.state.leader === view.memory.shift ? rule.find(view) : null),
  };
}

function ofKind(kind: "failover" | "switchover", rule: Rule<MasterView>): Rule<MasterView> {
  return { ...rule, find: (view) => (view.state.kind === kind ? rule.find(view) : null) };
}

/** A pause forbids new rounds and claims; what is open is finished (protocol F12). */
function unpaused(rule: Rule<MasterView>): Rule<MasterView> {
  return { ...rule, find: (view) => (view.state.pause === null ? rule.find(view) : null) };
}

export const rules: RuleTable = {
  failStatic,
  withoutState,
  handsOff,
  withoutMaster,
  steady: [
    endOfPauseRule,
    ...notifyTestRules,
    refuseToForgetRule,
    pauseRule,
    ...suspicionRules,
    ...claimRules,
    renamedRule,
    ...lineageRules,
    keptRule,
    ...requestRules,
    ...forgetRules,
    doubleRule,
    oddityRule,
    ...steadyRules,
  ],
  promoting: [
    ...leadRules,
    followRule,
    ...closingRules.map(led),
    ...promoteRules.map((rule) => led(ofKind("failover", rule))),
    ...switchoverRules.map((rule) => led(ofKind("switchover", rule))),
  ],
  settling: [
    endOfPauseRule,
    ...suspicionRules.map(unpaused),
    ...claimRules.map(unpaused),
    ...leadRules,
    renamedRule,
    ...lineageRules,
    keptRule,
    ...settlingRules.map(led),
    settlingFollower,
    followRule,
  ],
};
