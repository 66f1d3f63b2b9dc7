import { describe, expect, test } from "@jest/globals";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { Decision } from "../../lib/core/decide.ts";
import type { RedisErrorCode, Sample } from "../../lib/core/model.ts";
import { answers, errs, isSilent, prepares, type Seen } from "../support/answers.ts";
import { groupConfig, masterFacts, n0, n2, settlingState } from "../support/builders.ts";
import { afterFailover, commandsOf, Watch } from "../support/watch.ts";

/** Epoch 2 is settled, n0 was the master before it, and at n2's address another run says master, with the group's data. */
const hold = groupConfig({ settings: { whenReturned: "hold" } });
const stranger = masterFacts({ runId: "run-new", replid: "id-9", marker: 1 });

/** What is done about n2 at last, where n0's own address says this at each look. */
function lookTwice(own: Seen<Sample>, { looks = 2, config = hold } = {}): Decision {
  const state = settlingState({ phase: "steady", leader: null, kind: null });
  const watch = new Watch({ state, config });
  watch.look({ samples: afterFailover.slice(1) });
  const samples = [own, ...afterFailover.slice(1, 2), answers(n2, stranger)];
  const prepared = [prepares(n2, stranger, 9)];
  let decision = watch.look({ samples, afterMs: 1_000 });
  for (let look = 1; look < looks; look += 1)
    decision = watch.look({ samples, prepared, afterMs: 1_000 });
  return decision;
}

function attached(decision: Decision): readonly string[] {
  return commandsOf(decision).flatMap((one) => (one.kind === "attach" ? [one.node] : []));
}

describe("S9 R730 a second master that may be the old one under another name", () => {
  test("is left alone where the old master's own address says that it is", () => {
    expect(attached(lookTwice(answers(n0, stranger)))).toEqual([]);
  });

  test("is left alone until the old master's own address has answered, or missed three probes", () => {
    expect(attached(lookTwice(isSilent(n0)))).toEqual([]);
    expect(attached(lookTwice(isSilent(n0), { looks: 5 }))).toEqual([n2]);
  });

  test.each<RedisErrorCode>(["LOADING", "BUSY", "MISCONF", "MASTERDOWN"])(
    "S11 is attached once it has said master through three probes, where the old master's own address says %s",
    (code) => {
      expect(attached(lookTwice(errs(n0, code), { looks: 3 }))).toEqual([]);
      expect(attached(lookTwice(errs(n0, code), { looks: 4 }))).toEqual([n2]);
    },
  );

  test.each<RedisErrorCode>(["NOAUTH", "WRONGPASS", "NOPERM", "MAXCLIENTS", "TLS", "OTHER"])(
    "is left alone where the old master's own address says %s: another connection may be served",
    (code) => {
      expect(attached(lookTwice(errs(n0, code), { looks: 10 }))).toEqual([]);
    },
  );

  test("is left alone where what loads at the old master's own address is the same run", () => {
    const loads: Seen<Sample> = (nowMs) => ({ ...errs(n0, "LOADING")(nowMs), facts: stranger });
    expect(attached(lookTwice(loads, { looks: 10 }))).toEqual([]);
  });

  test.each<[string, GroupConfig, Seen<Sample>]>([
    ["the old master answers as another run", hold, afterFailover[0] ?? isSilent(n0)],
    ["nobody is held", groupConfig(), isSilent(n0)],
  ])("is attached where %s", (_what, config, own) => {
    expect(attached(lookTwice(own, { config }))).toEqual([n2]);
  });
});
