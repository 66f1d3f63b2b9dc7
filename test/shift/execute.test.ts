import { describe, expect, it } from "@jest/globals";
import type { Plan } from "../../lib/core/commands.ts";
import { PlanWorld } from "./plan-world.ts";

const never = new AbortController().signal;

/** Runs a test in a world of its own, on virtual time. */
async function play(act: (world: PlanWorld) => Promise<void>): Promise<void> {
  const world = new PlanWorld();
  // The replicas get their data first.
  await world.time.playOut(world.time.pass(2_000).then(() => act(world)));
}

const whole = [
  "write-state S370",
  "promote 10.0.0.2:6379",
  "write-state P510",
  "attach 10.0.0.1:6379",
  "attach 10.0.0.3:6379",
  "publish",
  "write-state T620",
];
const isWrite = (what: string) => what.startsWith("write-state");

describe("a plan", () => {
  it("is carried out step by step", () =>
    play(async (world) => {
      await world.carryOut(world.plan(), never);

      expect(world.sent).toEqual(whole);
      expect(world.state()).toMatchObject({ phase: "steady", master: { node: "10.0.0.2:6379" } });
    }));

  it.each(whole.slice(0, 5))(
    "C3, S4 no effect starts once the shift was told to stop, at %s",
    (last) =>
      play(async (world) => {
        const stop = new AbortController();
        world.onSent = (what) => {
          if (what === last) stop.abort();
        };

        const outcomes = await world.carryOut(world.plan(), stop.signal);

        const begun = whole.slice(0, whole.indexOf(last) + 1);
        const next = whole.slice(begun.length).find((what) => !isWrite(what)) ?? "";
        const effects = (all: readonly string[]) => all.filter((what) => !isWrite(what));
        expect(effects(world.sent)).toEqual(effects(begun));
        expect(outcomes).toContainEqual({
          kind: "withheld",
          command: next.split(" ")[0],
          why: "the invocation was told to stop",
        });
        expect(world.dns.records).toEqual([]);
      }),
  );

  it("C3 a zone that was read when the stop came is not changed any more", () =>
    play(async (world) => {
      const stop = new AbortController();
      const read = world.dns.portFor.bind(world.dns);
      world.dns.portFor = (process) => {
        const port = read(process);
        return {
          ...port,
          publish: (request) => {
            stop.abort();
            return port.publish(request);
          },
        };
      };

      const outcomes = await world.carryOut(world.plan(), stop.signal);

      expect(outcomes.at(-1)).toMatchObject({ kind: "not-published" });
      expect(world.dns.records).toEqual([]);
      expect(world.state().phase).toBe("settling");
    }));

  it("C3 a script is not told to stop once the shift was told to, while it connected", () =>
    play(async (world) => {
      const command = { kind: "kill-script", node: "10.0.0.1:6379", epoch: 1 } as const;
      const stop = new AbortController();
      world.onConnecting = () => stop.abort();

      expect(await world.carryOut([[command]], stop.signal)).toMatchObject([
        { kind: "script-told", answer: "unanswered", why: "the invocation was told to stop" },
      ]);
      expect(world.sent).toEqual([]);
    }));

  it("C3 what was promoted before the stop is told, so that it can be committed", () =>
    play(async (world) => {
      const stop = new AbortController();
      world.onSent = (what) => {
        if (what.startsWith("promote")) stop.abort();
      };

      const outcomes = await world.carryOut(world.plan(), stop.signal);

      expect(outcomes.map((outcome) => outcome.kind)).toEqual([
        "state-written",
        "promoted",
        "state-written",
        "withheld",
        "withheld",
        "withheld",
      ]);
    }));

  it("D14, S3 whose intent is refused by the table promotes nobody", () =>
    play(async (world) => {
      world.store.faults.denied.add("a");

      const outcomes = await world.carryOut(world.plan(), never);

      expect(outcomes).toEqual([{ kind: "store-failed", why: expect.stringContaining("Access") }]);
      expect(world.sent).toEqual([]);
    }));

  it("D14 whose promotion is refused by the server commits and publishes nothing", () =>
    play(async (world) => {
      world.nodes.get("10.0.0.2:6379")?.ailments.add("forbidden");

      const outcomes = await world.carryOut(world.plan(), never);

      expect(outcomes.at(-1)).toMatchObject({ kind: "effect-failed", isCertain: true });
      expect(world.sent).toEqual(whole.slice(0, 2));
      expect(world.done).toEqual([]);
    }));
});

describe("S15 a decision's plan that ended in its middle, and then again from its beginning", () => {
  /** The first commands of a plan: what its shift had begun when it died. */
  const beginningOf = (plan: Plan, count: number): Plan => {
    let left = count;
    return plan.flatMap((step) => {
      const taken = step.slice(0, left);
      left -= taken.length;
      return taken.length === 0 ? [] : [taken];
    });
  };
  const places = [0, 1, 2, 3, 4].flatMap((decision) =>
    Array.from({ length: decision === 3 ? 3 : 1 }, (_, index) => ({ decision, count: index + 1 })),
  );

  it.each(places)("ends as if it had been carried out once: %j", async ({ decision, count }) => {
    let once: unknown;
    await play(async (world) => {
      for (const step of world.plan()) await world.carryOut([step], never);
      once = world.end();
    });

    await play(async (world) => {
      for (const [index, step] of world.plan().entries()) {
        if (index === decision) await world.carryOut(beginningOf([step], count), never);
        await world.carryOut([step], never);
      }

      // That a second promotion is none shows in the history, which goes on.
      expect(world.end()).toEqual(once);
    });
  });
});
