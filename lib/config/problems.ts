/** Where something stands in the document: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** Something wrong at a path, before its line is known. */
export interface Finding {
  readonly severity: "problem" | "warning";
  readonly path: Path;
  /** Whether the key itself is meant (an unknown one) or the value behind it. */
  readonly at: "key" | "value";
  /** What was expected, what came, and what to do where that isn't obvious. */
  readonly message: string;
}

/** A finding with its place in the file. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `groups[0].downAfterMs`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function problemAt(path: Path, message: string): Finding {
  return { severity: "problem", path, at: "value", message };
}

export function warningAt(path: Path, message: string): Finding {
  return { severity: "warning", path, at: "value", message };
}

export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

/** `groups.yml:12:5: groups[0].downAfterMs: expected …, got …`. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const message = printable(problem.message, messageMax);
  if (problem.path === "") return `${place}: ${message}`;
  return `${place}: ${printable(problem.path, pathMax)}: ${message}`;
}

const pathMax = 200;
const messageMax = 600;

/** What a file holds is shown, never obeyed: control characters don't reach a terminal, and no line is endless. */
function printable(text: string, lengthMax: number): string {
  const shown = text.replace(/\p{Cc}/gu, "\u{fffd}");
  return shown.length <= lengthMax ? shown : `${shown.slice(0, lengthMax)}…`;
}

/** In the order in which a person walks through the file. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => a.line - b.line || a.column - b.column || (a.message < b.message ? -1 : 1),
  );
}

const shownLengthMax = 60;

/** What came, in a few words: never a whole structure. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nothing (null)";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return quote(value);
  return String(value);
}

export function quote(text: string): string {
  return JSON.stringify(text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text);
}
