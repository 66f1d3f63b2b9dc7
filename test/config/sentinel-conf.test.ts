import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";
import { readSentinelConf } from "../../lib/config/sentinel-conf.ts";
import { importSentinel } from "../../lib/config/sentinel-import.ts";
import { cutWords } from "../../lib/config/sentinel-lines.ts";

describe("words of a line", () => {
  test.each([
    ["sentinel  monitor\ta", ["sentinel", "monitor", "a"]],
    ['"a b" c', ["a b", "c"]],
    ['"\\x41\\"\\n\\\\" ""', ['A"\n\\', ""]],
    ["'it\\'s' 'a\\n'", ["it's", "a\\n"]],
    ['pre"fix"', ["prefix"]],
    ['"\\xZZ"', ["xZZ"]],
  ])("of %j are cut as Redis cuts them", (text, words) => {
    expect(cutWords(text, 10)).toEqual({ words, rest: "" });
  });

  test.each(['"a', "'a", '"a"b', 'a "b'])("of %j have an open quote", (text) => {
    expect(cutWords(text, 10)).toBeNull();
  });

  test("behind those that are asked for stay as they are", () => {
    expect(cutWords('auth-pass orders p"a s', 2)).toEqual({
      words: ["auth-pass", "orders"],
      rest: 'p"a s',
    });
  });
});

/** As Sentinel quotes what is not plain. */
function repr(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.domain(),
  fc.constantFrom("redis_1", "127.0.0.1", "::", "0.0.0.0"),
);
const number = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 31 }));
const master = fc.record({
  name: fc.oneof(
    fc.constantFrom("a", "A", "a.b", "a_b"),
    fc.string({ minLength: 1, maxLength: 80 }),
  ),
  host,
  port: fc.integer({ min: 1, max: 65_535 }),
  quorum: fc.integer({ min: 1, max: 30 }),
  downAfter: fc.option(number),
  timeout: fc.option(number),
  parallel: fc.option(number),
  user: fc.option(fc.string({ minLength: 1 }).map((text) => text.replace(/[\p{Cc}]/gu, "x"))),
  replicas: fc.array(fc.tuple(host, fc.integer({ min: 0, max: 70_000 })), { maxLength: 5 }),
  sentinels: fc.integer({ min: 0, max: 30 }),
});

function linesOf(one: typeof master extends fc.Arbitrary<infer T> ? T : never): string[] {
  const name = repr(one.name);
  const option = (key: string, value: number | string | null) =>
    value === null ? [] : [`sentinel ${key} ${name} ${value}`];
  return [
    `sentinel monitor ${name} ${one.host} ${one.port} ${one.quorum}`,
    ...option("down-after-milliseconds", one.downAfter),
    ...option("failover-timeout", one.timeout),
    ...option("parallel-syncs", one.parallel),
    ...option("auth-pass", "secret-canary"),
    ...option("auth-user", one.user === null ? null : repr(one.user)),
    ...one.replicas.map(([at, port]) => `sentinel known-replica ${name} ${at} ${port}`),
    ...Array.from(
      { length: one.sentinels },
      (_, id) => `sentinel known-sentinel ${name} 10.9.9.${id} 26379 ${id}`,
    ),
  ];
}

describe("what is imported", () => {
  test("is a groups.yml that is accepted, whatever Sentinel watched and in whatever order it says so", () => {
    const file = fc
      .uniqueArray(master, {
        minLength: 1,
        maxLength: 6,
        // Two names that differ in control characters alone would be one line here.
        selector: (one) => one.name.replace(/[\p{Cc}]/gu, "x"),
      })
      .map((masters) =>
        masters.map((one) => ({ ...one, name: one.name.replace(/[\p{Cc}]/gu, "x") })),
      )
      .chain((masters) =>
        fc.shuffledSubarray(masters.flatMap(linesOf), {
          minLength: masters.flatMap(linesOf).length,
        }),
      );
    fc.assert(
      fc.property(file, fc.option(fc.constant(["a", "b", "c"])), (lines, observers) => {
        const read = readSentinelConf(lines.join("\n"));
        if (!read.ok) throw new Error(JSON.stringify(read.problems));
        const { text, notes } = importSentinel(read.conf, observers);
        expect(JSON.stringify(notes)).not.toContain("canary");
        if (text === null) {
          expect(notes.filter((note) => note.kind === "left-out")).not.toEqual([]);
          return;
        }
        expect(text).not.toContain("canary");
        const loaded = loadConfig(text, "groups.yml");
        expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([]);
        const left = notes.filter((one) => one.text.startsWith("the whole group")).length;
        expect(loaded.ok && loaded.groups.length).toBe(read.conf.masters.length - left);
      }),
      { numRuns: 300 },
    );
  });
});
