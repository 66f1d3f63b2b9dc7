import type { WriteProbe } from "../commands.ts";
import { isCalm } from "../identity.ts";
import { writePeriodMs } from "../spells.ts";
import { lookNow, type MasterView } from "../view.ts";
import { hold, type Rule } from "./rule.ts";

/**
 * A write is an effect like any other (protocol F1): the master is observed over a session, STATE is read after that, and
 * the write goes out over the same session, which every role change cuts. So no replica and no old master is written to
 * by whoever has read of its successor.
 */
export const writeProbeRule: Rule<MasterView> = {
  id: "R737",
  title: "Try a write on the committed master in calm, where people named a key for that.",
  source: "fault N10: what PING does not tell of a master that refuses writes",
  find: (view) => {
    const { masterMemory, memory, settings, master, state, nowMs } = view;
    if (settings.writeProbeKey === "" || !mayTry(view)) return null;
    const periodMs = writePeriodMs(settings);
    const triedAtMs = masterMemory.writeProbe?.atMs ?? Number.NEGATIVE_INFINITY;
    if (nowMs - triedAtMs < periodMs) return null;
    const prepared = memory.prepared[master.node];
    const isFresh =
      prepared?.facts?.role === "master" &&
      prepared.askedAtMs <= memory.stateAskedAtMs &&
      nowMs - memory.stateAskedAtMs < settings.fenceMs;
    if (!isFresh) {
      // A session that was not opened or not answered is tried again at the next interval.
      const isResting =
        prepared?.facts === null && nowMs - prepared.askedAtMs < settings.probeIntervalMs;
      if (isResting) return null;
      const look = lookNow(view, { prepare: [master.node], order: "nodes-first", state: true });
      return hold(`observing ${master.node} before a write is tried on it`, look);
    }
    const command: WriteProbe = {
      kind: "write-probe",
      node: master.node,
      session: prepared.session,
      epoch: state.masterEpoch,
      key: settings.writeProbeKey,
      ttlMs: 2 * periodMs,
    };
    return {
      why: `trying to write ${settings.writeProbeKey} on ${master.node}`,
      plan: [[command]],
      look: lookNow(view, {}),
    };
  },
};

function mayTry(view: MasterView): boolean {
  const { facts, lastReply } = view.masterMemory;
  if (!isCalm(view) || lastReply?.kind !== "pong") return false;
  return facts !== null && !facts.isLoading && facts.replid === view.master.replid;
}
