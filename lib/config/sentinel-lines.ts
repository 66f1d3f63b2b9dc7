/** The beginning of a line, cut into words, and what is left of it as it stands. */
export interface Words {
  readonly words: readonly string[];
  readonly rest: string;
}

const blank = /[ \t\r\n\v\f]/;
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  a: "\u0007",
};

/**
 * Cuts the first words off a line by the rules of Redis's own configuration files: "…" with escapes and \xHH, '…' with \'.
 * null when a quote is not closed, or goes on behind its end. No more than is asked for is looked at: Redis writes
 * passwords as they are, and one with a quote in it is no line that could be cut.
 */
export function cutWords(text: string, wordsMax: number): Words | null {
  const words: string[] = [];
  let at = 0;
  while (words.length < wordsMax) {
    while (at < text.length && blank.test(text.charAt(at))) at += 1;
    if (at === text.length) break;
    const word = readWord(text, at);
    if (word === null) return null;
    words.push(word.value);
    at = word.end;
  }
  return { words, rest: text.slice(at).trim() };
}

interface Word {
  readonly value: string;
  /** The place behind it. */
  readonly end: number;
}

function readWord(text: string, start: number): Word | null {
  let value = "";
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (blank.test(char)) return { value, end: at };
    if (char === '"' || char === "'") {
      const quoted = readQuoted(text, at + 1, char);
      return quoted === null ? null : { value: value + quoted.value, end: quoted.end };
    }
    value += char;
  }
  return { value, end: text.length };
}

function readQuoted(text: string, start: number, quote: '"' | "'"): Word | null {
  let value = "";
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) {
      const end = at + 1;
      return end === text.length || blank.test(text.charAt(end)) ? { value, end } : null;
    }
    if (char !== "\\") {
      value += char;
      continue;
    }
    const escaped = readEscape(text, at, quote);
    value += escaped.value;
    at = escaped.end - 1;
  }
  return null;
}

function readEscape(text: string, at: number, quote: '"' | "'"): Word {
  const next = text.charAt(at + 1);
  if (quote === "'") {
    return next === "'" ? { value: "'", end: at + 2 } : { value: "\\", end: at + 1 };
  }
  const [, hex] = /^\\x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 4)) ?? [];
  if (hex !== undefined)
    return { value: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 4 };
  return { value: escapes[next] ?? next, end: at + 2 };
}
