import { type Death, type Return, runCrashPlan, type Trouble, type Turn } from "./crash-run.ts";

/** Before the others take over, just after it, and long after the group is at rest again. */
const latenessMs = [3_000, 9_500, 30_000];
export const returnsOf: Readonly<Record<Trouble, readonly Return[]>> = {
  crash: ["never", "soon", "late"],
  hang: ["never", "soon", "late"],
  request: ["never"],
};

const wordsOf: Readonly<Record<string, string>> = {
  "write STATE S310": "round",
  "write STATE S370": "claim with intent",
  "write STATE R380": "claim with intent",
  "write STATE P510": "commit",
  "write STATE T620": "end of settling",
  "write STATE L400": "takeover",
};
const say = (what: string): string => wordsOf[what] ?? what;

/** What changes something outside; a late arrival of anything else can do no harm. */
const effects = ["promote", "attach", "hand-over", "fence", "publish", "vote"];
const isWeighty = (what: string) => what.startsWith("write STATE") || effects.includes(what);

/** Each of these must have been cut off unsent, been carried out for a dead sender, and arrived late. */
export const mustBeHit = [
  ...["claim with intent", "promote", "commit", "publish", "attach", "hand-over", "fence"],
  ...["end of settling", "takeover"],
];

/** A place to die, in words. */
export interface Point {
  readonly trouble: Trouble;
  readonly deaths: readonly Death[];
  readonly phase: string;
  readonly unheard: string;
  readonly unsent: readonly string[];
  readonly late: readonly string[];
}

/** All the points of the leader that follows after `before`, from its first act as leader or suspect to the end. */
async function pointsAfter(trouble: Trouble, before: readonly Death[]): Promise<readonly Point[]> {
  const reference = await runCrashPlan({ trouble, deaths: before, returns: "never" });
  if (reference.violation !== null) throw reference.violation;
  const leader = reference.leaders.filter((one) => !before.some((death) => death.process === one));
  const own = reference.turns.filter((turn) => turn.process === leader[0]);
  const begin = own.findIndex((turn) => turn.sends.some((what) => what === "write STATE L400"));
  if (before.length > 0 && begin < 0) throw new Error("expected the next leader to take over");
  const turns = before.length === 0 ? own : own.slice(begin);
  return turns.flatMap((turn, index) => pointsOf(trouble, before, turn, turns[index + 1]));
}

function pointsOf(
  trouble: Trouble,
  before: readonly Death[],
  turn: Turn,
  next: Turn | undefined,
): readonly Point[] {
  const { process, phase, hears, sends } = turn;
  const cut: Point = {
    ...{ trouble, phase, late: [] },
    deaths: [...before, { process, atAwait: turn.await, lateMs: 0 }],
    unheard: say(hears),
    unsent: sends.map(say),
  };
  if (next === undefined || !sends.some(isWeighty)) return [cut];
  const late = latenessMs.map((lateMs): Point => {
    const deaths = [...before, { process, atAwait: next.await, lateMs }];
    return { ...cut, deaths, unheard: say(next.hears), unsent: [], late: sends.map(say) };
  });
  return [cut, ...late];
}

/** Whether somebody has an epoch to take over after this was carried out. */
function isOpenAfter(what: string): boolean {
  return mustBeHit.includes(what) && what !== "end of settling";
}

/** First all points of the first leader; then, for each of its weighty acts, those of the leader that takes over. */
export async function* allPoints(trouble: Trouble): AsyncGenerator<Point> {
  const first = await pointsAfter(trouble, []);
  yield* first;
  const weighty = first.filter((one) => one.late.length === 0 && isOpenAfter(one.unheard));
  for (const point of weighty) yield* await pointsAfter(trouble, point.deaths);
}

export const hows = ["unsent", "unheard", "late"] as const;
type How = (typeof hows)[number];
/** What a death here cuts off unsent, what was carried out and never heard of, what arrives late. */
export function hitsOf(point: Point): readonly string[] {
  const hit = (how: How, what: readonly string[]) =>
    what.filter((one) => mustBeHit.includes(one)).map((one) => `${one} ${how}`);
  return [
    ...hit("unsent", point.unsent),
    ...hit("unheard", point.late.length > 0 ? [] : [point.unheard]),
    ...hit("late", point.late),
  ];
}

/** Of all that must be hit what was; how, where it was not in every way. */
export function hitsSay(covered: ReadonlySet<string>): string {
  const hit = mustBeHit.flatMap((what) => {
    const ways = hows.filter((how) => covered.has(`${what} ${how}`));
    if (ways.length === 0) return [];
    return ways.length === hows.length ? [what] : [`${what} (${ways.join(", ")})`];
  });
  return `hit: ${hit.join(", ") || "nothing"}`;
}

export function describe(point: Point): string {
  const last = point.deaths.at(-1);
  const who = point.deaths.map((death) => `${death.process}@${death.atAwait}`).join(" ");
  const late =
    point.late.length === 0 ? "" : ` late by ${last?.lateMs} ms: ${point.late.join(", ")}`;
  const unsent = point.unsent.length === 0 ? "" : ` unsent: ${point.unsent.join(", ")}`;
  return `${point.trouble.padEnd(7)} ${who.padEnd(17)} ${point.phase.padEnd(9)} unheard: ${point.unheard}${unsent}${late}`;
}
