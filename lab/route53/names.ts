/**
 * Domain names as Route 53 stores them: lower case, a trailing dot, and every character outside
 * a-z 0-9 - _ as a three-digit octal escape, so that `*.Redis.test` becomes `\052.redis.test.`.
 *
 * Only printable ASCII is taken, and no escaped dot: the DNS codec behind the stand-in joins
 * labels with dots and would put other bytes on the wire wrongly.
 */

/** A name that was read, or the reason why it is none. */
export type NameReading =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "invalid"; readonly problem: string };

/** RFC 1035 section 2.3.4. */
const labelOctetsMax = 63;
const nameOctetsMax = 255;

const dotCode = 0x2e;
const backslashCode = 0x5c;
const firstPrintableCode = 0x20;
const lastPrintableCode = 0x7e;

/** Reads a name as a user writes it, with or without the trailing dot. The root is not a name. */
export function readName(text: string): NameReading {
  const labels: string[] = [];
  let label = "";
  let labelOctets = 0;
  let position = 0;
  const body = text.endsWith(".") ? text : `${text}.`;
  while (position < body.length) {
    const isEscape = body.charCodeAt(position) === backslashCode;
    const code = isEscape ? octalCode(body, position + 1) : body.charCodeAt(position);
    position += isEscape ? 4 : 1;
    if (!isEscape && code === dotCode) {
      if (labelOctets === 0) return invalid("DomainLabelEmpty (Domain label is empty)", text);
      if (labelOctets > labelOctetsMax) {
        return invalid("DomainLabelTooLong (Domain label is too long)", text);
      }
      labels.push(label);
      label = "";
      labelOctets = 0;
      continue;
    }
    if (!isAllowedCode(code, isEscape)) {
      return invalid("UnsupportedCharacter (Value contains unsupported characters)", text);
    }
    label += escapeCode(code);
    labelOctets += 1;
  }
  return sized(labels, text);
}

/** The name a DNS query asked for, normalised; undefined for bytes outside printable ASCII. */
export function nameFromWire(wireName: string): string | undefined {
  if (wireName === ".") return ".";
  let name = "";
  for (let index = 0; index < wireName.length; index += 1) {
    const code = wireName.charCodeAt(index);
    if (code < firstPrintableCode || code > lastPrintableCode) return undefined;
    name += code === dotCode ? "." : escapeCode(code);
  }
  return `${name}.`;
}

/** The name as the DNS codec wants it: escapes turned back into the characters they stand for. */
export function nameToWire(name: string): string {
  return name.replace(/\\([0-7]{3})/g, (_match, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Whether the name is the zone's apex or below it. Both must be normalised. */
export function isWithin(name: string, zoneName: string): boolean {
  return name === zoneName || name.endsWith(`.${zoneName}`);
}

/**
 * Orders names as ListResourceRecordSets does: labels reversed, trailing dot kept, compared by
 * ASCII. The dot takes part, so `com.example.a-b.` comes before `com.example.a.`.
 */
export function compareNames(left: string, right: string): number {
  const leftKey = reversedLabels(left);
  const rightKey = reversedLabels(right);
  if (leftKey === rightKey) return 0;
  return leftKey < rightKey ? -1 : 1;
}

function reversedLabels(name: string): string {
  return `${name.slice(0, -1).split(".").reverse().map(nameToWire).join(".")}.`;
}

function octalCode(text: string, start: number): number {
  const digits = text.slice(start, start + 3);
  return /^[0-3][0-7]{2}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function isAllowedCode(code: number, isEscape: boolean): boolean {
  if (code === dotCode) return false;
  // A raw space is nearly always a slip in a request, while an escaped one is deliberate.
  const firstCode = isEscape ? firstPrintableCode : firstPrintableCode + 1;
  return code >= firstCode && code <= lastPrintableCode;
}

function escapeCode(code: number): string {
  const character = String.fromCharCode(code).toLowerCase();
  return /^[a-z0-9_-]$/.test(character) ? character : `\\${code.toString(8).padStart(3, "0")}`;
}

function sized(labels: readonly string[], text: string): NameReading {
  const octets = labels.reduce((sum, label) => sum + nameToWire(label).length + 1, 1);
  if (octets > nameOctetsMax) return invalid("DomainNameTooLong (Domain name is too long)", text);
  return { kind: "name", name: `${labels.join(".")}.` };
}

function invalid(problem: string, text: string): NameReading {
  return { kind: "invalid", problem: `FATAL problem: ${problem} encountered with '${text}'` };
}
