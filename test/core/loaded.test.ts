import { expect, test } from "@jest/globals";
import { absorbSample, unknownNode } from "../../lib/core/detector.ts";
import type { Sample } from "../../lib/core/model.ts";
import { isLoadNews } from "../../lib/core/view.ts";
import { answers, errs, type Seen } from "../support/answers.ts";
import { masterFacts, n0 } from "../support/builders.ts";

test("S11 a node that has loaded is asked at once what it is now, however fresh the last INFO", () => {
  const loads: Seen<Sample> = (nowMs) => ({
    ...errs(n0, "LOADING")(nowMs),
    facts: masterFacts({ isLoading: true, keys: 0 }),
  });
  const steps: readonly (readonly [Seen<Sample>, boolean])[] = [
    [errs(n0, "LOADING"), true],
    [loads, false],
    [answers(n0), true],
    [answers(n0, masterFacts()), false],
  ];
  let memory = unknownNode(n0);
  const news = steps.map(([sample], second) => {
    memory = absorbSample(memory, sample(second * 1_000));
    return isLoadNews(memory);
  });

  expect(news).toEqual(steps.map(([, isNews]) => isNews));
});
