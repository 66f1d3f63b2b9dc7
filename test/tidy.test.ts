import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import type { Rule } from "../lib/core/rules/rule.ts";
import { rules } from "../lib/core/rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** As written. */
  readonly of: string;
  /** From the project's root; null for packages and built-ins. */
  readonly path: string | null;
  readonly isTypeOnly: boolean;
}

const product = ["functions", "lib", "lab", "scripts", "bin", "bench"].flatMap(readFolder);
const tests = readFolder("test");

function readFolder(folder: string): readonly SourceFile[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.m?[jt]s$/.test(entry.name))
    .map((entry) => readSource(join(entry.parentPath, entry.name)));
}

function readSource(file: string): SourceFile {
  const text = readFileSync(file, "utf8");
  const path = fromRoot(file);
  const pattern =
    /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  const imports = [...text.matchAll(pattern)].map((match): Import => {
    const of = match[2] ?? match[3] ?? "";
    const target = of.startsWith(".") ? fromRoot(join(dirname(file), of)) : null;
    return { of, path: target, isTypeOnly: match[1] !== undefined };
  });
  return { path, text, imports };
}

function fromRoot(file: string): string {
  return relative(root, file).split(sep).join("/");
}

function inFolder(files: readonly SourceFile[], folder: string): readonly SourceFile[] {
  return files.filter((file) => file.path.startsWith(`${folder}/`));
}

/** What code of a folder may import of this project, beside the folder itself; a file's path stands for that file. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "lib/core": [],
  "lib/ports": ["lib/core"],
  "lib/adapters": ["lib/core", "lib/ports"],
  "lib/shift": ["lib/core", "lib/ports"],
  // Secrets are read with the limits and the failures of every other AWS call.
  "lib/config": [
    "lib/core",
    "lib/ports",
    "lib/adapters/aws-client.ts",
    "lib/adapters/sdk-ssm.ts",
    "lib/adapters/sdk-secrets.ts",
  ],
  "lib/wiring": ["lib/core", "lib/ports", "lib/adapters", "lib/shift", "lib/config", "lib/page"],
  // What is known of a group, as the command line and the status page tell it.
  "lib/status": ["lib/core", "lib/ports"],
  "lib/page": ["lib/core", "lib/ports", "lib/status"],
  // The command line starts the lab only when asked.
  "lib/cli": [
    "lib/core",
    "lib/ports",
    "lib/adapters",
    "lib/config",
    "lib/wiring",
    "lib/status",
    "lib/cost",
    "lib/deploy",
    "lab/commands.ts",
  ],
  // Stage files are read as groups.yml is.
  "lib/deploy": ["lib/core", "lib/config"],
  // A bill depends on what a stage deploys.
  "lib/cost": ["lib/core", "lib/deploy"],
  functions: [
    "lib/core",
    "lib/ports",
    "lib/adapters",
    "lib/shift",
    "lib/config",
    "lib/wiring",
    "lib/page",
  ],
  lab: ["lib", "scripts/build.mjs"],
  // The simulator's parts carry the measurements on virtual time.
  bench: ["lib", "lab", "test/simulator"],
};

function isAllowed(target: string, folders: readonly string[]): boolean {
  return folders.some((folder) => target === folder || target.startsWith(`${folder}/`));
}

describe("imports", () => {
  it.each(Object.entries(mayImport))("of %s stay within what it may know", (folder, others) => {
    const strays = inFolder(product, folder).flatMap((file) =>
      file.imports
        .filter((one) => one.path !== null && !isAllowed(one.path, [folder, ...others]))
        .map((one) => `${file.path} imports ${one.of}`),
    );
    expect(strays).toEqual([]);
  });

  it("cover every folder of lib", () => {
    const folders = readdirSync(join(root, "lib"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `lib/${entry.name}`);
    expect(folders.filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it("of ports from core are types alone", () => {
    const values = inFolder(product, "lib/ports").flatMap((file) =>
      file.imports
        .filter((one) => one.path?.startsWith("lib/core/") && !one.isTypeOnly)
        .map((one) => `${file.path} imports ${one.of}`),
    );
    expect(values).toEqual([]);
  });

  it.each([
    ["lib/core", []],
    ["lib/ports", []],
    ["lib/shift", ["zod/mini", "zod/v4/locales/en.js"]],
  ])("of %s take no package but %j", (folder, packages) => {
    const strays = inFolder(product, folder).flatMap((file) =>
      file.imports
        .filter((one) => one.path === null && !packages.includes(one.of))
        .map((one) => `${file.path} imports ${one.of}`),
    );
    expect(strays).toEqual([]);
  });

  it("of other files name them with their extension, as type stripping needs it", () => {
    const bare = [...product, ...tests].flatMap((file) =>
      file.imports
        .filter((one) => one.path !== null && !/\.(ts|mjs|js|json)$/.test(one.path))
        .map((one) => `${file.path} imports ${one.of}`),
    );
    expect(bare).toEqual([]);
  });
});

describe("the core", () => {
  const impure: readonly (readonly [string, RegExp])[] = [
    ["a clock", /\bDate\.now\b|\bnew Date\b|\bperformance\./],
    ["randomness", /\bMath\.random\b|\brandomUUID\b|\bcrypto\./],
    ["the process", /\bprocess\.[a-z]|\bconsole\./],
    ["waiting", /\bawait\b|\basync\b|\bPromise\b|\bset(Timeout|Interval|Immediate)\b/],
  ];

  it.each(impure)("knows nothing of %s", (_what, pattern) => {
    const found = inFolder(product, "lib/core").flatMap((file) =>
      codeLines(file.text)
        .filter(({ code }) => pattern.test(code))
        .map(({ number, code }) => `${file.path}:${number}: ${code.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

/** Lines without comments and without the contents of quoted strings. */
function codeLines(text: string): readonly { readonly number: number; readonly code: string }[] {
  const blanked = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/(^|\s)\/\/.*$/gm, "$1");
  return blanked.split("\n").map((code, index) => ({ number: index + 1, code }));
}

describe("C9 the time of day", () => {
  it("is read in one place, and told to people", () => {
    const readers = [...inFolder(product, "lib"), ...inFolder(product, "functions")]
      .filter((file) =>
        codeLines(file.text).some(({ code }) => /\bnew Date(\(\)|;|$)|\bDate\.now\b/.test(code)),
      )
      .map((file) => file.path);
    expect(readers).toEqual(["lib/adapters/system-clock.ts"]);
  });

  it("is taken apart in one place, for what people plan (ADR 0008)", () => {
    const deciding = ["lib/core", "lib/ports", "lib/shift", "lib/adapters", "functions"];
    const readers = deciding
      .flatMap((folder) => inFolder(product, folder))
      .filter((file) => codeLines(file.text).some(({ code }) => /\bDate\.parse\b/.test(code)))
      .map((file) => file.path);
    expect(readers).toEqual(["lib/core/instants.ts"]);
  });
});

describe("files", () => {
  const linesMax = 300;

  it(`have at most ${linesMax} lines`, () => {
    const long = [...product, ...tests]
      .map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }))
      .filter((file) => file.lines > linesMax)
      .map((file) => `${file.path} has ${file.lines}`);
    expect(long).toEqual([]);
  });

  it("are named after what they hold", () => {
    const vague = [...product, ...tests].filter((file) =>
      /(^|[/.-])(utils?|helpers?|managers?|misc|common|data)([/.-]|$)/.test(file.path),
    );
    expect(vague.map((file) => file.path)).toEqual([]);
  });

  it("are in kebab-case", () => {
    const odd = [...product, ...tests].filter(
      (file) => !/^[a-z0-9-]+(\.[a-z0-9]+)*$/.test(file.path.split("/").at(-1) ?? ""),
    );
    expect(odd.map((file) => file.path)).toEqual([]);
  });
});

describe("rules", () => {
  const table: readonly Pick<Rule<unknown>, "id" | "title" | "source">[] =
    Object.values(rules).flat();

  it("have an id that no other rule has", () => {
    const written = inFolder(product, "lib/core/rules").flatMap((file) =>
      [...file.text.matchAll(/\bid: "([^"]+)"/g)].map((match) => match[1] ?? ""),
    );
    expect(written.filter((id, index) => written.indexOf(id) !== index)).toEqual([]);
    const inTable = new Set(table.map((rule) => rule.id));
    expect([...inTable].sort()).toEqual([...written].sort());
  });

  it("have an id of a letter and three digits, a title that is a sentence, and a source", () => {
    const poor = table.filter(
      (rule) =>
        !/^[A-Z]\d{3}$/.test(rule.id) ||
        !/^[A-Z].{10,}\.$/.test(rule.title) ||
        rule.source.trim() === "",
    );
    expect(poor.map((rule) => rule.id)).toEqual([]);
  });

  it("that decisions name are all in docs/rules.md", () => {
    const page = readFileSync(join(root, "docs/rules.md"), "utf8");
    const named = ["lib/core", "lib/shift"].flatMap((folder) =>
      inFolder(product, folder).flatMap((file) =>
        [...file.text.matchAll(/"([A-Z]\d{3})"/g)].map((match) => match[1] ?? ""),
      ),
    );
    const missing = [...new Set(named)].filter((id) => !page.includes(`| ${id} |`));
    expect(missing).toEqual([]);
  });

  it("and comments lean on reasons that docs/reasons.md explains", () => {
    const page = readFileSync(join(root, "docs/reasons.md"), "utf8");
    const missing = [...product, ...tests].flatMap((file) =>
      reasonsIn(file.text)
        .filter((id) => !page.includes(`| ${id} |`))
        .map((id) => `${file.path}: ${id}`),
    );
    expect([...new Set(missing)]).toEqual([]);
  });
});

/** "protocol F1, rule 2", "faults D3, D7 and D8", "N6 to N10": the ids. */
function reasonsIn(text: string): readonly string[] {
  const pattern =
    /\b(?:protocol|faults?|invariants?) ([A-Z]\d+[a-z]?(?:(?:, | and | to )[A-Z]\d+[a-z]?)*)/g;
  return [...text.matchAll(pattern)].flatMap((match) =>
    [...(match[1] ?? "").matchAll(/[A-Z]\d+/g)].map((id) => id[0]),
  );
}
