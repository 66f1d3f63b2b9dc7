import type * as z from "zod";
import { describeValue, type Finding, type Path, problemAt, quote } from "./problems.ts";
import { dnsSchema, documentSchema, groupSchema, nodeFields, placementSchema } from "./schema.ts";
import { isTellableKey, secretFields } from "./secret-places.ts";
import { didYouMean } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** Turns the schema's issues into findings that say what was expected and what came. */
export function findingsOfIssues(issues: readonly Issue[], root: unknown): readonly Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, [], root));
}

function findingsOf(issue: Issue, prefix: Path, root: unknown): readonly Finding[] {
  const path = [...prefix, ...issue.path.filter(isPathPart)];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(path, key));
  }
  if (issue.code === "invalid_key") {
    const [form] = issue.issues;
    const message = `expected ${form?.message ?? issue.message}, got ${describeValue(path.at(-1))}`;
    return [{ severity: "problem", path, at: "key", message }];
  }
  if (issue.code === "invalid_union") {
    // The alternative whose outer form fits is the one that was meant: its own issues say more.
    const meant = issue.errors.find((option) =>
      option.every((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
    );
    if (meant !== undefined) return meant.flatMap((one) => findingsOf(one, path, root));
  }
  return [expectation(path, issue.message, valueAt(root, path))];
}

function isPathPart(part: PropertyKey): part is string | number {
  return typeof part !== "symbol";
}

function expectation(path: Path, expected: string, value: unknown): Finding {
  return problemAt(path, `expected ${expected}, got ${show(path, value)}`);
}

/** What stands under `auth`, or where a certificate, its key or both should, may be the secret itself. */
function show(path: Path, value: unknown): string {
  const isPlain = path.at(-1) === "servername" || /^(on|off|yes|no)$/i.test(String(value));
  const isSecret = path.includes("auth") || (path.includes("tls") && !isPlain);
  if (isSecret && value !== undefined && value !== null) return "something else (not shown here)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return describeValue(value);
}

function unknownKey(path: Path, key: string): Finding {
  const known = knownKeys(path);
  const hint = didYouMean(key, known) || `; known are ${known.join(", ")}`;
  const got = isTellableKey(String(path.at(-1)), key) ? quote(key) : "another (not shown here)";
  return {
    severity: "problem",
    path: [...path, key],
    at: "key",
    message: `expected a known key of ${describeMapping(path)}, got ${got}${hint}`,
  };
}

function describeMapping(path: Path): string {
  if (path.length === 0) return "the document";
  if (path.length === 2) return "a group";
  return path.at(-2) === "nodes" ? "a node" : String(path.at(-1));
}

function knownKeys(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(documentSchema.shape);
  if (path.length === 2) return Object.keys(groupSchema.shape);
  switch (path.at(2)) {
    case "nodes":
      return nodeFields;
    case "placement":
      return Object.keys(placementSchema.shape);
    case "dns":
      return Object.keys(dnsSchema.shape);
    default:
      return secretFields[String(path.at(2))] ?? [];
  }
}

/** The raw value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    const entry = Object.entries(value).find(([key]) => key === String(part));
    value = entry?.[1];
  }
  return value;
}
