import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import { answerQuestion, type DnsVerdict, type ServedZone } from "./dns-answer.ts";

export type Transport = "udp" | "tcp";

/** What to do about one message. Garbage is what cannot even be answered with an error. */
export type DnsReply =
  | { readonly kind: "reply"; readonly message: Buffer }
  | { readonly kind: "garbage" };

/** RFC 1035 section 4.1.1. */
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

const headerBytes = 12;
const responseBit = 0x8000;
const opcodeMask = 0x7800;
/** RFC 1035 section 4.2.1: what any asker can take over UDP. */
const plainUdpBytesMax = 512;
/** What the server sends at most over UDP to an asker that offers more (EDNS, RFC 6891). */
const ednsUdpBytesMax = 4096;
const tcpBytesMax = 65_535;

/** Answers one DNS message from the zones as they are shown now. */
export function replyTo(
  message: Buffer,
  transport: Transport,
  zones: readonly ServedZone[],
): DnsReply {
  // A response must never be answered: two servers would keep each other busy for ever.
  if (message.length < headerBytes || (message.readUInt16BE(2) & responseBit) !== 0) {
    return { kind: "garbage" };
  }
  const query = tryDecode(message);
  if (query === undefined) {
    return transport === "tcp" ? { kind: "garbage" } : headerOnly(message, rcodes.FORMERR);
  }
  if (((query.flags ?? 0) & opcodeMask) !== 0) return headerOnly(message, rcodes.NOTIMP);
  const [question, ...others] = query.questions ?? [];
  if (question === undefined || others.length > 0) return headerOnly(message, rcodes.FORMERR);
  const { name, type, class: recordClass = "IN" } = question;
  const verdict = answerQuestion({ name, type, recordClass }, zones);
  // A name that could not be read cannot be repeated faithfully either.
  if (verdict.rcode === "FORMERR") return headerOnly(message, rcodes.FORMERR);
  return { kind: "reply", message: fitted(query, verdict, transport) };
}

/** Encodes the answer; one that does not fit is cut to its question, with the TC flag over UDP. */
function fitted(query: DecodedPacket, verdict: DnsVerdict, transport: Transport): Buffer {
  const whole = encodeReply(query, verdict, 0);
  if (transport === "udp") {
    if (whole.length <= udpBytesMax(query)) return whole;
    return encodeReply(query, { ...verdict, answers: [], authorities: [] }, TRUNCATED_RESPONSE);
  }
  if (whole.length <= tcpBytesMax) return whole;
  const empty = { ...verdict, answers: [], authorities: [] };
  return encodeReply(query, empty, rcodes.SERVFAIL);
}

function encodeReply(query: DecodedPacket, verdict: DnsVerdict, extraFlags: number): Buffer {
  const authority = verdict.isAuthoritative ? AUTHORITATIVE_ANSWER : 0;
  return encode({
    type: "response",
    id: query.id,
    flags:
      ((query.flags ?? 0) & RECURSION_DESIRED) | authority | rcodes[verdict.rcode] | extraFlags,
    questions: query.questions,
    answers: [...verdict.answers],
    authorities: [...verdict.authorities],
    additionals: offeredUdpBytes(query) === undefined ? [] : [ednsOffer()],
  });
}

function udpBytesMax(query: DecodedPacket): number {
  const offered = offeredUdpBytes(query) ?? plainUdpBytesMax;
  return Math.min(Math.max(offered, plainUdpBytesMax), ednsUdpBytesMax);
}

function offeredUdpBytes(query: DecodedPacket): number | undefined {
  for (const additional of query.additionals ?? []) {
    if (additional.type === "OPT") return additional.udpPayloadSize;
  }
  return undefined;
}

function ednsOffer(): Answer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: ednsUdpBytesMax,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

function tryDecode(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message);
  } catch {
    // The codec throws various errors for various garbage; all of them mean the same here.
    return undefined;
  }
}

/** An error without a question section, for a query of which only the header is trusted. */
function headerOnly(message: Buffer, rcode: number): DnsReply {
  const reply = Buffer.alloc(headerBytes);
  message.copy(reply, 0, 0, 2);
  const kept = message.readUInt16BE(2) & (opcodeMask | RECURSION_DESIRED);
  reply.writeUInt16BE(responseBit | kept | rcode, 2);
  return { kind: "reply", message: reply };
}
