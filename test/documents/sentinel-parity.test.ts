import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { settingsTable } from "../../lib/config/settings.ts";
import { stageSchema } from "../../lib/deploy/stage-schema.ts";

const header = [
  "Sentinel, and its default",
  "here, with the setting or command",
  "where it differs, and why",
  "rule or event",
  "test",
];

interface Row {
  readonly sentinel: string;
  readonly ours: string;
  readonly differs: string;
  readonly told: string;
  readonly shown: string;
}

function read(path: string): string {
  return readFileSync(pathOf(path), "utf8");
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(pathOf(folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

const page = read("docs/sentinel-parity.md");
const rulesPage = read("docs/rules.md");
const product = filesIn("lib").map((path) => ({ path, text: readFileSync(path, "utf8") }));
const eventsFile = "lib/core/events.ts";

const commands = namesIn(/\.command\("([a-z]+)/g, "lib/cli/");
const options = namesIn(/"(?:-[a-z], )?(--[a-z-]+)/g, "lib/cli/");
const parameters = Object.keys(stageSchema.shape);
const scripts: unknown = JSON.parse(read("package.json")).scripts;
const properties = [...propertiesOf(JSON.parse(read("docs/groups.schema.json")))];

function namesIn(pattern: RegExp, folder: string): readonly string[] {
  const files = product.filter(({ path }) => path.includes(`/${folder}`));
  return files.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name]) => name ?? ""));
}

/** The names of all fields that a JSON Schema speaks of. */
function propertiesOf(schema: unknown): ReadonlySet<string> {
  if (typeof schema !== "object" || schema === null) return new Set();
  const entries = Object.entries(schema);
  const own = entries.flatMap(([key, value]) => (key === "properties" ? Object.keys(value) : []));
  return new Set([...own, ...entries.flatMap(([, value]) => [...propertiesOf(value)])]);
}

/** All lines of tables, cut into cells; `|` within backticks would need an escape, and none has one. */
function cellsIn(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const cells = lines.map((line) => line.split("|").slice(1, -1));
  return cells.map((row) => row.map((cell) => cell.trim()));
}

function rowsOf(text: string): readonly Row[] {
  const isRow = (cells: readonly string[]) => !/^-+$/.test(cells[0] ?? "") && !isHeader(cells);
  return cellsIn(text)
    .filter(isRow)
    .map(([sentinel = "", ours = "", differs = "", told = "", shown = ""]) => {
      return { sentinel, ours, differs, told, shown };
    });
}

function isHeader(cells: readonly string[]): boolean {
  return cells.join() === header.join();
}

/** What is wrong with a row, each with the row's beginning. */
function wrongIn(row: Row): readonly string[] {
  const whys = [...wrongNames(row), ...wrongTold(row.told), ...wrongState(row), ...wrongShown(row)];
  return whys.map((why) => `${row.sentinel.slice(0, 60)}: ${why}`);
}

/** Whatever stands in code type on our side of the table is there, and is spelled so. */
function wrongNames({ ours, differs, told }: Row): readonly string[] {
  const named = [ours, differs, told].flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)]);
  const rules = [ours, differs, told].flatMap((cell) => cell.match(/\b[A-Z]\d{3}\b/g) ?? []);
  return [
    ...named.flatMap(([, token = ""]) => whyNoName(token) ?? []),
    ...rules.filter((id) => !rulesPage.includes(`| ${id} |`)).map((id) => `no rule ${id}`),
  ];
}

function whyNoName(token: string): string | null {
  if (token === "groups.yml") return null;
  if (/^[+-][a-z]/.test(token)) return whyNoEvent(token);
  const script = /^npm run ([a-z:-]+)$/.exec(token)?.[1];
  if (script !== undefined) {
    return Object.hasOwn(Object(scripts), script) ? null : `no script ${script}`;
  }
  const [name = "", ...rest] = token.split(/:? /);
  const strange = rest.find((word) => word.startsWith("--") && !options.includes(word));
  if (strange !== undefined) return `no option ${strange}`;
  const known = [...Object.keys(settingsTable), ...properties, ...parameters];
  const isKnown = [known, commands, options].some((names) => names.includes(name));
  return isKnown ? null : `no setting, field, parameter, command or option ${name}`;
}

/** An event is one that somebody tells: a name that is only declared would promise too much. */
function whyNoEvent(name: string): string | null {
  const quoted = `"${name}"`;
  if (!read(eventsFile).includes(quoted)) return `no event ${name}`;
  const tellers = product.filter(({ path }) => !path.endsWith(eventsFile));
  return tellers.some(({ text }) => text.includes(quoted)) ? null : `nobody tells ${name}`;
}

function wrongTold(told: string): readonly string[] {
  const isFine =
    told === "–" || /^(?:[A-Z]\d{3}|`[+-][a-z-]+`)(?: (?:[A-Z]\d{3}|`[+-][a-z-]+`))*$/.test(told);
  return isFine ? [] : [`expected rules and events, got "${told}"`];
}

/** What is not there says so on both ends of its row. */
function wrongState({ ours, shown }: Row): readonly string[] {
  const states = [
    { word: "not yet", starts: /^Not yet\b/ },
    { word: "not planned", starts: /^Not planned, because \S/ },
  ];
  return states
    .filter(({ word, starts }) => (shown === word) !== starts.test(ours))
    .map(({ word }) => `"${word}" stands on one end of the row alone`);
}

/** A file behind "simulated alone, because …" may do without servers, every other one starts some. */
function wrongShown({ shown }: Row): readonly string[] {
  if (shown === "not yet" || shown === "not planned") return [];
  const parts = shown.split("; ");
  const excuse = parts.findIndex((part) => /^simulated alone, because \S/.test(part));
  const real = excuse === -1 ? parts : parts.slice(0, excuse);
  const simulated = excuse === -1 ? [] : parts.slice(excuse + 1);
  return [
    ...(excuse !== -1 && simulated.length === 0 ? ["simulated alone, and nowhere"] : []),
    ...[...real, ...simulated].flatMap((part) => whyNotThere(part) ?? []),
    ...real.flatMap((part) => {
      const path = fileOf(part);
      const isFake = path !== null && existsSync(pathOf(path)) && !startsServers(path);
      return isFake ? [`${path} starts no real server`] : [];
    }),
  ];
}

function fileOf(part: string): string | null {
  return /^`(test\/[^`]+)`/.exec(part)?.[1] ?? null;
}

function whyNotThere(part: string): string | null {
  const path = fileOf(part);
  if (path === null) return `expected a file of test, got "${part}"`;
  if (!existsSync(pathOf(path))) return `no file ${path}`;
  const quoted = /^`[^`]+` "(.+)"$/.exec(part)?.[1];
  // A transcript tells one story, and is called after it.
  if (path.endsWith(".txt")) return quoted === undefined ? null : `${path} has no titles`;
  if (quoted === undefined) return `expected the title of a test after ${path}`;
  return titlesIn(read(path)).some((title) => title.startsWith(quoted))
    ? null
    : `${path} has no test "${quoted}"`;
}

function titlesIn(text: string): readonly string[] {
  const title =
    /^\s*(?:(?:test|it|describe)(?:\.each\(.*\))?\(|\]\)\()?(["`])((?:\\.|(?!\1).)*)\1/gm;
  return [...text.matchAll(title)].map(([, , words = ""]) => words);
}

/** Whole observers, single servers, or a suite that is played on a real Redis as well as on a simulated one. */
function startsServers(path: string): boolean {
  if (
    /^import (?!type\b)[^;]*\b(?:startRig|RedisLab|playRealRedis|startRedis)\b/m.test(read(path))
  ) {
    return true;
  }
  const [, suite = ""] = /^test\/conformance\/(.+-suite\.ts)$/.exec(path) ?? [];
  return suite !== "" && read("test/conformance/redis-suite.ts").includes(`"./${suite}"`);
}

describe("docs/sentinel-parity.md", () => {
  const rows = rowsOf(page);

  it("has one form of table, in which no cell is empty", () => {
    const sections = page.split("\n## ").slice(1);
    const odd = cellsIn(page).filter((cells) => cells.length !== 5 || cells.includes(""));

    expect(sections.map((text) => cellsIn(text).filter(isHeader).length)).toEqual(
      sections.map(() => 1),
    );
    expect(odd).toEqual([]);
    expect(rows.length).toBeGreaterThan(80);
  });

  it("answers each of the fourteen wishes, in order", () => {
    const section =
      page.split("\n## ").find((text) => text.startsWith("What Sentinel lacks")) ?? "";
    const numbers = rowsOf(section).map((row) => Number(/^(\d+)\. /.exec(row.sentinel)?.[1]));

    expect([...new Set(numbers)]).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it("names each test of a single behaviour", () => {
    const files = readdirSync(pathOf("test/parity")).filter((name) => name.endsWith(".test.ts"));

    expect(files.filter((name) => !page.includes(`\`test/parity/${name}\``))).toEqual([]);
  });

  it("says of each row what is really there", () => {
    expect(rows.flatMap(wrongIn)).toEqual([]);
  });
});

describe("a row is wrong", () => {
  const crash = '`test/e2e/crash.test.ts` "is failed over once"';
  const excuse = "simulated alone, because it is rare";

  it.each([
    ["a setting that is not there", ["`noSuchMs`", "–", "–", crash], "no setting"],
    ["a command that is not there", ["`dance`", "–", "–", crash], "no setting"],
    ["an option that is not there", ["`failover --gently`", "–", "–", crash], "no option"],
    ["a script that is not there", ["`npm run no-such`", "–", "–", crash], "no script"],
    ["a rule that is not there", ["ours", "see X999", "–", crash], "no rule X999"],
    ["an event that is not there", ["ours", "–", "`+no-such`", crash], "no event"],
    ["an event that nobody tells", ["ours", "–", "`+handover`", crash], "+handover"],
    ["something else for an event", ["ours", "–", "soon", crash], "expected rules and events"],
    ["a gap as if it were none", ["ours", "–", "–", "not yet"], "on one end"],
    ["a test of what is not there", ["Not yet", "–", "–", crash], "on one end"],
    ["no reason", ["Not planned.", "–", "–", "not planned"], "on one end"],
    ["no file", ["ours", "–", "–", "surely somewhere"], "expected a file"],
    ["a file that is not there", ["ours", "–", "–", '`test/no.test.ts` "x"'], "no file"],
    ["no title", ["ours", "–", "–", "`test/e2e/crash.test.ts`"], "expected the title"],
    ["words of no title", ["ours", "–", "–", '`test/e2e/crash.test.ts` "await"'], "has no test"],
    ["no server", ["ours", "–", "–", '`test/core/verdict.test.ts` "slow"'], "no real server"],
    [
      "a suite without Redis",
      ["ours", "–", "–", '`test/conformance/records-suite.ts` "F3"'],
      "no real",
    ],
    ["nothing that simulates it", ["ours", "–", "–", `${crash}; ${excuse}`], "and nowhere"],
    ["no excuse", ["ours", "–", "–", "simulated alone, because "], "expected a file"],
  ])("that names %s", (_what, cells, why) => {
    const [row] = rowsOf(`| Sentinel does | ${cells.join(" | ")} |`);

    expect(row === undefined ? [] : wrongIn(row)).toContainEqual(expect.stringContaining(why));
  });

  it("and is right when it says that it is simulated alone, and where", () => {
    const [row] = rowsOf(
      `| Sentinel does | ours | – | – | ${excuse}; \`test/core/verdict.test.ts\` "slow before" |`,
    );

    expect(row === undefined ? ["no row"] : wrongIn(row)).toEqual([]);
  });
});
