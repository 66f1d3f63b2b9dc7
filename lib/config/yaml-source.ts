import { type Document, LineCounter, parseAllDocuments, visit, type YAMLError } from "yaml";
import {
  type Finding,
  formatPath,
  type Position,
  type Problem,
  problemAt,
  sortProblems,
} from "./problems.ts";
import { tellablePath } from "./secret-places.ts";
import { findOffset, findPath } from "./yaml-places.ts";

/** A parsed document, and where its parts stand in the text. */
export interface YamlSource {
  readonly value: unknown;
  /** Duplicate keys; the rest of the document can be judged all the same. */
  readonly found: readonly PlacedFinding[];
  readonly locate: (finding: Pick<Finding, "path" | "at">) => Position;
}

/** A finding of the parser itself, which knows its offset and no path. */
export interface PlacedFinding {
  readonly finding: Finding;
  readonly position: Position;
}

export type YamlRead =
  | { readonly ok: true; readonly source: YamlSource }
  | { readonly ok: false; readonly found: readonly PlacedFinding[] };

/** What was found, as people are told of it: in the order of the file. */
export function placeAll(found: readonly PlacedFinding[], file: string): readonly Problem[] {
  return sortProblems(
    found.map(({ finding, position }) => ({
      file,
      ...position,
      path: formatPath(tellablePath(finding.path)),
      message: finding.message,
    })),
  );
}

const bytesMax = 1_048_576;
const start: Position = { line: 1, column: 1 };

/** Reads one YAML 1.2 document of at most 1 MiB, with the position of everything in it. */
export function readYaml(text: string): YamlRead {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) {
    const message = `expected at most ${bytesMax} bytes (1 MiB), got ${bytes}; split the groups over several tables`;
    return { ok: false, found: [{ finding: problemAt([], message), position: start }] };
  }
  const lines = new LineCounter();
  // No code frames: they quote the file, and the file may hold a password that doesn't belong there.
  const documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })];
  const [first, second] = documents;
  if (first === undefined) return { ok: true, source: emptySource() };
  const offsetOf = (offset: number): Position => toPosition(lines, offset);
  if (second !== undefined) return { ok: false, found: [severalDocuments(second, offsetOf)] };
  const errors = [...first.errors, ...first.warnings];
  const fatal = errors.filter((error) => error.code !== "DUPLICATE_KEY");
  const found = errors.map((error) => readError(first, error, offsetOf));
  const unresolved = findUnresolved(first, offsetOf);
  if (fatal.length > 0 || unresolved.length > 0) {
    return { ok: false, found: [...found, ...unresolved] };
  }
  return readValue(first, found, offsetOf);
}

function readValue(
  document: Document,
  found: readonly PlacedFinding[],
  offsetOf: (offset: number) => Position,
): YamlRead {
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // The parser counts what aliases multiply, and stops before a small file fills the memory.
    const why = error instanceof Error ? error.message : String(error);
    const message = `expected a document without multiplying aliases, got: ${why}`;
    return { ok: false, found: [{ finding: problemAt([], message), position: start }] };
  }
  const locate = (finding: Pick<Finding, "path" | "at">): Position =>
    offsetOf(findOffset(document, finding));
  return { ok: true, source: { value, found, locate } };
}

function emptySource(): YamlSource {
  return { value: undefined, found: [], locate: () => start };
}

function severalDocuments(second: Document, offsetOf: (offset: number) => Position): PlacedFinding {
  const message =
    'expected one YAML document, got another one after "---"; put all groups into one';
  return { finding: problemAt([], message), position: offsetOf(second.range?.[0] ?? 0) };
}

function readError(
  document: Document,
  error: YAMLError,
  offsetOf: (offset: number) => Position,
): PlacedFinding {
  const [offset] = error.pos;
  const finding = problemAt(findPath(document, offset), explainError(error));
  return { finding, position: offsetOf(offset) };
}

/** The parser quotes a stray token, which may be a part of a password or of a file that is no YAML at all. */
function explainError(error: YAMLError): string {
  switch (error.code) {
    case "UNEXPECTED_TOKEN":
      return `expected valid YAML: ${error.message.replace(/: ".*/s, "")}`;
    case "DUPLICATE_KEY":
      return "expected each key once in its mapping, got this one again; remove one of them";
    case "TAG_RESOLVE_FAILED":
      return "expected plain YAML, got a tag (!…); write the value itself";
    default:
      return `expected valid YAML: ${error.message}`;
  }
}

/** Aliases without an anchor; the parser would quote their name, which may be an unquoted password. */
function findUnresolved(
  document: Document,
  offsetOf: (offset: number) => Position,
): readonly PlacedFinding[] {
  const found: PlacedFinding[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const message =
        'expected an anchor for this alias, got none; put text that begins with "*" in quotes';
      const offset = alias.range?.[0] ?? 0;
      const finding = problemAt(findPath(document, offset), message);
      found.push({ finding, position: offsetOf(offset) });
    },
  });
  return found;
}

function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
