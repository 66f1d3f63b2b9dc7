import { describe, expect, it } from "@jest/globals";
import type { SentinelEvent } from "../../lib/core/events.ts";
import type { Rule } from "../../lib/core/rules/rule.ts";
import { rules } from "../../lib/core/rules.ts";
import type { ReportedEvent } from "../../lib/ports/reporter.ts";
import type { Note } from "../simulator/notes.ts";
import { StagedWorld } from "./staged-world.ts";

/** What befalls a group, and until when. */
type Story = (world: StagedWorld) => Promise<void>;

const isOver = (world: StagedWorld, epoch: number) => () =>
  world.state()?.phase === "steady" && world.state()?.lastEpoch?.epoch === epoch;

const stories: readonly (readonly [string, Story])[] = [
  [
    "a crash",
    async (world) => {
      world.befall("kill 10.0.0.1");
      await world.until("the epoch's end", isOver(world, 2));
    },
  ],
  [
    "a hand-over that somebody asks for",
    async (world) => {
      world.befall("ask-failover");
      await world.until("the epoch's end", isOver(world, 2));
    },
  ],
  [
    "an epoch whose candidate dies, and the next one",
    async (world) => {
      world.befall("kill 10.0.0.1");
      await world.until("a claim", () => world.state()?.phase === "promoting");
      world.befall(`kill ${world.state()?.candidate?.node.split(":")[0]}`);
      await world.until("the next epoch's end", isOver(world, 3));
    },
  ],
  [
    "a master that is back before the commit",
    async (world) => {
      world.befall("hang 10.0.0.1");
      await world.until("a claim", () => world.state()?.phase === "promoting");
      world.befall("thaw 10.0.0.1");
      await world.until("the epoch's end", isOver(world, 2));
    },
  ],
  [
    "a new master that dies while it settles",
    async (world) => {
      world.befall("dns-down", "kill 10.0.0.1");
      await world.until("a commit", () => world.state()?.phase === "settling");
      world.befall(`kill ${world.state()?.master?.node.split(":")[0]}`);
      await world.until("the next commit", () => world.state()?.masterEpoch === 3);
      world.befall("dns-up");
      await world.until("the next epoch's end", isOver(world, 3));
    },
  ],
];

function isReported(event: SentinelEvent): event is ReportedEvent {
  return "rev" in event;
}

/** A story from the first start on, with everything that was told and written. */
async function play(story: Story) {
  const events: ReportedEvent[] = [];
  const writes: Extract<Note, { kind: "state" }>[] = [];
  const onNote = (_who: string, note: Note): void => {
    if (note.kind === "event" && isReported(note.event)) events.push(note.event);
    if (note.kind === "state") writes.push(note);
  };
  const world = await StagedWorld.boot({ onNote });
  await story(world);
  // What the last write brought is told after it.
  await world.pass(2_000);
  return { events: events.filter((event) => event.isStored), writes, world };
}

interface Account {
  readonly epoch: number;
  readonly phase: string;
  readonly master: string | null;
  readonly candidate: string | null;
}

/** The group as its stored events tell it, without a look at STATE. */
function fold(account: Account, event: ReportedEvent): Account {
  const { name, node, epoch, message } = event;
  switch (name) {
    case "+monitor":
      return { epoch: epoch + 1, phase: "settling", master: node, candidate: null };
    case "+new-epoch":
      // It is told with the epoch in which it was decided, and says which one was opened.
      return { ...account, epoch: Number(message), phase: "promoting" };
    case "+selected-slave":
      return { ...account, candidate: node };
    case "+switch-master":
      return { epoch, phase: "settling", master: node, candidate: null };
    case "+failover-end":
      return { ...account, phase: "steady" };
    default:
      return name.startsWith("-failover-abort") && account.phase === "promoting"
        ? { ...account, phase: "steady", candidate: null }
        : account;
  }
}

const table: readonly Pick<Rule<unknown>, "id">[] = Object.values(rules).flat();
const known: ReadonlySet<string> = new Set([
  ...table.map((rule) => rule.id),
  // A shift that ends while it leads says so.
  "L440",
]);

describe("S16 what was stored of a group", () => {
  it.each(stories)("tells its item again from its events: %s", async (_what, story) => {
    const { events, world } = await play(story);
    const nobody = { epoch: 0, phase: "steady", master: null, candidate: null };

    const told = events.reduce(fold, nobody);

    const { epoch, phase, master, candidate } = world.state() ?? {};
    expect(told).toEqual({
      ...{ epoch, phase, master: master?.node, candidate: candidate?.node ?? null },
    });
  });

  it.each(stories)(
    "has a rule and a reason in each write and each event: %s",
    async (_what, story) => {
      const { events, writes } = await play(story);

      expect(writes.length).toBeGreaterThan(5);
      for (const [index, { before, after }] of writes.entries()) {
        const { rev, rule, why } = after.lastTransition;
        const isOperators = before?.request === null && after.request !== null;
        expect([index, rule, isOperators || known.has(rule)]).toEqual([index, rule, true]);
        expect(why).toMatch(/\S/);
        // Nothing was written in between that is not told.
        expect([before?.rev ?? 0, rev]).toEqual([after.rev - 1, after.rev]);
        expect(writes[index + 1]?.before ?? after).toEqual(after);
      }
      for (const { rule, message, epoch, round } of events) {
        expect(rule === "noticed" || known.has(rule)).toBe(true);
        expect(message).toMatch(/\S/);
        expect([Number.isInteger(epoch), Number.isInteger(round)]).toEqual([true, true]);
      }
    },
  );

  it.each(stories)(
    "says how each epoch ended before the next one begins: %s",
    async (_what, story) => {
      const { writes } = await play(story);

      const claims = writes.filter(({ before, after }) => after.epoch > (before?.epoch ?? 0));
      expect(claims.length).toBeGreaterThan(1);
      for (const { before, after } of claims.slice(2)) {
        expect(before?.lastEpoch?.epoch).toBe(after.epoch - 1);
      }
    },
  );
});
