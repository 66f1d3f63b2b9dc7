import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";
import { cases } from "./cases.ts";
import { type Case, measureCase, tableOf } from "./measure.ts";

const main = new URL("main.ts", import.meta.url);
const page = readFileSync(fileURLToPath(new URL("../../docs/limits.md", import.meta.url)), "utf8");

/** A few seeds of each; `npm run holes` runs two hundred. */
const seeds = [1, 2, 3];

describe("the bounds of docs/limits.md hold", () => {
  test.each(cases.map((one) => [`${one.hole}: ${one.what}`, one] as const))(
    "%s",
    async (_, one) => {
      const rows = await measureCase(one, seeds);

      expect(rows.filter((row) => row.excess !== null)).toEqual([]);
      // What came about in no run at all holds no bound.
      expect(rows.filter((row) => row.values.length === 0)).toEqual([]);
    },
  );

  test("and stand on the page as they are measured", () => {
    const told = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    const stated = told
      .filter((cells) => cells.length === 10)
      .map(([, , , measured, , , , bound]) => `${measured}: ${bound}`);
    const wanted = cases.flatMap(({ measures }) =>
      measures.map(({ name, unit, bound }) => `${name}, ${unit}: ${bound ?? "none"}`),
    );

    expect(stated.slice(stated.indexOf(wanted[0] ?? ""))).toEqual(wanted);
  });
});

describe("a case", () => {
  const broken: Case = {
    hole: "a hole",
    what: "a case",
    measures: [
      { name: "length", unit: "ms", bound: 3 },
      { name: "depth", unit: "writes", bound: null },
    ],
    run: (seed) => Promise.resolve({ length: seed, depth: seed === 2 ? null : seed }),
  };

  test("that exceeds its bound names the first seed that does", async () => {
    const rows = await measureCase(broken, [1, 2, 3, 4, 5]);

    expect(rows.map((row) => row.excess)).toEqual([4, null]);
  });

  test("is told by median, 95th percentile and maximum, and by how many runs there were", async () => {
    const table = tableOf(await measureCase(broken, [1, 2, 3]));

    expect(table.split("\n").slice(2)).toEqual([
      "| a hole | a case | length, ms | 2 | 3 | 3 | 3 | 3 |",
      "|  |  | depth, writes | 1 | 3 | 3 | none | 2 of 3 |",
    ]);
  });

  test("that is not there is wrong usage", async () => {
    expect(await runScript(main, "--only", "no such hole")).toMatchObject({ code: 2 });
  });
});
