import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { rules } from "../../lib/core/rules.ts";
import { parseScript } from "./script.ts";
import { listTranscripts, perform } from "./transcripts.ts";

const files = listTranscripts();
const nameOf = (file: string) => relative(import.meta.dirname, file);

/** Faults, and findings of the protocol's review, that a transcript has to show (docs/faults.md). */
const wanted = [
  ...["C7", "C12", "R6", "R8", "P1", "P9", "P10", "O1", "O3", "O6", "O9", "O11"],
  ...["N9", "N17", "N18", "N21", "N23", "N24"],
  ...["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13"],
  // F14 takes two groups, and a simulated world has one (test/e2e/groups.test.ts).
  ...["F15", "F16"],
];

describe("transcripts", () => {
  it.each(files.map((file) => [nameOf(file), file]))(
    "%s prints what it printed",
    async (_, file) => {
      expect(await perform(file)).toBe(readFileSync(file, "utf8"));
    },
  );

  it("name every rule of the table in what they print", () => {
    const printed = files.flatMap((file) =>
      parseScript(readFileSync(file, "utf8")).blocks.flatMap((block) => block.outcome ?? []),
    );
    const named = new Set(printed.flatMap((line) => line.match(/\b[A-Z]\d{3}\b/g) ?? []));
    const table = Object.values(rules).flat();
    // The last three stand outside of the table.
    const ids = [...table.map((rule) => rule.id), "F160", "F190", "L440"];

    expect(ids.filter((id) => !named.has(id))).toEqual([]);
  });

  it("show every catalogue row that wants one", () => {
    const titles = files.map((file) => readFileSync(file, "utf8").split("\n")[0] ?? "");
    const shown = (id: string) => titles.some((title) => new RegExp(`\\b${id}\\b`).test(title));

    expect(wanted.filter((id) => !shown(id))).toEqual([]);
    expect(titles.filter((title) => title.includes(" of six:"))).toHaveLength(6);
  });

  it("begin with a comment that says what they are and what is expected", () => {
    const mute = files.filter((file) => !/^# .+[.:]/.test(readFileSync(file, "utf8")));

    expect(mute.map(nameOf)).toEqual([]);
  });
});
