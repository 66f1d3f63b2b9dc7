import type { StoredEvent } from "../ports/store.ts";
import { durationsOf } from "../status/failover-facts.ts";
import { type EpochStory, isTransition } from "../status/stories.ts";

/** A failover on a scale: the stretches that its leader measured, and what each observer told when. */
export interface Timeline {
  /** Where the scale shows zero: the first unanswered probe, by the leader's clock; else the first that was told. */
  readonly zeroAt: string;
  /** Where the scale begins and ends, from zero on; another clock may have told something before zero. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly spans: readonly Span[];
  readonly moments: readonly Moment[];
  /** What came after the end: what was lost, as the old master told when it was back. */
  readonly later: readonly Moment[];
}

export interface Span {
  readonly name: "found" | "agreed" | "promoted" | "published" | "settled";
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Moment {
  /** 1 for the first; how text and picture name it. */
  readonly number: number;
  readonly observer: string;
  readonly atMs: number;
  readonly name: string;
  readonly rule: string;
  readonly message: string;
  readonly tone: "good" | "bad" | "news";
}

export function timelineOf(story: EpochStory): Timeline {
  const told = story.events.filter((event) => !isTransition(event) || isUntold(event, story));
  const leader = leaderOf(story);
  const zeroMs = zeroOf(story, told, leader);
  const end = endOf(story, told);
  const all = told
    .map((event) => momentOf(event, zeroMs))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((moment, index) => ({ ...moment, number: index + 1 }));
  const endMs = end === null ? Number.POSITIVE_INFINITY : Date.parse(end) - zeroMs;
  const moments = all.filter(({ atMs, name }) => atMs <= endMs || name === "+config-update-from");
  const spans = spansOf(story, told, leader, zeroMs);
  const edges = [0, ...moments.map(({ atMs }) => atMs), ...spans.map(({ toMs }) => toMs)];
  return {
    zeroAt: new Date(zeroMs).toISOString(),
    fromMs: Math.min(...edges),
    toMs: Math.max(1, ...edges),
    spans,
    moments,
    later: all.filter((moment) => !moments.includes(moment)),
  };
}

/** `a/12.x`: the shift, of which the observer is the beginning. */
function leaderOf({ opening }: EpochStory): string {
  return opening.observer.split("/")[0] ?? opening.observer;
}

/** A write of STATE is a moment of its own only where nobody lived to tell the same: it bears the time of its copy. */
function isUntold(write: StoredEvent, { events }: EpochStory): boolean {
  return !events.some((one) => !isTransition(one) && one.rule === write.rule);
}

function claimMs(
  { opening }: EpochStory,
  told: readonly StoredEvent[],
  leader: string,
): number | null {
  const claim = told.find(
    ({ name, observer, rule }) =>
      observer === leader && rule === opening.rule && ["+new-epoch", "+monitor"].includes(name),
  );
  return claim === undefined ? null : Date.parse(claim.at);
}

function zeroOf(story: EpochStory, told: readonly StoredEvent[], leader: string): number {
  const atMs = claimMs(story, told, leader);
  const { detectMs, agreeMs } = durationsOf(story.events);
  const firstMs = Math.min(...[...told, story.opening].map(({ at }) => Date.parse(at)));
  if (atMs === null || detectMs === null || agreeMs === null) return firstMs;
  return atMs - detectMs - agreeMs;
}

function endOf({ ending }: EpochStory, told: readonly StoredEvent[]): string | null {
  if (ending === null) return null;
  const said = told.findLast(({ rule }) => rule === ending.rule);
  return said?.at ?? ending.at;
}

/** As the leader measured them; another shift that took over measured its own part. */
function spansOf(
  story: EpochStory,
  told: readonly StoredEvent[],
  leader: string,
  zeroMs: number,
): readonly Span[] {
  const ms = durationsOf(story.events);
  const claimAtMs = claimMs(story, told, leader);
  const commit = told.find(({ name }) => name === "+switch-master");
  const claimed = claimAtMs === null ? null : claimAtMs - zeroMs;
  const committed = commit === undefined ? null : Date.parse(commit.at) - zeroMs;
  const found = ms.detectMs;
  const span = (
    name: Span["name"],
    fromMs: number | null,
    forMs: number | null,
  ): readonly Span[] =>
    fromMs === null || forMs === null ? [] : [{ name, fromMs, toMs: fromMs + forMs }];
  return [
    ...span("found", 0, found),
    ...span("agreed", found, ms.agreeMs),
    ...span("promoted", claimed, ms.promoteMs),
    ...span("published", committed, ms.publishMs),
    ...span("settled", committed, ms.settleMs),
  ];
}

function momentOf(event: StoredEvent, zeroMs: number): Moment {
  const { observer, at, name, rule, message } = event;
  return {
    number: 0,
    // A write of STATE was told by a shift, or by an operator.
    observer: observer.split("/")[0] ?? observer,
    atMs: Date.parse(at) - zeroMs,
    name,
    rule,
    message,
    tone: toneOf(name),
  };
}

function toneOf(name: string): Moment["tone"] {
  const good = ["+promoted-slave", "+switch-master", "+failover-end", "+published", "+monitor"];
  if (good.includes(name)) return "good";
  const bad = ["+sdown", "+odown", "+page", "+hold", "+loss-report"];
  return bad.includes(name) || name.startsWith("-failover") ? "bad" : "news";
}
