import { describe, expect, test } from "@jest/globals";
import { createPacer, unpaced } from "../../lib/adapters/route53-pacer.ts";
import { createReader, gathered, type Page } from "../../lib/adapters/route53-reader.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import { manualClock, settle } from "../support/manual-clock.ts";
import { failureOf, gotFrom } from "../support/results.ts";

const turnedAway = failure("throttled", "Throttling");

describe("the pace of one process", () => {
  test("no second sees more than its share, and a change goes before the readings", async () => {
    const { clock, pass } = manualClock();
    const pacer = createPacer(clock, 3);
    const sent: string[] = [];
    const come = (urgency: "change" | "read", name: string) =>
      void pacer
        .turn(urgency)
        .then(() => sent.push(`${name} ${Math.floor(clock.nowMs() / 1_000)}`));

    for (const name of ["r1", "r2", "r3", "r4"]) come("read", name);
    await settle();
    expect(sent).toEqual(["r1 0", "r2 0"]);
    come("change", "c1");
    come("change", "c2");
    await settle();
    expect(sent).toEqual(["r1 0", "r2 0", "c1 0"]);

    await pass(5_000);
    expect(sent.slice(3)).toEqual(["c2 1", "r3 1", "r4 1"]);
  });

  test("after one was turned away everybody waits, longer each time, until one is let in", async () => {
    const { clock, pass } = manualClock();
    const pacer = createPacer(clock, 100);
    const waitedMs = async () => {
      const beganMs = clock.nowMs();
      let endedMs = Number.NaN;
      void pacer.turn("change").then(() => {
        endedMs = clock.nowMs();
      });
      await settle();
      await pass(10_000);
      return endedMs - beganMs;
    };

    pacer.note(turnedAway);
    expect(await waitedMs()).toBe(250);
    pacer.note(turnedAway);
    expect(await waitedMs()).toBe(500);
    for (let again = 0; again < 10; again += 1) pacer.note(turnedAway);
    expect(await waitedMs()).toBe(4_000);
    pacer.note(success(undefined));
    expect(await waitedMs()).toBe(0);
  });
});

describe("readings of one zone", () => {
  const record = (name: string) => ({ zoneId: "Z1", name, ttlSeconds: 5, srv: false });
  const address = (name: string, value: string): RecordSet => ({
    ...{ name, type: "A", ttlSeconds: 5, values: [value] },
  });

  /** A zone whose pages are answered one by one. */
  function paged() {
    const asked: { readonly from: string; answer(page: Result<Page>): Promise<void> }[] = [];
    const read = createReader(
      (_zone, from) =>
        new Promise((resolve) => {
          const answer = (page: Result<Page>) => {
            resolve(page);
            return settle();
          };
          asked.push({ from, answer });
        }),
      unpaced,
    );
    return { asked, read };
  }

  test("a reading back takes no part in a page that was sent before it", async () => {
    const { asked, read } = paged();
    const early = read(record("a.test"));
    await settle();
    const late = read(record("a.test"));
    await asked[0]?.answer(success({ sets: [address("a.test", "10.0.0.1")], nextName: null }));

    expect(gotFrom(await early)).toEqual([address("a.test", "10.0.0.1")]);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(success({ sets: [address("a.test", "10.0.0.2")], nextName: null }));
    expect(gotFrom(await late)).toEqual([address("a.test", "10.0.0.2")]);
  });

  test("those ahead of need begin together, and the next one has a page of its own", async () => {
    const { clock, pass } = manualClock();
    const { asked, read } = paged();
    const ahead = gathered(read, clock);
    const first = [ahead(record("b.test")), ahead(record("c.test"))];
    await pass(10);
    first.push(ahead(record("a.test")));
    expect(asked).toEqual([]);
    await pass(10);
    expect(asked.map(({ from }) => from)).toEqual(["a.test"]);

    const next = ahead(record("a.test"));
    await pass(20);
    await asked[0]?.answer(success({ sets: [address("a.test", "10.0.0.1")], nextName: null }));
    expect((await Promise.all(first)).map((one) => gotFrom(one).length)).toEqual([0, 0, 1]);
    await asked[1]?.answer(success({ sets: [address("a.test", "10.0.0.2")], nextName: null }));
    expect(gotFrom(await next)).toEqual([address("a.test", "10.0.0.2")]);
  });

  test("a name on which a page ends is read again as a whole, and what lies before it is done", async () => {
    const { asked, read } = paged();
    const [a, b, star] = [read(record("a.test")), read(record("b.test")), read(record("0.test"))];
    await settle();
    // `*` sorts before every digit, though the API writes it as \052.
    expect(asked.map(({ from }) => from)).toEqual(["0.test"]);
    await asked[0]?.answer(success({ sets: [], nextName: "\\052.test" }));
    await asked[1]?.answer(
      success({ sets: [address("a.test", "10.0.0.1")], nextName: "_redis._tcp.a.test" }),
    );
    expect(asked.map(({ from }) => from)).toEqual([
      "0.test",
      "_lambda-sentinel.0.test",
      "_redis._tcp.a.test",
    ]);
    await asked[2]?.answer(success({ sets: [address("b.test", "10.0.0.2")], nextName: null }));

    expect(gotFrom(await a)).toEqual([address("a.test", "10.0.0.1")]);
    expect(gotFrom(await b)).toEqual([address("b.test", "10.0.0.2")]);
    expect(gotFrom(await star)).toEqual([]);
  });

  test("a page that failed answers nobody: all who asked could not ask", async () => {
    const { asked, read } = paged();
    const both = Promise.all([read(record("a.test")), read(record("b.test"))]);
    await settle();
    await asked[0]?.answer(turnedAway);

    expect((await both).map((one) => failureOf(one).kind)).toEqual(["throttled", "throttled"]);
    expect(asked).toHaveLength(1);
  });
});
