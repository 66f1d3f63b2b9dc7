import { warning } from "../events.ts";
import { beat, takeOver } from "../state.ts";
import { isBlind, lookNow, type MasterView, nextLook, writer } from "../view.ts";
import { emit, hold, type Rule } from "./rule.ts";

/** Who drives an open epoch (DESIGN 4, crash anywhere). Safety never depends on these timers (protocol F9). */
export const leadRules: readonly Rule<MasterView>[] = [
  {
    id: "L400",
    title:
      "Take over an open epoch whose leader released it or gave no sign of life for takeoverMs.",
    source:
      "DESIGN 4, crash anywhere; protocol F9: (epoch, leader, beat) is watched, on this clock alone",
    find: (view) => {
      const { memory, state, nowMs, settings } = view;
      // An observer that reaches no node could not carry the epoch on.
      if (state.leader === memory.shift || isBlind(view)) return null;
      const stillMs = Math.round(nowMs - memory.watched.sinceMs);
      if (state.leader !== null && stillMs < settings.takeoverMs) return null;
      const why =
        state.leader === null
          ? `epoch ${state.epoch} was released in phase ${state.phase}`
          : `${state.leader} gave no sign of life for ${stillMs} ms in phase ${state.phase}`;
      const nodes = Object.keys(memory.nodes);
      return {
        why,
        plan: [
          [takeOver(state, writer(view, "L400", why))],
          [emit(warning("+takeover", why, { node: state.candidate?.node ?? null }))],
        ],
        look: lookNow(view, { probe: nodes, info: true, state: true }),
      };
    },
  },
  {
    id: "L410",
    title: "Say once that an open epoch has lasted longer than failoverTimeoutMs.",
    source: "invariant L2; Sentinel's failover-timeout",
    find: (view) => {
      const { memory, state, nowMs, settings } = view;
      const since = memory.leadingSinceMs;
      if (since === null || nowMs - since < settings.failoverTimeoutMs) return null;
      const onceKey = `late ${state.epoch} ${state.phase}`;
      if (memory.reported.includes(onceKey)) return null;
      const why = `epoch ${state.epoch} is still in phase ${state.phase} after ${settings.failoverTimeoutMs} ms`;
      const event = warning("+failover-end-for-timeout", why, { onceKey });
      return hold(why, lookNow(view, { state: true }), event);
    },
  },
  {
    id: "L420",
    title: "Give a sign of life at least every third of takeoverMs while leading.",
    source: "protocol F9",
    find: (view) => {
      const { memory, state, nowMs, settings } = view;
      // A leader that reaches no node lets the others take over.
      if (state.leader !== memory.shift || isBlind(view)) return null;
      if (nowMs - memory.watched.sinceMs < settings.takeoverMs / 3) return null;
      const why = `leading epoch ${state.epoch} in phase ${state.phase}`;
      return {
        why,
        plan: [[beat(state, writer(view, "L420", why))]],
        look: lookNow(view, {}),
      };
    },
  },
];

export const followRule: Rule<MasterView> = {
  id: "L430",
  title: "Watch while another observer leads.",
  source: "DESIGN 4",
  find: (view) => {
    const { state, memory } = view;
    if (state.leader === memory.shift) return null;
    const why = `${state.leader} leads epoch ${state.epoch} in phase ${state.phase}`;
    return hold(why, nextLook(view));
  },
};
