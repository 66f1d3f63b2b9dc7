import { isIPv4, isIPv6 } from "node:net";
import { assertNever } from "./assert-never.ts";
import { readName } from "./names.ts";
import type { RecordType } from "./record-set.ts";

/** A record value after its syntax was checked, in the terms of the DNS. Names are normalised. */
export type Rdata =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "CNAME" | "NS"; readonly target: string }
  | { readonly type: "TXT"; readonly strings: readonly Buffer[] }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly type: "SOA";
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly refreshSeconds: number;
      readonly retrySeconds: number;
      readonly expireSeconds: number;
      readonly minimumSeconds: number;
    };

/** A value that was read, or the reason why it is none, in the words Route 53 uses. */
export type ValueReading =
  | { readonly kind: "rdata"; readonly rdata: Rdata }
  | { readonly kind: "invalid"; readonly problem: string };

const uint16Max = 65_535;
const uint32Max = 4_294_967_295;
/** One character-string of a TXT record: RFC 1035 section 3.3. */
const txtStringOctetsMax = 255;
/** One TXT value: Route 53 developer guide, "TXT record type". */
const txtValueCharactersMax = 4000;

/** Checks the syntax of one value of a record of this type. */
export function readValue(type: RecordType, text: string): ValueReading {
  switch (type) {
    case "A":
      return isIPv4(text)
        ? { kind: "rdata", rdata: { type, address: text } }
        : invalid("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)", text);
    case "AAAA":
      // The `%zone` suffix is an affair of one host and has no place on the wire.
      return isIPv6(text) && !text.includes("%")
        ? { kind: "rdata", rdata: { type, address: text } }
        : invalid("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)", text);
    case "CNAME":
    case "NS": {
      const reading = readName(text);
      if (reading.kind === "invalid") return { kind: "invalid", problem: reading.problem };
      return { kind: "rdata", rdata: { type, target: reading.name } };
    }
    case "TXT":
      return readTxt(text);
    case "SRV":
      return readSrv(text);
    case "SOA":
      return readSoa(text);
    default:
      return assertNever(type);
  }
}

function readTxt(text: string): ValueReading {
  if (text.length > txtValueCharactersMax) {
    return invalid("TXTRDATATooLong (Value is longer than 4000 characters)", text);
  }
  const strings: Buffer[] = [];
  const quoted = /"((?:[^"\\]|\\.)*)"(?: +|$)/y;
  while (quoted.lastIndex < text.length) {
    const inner = quoted.exec(text)?.[1];
    if (inner === undefined) {
      return invalid("InvalidCharacterString (Value should be enclosed in quotation marks)", text);
    }
    const bytes = unescapeTxt(inner);
    if (bytes === undefined) {
      return invalid("InvalidCharacterString (Value contains unsupported characters)", text);
    }
    if (bytes.length > txtStringOctetsMax) {
      return invalid("CharacterStringTooLong (Value is too long)", text);
    }
    strings.push(bytes);
  }
  if (strings.length === 0) {
    return invalid("InvalidCharacterString (Value should be enclosed in quotation marks)", text);
  }
  return { kind: "rdata", rdata: { type: "TXT", strings } };
}

/** The bytes between a pair of quotes; undefined for an escape or character against the rules. */
function unescapeTxt(inner: string): Buffer | undefined {
  const codes: number[] = [];
  const unit = /\\([0-3][0-7]{2})|\\(["\\])|([\x20-\x7e])/y;
  while (unit.lastIndex < inner.length) {
    const match = unit.exec(inner);
    if (match === null) return undefined;
    const [, octal, escaped, plain] = match;
    if (plain === "\\") return undefined;
    if (octal !== undefined) codes.push(Number.parseInt(octal, 8));
    else codes.push((escaped ?? plain ?? "").charCodeAt(0));
  }
  return Buffer.from(codes);
}

function readSrv(text: string): ValueReading {
  const fields = text.split(" ");
  const [priorityText = "", weightText = "", portText = "", targetText = ""] = fields;
  const priority = readUint(priorityText, uint16Max);
  const weight = readUint(weightText, uint16Max);
  const port = readUint(portText, uint16Max);
  const isShaped =
    fields.length === 4 && priority !== undefined && weight !== undefined && port !== undefined;
  if (!isShaped) {
    return invalid(
      "SRVRRDATAInvalid (Value should be priority, weight, port and target separated by spaces)",
      text,
    );
  }
  // A lone dot is how RFC 2782 says that the service is decidedly absent.
  if (targetText === ".") {
    return { kind: "rdata", rdata: { type: "SRV", priority, weight, port, target: "." } };
  }
  const target = readName(targetText);
  if (target.kind === "invalid") return { kind: "invalid", problem: target.problem };
  return { kind: "rdata", rdata: { type: "SRV", priority, weight, port, target: target.name } };
}

function readSoa(text: string): ValueReading {
  const problem = "SOARRDATAInvalid (Value should be two names and five numbers)";
  const fields = text.split(" ");
  const [primaryText = "", mailboxText = "", ...numberTexts] = fields;
  const primary = readName(primaryText);
  const mailbox = readName(mailboxText);
  if (primary.kind === "invalid" || mailbox.kind === "invalid") return invalid(problem, text);
  const numbers: number[] = [];
  for (const numberText of numberTexts) {
    const number = readUint(numberText, uint32Max);
    if (number === undefined) return invalid(problem, text);
    numbers.push(number);
  }
  if (numbers.length !== 5) return invalid(problem, text);
  const [serial = 0, refreshSeconds = 0, retrySeconds = 0, expireSeconds = 0] = numbers;
  return {
    kind: "rdata",
    rdata: {
      type: "SOA",
      primary: primary.name,
      mailbox: mailbox.name,
      serial,
      refreshSeconds,
      retrySeconds,
      expireSeconds,
      minimumSeconds: numbers[4] ?? 0,
    },
  };
}

function readUint(text: string, max: number): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

function invalid(problem: string, text: string): ValueReading {
  return { kind: "invalid", problem: `FATAL problem: ${problem} encountered with '${text}'` };
}
