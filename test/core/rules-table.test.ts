import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { rules } from "../../lib/core/rules.ts";

interface Row {
  readonly id: string;
  readonly title: string;
  readonly source: string;
}

const rows: readonly Row[] = Object.values(rules).flatMap((phase: readonly Row[]) => [...phase]);
const ids = [...new Set(rows.map((row) => row.id))];
const folder = new URL(".", import.meta.url);

/** Every test of the core but this one, as text. */
const texts = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts") && name !== "rules-table.test.ts")
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

describe("the decision table", () => {
  test.each(ids)("%s is expected by name in some test of the core", (id) => {
    expect(texts).toContain(`"${id}"`);
  });

  test.each(["F160", "F190"])("%s, which stands outside of the table, is so too", (id) => {
    expect(texts).toContain(`"${id}"`);
    expect(ids).not.toContain(id);
  });

  test("an id names one rule, in whichever phases it stands", () => {
    for (const id of ids) {
      const titles = new Set(rows.filter((row) => row.id === id).map((row) => row.title));
      expect([id, titles.size]).toEqual([id, 1]);
    }
  });

  test("each row says in a sentence what it does, and where it comes from", () => {
    for (const row of rows) {
      expect(row.id).toMatch(/^[A-Z]\d{3}$/);
      expect(row.title).toMatch(/^[A-Z].*\.$/);
      expect(row.source.length).toBeGreaterThan(5);
    }
  });

  test("no phase ends without a decision: its last row is one that always finds something", () => {
    expect(rules.steady.at(-1)?.id).toBe("R799");
    expect(rules.settling.at(-1)?.id).toBe("L430");
    expect(rules.withoutState.at(-1)?.id).toBe("B200");
    expect(rules.withoutMaster.at(-1)?.id).toBe("B240");
  });
});
