import { sayingOf } from "../adapters/aws-client.ts";
import { describeThrown } from "../adapters/thrown.ts";
import type { GroupConfig } from "../core/config.ts";
import { failure, type Result, success } from "../ports/errors.ts";

/** A part of the program that the first look does without: loaded when it is first asked for, or ahead of that. */
export type Later<T> = () => Promise<Result<T>>;

/**
 * Loads what `open` brings once, and again only after it failed. Never rejects: what could not be loaded was "refused",
 * since nothing can have been sent.
 */
export function later<T>(what: string, open: () => Promise<T>): Later<T> {
  let opened: Promise<Result<T>> | null = null;
  const load = async (): Promise<Result<T>> => {
    try {
      return success(await open());
    } catch (error) {
      opened = null;
      const { name, message } = describeThrown(error);
      const why = `expected ${what} in the function's package, got ${name}: ${sayingOf(message)}`;
      return failure("refused", why);
    }
  };
  return () => {
    opened ??= load();
    return opened;
  };
}

/** Has what is loaded do something, as soon as it is. */
export async function through<T, U>(
  load: Later<T>,
  use: (loaded: T) => Promise<Result<U>>,
): Promise<Result<U>> {
  const loaded = await load();
  return loaded.ok ? use(loaded.value) : loaded;
}

/** What is loaded ahead of need, for groups that may come to need it. */
export interface Part {
  readonly load: Later<unknown>;
  readonly isWanted: (config: GroupConfig) => boolean;
}

/** The first probes are answered by then, and half of the shortest `downAfterMs` is left. */
export const loadedAheadAfterMs = 150;

/**
 * Loads what a group wants, once, a moment after it was told of the group. One part after the other: between two of them,
 * whatever has arrived meanwhile is read.
 */
export function createLoader(parts: readonly Part[]): (config: GroupConfig) => void {
  const begun = new Set<Part>();
  return (config) => {
    const wanted = parts.filter((part) => !begun.has(part) && part.isWanted(config));
    if (wanted.length === 0) return;
    for (const part of wanted) begun.add(part);
    const load = async (): Promise<void> => {
      // What cannot be loaded is told by whoever needs it.
      for (const part of wanted) await part.load();
    };
    setTimeout(() => void load(), loadedAheadAfterMs).unref();
  };
}
