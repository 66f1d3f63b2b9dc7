import { isIPv4, isIPv6 } from "node:net";
import type { Address } from "../core/config.ts";
import { normalizeName } from "../core/records.ts";

export type HostKind = "IPv4 address" | "IPv6 address" | "host name";

export type ParsedAddress =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly why: string };

const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads `host:port` and `[IPv6]:port`. Hosts come back in one spelling (lower case, shortest IPv6, no trailing dot), so
 * that two spellings of one node are recognised as duplicates.
 */
export function parseAddress(text: string): ParsedAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null) return { ok: false, why: explainForm(text) };
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return { ok: false, why: "the port must be from 1 to 65535" };
  const host = bracketed === undefined ? readHost(plain ?? "") : readIPv6(bracketed);
  if (host === null) {
    const what = bracketed === undefined ? "an IPv4 address or a host name" : "an IPv6 address";
    return { ok: false, why: `"${bracketed ?? plain}" is not ${what}` };
  }
  if (host === "0.0.0.0" || host === "::") {
    return { ok: false, why: `${host} means every address of a machine, not one node` };
  }
  return { ok: true, address: { host, port } };
}

function explainForm(text: string): string {
  if (isIPv6(text.trim())) return `write an IPv6 address in brackets: "[${text.trim()}]:6379"`;
  if (/^[^:]+$/.test(text)) return "the port is missing";
  return 'write "host:port", or "[address]:port" for IPv6';
}

function readIPv6(text: string): string | null {
  // Zone identifiers ("%eth0") mean something on one machine only.
  if (!isIPv6(text) || text.includes("%")) return null;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function readHost(text: string): string | null {
  const host = normalizeName(text);
  if (isIPv4(host)) return host;
  // A last label of digits would be read as a mistyped IPv4 address by some resolvers and as a name by others.
  const isNumeric = /(^|\.)\d+$/.test(host);
  return isDnsName(host) && !isNumeric ? host : null;
}

/** Whether a name consists of labels that a client's resolver accepts for a host. */
export function isDnsName(name: string, lengthMax = 253): boolean {
  return (
    name.length > 0 &&
    name.length <= lengthMax &&
    name.split(".").every((label) => labelPattern.test(label))
  );
}

export function kindOfHost(host: string): HostKind {
  if (isIPv4(host)) return "IPv4 address";
  return isIPv6(host) ? "IPv6 address" : "host name";
}
