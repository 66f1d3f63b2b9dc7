import { describe } from "@jest/globals";
import { noWishes, openRound, pause, request } from "../../lib/core/state.ts";
import { removeGroup } from "../../lib/core/state-removal.ts";
import { configOf } from "../support/cli.ts";
import {
  checkRows,
  cli,
  everybody,
  n1,
  n2,
  n3,
  prepare,
  report,
  seen,
  setState,
  text,
} from "./doctor-stage.ts";

const writer = { attempt: "x", shift: "a/1", rule: "r", why: "a test" };

const lastEpoch = {
  epoch: 2,
  kind: "switchover",
  result: "failed",
  isAutomatic: false,
  from: n1,
  to: n2,
  reason: "it did not take over in time",
  isRefusal: false,
  loss: null,
} as const;

describe("doctor finds of a group", () => {
  checkRows("The group", {
    "state-foreign": {
      about: null,
      evidence: "schema 9",
      cause: () => cli.store.foreign.set("orders", "schema 9"),
    },
    "not-adopted": {
      about: null,
      evidence: "a: there are two masters; b: all is well; c: all is well",
      cause: () => {
        cli.store.states.clear();
        report("a", { why: "there are two masters" });
      },
    },
    "removed-halfway": {
      about: null,
      evidence: "by bob",
      cause: () => setState((state) => removeGroup(state, "bob", writer).next),
    },
    "config-missing": {
      about: null,
      evidence: "version 7 is not there",
      cause: () => setState((state) => ({ ...state, configVersion: 7 })),
    },
    "config-not-active": {
      about: null,
      evidence: "version 1 is in force, version 2 is stored",
      cause: () => cli.store.configs.set("orders#2", configOf(text, 2)),
    },
    "config-edited": {
      about: null,
      evidence: "version 1 says 0123",
      cause: () => cli.store.configs.set("orders#1", { ...configOf(text), digest: "0123" }),
    },
    paused: {
      about: null,
      evidence: "pausing by bob, until somebody resumes it",
      cause: () =>
        setState((state) => pause(state, { by: "bob", reason: "", until: null }, writer).next),
    },
    unsettled: {
      about: null,
      evidence: "epoch 1 is settling: the quorum agrees",
      cause: () => setState((state) => ({ ...state, phase: "settling" })),
    },
    suspected: {
      about: n1,
      evidence: "round 2, opened by a/1",
      cause: () => setState((state) => openRound(state, n1, writer).next),
    },
    "failed-epoch": {
      about: n2,
      evidence: "epoch 2: it did not take over in time",
      cause: () => setState((state) => ({ ...state, lastEpoch })),
    },
    held: {
      about: n3,
      evidence: "read-only, with what nobody else may have",
      cause: () => setState((state) => ({ ...state, kept: [n3] })),
    },
    "cooling-down": {
      about: null,
      evidence: "since epoch 1, for another 20 s at the most",
      cause: () => {
        setState((state) => ({ ...state, automaticEpoch: 1 }));
        for (const observer of everybody) report(observer, { masterKnownForMs: 40_000 });
      },
    },
    "request-pending": {
      about: null,
      evidence: "switchover, asked by bob",
      cause: () =>
        setState(
          (state) => request(state, { kind: "switchover", by: "bob", ...noWishes }, writer).next,
        ),
    },
    "one-node": {
      about: null,
      evidence: "the file lists one node",
      cause: () => prepare(text.replace(/ {6}- .*zone: z[bc].*\n/g, "")),
    },
    "no-successor": {
      about: null,
      evidence: `${n2}: its priority is 0; ${n3}: its priority is 0`,
      cause: () => {
        seen(n2, { unfit: "its priority is 0" });
        seen(n3, { unfit: "its priority is 0" });
      },
    },
    "one-successor": {
      about: n2,
      evidence: `${n3}: its priority is 0`,
      cause: () => seen(n3, { unfit: "its priority is 0" }),
    },
  });
});
