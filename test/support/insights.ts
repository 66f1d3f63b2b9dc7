import { readCondition } from "./insights-filter.ts";

/**
 * As much of CloudWatch Logs Insights as the saved queries use: fields, filter, parse with a glob, stats, sort, limit. What
 * it does not know it refuses, so that a query that uses more fails its test.
 */

export type Value = string | number | boolean;
export type Row = Readonly<Record<string, Value>>;

/** A line of a log group, flat as Insights discovers it: `evidence.votes`. */
export function rowOf(line: string, at: number): Row {
  const parsed: unknown = JSON.parse(line);
  const row: Record<string, Value> = { "@message": line, "@timestamp": at };
  flatten(parsed, "", row);
  return row;
}

function flatten(value: unknown, path: string, row: Record<string, Value>): void {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    row[path] = value;
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      flatten(inner, path === "" ? key : `${path}.${key}`, row);
    }
  }
}

/** Runs a query over rows; each row of the answer has the columns that the query asks for, where the line has them. */
export function ask(query: string, rows: readonly Row[]): readonly Row[] {
  let found = rows;
  let columns: readonly string[] | null = null;
  for (const command of split(query, "|")) {
    const [, word = "", rest = ""] = /^(\w+)\s+([\s\S]*)$/.exec(command) ?? [];
    if (word === "fields") columns = split(rest, ",").map(name);
    else if (word === "filter") found = found.filter(readCondition(rest));
    else if (word === "sort") found = sort(found, rest);
    else if (word === "limit") found = found.slice(0, count(rest));
    else if (word === "parse") found = parse(found, rest);
    else if (word === "stats") found = stats(found, rest);
    else throw new Error(`expected fields, filter, parse, stats, sort or limit, got "${command}"`);
  }
  return columns === null ? found : found.map((row) => pick(row, columns ?? []));
}

/** At a separator that stands in no quotes, brackets or regular expression. */
export function split(text: string, separator: string): readonly string[] {
  const parts = [""];
  const open: string[] = [];
  for (const [index, letter] of [...text].entries()) {
    const inside = open.at(-1) ?? "";
    const isText = inside === '"' || inside === "/";
    const closing = { '"': '"', "/": "/", "(": ")", "[": "]" }[letter];
    if (inside === letter && text[index - 1] !== "\\") open.pop();
    else if (!isText && closing !== undefined) open.push(closing);
    else if (inside === "" && letter === separator) {
      parts.push("");
      continue;
    }
    parts.push(`${parts.pop() ?? ""}${letter}`);
  }
  return parts.map((part) => part.trim());
}

function name(text: string): string {
  if (!/^[@\w.]+$/.test(text)) throw new Error(`expected a field's name, got "${text}"`);
  return text;
}

function count(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new Error(`expected a number of at most 10000, got "${text}"`);
  return Number(text);
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(
    columns.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]])),
  );
}

function sort(rows: readonly Row[], text: string): readonly Row[] {
  const keys = split(text, ",").map((part) => {
    const [, field = "", way = ""] = /^([@\w.]+) (asc|desc)$/.exec(part) ?? [];
    if (field === "") throw new Error(`expected "field asc" or "field desc", got "${part}"`);
    return { field, sign: way === "asc" ? 1 : -1 };
  });
  return rows.toSorted((a, b) => {
    for (const { field, sign } of keys) {
      const order = compare(a[field], b[field]);
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

function compare(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""));
}

/** `parse message "* votes *" as who, what`: lines that don't fit stay as they are. */
function parse(rows: readonly Row[], text: string): readonly Row[] {
  const [, field = "", glob = "", as = ""] = /^([@\w.]+) "(.*)" as (.+)$/.exec(text) ?? [];
  if (field === "") throw new Error(`expected a field, a glob and names, got "${text}"`);
  const names = split(as, ",").map(name);
  const literals = glob.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${literals.join("(.*?)")}$`, "s");
  return rows.map((row) => {
    const match = pattern.exec(String(row[field] ?? ""));
    if (match === null) return row;
    return { ...row, ...Object.fromEntries(names.map((one, i) => [one, match[i + 1] ?? ""])) };
  });
}

type Sum = (rows: readonly Row[]) => Value | undefined;

function stats(rows: readonly Row[], text: string): readonly Row[] {
  const [what = "", by = ""] = text.split(/ by /);
  const sums = split(what, ",").map((part) => {
    const [, call = "", field = "", as = ""] = /^(\w+)\(([@\w.*]+)\) as (\w+)$/.exec(part) ?? [];
    return [name(as), sumOf(call, field)] as const;
  });
  const keys = split(by, ",").map(name);
  const groups = Map.groupBy(rows, (row) => JSON.stringify(keys.map((key) => row[key] ?? null)));
  return [...groups.values()].map((group) => {
    const summed = sums.flatMap(([as, sum]) => {
      const value = sum(group);
      return value === undefined ? [] : [[as, value] as const];
    });
    return { ...pick(group[0] ?? {}, keys), ...Object.fromEntries(summed) };
  });
}

function sumOf(call: string, field: string): Sum {
  const numbers = (rows: readonly Row[]) =>
    rows.flatMap((row) => (typeof row[field] === "number" ? [row[field]] : []));
  switch (call) {
    case "count":
      return (rows) => rows.length;
    case "sum":
      return (rows) => numbers(rows).reduce((total, one) => total + one, 0);
    case "max":
      return (rows) => (numbers(rows).length === 0 ? undefined : Math.max(...numbers(rows)));
    case "latest":
      return (rows) =>
        sort(rows, "@timestamp desc").find((row) => row[field] !== undefined)?.[field];
    default:
      throw new Error(`expected count, sum, max or latest, got "${call}"`);
  }
}
