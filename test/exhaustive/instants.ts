import { gapOf, settledAtMs, waitMs } from "./waits.ts";

type Instant = number | null;

/** How an instant of a memory is read by the rules, and so what of it must be kept. */
export interface At {
  /** Others are compared with it. */
  readonly pivot: (ms: number) => number;
  /** How long ago it was counts, and whether it came before or after each of these pivots. */
  readonly measured: (ms: number, ...pivots: readonly Instant[]) => number;
}

/** Notes which instants are pivots, and lays them out anew so that memories which rules cannot tell apart become equal. */
export class Instants {
  readonly #pivots = new Set<number>();

  readonly note: At = {
    pivot: (ms) => {
      if (isInstant(ms)) this.#pivots.add(ms);
      return ms;
    },
    measured: (ms) => ms,
  };

  /** Backwards from the end of the turn, each pivot as far from the next as its kind of gap says. */
  layOut(endMs: number): At {
    const placed = new Map<number, number>();
    let nextMs = endMs;
    let placeMs: number = settledAtMs;
    for (const ms of [...this.#pivots].sort((a, b) => b - a)) {
      placeMs -= waitMs[gapOf(nextMs - ms)];
      placed.set(ms, placeMs);
      nextMs = ms;
    }
    const pivot = (ms: number) => placed.get(ms) ?? ms;
    const measured: At["measured"] = (ms, ...pivots) => {
      if (!isInstant(ms)) return ms;
      const known = pivots.flatMap((one) => (one !== null && isInstant(one) ? [one] : []));
      if (known.includes(ms)) return pivot(ms);
      const before = known.filter((one) => one < ms).map((one) => pivot(one) + between);
      const after = known.filter((one) => one > ms).map((one) => pivot(one) - between);
      return Math.min(Math.max(ago(endMs - ms), ...before), ...after);
    };
    return { pivot, measured };
  }
}

/** Pivots are whole: what lies between two of them needs no place of its own. */
const between = 0.25;

/** Not "never", and none of the stand-ins that are laid out already. */
function isInstant(ms: number): boolean {
  return Number.isFinite(ms) && ms > 1;
}

function ago(ms: number): number {
  const gap = gapOf(ms);
  return gap === "soon" ? settledAtMs : settledAtMs - waitMs[gap];
}
