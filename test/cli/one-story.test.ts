import { beforeEach, expect, test } from "@jest/globals";
import type { HistoryReport } from "../../lib/cli/history.ts";
import type { FailoverReport } from "../../lib/cli/report.ts";
import { pageSources } from "../../lib/page/sources.ts";
import { failure } from "../../lib/ports/errors.ts";
import { collectStatus } from "../../lib/status/collect.ts";
import { cli, setState, steady } from "./status-stage.ts";
import { everything, n1, n2 } from "./stories-stage.ts";

/** What the old master itself said when it came back is in STATE alone, and so must be in all three. */
const loss = { bytes: 3, certainty: "exact", oldOffset: 5, newOffset: 2 } as const;

beforeEach(() => {
  cli.store.events.push(...everything);
  const last = { epoch: 2, kind: "failover", result: "completed", isAutomatic: true } as const;
  setState({
    ...steady,
    lastEpoch: { ...last, from: n1, to: n2, reason: "", isRefusal: false, loss },
  });
});

async function printed<T>(...words: readonly string[]): Promise<T> {
  cli.lines.length = 0;
  expect(await cli.run(...words)).toBe(0);
  return JSON.parse(cli.lines.join("\n"));
}

test("the page, history and report tell one and the same of a failover", async () => {
  const { store, clock } = cli;
  const readers = { table: "test", store, clock, readRecords: async () => failure("denied", "-") };
  const collected = await collectStatus(readers, "orders");
  const [group] = collected.kind === "report" ? collected.report.groups : [];
  if (group === undefined) throw new Error("expected a group");
  const shown = await pageSources(readers).readFailovers(group);
  const history = await printed<HistoryReport>("history", "orders", "--json");
  const report = await printed<FailoverReport>("report", "orders", "--json");

  const facts = shown.ok ? shown.value.map((one) => one.facts) : [];
  expect(facts).toMatchObject([{ epoch: 2, from: n1, to: n2, loss }]);
  expect(history.groups[0]?.failovers).toEqual(facts);
  expect(report.failover).toEqual(facts[0]);
});
