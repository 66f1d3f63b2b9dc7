import type { Row, Value } from "./insights.ts";

/** The conditions of a filter: comparisons, `like`, `in`, `ispresent`, joined by `and`, `or` and brackets. */

type Condition = (row: Row) => boolean;

const tokenPattern =
  /\s*(?:(\/(?:\\.|[^/])+\/)|("(?:[^"\\]|\\.)*")|(!=|>=|<=|[=<>()[\],])|([@\w.]+))/y;

class Tokens {
  readonly #all: readonly string[];
  #at = 0;

  constructor(text: string) {
    const all: string[] = [];
    tokenPattern.lastIndex = 0;
    while (tokenPattern.lastIndex < text.trimEnd().length) {
      const at = tokenPattern.lastIndex;
      const match = tokenPattern.exec(text);
      if (match === null) throw new Error(`expected a condition, got "${text.slice(at)}"`);
      all.push(match[0].trim());
    }
    this.#all = all;
  }

  get next(): string {
    return this.#all[this.#at] ?? "";
  }

  take(): string {
    const token = this.next;
    this.#at += 1;
    return token;
  }

  /** Takes this word if it comes next. */
  skip(word: string): boolean {
    if (this.next !== word) return false;
    this.#at += 1;
    return true;
  }

  need(word: string): void {
    const got = this.take();
    if (got !== word) throw new Error(`expected ${word}, got "${got}"`);
  }
}

export function readCondition(text: string): Condition {
  const tokens = new Tokens(text);
  const condition = readOr(tokens);
  tokens.need("");
  return condition;
}

function readOr(tokens: Tokens): Condition {
  let left = readAnd(tokens);
  while (tokens.skip("or")) {
    const [one, other] = [left, readAnd(tokens)];
    left = (row) => one(row) || other(row);
  }
  return left;
}

function readAnd(tokens: Tokens): Condition {
  let left = readOne(tokens);
  while (tokens.skip("and")) {
    const [one, other] = [left, readOne(tokens)];
    left = (row) => one(row) && other(row);
  }
  return left;
}

function readOne(tokens: Tokens): Condition {
  if (tokens.skip("(")) {
    const inner = readOr(tokens);
    tokens.need(")");
    return inner;
  }
  if (tokens.skip("ispresent")) {
    tokens.need("(");
    const field = tokens.take();
    tokens.need(")");
    return (row) => row[field] !== undefined;
  }
  return readComparison(tokens, tokens.take());
}

/** A field that a line does not have is like nothing, equal to nothing, and in no list. */
function readComparison(tokens: Tokens, field: string): Condition {
  const operator = tokens.take();
  if (operator === "not") {
    tokens.need("like");
    const pattern = readPattern(tokens.take());
    return (row) => !pattern.test(String(row[field] ?? ""));
  }
  if (operator === "like") {
    const pattern = readPattern(tokens.take());
    return (row) => row[field] !== undefined && pattern.test(String(row[field]));
  }
  if (operator === "in") {
    const values = readList(tokens);
    return (row) => values.some((value) => value === row[field]);
  }
  const value = readValue(tokens.take());
  if (operator === "=") return (row) => row[field] === value;
  if (operator === "!=") return (row) => row[field] !== value;
  throw new Error(`expected =, !=, like, not like or in after ${field}, got "${operator}"`);
}

function readPattern(token: string): RegExp {
  if (!/^\/.+\/$/.test(token)) throw new Error(`expected a regular expression, got ${token}`);
  return new RegExp(token.slice(1, -1));
}

function readList(tokens: Tokens): readonly Value[] {
  tokens.need("[");
  const values = [readValue(tokens.take())];
  while (tokens.skip(",")) values.push(readValue(tokens.take()));
  tokens.need("]");
  return values;
}

function readValue(token: string): Value {
  if (/^".*"$/s.test(token)) return token.slice(1, -1);
  if (/^\d+$/.test(token)) return Number(token);
  throw new Error(`expected a text or a number, got "${token}"`);
}
