import type { Path } from "./problems.ts";
import { suggest } from "./suggest.ts";

/**
 * Mappings whose values are kept as secrets, and what they may hold. People who forget the key, or its colon, have written
 * the secret itself where a key stands.
 */
export const secretFields: Readonly<Record<string, readonly string[]>> = {
  auth: ["username", "password"],
  tls: ["ca", "servername", "cert", "key"],
};

/** Whether a key of this mapping is, or was meant to be, one of those that it may hold. */
export function isTellableKey(mapping: string, key: string): boolean {
  if (!Object.hasOwn(secretFields, mapping)) return true;
  return suggest(key, secretFields[mapping] ?? []) !== null;
}

/** The path as far as it can be told: it ends before what may be a secret. */
export function tellablePath(path: Path): Path {
  const place = path.findIndex((part) => Object.hasOwn(secretFields, part));
  const key = path[place + 1];
  if (place < 0 || typeof key !== "string") return path;
  // Below a key there is nothing that has a name of ours.
  return path.slice(0, place + (isTellableKey(String(path[place]), key) ? 2 : 1));
}
