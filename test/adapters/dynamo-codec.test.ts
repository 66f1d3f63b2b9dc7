import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  type Item,
  keys,
  parseConfig,
  parseEvent,
  parseVote,
  stateKey,
  toItem,
} from "../../lib/adapters/dynamo-codec.ts";
import { parseHeartbeat } from "../../lib/adapters/dynamo-heartbeat.ts";
import { parseState } from "../../lib/adapters/dynamo-state-codec.ts";
import type { GroupState } from "../../lib/core/model.ts";
import {
  dns,
  groupConfig,
  groupState,
  masterRecord,
  n0,
  n1,
  nodeConfig,
  promotingState,
  settlingState,
  storedEvent,
  vote,
} from "../support/builders.ts";

/** Whatever DynamoDB can hold, and numbers beyond what JavaScript can. */
const { attribute } = fc.letrec<{ attribute: AttributeValue }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 3 },
    fc.string().map((S): AttributeValue => ({ S })),
    fc
      .oneof(
        fc.integer().map(String),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.constantFrom("9007199254740993", "1e400", "-1", "0.5", "NaN", "ten", ""),
      )
      .map((N): AttributeValue => ({ N })),
    fc.boolean().map((BOOL): AttributeValue => ({ BOOL })),
    fc.constant<AttributeValue>({ NULL: true }),
    fc.uint8Array().map((B): AttributeValue => ({ B })),
    fc.array(fc.string(), { minLength: 1 }).map((SS): AttributeValue => ({ SS })),
    fc.constant<AttributeValue>({ NS: ["1", "9007199254740993"] }),
    fc.constant<AttributeValue>({ $unknown: ["X", 1] }),
    fc.array(tie("attribute"), { maxLength: 4 }).map((L): AttributeValue => ({ L })),
    fc
      .dictionary(fc.string(), tie("attribute"), { maxKeys: 4 })
      .map((M): AttributeValue => ({ M })),
  ),
}));

const wholeStates = [
  groupState(),
  groupState({
    request: { id: "op#1", kind: "notify-test", by: "ops", until: "2030-01-31T04:00:00.000Z" },
  }),
  groupState({
    discovered: [{ host: "10.0.0.4", port: 6379 }],
    request: {
      ...{ id: "op#1", kind: "forget", by: "ops", node: null },
      until: "2030-01-31T04:00:00.000Z",
    },
  }),
  promotingState(),
  settlingState(),
];
const itemOf = (state: GroupState): Item => toItem(stateKey(state.group), state);

/** Every place of an item, as the names and numbers that lead to it. */
function placesIn(item: Item): readonly (readonly string[])[] {
  const under = (value: AttributeValue): readonly (readonly string[])[] => {
    if (value.M !== undefined) return placesIn(value.M);
    if (value.L === undefined) return [];
    return value.L.flatMap((one, index) => [
      [String(index)],
      ...under(one).map((rest) => [String(index), ...rest]),
    ]);
  };
  return Object.entries(item).flatMap(([name, value]) => [
    [name],
    ...under(value).map((rest) => [name, ...rest]),
  ]);
}

/** The item with one place changed; null: taken away. */
function withChange(
  item: Item,
  [name = "", ...rest]: readonly string[],
  to: AttributeValue | null,
): Item {
  const { [name]: old, ...others } = item;
  if (rest.length === 0) return to === null ? others : { ...others, [name]: to };
  if (old?.M !== undefined) return { ...others, [name]: { M: withChange(old.M, rest, to) } };
  const list = Object.fromEntries(Object.entries(old?.L ?? []));
  const changed = Object.values(withChange(list, rest, to));
  return { ...others, [name]: { L: changed } };
}

/** The places of records, which have fields; the item itself is one of them. */
function recordsIn(item: Item): readonly (readonly string[])[] {
  return [[], ...placesIn(item).filter((place) => valueAt(item, place)?.M !== undefined)];
}

function valueAt(item: Item, [name = "", ...rest]: readonly string[]): AttributeValue | undefined {
  const value = item[name];
  if (rest.length === 0) return value;
  return valueAt(value?.M ?? Object.fromEntries(Object.entries(value?.L ?? [])), rest);
}

describe("D12 whatever stands in the table", () => {
  const item = fc.dictionary(fc.string(), attribute, { maxKeys: 8 });

  test("is read as something or refused, and nothing throws", async () => {
    await fc.assert(
      fc.property(item, (random) => {
        expect(parseState(random, "prod").kind).toBe("foreign");
        for (const parse of [parseVote, parseEvent, parseHeartbeat, parseConfig]) {
          expect(parse(random)).toMatchObject({ ok: false, kind: "malformed" });
        }
      }),
    );
  });

  test("reads a configuration with places, and one from before there were any", () => {
    const plain = groupConfig();
    const placed = groupConfig({
      nodes: [{ ...nodeConfig(n0), zone: "a", region: "eu", priority: 0 }, nodeConfig(n1)],
      placement: { zones: { a: 10 }, regions: {}, masterRegions: ["eu"] },
    });

    for (const config of [plain, placed]) {
      const item = toItem(keys.config("cache", 1), config);
      expect(parseConfig(item)).toEqual({ ok: true, value: config });
    }
  });

  const broken = fc.constantFrom(...wholeStates).chain((state) => {
    const whole = itemOf(state);
    const place = fc.constantFrom(...placesIn(whole));
    return fc.tuple(fc.constant(whole), place, fc.option(attribute, { nil: null }));
  });

  test("is no STATE by half: with one place broken it is foreign, or all of it is there", async () => {
    const fields = Object.keys(groupState()).sort();
    await fc.assert(
      fc.property(broken, ([whole, place, to]) => {
        const read = parseState(withChange(whole, place, to), "prod");
        if (read.kind !== "state") return expect(read.kind).toBe("foreign");
        const { state } = read;
        expect(Object.keys(state).sort()).toEqual(fields);
        // What was believed can be written, and is the same again.
        expect(parseState(itemOf(state), "prod")).toEqual(read);
      }),
      { numRuns: 1_000 },
    );
  });

  const ofLists = [parseVote, parseEvent] as const;
  test.each([
    ["a vote", ofLists[0], vote("a")],
    ["an event", ofLists[1], storedEvent("1")],
  ])("is not %s by half", async (_what, parse, value) => {
    const whole = toItem({ pk: "pk", sk: "sk" }, value);
    const fields = Object.keys(value).sort();
    await fc.assert(
      fc.property(fc.constantFrom(...placesIn(whole)), attribute, (place, to) => {
        const read = parse(withChange(whole, place, to));
        if (read.ok) expect(Object.keys(read.value).sort()).toEqual(fields);
        else expect(read.kind).toBe("malformed");
      }),
    );
  });
});

describe("C8 an item of another version", () => {
  test("that is older lacks what is younger, and is read with what it meant then", () => {
    const {
      histories: _histories,
      automaticEpoch: _automatic,
      earlyEpochs: _early,
      pagedEpoch: _paged,
      kept: _kept,
      discovered: _discovered,
      removed: _removed,
      ...older
    } = groupState();
    const read = parseState(toItem(stateKey("cache"), older), "prod");

    expect(read).toEqual({ kind: "state", state: groupState() });
  });

  test("is a master of which nobody stored whether it carries the marker", () => {
    const { isMarked: _marked, ...master } = masterRecord;
    const read = parseState(toItem(stateKey("cache"), { ...groupState(), master }), "prod");

    expect(read).toMatchObject({ state: { master: { ...masterRecord, isMarked: false } } });
  });

  test("is a configuration that asked for no discovery, where it was stored before there was any", () => {
    const config = groupConfig({ settings: { discover: true } });
    const { discover: _discover, ...settings } = config.settings;
    const read = parseConfig(toItem(keys.config("cache", 1), { ...config, settings }));

    expect(read).toMatchObject({ ok: true, value: { settings: { ...settings, discover: false } } });
  });

  test("that is newer and says so is foreign", () => {
    const newer = { ...groupState(), schema: 2, phase: "verifying" };

    expect(parseState(toItem(stateKey("cache"), newer), "prod").kind).toBe("foreign");
  });

  const younger: AttributeValue = { BOOL: true };

  test("with a field that is not known, wherever it is, is foreign: the next write would lose it", () => {
    for (const whole of wholeStates.map(itemOf)) {
      for (const place of recordsIn(whole)) {
        const newer = withChange(whole, [...place, "younger"], younger);
        const { kind } = parseState(newer, "prod");
        expect({ place, kind }).toEqual({ place, kind: "foreign" });
      }
    }
  });

  test("is no configuration where it asks for something that is not known", () => {
    const config = groupConfig({
      ...{ dns, auth: { password: "ssm:/lambda-sentinel/password" }, tls: {} },
      nodes: [{ ...nodeConfig(n0), zone: "a" }],
      placement: { zones: { a: 10 }, regions: {} },
    });
    const whole = toItem(keys.config("cache", 1), config);
    for (const place of recordsIn(whole)) {
      // Zones and regions have names of their own.
      if (/^placement,/.test(place.join())) continue;
      const { ok } = parseConfig(withChange(whole, [...place, "younger"], younger));
      expect({ place, ok }).toEqual({ place, ok: false });
    }
  });

  test.each([
    ["a phase", { phase: "verifying" }],
    ["a kind of epoch", { kind: "rehearsal" }],
    ["a purpose of a round", { round: { ...groupState().round, purpose: "census" } }],
    ["a test without an end", { request: { id: "op#1", kind: "notify-test", by: "ops" } }],
    ["a kind of request", { request: { id: "op#1", kind: "rebuild", by: "ops" } }],
  ])("with %s that is not known is foreign", (_what, change) => {
    const newer = toItem(stateKey("cache"), { ...groupState(), ...change });

    expect(parseState(newer, "prod").kind).toBe("foreign");
  });
});
