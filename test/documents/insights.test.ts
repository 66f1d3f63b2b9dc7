import { describe, expect, test } from "@jest/globals";
import { queries } from "../../lib/deploy/queries.ts";
import { ask, type Row, rowOf } from "../support/insights.ts";

const rows: readonly Row[] = [
  rowOf('{"event":"+vote","group":"a","message":"+vote b votes up in round 3: it answers"}', 1),
  rowOf('{"event":"+hold","group":"b","epoch":2,"evidence":{"bytes":7}}', 3),
  rowOf('{"what":"effect","group":"a","epoch":2,"outcome":"done"}', 2),
];

function groupsOf(filter: string): readonly unknown[] {
  return ask(`filter ${filter}`, rows).map((row) => row["@timestamp"]);
}

describe("what is used of the query language", () => {
  test.each([
    ['group = "a"', [1, 2]],
    ['group != "a"', [3]],
    ["epoch = 2 and ispresent(event)", [3]],
    ['event = "+vote" or (what = "effect" and epoch = 2)', [1, 2]],
    ['group in ["b", "c"]', [3]],
    ["event like /^(\\+hold|-x)/", [3]],
    ["event not like /^\\+(hold|x)$/", [1, 2]],
  ])("filter %s", (filter, times) => {
    expect(groupsOf(filter)).toEqual(times);
  });

  test("parse, fields, sort and limit", () => {
    const parsed = ask(
      'parse message "+vote * votes * in round *: *" as who, what, round, why | fields who, why | sort who desc | limit 1',
      rows,
    );
    expect(parsed).toEqual([{ who: "b", why: "it answers" }]);
  });

  test("stats by several fields, over nested ones too", () => {
    const found = ask(
      "stats count(*) as times, max(evidence.bytes) as most, latest(outcome) as last by group | sort group asc",
      rows,
    );
    expect(found).toEqual([
      { group: "a", times: 2, last: "done" },
      { group: "b", times: 1, most: 7 },
    ]);
  });

  test.each([
    "dedup group",
    "filter group ~ 3",
    "stats pct(a, 9) as x by b",
    "sort group",
    "limit 99999x",
  ])("anything else is refused: %s", (query) => {
    expect(() => ask(query, rows)).toThrow(/^expected/);
  });

  test("every saved query is written in it", () => {
    for (const { text } of Object.values(queries)) {
      expect(() => ask(text({ group: "a", epoch: 2 }), rows)).not.toThrow();
    }
  });
});
