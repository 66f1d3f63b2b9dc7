import { formatAddress } from "../config.ts";
import { warning } from "../events.ts";
import { type GroupView, lookNow, nextLook, type View } from "../view.ts";
import { removedRule } from "./removed.ts";
import { hold, type Rule } from "./rule.ts";

/** Fail static: whatever cannot be read or understood means no effects at all (invariant S14). */
export const failStatic: readonly Rule<View>[] = [
  {
    id: "F100",
    title: "Do nothing while STATE cannot be read, or has not been read yet.",
    source: "DESIGN 4, fail static; faults D3, D7, D8",
    find: (view) => {
      const { storeFailure: failed, state } = view.memory;
      if (failed === null) {
        return state === undefined ? hold("STATE has not been read yet", nextLook(view)) : null;
      }
      if (failed.isForeign) return null;
      const why = `STATE cannot be read: ${failed.why}`;
      return hold(why, nextLook(view), warning("+page", why, { onceKey: "store" }));
    },
  },
  {
    id: "F110",
    title: "Keep hands off a STATE of another schema or deployment.",
    source: "faults C8, D12, D13",
    find: (view) => {
      const failed = view.memory.storeFailure;
      if (failed === null) return null;
      return hold(failed.why, nextLook(view), warning("+page", failed.why, { onceKey: "foreign" }));
    },
  },
];

export const handsOff: readonly Rule<GroupView>[] = [
  removedRule,
  {
    id: "F130",
    title: "Do nothing where this observer is not one of the group's.",
    source: "fault C10",
    find: (view) => {
      const { memory, config } = view;
      if (config.observers.includes(memory.observer)) return null;
      const why = `${memory.observer} is not one of the observers ${config.observers.join(", ")}`;
      return hold(why, nextLook(view), warning("+page", why, { onceKey: "not-an-observer" }));
    },
  },
  {
    id: "F140",
    title: "Do nothing under a configuration version that STATE does not name.",
    source: "protocol F11",
    find: (view) => {
      const { config, state } = view;
      if (config.version === state.configVersion) return null;
      const why = `holding configuration version ${config.version}, STATE names ${state.configVersion}`;
      return hold(why, { ...nextLook(view), state: true });
    },
  },
  {
    id: "F150",
    title: "Keep hands off when a node's marker carries an epoch that STATE has not reached.",
    source: "fault D10: a table restored from a backup repeats epochs",
    find: (view) => {
      const above = Object.values(view.memory.nodes).find(
        (node) => (node.facts?.marker ?? 0) > view.state.epoch,
      );
      if (above === undefined) return null;
      // A marker that is news since STATE was asked says only that we have to read again, before anything else is done. It
      // counts from when it was first reported: while something is suspect, every look brings facts that are younger than
      // its reading of STATE.
      if ((above.markerSinceMs ?? 0) > view.memory.stateAskedAtMs) {
        const news = `${above.node} carries the marker of epoch ${above.facts?.marker}: reading STATE again`;
        return hold(news, lookNow(view, { state: true }));
      }
      const why = `${above.node} carries the marker of epoch ${above.facts?.marker}, above STATE's ${view.state.epoch}: the table may have been restored from a backup`;
      return hold(why, nextLook(view), warning("+page", why, { onceKey: "restored" }));
    },
  },
  {
    id: "F170",
    title: "Ask a discovered node that this shift has not asked before anything is concluded.",
    source: "ADR 0009: a shift's first look is at the nodes of the file, before it has read STATE",
    find: (view) => {
      const unasked = view.state.discovered
        .map(formatAddress)
        .filter((node) => view.memory.nodes[node]?.lastSentAtMs === null);
      if (unasked.length === 0) return null;
      const look = lookNow(view, { probe: unasked, info: true });
      return hold(`asking ${unasked.join(", ")} for the first time`, look);
    },
  },
];
