import { isReporting } from "../core/cadence.ts";
import type { Heartbeat } from "../ports/store.ts";
import { mayYield, sayYielded, successorReadMs } from "./beat.ts";
import type { GroupStatus } from "./group.ts";
import { isNews } from "./heartbeat.ts";
import type { Shift } from "./shift.ts";
import { patienceMs, Voice } from "./voice.ts";

/** A shift that stays awake is heard this often at the least: whoever comes meanwhile has to know that it lives. */
const awakeBeatMaxMs = 2_000;
const retryMs = 1_000;
/** With the second look a node's rights are rehearsed and the record is resolved; the third has what they brought. */
const reportLooks = 3;

/** Why a pass ends that had no reason to stay. */
export const allIsWell = "everything was looked at, and nothing is unsettled";

/** So long does a shift stand that stays awake. After that it looks for a pass that relieves it. */
function standMs({ shiftMs }: Shift): number {
  return shiftMs / 2;
}

function awakeBeatMs({ shiftMs }: Shift): number {
  return Math.min(awakeBeatMaxMs, shiftMs / 20);
}

/**
 * Whether a shift of this observer is awake, so that this pass has nothing to do; it says which. A pulse that comes in the
 * middle of a failover must not begin to count evidence of its own, and open rounds that the others can't join:
 *
 *     awake   suspects n1 ── round 7 ── votes ─────────── claims
 *     pass               starts ── evidence ── round 8: the votes of round 7 are void, and nobody claims
 *
 * Whether the other one lives is told by a heartbeat that is another than the one that was there at first: no clock of
 * another machine is asked, and one that died is missed for three of its beats. Who was woken for a round doesn't wait.
 */
export async function awaitOther(shift: Shift): Promise<string | null> {
  const { predecessor, ports, budget, observer } = shift;
  if (shift.cadence === "loop" || shift.woken !== null) return null;
  if (predecessor === null || predecessor === "unknown" || predecessor.awake !== "stands")
    return null;
  const beatMs = awakeBeatMs(shift);
  const endMs = ports.clock.nowMs() + 3 * beatMs;
  while (ports.clock.nowMs() < endMs && !budget.isOver()) {
    await ports.clock.sleep(beatMs / 4, budget.signal);
    const got = await ports.store.readHeartbeat(observer);
    if (!got.ok || got.value === null || isSame(got.value, predecessor)) continue;
    return `shift ${got.value.shift} is awake`;
  }
  return null;
}

function isSame(one: Heartbeat, other: Heartbeat): boolean {
  return one.at === other.at && one.shift === other.shift;
}

/**
 * The heartbeat and the end of a pass, in the cadences `pulse` and `tick`: a pass ends once every group was seen and nothing
 * is suspect or unsettled. Until then it stays awake, and yields as shifts do in `loop`.
 */
export function createPass(shift: Shift): () => Promise<string | null> {
  const { ports, statuses, startedAtMs } = shift;
  const voice = new Voice(shift);
  let wasAwake = false;
  let retryAtMs = Number.NEGATIVE_INFINITY;

  const stay = async (nowMs: number): Promise<string | null> => {
    const awake = nowMs - startedAtMs < standMs(shift) ? "stands" : "yields";
    wasAwake = true;
    if (voice.hasNews() || nowMs - voice.spokeAtMs >= awakeBeatMs(shift)) await voice.say(awake);
    const isLate = awake === "yields" && nowMs - voice.listenedAtMs >= successorReadMs;
    if (isLate && voice.successor === null) await voice.listen();
    const { successor } = voice;
    if (successor === null) return null;
    if (successor.awake === undefined) {
      // A pass that found nothing wrong has come and gone: this shift goes on in the observer's name.
      voice.number = successor.shift + 1;
      voice.successor = null;
      voice.besideSinceMs = null;
      return null;
    }
    const isOverdue = voice.isBesideFor(standMs(shift));
    if (mayYield(shift, successor, isOverdue)) return sayYielded(successor);
    voice.successor = null;
    return null;
  };

  const leave = async (nowMs: number): Promise<string | null> => {
    const done = wasAwake ? "what was unsettled is settled" : allIsWell;
    const isDue = isReporting(shift, voice.heartbeatMs());
    if (!wasAwake && !isDue && !hasNews(shift, voice)) return done;
    if (nowMs < retryAtMs) return null;
    const isSaid = await voice.say();
    // A younger shift that has spoken knows better; only a table that does not answer is asked again, and not for ever.
    if (isSaid || voice.successor !== null || nowMs - startedAtMs >= patienceMs) return done;
    retryAtMs = nowMs + retryMs;
    return null;
  };

  return async () => {
    const nowMs = ports.clock.nowMs();
    if (!voice.isReady()) return null;
    const all = [...statuses.values()];
    if (all.some(({ unsettled }) => unsettled !== null)) return stay(nowMs);
    const isPatient = nowMs - startedAtMs < patienceMs;
    const looks = isReporting(shift, voice.heartbeatMs()) ? reportLooks : 1;
    if (isPatient && all.some((status) => !hasLooked(status, looks))) return null;
    return leave(nowMs);
  };
}

function hasLooked(
  { looks, isAtRest, isReadingRecord, memory, copiedRev }: GroupStatus,
  wanted: number,
) {
  if (!isAtRest || looks < wanted) return false;
  if (wanted > 1 && isReadingRecord) return false;
  return copiedRev >= (memory.state?.rev ?? 0);
}

function hasNews({ predecessor }: Shift, voice: Voice): boolean {
  if (predecessor === null || predecessor === "unknown") return true;
  return predecessor.awake !== undefined || isNews(predecessor, voice.heartbeat(predecessor.shift));
}
