import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { hunted } from "../exhaustive/defects.ts";
import { scopes } from "../exhaustive/scopes.ts";
import { defects } from "../planted/defects.ts";
import { rateNames } from "../simulator/faults.ts";
import { familyNames } from "../simulator/nemesis.ts";

/** How many ids each letter of the catalogue, of the invariants and of the review's findings has, from 1 on. */
const counts = { C: 14, D: 14, R: 9, N: 26, P: 10, O: 12, S: 18, L: 4, F: 16 };
const ids = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

/** What each word of the last column may name. */
const names: Readonly<Record<string, readonly string[]>> = {
  family: familyNames,
  rate: rateNames,
  scope: scopes.map((scope) => scope.name),
  planted: defects.map((defect) => defect.id),
};

const page = read("docs/faults.md");
const scripts: unknown = JSON.parse(read("package.json")).scripts;

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

function read(path: string): string {
  return readFileSync(pathOf(path), "utf8");
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function rowsOf(text: string): readonly Row[] {
  return text.split("\n").flatMap((line) => {
    const [id = "", ...cells] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    return /^[A-Z]\d+$/.test(id) ? [{ id, cells }] : [];
  });
}

/** What is wrong with the last cell of a row: one line for each part that names nothing real. */
function wrongIn({ id, cells }: Row): readonly string[] {
  const parts = (cells.at(-1) ?? "").split("; ");
  return parts.flatMap((part) => {
    const why = whyWrong(id, part);
    return why === null ? [] : [`${id}: ${why}`];
  });
}

function whyWrong(id: string, part: string): string | null {
  if (/^out of scope, because \S/.test(part)) return null;
  const script = /^`npm run ([a-z:-]+)`$/.exec(part)?.[1];
  if (script !== undefined) return isScript(script) ? null : `no script ${script}`;
  const file = /^`(test\/[^`]+)`(?: "(.+)")?$/.exec(part);
  if (file !== null) return whyNotIn(file[1] ?? "", id, file[2]?.replaceAll('\\"', '"'));
  const [, word = "", listed = ""] = /^([a-z]+) (`[a-z-]+`(?:, `[a-z-]+`)*)$/.exec(part) ?? [];
  const known = names[word];
  if (known === undefined) return `expected a file, a script or a name, got "${part}"`;
  const unknown = listed.split(", ").filter((name) => !known.includes(name.slice(1, -1)));
  return unknown.length === 0 ? null : `no ${word} ${unknown.join(", ")}`;
}

function isScript(name: string): boolean {
  return Object.hasOwn(Object(scripts), name);
}

/** A file shows a fault by carrying its id, or by the words of it that are quoted. */
function whyNotIn(path: string, id: string, quoted: string | undefined): string | null {
  if (!existsSync(pathOf(path))) return `no file ${path}`;
  const text = read(path);
  if (quoted !== undefined) return text.includes(quoted) ? null : `${path} has no "${quoted}"`;
  return carries(text, id) ? null : `${path} does not carry the id`;
}

/** The id itself, or a range of ids in which it lies: "N6 to N10". */
function carries(text: string, id: string): boolean {
  const number = Number(id.slice(1));
  const ranges = text.matchAll(/\b([A-Z])(\d+) to ([A-Z])(\d+)\b/g);
  const isInRange = [...ranges].some(
    ([, first, from, last, to]) =>
      first === id[0] && last === first && Number(from) <= number && number <= Number(to),
  );
  return isInRange || new RegExp(`\\b${id}\\b`).test(text);
}

describe("docs/faults.md", () => {
  const rows = rowsOf(page);

  it("has one row for each fault, each invariant and each finding, in order", () => {
    expect(rows.map((row) => row.id)).toEqual(ids);
  });

  it("leaves no cell empty", () => {
    const sizes = rows.filter(({ id, cells }) => cells.length !== (/^[SL]/.test(id) ? 2 : 3));
    const empty = rows.filter(({ cells }) => cells.includes(""));

    expect([...sizes, ...empty].map((row) => row.id)).toEqual([]);
  });

  it("names files that are there", () => {
    const paths = [...page.matchAll(/`((?:test|lib|docs|lab)\/[^`]+)`/g)].map(([, path]) => path);

    expect(paths.length).toBeGreaterThan(ids.length);
    expect(paths.filter((path) => !existsSync(pathOf(path ?? "")))).toEqual([]);
  });

  it("plants mistakes in texts that the sources really have", () => {
    const edits = [...defects, ...hunted].flatMap((one) =>
      [one, ...(one.also ?? [])].map(({ file, find }) => ({ id: one.id, file, find })),
    );
    const astray = edits.filter(({ file, find }) => read(file).split(find).length !== 2);

    expect(astray).toEqual([]);
  });

  it("shows each of them by what is really there", () => {
    expect(rows.flatMap(wrongIn)).toEqual([]);
  });
});

describe("the findings of the protocol review on that page", () => {
  const shownBy = new Map(
    rowsOf(page)
      .filter(({ id }) => id.startsWith("F"))
      .map(({ id, cells }) => [id, cells.at(-1) ?? ""]),
  );

  it("are each played by a transcript, but for the one that takes two groups", () => {
    const told = [...shownBy].filter(([, cell]) => cell.includes("test/transcripts/"));

    expect([...shownBy.keys()].filter((id) => !told.some(([one]) => one === id))).toEqual(["F14"]);
  });

  it("name each transcript that is called after one of them", () => {
    const files = readdirSync(pathOf("test/transcripts")).filter((file) => /^f\d\d-/.test(file));
    const unnamed = files.filter(
      (file) => !shownBy.get(`F${Number(file.slice(1, 3))}`)?.includes(`test/transcripts/${file}`),
    );

    expect(files.length).toBeGreaterThan(30);
    expect(unnamed).toEqual([]);
  });
});

describe("a row is wrong", () => {
  it.each([
    ["a file that is not there", "`test/core/no-such.test.ts`", "no file"],
    ["a file without the id", "`test/core/election.test.ts`", "does not carry the id"],
    ["words that the file lacks", '`test/core/election.test.ts` "no such words"', "has no"],
    ["an unknown family", "family `node-crash`, `no-such`", "no family `no-such`"],
    ["an unknown rate", "rate `no-such`", "no rate"],
    ["an unknown scope", "scope `no-such`", "no scope"],
    ["an unknown mistake", "planted `no-such`", "no planted"],
    ["an unknown script", "`npm run no-such`", "no script"],
    ["a wish", "surely somewhere", "expected a file, a script or a name"],
    ["a gap", "not shown yet: a clock that steps", "expected a file, a script or a name"],
    ["no reason", "out of scope, because ", "expected a file, a script or a name"],
  ])("that names %s", (_what, part, why) => {
    const [row] = rowsOf(`| C1 | a fault | what happens | ${part} |`);

    expect(row === undefined ? [] : wrongIn(row)).toEqual([expect.stringContaining(why)]);
  });
});
