import { describe, expect, test } from "@jest/globals";
import { readEnvironment } from "../../lib/shift/environment.ts";
import { busArn, topicArn } from "../support/notifications.ts";

const least = { LAMBDA_SENTINEL_OBSERVER: "a" };

describe("the environment of a function", () => {
  test.each([
    [{}, { topic: null, eventBus: null }],
    [
      { LAMBDA_SENTINEL_TOPIC: "", LAMBDA_SENTINEL_EVENT_BUS: "" },
      { topic: null, eventBus: null },
    ],
    [
      { LAMBDA_SENTINEL_TOPIC: topicArn, LAMBDA_SENTINEL_EVENT_BUS: busArn },
      { topic: topicArn, eventBus: busArn },
    ],
  ])("%j tells whom to tell", (env, expected) => {
    expect(readEnvironment({ ...least, ...env })).toMatchObject(expected);
  });

  test.each([
    [
      { LAMBDA_SENTINEL_TOPIC: "sentinel" },
      "LAMBDA_SENTINEL_TOPIC: expected the ARN of a standard",
    ],
    [{ LAMBDA_SENTINEL_TOPIC: `${topicArn}.fifo` }, "LAMBDA_SENTINEL_TOPIC: expected the ARN"],
    [{ LAMBDA_SENTINEL_TOPIC: busArn }, "LAMBDA_SENTINEL_TOPIC: expected the ARN"],
    [{ LAMBDA_SENTINEL_EVENT_BUS: "default" }, "LAMBDA_SENTINEL_EVENT_BUS: expected the ARN of an"],
    [{ LAMBDA_SENTINEL_EVENT_BUS: topicArn }, "LAMBDA_SENTINEL_EVENT_BUS: expected the ARN of an"],
  ])("%j stops the function at its start", (env, message) => {
    expect(() => readEnvironment({ ...least, ...env })).toThrow(message);
  });
});
