import { beforeAll, describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { pulseOf } from "../../lib/shift/event.ts";
import { properties, type Template } from "../support/packaged.ts";
import { type AwsCall, account } from "./aws-calls.ts";
import { PackagedStages } from "./packaged-stages.ts";
import { isAllowed, policiesOf } from "./simulated-iam.ts";

const stages = new PackagedStages();
beforeAll(() => stages.read());

const input = z.object({
  "Fn::Join": z.tuple([
    z.literal(""),
    z.tuple([
      z.string(),
      z.object({ Ref: z.literal("PulseQueue") }),
      z.string(),
      z.string(),
      z.string(),
    ]),
  ]),
});
const batch = z.strictObject({
  QueueUrl: z.string(),
  Entries: z
    .array(
      z.strictObject({
        Id: z.string().regex(/^[\w-]{1,80}$/),
        DelaySeconds: z.number().int().min(0).max(900),
        MessageBody: z.string(),
      }),
    )
    .min(1)
    .max(10),
});
const url = "https://sqs.eu-west-1.amazonaws.com/111122223333/queue";

/** The parameters of the calls that the schedules make, as CloudFormation would fill them in. */
function batches(template: Template): readonly z.infer<typeof batch>[] {
  return Object.keys(template.Resources)
    .filter((name) => name.endsWith("PulseSchedule"))
    .map((name) => {
      const target = z.object({ Input: input }).parse(properties(template, name).Target);
      const text = target.Input["Fn::Join"][1].map((part) =>
        typeof part === "string" ? part : url,
      );
      return batch.parse(JSON.parse(text.join("")));
    });
}

/** A message of the queue, received at once when its delay was over. */
function received({ MessageBody, DelaySeconds }: z.infer<typeof batch>["Entries"][number]) {
  const attributes = {
    SentTimestamp: "1000",
    ApproximateFirstReceiveTimestamp: `${1_000 + DelaySeconds * 1_000}`,
  };
  return { Records: [{ eventSource: "aws:sqs", body: MessageBody, attributes }] };
}

describe("a minute's pulses", () => {
  it.each([
    ["zones", "eu-west-1a", [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]],
    ["witness", "eu-west-3", [10, 20, 30, 40, 50]],
  ] as const)("of stage %s come between two starts, evenly", (stage, observer, seconds) => {
    const entries = batches(stages.stack(stage, observer)).flatMap(({ Entries }) => Entries);

    expect(entries.map((entry) => entry.DelaySeconds)).toEqual(seconds);
    expect(new Set(entries.map((entry) => entry.Id)).size).toBe(seconds.length);
    // What the schedule sends is what the function reads.
    for (const entry of entries) {
      const delayMs = entry.DelaySeconds * 1_000;
      expect(pulseOf(received(entry))).toEqual({ delayMs, waitedMs: delayMs });
    }
  });

  it("are sent by the scheduler itself, once, into a queue that forgets them", () => {
    const template = stages.stack("zones", "eu-west-1a");
    for (const name of ["PulseSchedule", "SecondPulseSchedule"]) {
      expect(properties(template, name)).toMatchObject({
        ScheduleExpression: "rate(1 minute)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: { "Fn::Sub": expect.stringMatching(/:scheduler:::aws-sdk:sqs:sendMessageBatch$/) },
          RoleArn: { "Fn::GetAtt": ["PulseRole", "Arn"] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      });
    }
    expect(properties(template, "PulseQueue")).toMatchObject({
      MessageRetentionPeriod: 120,
      SqsManagedSseEnabled: true,
    });
  });

  it("stay hidden for as long as the pass that they woke may run", () => {
    const withPulses = stages.every().filter((one) => "PulseQueue" in one.Resources);
    expect(withPulses).toHaveLength(6);
    for (const template of withPulses) {
      const timeout = z.number().parse(properties(template, "WatchLambdaFunction").Timeout);
      expect(properties(template, "PulseQueue").VisibilityTimeout).toBeGreaterThanOrEqual(timeout);
      expect(properties(template, "PulseMapping")).toEqual({
        EventSourceArn: { "Fn::GetAtt": ["PulseQueue", "Arn"] },
        FunctionName: { "Fn::GetAtt": ["WatchLambdaFunction", "Arn"] },
        BatchSize: 1,
        MaximumBatchingWindowInSeconds: 0,
        ScalingConfig: { MaximumConcurrency: 5 },
      });
    }
  });

  it("are told of in the environment, and are not in the other cadences", () => {
    const cadenceOf = (template: Template) =>
      z
        .object({ Variables: z.record(z.string(), z.string()) })
        .transform(({ Variables }) => [
          Variables.LAMBDA_SENTINEL_CADENCE,
          Variables.LAMBDA_SENTINEL_PULSE_MS,
        ])
        .parse(properties(template, "WatchLambdaFunction").Environment);
    expect(cadenceOf(stages.stack("witness", "eu-west-1"))).toEqual(["pulse", "10000"]);
    expect(cadenceOf(stages.stack("nat", "one"))).toEqual(["tick", "5000"]);
    expect(cadenceOf(stages.stack("locked", "one"))).toEqual(["loop", "5000"]);
    const names = ["nat", "locked"] as const;
    const resources = names.flatMap((name) => Object.keys(stages.stack(name, "one").Resources));
    expect(resources.filter((name) => name.includes("Pulse"))).toEqual([]);
  });
});

describe("who may touch a queue of pulses", () => {
  const region = "eu-west-1";
  const call = (action: string, queue = "lambda-sentinel-test-zones-eu-west-1a"): AwsCall => ({
    action: `sqs:${action}`,
    resource: `arn:aws:sqs:${region}:${account}:${queue}`,
    context: {},
  });
  const may = (role: string, one: AwsCall) =>
    isAllowed(policiesOf(stages.stack("zones", "eu-west-1a"), role, region), one);

  it("the schedules' role sends, to this one alone, and does nothing else", async () => {
    expect(await may("PulseRole", call("SendMessage"))).toBe(true);
    expect(await may("PulseRole", call("SendMessage", "orders"))).toBe(false);
    for (const action of ["ReceiveMessage", "DeleteMessage", "PurgeQueue", "SetQueueAttributes"]) {
      expect([action, await may("PulseRole", call(action))]).toEqual([action, false]);
    }
    const invoke = { action: "lambda:InvokeFunction", context: {} };
    const resource = `arn:aws:lambda:${region}:${account}:function:lambda-sentinel-test-zones-eu-west-1a`;
    expect(await may("PulseRole", { ...invoke, resource })).toBe(false);
  });

  it("the function's role takes, from this one alone, and can't send: nothing recurs", async () => {
    for (const action of ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]) {
      expect([action, await may("WatchRole", call(action))]).toEqual([action, true]);
      expect([action, await may("WatchRole", call(action, "orders"))]).toEqual([action, false]);
    }
    for (const action of ["SendMessage", "PurgeQueue", "DeleteQueue", "SetQueueAttributes"]) {
      expect([action, await may("WatchRole", call(action))]).toEqual([action, false]);
    }
  });
});
