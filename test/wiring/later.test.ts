import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { GroupConfig } from "../../lib/core/config.ts";
import { success } from "../../lib/ports/errors.ts";
import { createLoader, later, loadedAheadAfterMs, through } from "../../lib/wiring/later.ts";
import { groupConfig } from "../support/builders.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("loads once, whoever asks and however often", async () => {
  let opened = 0;
  const load = later("a client", async () => {
    opened += 1;
    return "the client";
  });
  const both = await Promise.all([load(), load()]);
  expect([...both, await load()]).toEqual(Array(3).fill(success("the client")));
  expect(opened).toBe(1);
});

test("says of what could not be loaded that nothing was done, and tries again when asked again", async () => {
  let tries = 0;
  const load = later("a client", async () => {
    tries += 1;
    if (tries === 1) throw new Error("Cannot find module");
    return "the client";
  });
  const use = async (client: string) => success(`asked ${client}`);
  expect(await through(load, use)).toEqual({
    ok: false,
    kind: "refused",
    isOutcomeKnown: true,
    why: "expected a client in the function's package, got Error: Cannot find module",
  });
  expect(await through(load, use)).toEqual(success("asked the client"));
});

/** Parts that note when they are loaded and are there when they are told to be. */
function stage() {
  const begun: string[] = [];
  const finish: (() => void)[] = [];
  const part = (name: string, isWanted: (config: GroupConfig) => boolean) => ({
    isWanted,
    load: () => {
      begun.push(name);
      return new Promise<ReturnType<typeof success<null>>>((resolve) => {
        finish.push(() => resolve(success(null)));
      });
    },
  });
  return { begun, finish, part };
}

test("loads ahead what a group wants, one after the other, when its first probes are answered", async () => {
  // Prepare
  const { begun, finish, part } = stage();
  const loadSoon = createLoader([
    part("always", () => true),
    part("named", ({ dns }) => dns !== undefined),
    part("never", () => false),
  ]);
  const nameless = groupConfig();
  const dns = { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false };

  // Act
  loadSoon(nameless);
  loadSoon(nameless);
  await jest.advanceTimersByTimeAsync(loadedAheadAfterMs - 1);
  const early = [...begun];
  await jest.advanceTimersByTimeAsync(1);
  const first = [...begun];
  loadSoon({ ...nameless, dns });
  finish.shift()?.();
  await jest.advanceTimersByTimeAsync(loadedAheadAfterMs);

  // Assess
  expect(early).toEqual([]);
  expect(first).toEqual(["always"]);
  expect(begun).toEqual(["always", "named"]);
});

test("loads the second part of a group only when the first is there", async () => {
  const { begun, finish, part } = stage();
  const loadSoon = createLoader(["a", "b"].map((name) => part(name, () => true)));
  loadSoon(groupConfig());
  await jest.advanceTimersByTimeAsync(loadedAheadAfterMs);
  expect(begun).toEqual(["a"]);
  finish.shift()?.();
  await jest.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a", "b"]);
});
