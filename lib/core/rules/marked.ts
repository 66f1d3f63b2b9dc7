import { isMasterSane, isOfRecord } from "../identity.ts";
import { isRecordStale } from "../lineage.ts";
import { type GroupState, isMarked, type MasterRecord } from "../model.ts";
import { adoptLineage } from "../state.ts";
import { lookNow, type MasterView, writer } from "../view.ts";
import type { Rule } from "./rule.ts";

/** Kept in STATE, because nobody may be left to ask when another server takes the master's address (fault N18). */
export const markedRule: Rule<MasterView> = {
  id: "R732",
  title:
    "Store that the committed master carries the group's marker, where its settling did not see it.",
  source: "fault N18: a server without the marker of a group that had it is not the group's",
  find: (view) => {
    if (!isNewlyMarked(view)) return null;
    const why = `${view.master.node} carries the group's marker`;
    return {
      why,
      plan: [[adoptLineage(view.state, marked(view.master), writer(view, "R732", why))]],
      look: lookNow(view, { state: true }),
    };
  },
};

/** STATE as the end of the settling finds it: what is seen of the marker goes into the same write. */
export function withMark(view: MasterView): GroupState {
  return isNewlyMarked(view) ? { ...view.state, master: marked(view.master) } : view.state;
}

function marked(master: MasterRecord): MasterRecord {
  return { ...master, isMarked: true };
}

function isNewlyMarked(view: MasterView): boolean {
  const { master, masterMemory } = view;
  const { facts } = masterMemory;
  if (master.isMarked || facts === null || !isMarked(facts)) return false;
  return isMasterSane(view) && isOfRecord(view) && !isRecordStale(master, facts);
}
