import { expect, test } from "@jest/globals";
import { RunIds } from "../../lib/shift/run-ids.ts";

const told = (...ids: readonly (string | null)[]) =>
  Object.fromEntries(
    ids.map((runId, index) => [`n${index}`, { facts: runId === null ? null : { runId } }]),
  );

test("a run id leads to every group that has it, and to none that has it no more", () => {
  const runIds = new RunIds();
  runIds.tell("cache", told("a", null, "b"));
  runIds.tell("sessions", told("b", "c"));

  expect(runIds.groupsWith(["a"])).toEqual(["cache"]);
  expect(runIds.groupsWith(["b"])).toEqual(["cache", "sessions"]);
  expect(runIds.groupsWith(["x"])).toEqual([]);

  runIds.tell("cache", told("a", null, "d"));
  expect(runIds.groupsWith(["b", "d"])).toEqual(["sessions", "cache"]);

  runIds.forget("cache");
  runIds.forget("unheard of");
  expect(runIds.groupsWith(["a", "b", "d"])).toEqual(["sessions"]);
});

test("two names of one server in one group are that group", () => {
  const runIds = new RunIds();
  runIds.tell("cache", told("a", "a"));
  expect(runIds.groupsWith(["a"])).toEqual(["cache"]);
  runIds.tell("cache", told("b", "a"));
  expect(runIds.groupsWith(["a", "b"])).toEqual(["cache", "cache"]);
});
