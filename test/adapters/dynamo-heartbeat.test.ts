import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { keys, toItem } from "../../lib/adapters/dynamo-codec.ts";
import { heartbeatItem, parseHeartbeat } from "../../lib/adapters/dynamo-heartbeat.ts";
import { success } from "../../lib/ports/errors.ts";
import { heartbeatOf } from "../support/heartbeats.ts";
import { itemBytes } from "../support/item-size.ts";

describe("a heartbeat in the table", () => {
  test("comes back as it was written, from an item of an eighth of the size", () => {
    const beat = heartbeatOf({ groups: 10, nodes: 3 });
    const packed = heartbeatItem(beat);

    expect(parseHeartbeat(packed)).toEqual(success(beat));
    const plain = itemBytes(toItem(keys.heartbeat("a"), beat));
    expect(itemBytes(packed)).toBeLessThan(plain / 8);
  });

  test("of three hundred groups is far from the 400 KB that an item may have", () => {
    expect(itemBytes(heartbeatItem(heartbeatOf({ groups: 300, nodes: 3 })))).toBeLessThan(60_000);
  });

  test("that was stored before there was packing is read", () => {
    const beat = heartbeatOf({ groups: 2, nodes: 3 });

    expect(parseHeartbeat(toItem(keys.heartbeat("a"), beat))).toEqual(success(beat));
  });

  test("is one without groups for a version that knows no packing: its shift's number counts", () => {
    const { packed: _packed, ...known } = heartbeatItem(heartbeatOf({ groups: 2, nodes: 3 }));

    expect(parseHeartbeat(known)).toMatchObject({ ok: true, value: { shift: 7, groups: {} } });
  });

  test.each([
    ["no bytes", { S: "text" }, "expected bytes"],
    ["bytes that nothing packed", { B: Buffer.from("plain") }, "can't be read"],
    ["no JSON", { B: brotliCompressSync("{") }, "JSON"],
    ["something else", { B: brotliCompressSync('{"cache":{"rev":"no"}}') }, "cache.configVersion"],
    // A few bytes can be packed that would take all of the memory.
    ["too much", { B: brotliCompressSync(Buffer.alloc(17_000_000, " ")) }, "larger than"],
  ])("with %s where its groups are is refused", (_what, packed, why) => {
    const item = { ...heartbeatItem(heartbeatOf({ groups: 1, nodes: 1 })), packed };
    const read = parseHeartbeat(item);

    expect(read).toMatchObject({ ok: false, kind: "malformed", why: expect.stringContaining(why) });
  });
});
