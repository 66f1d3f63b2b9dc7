import { describe, expect, test } from "@jest/globals";
import { type AlarmPlace, alarmResource, alarms } from "../../lib/deploy/alarms.ts";
import { untoldAlarms } from "../../lib/deploy/monitoring.ts";
import { stageSchema } from "../../lib/deploy/stage-schema.ts";
import { topicArn } from "../support/notifications.ts";

const place: Omit<AlarmPlace, "topic"> = {
  ...{ prefix: "lambda-sentinel-prod-a", deployment: "prod", observer: "a" },
  ...{ functionName: "lambda-sentinel-prod-a", cadence: "loop" },
};

describe("an alarm", () => {
  test.each(alarms.map((alarm) => [alarm.name, alarm] as const))(
    "%s says what it is and where its runbook is",
    (name, alarm) => {
      const { AlarmDescription } = alarmResource(alarm, { ...place, topic: null }).Properties;
      expect(AlarmDescription).toBe(`${alarm.says} Runbook: docs/operating.md#${name}`);
    },
  );

  test("never asks for more minutes than it looks at", () => {
    expect(alarms.filter((alarm) => alarm.breaching > alarm.minutes)).toEqual([]);
  });

  test("tells a topic of its beginning and its end, or nobody of anything", () => {
    const [silent] = alarms;
    if (silent === undefined) throw new Error("expected an alarm");
    const told = alarmResource(silent, { ...place, topic: topicArn }).Properties;
    expect(told).toMatchObject({ AlarmActions: [topicArn], OKActions: [topicArn] });
    const untold = alarmResource(silent, { ...place, topic: null }).Properties;
    expect(Object.keys(untold).filter((key) => key.endsWith("Actions"))).toEqual([]);
  });
});

describe("a stage whose topic is in another region than an observer", () => {
  const stage = (topics: Readonly<Record<string, string>>) =>
    stageSchema.parse({
      table: { home: "eu-west-1", mode: "single-region" },
      observers: ["eu-west-1", "eu-west-2"].map((region) => {
        const topic = topics[region];
        return { name: region, region, ...(topic === undefined ? {} : { topic }) };
      }),
      nodeRegions: ["eu-west-1"],
      network: "outside",
      topic: topicArn,
    });

  test("is warned that these alarms tell nobody", () => {
    expect(untoldAlarms(stage({}))).toEqual([
      expect.stringMatching(/^the alarms of eu-west-2 tell nobody: .*give the observer a topic/),
    ]);
  });

  test("is not, where each has one of its own", () => {
    const own = topicArn.replace("eu-west-1", "eu-west-2");
    expect(untoldAlarms(stage({ "eu-west-2": own }))).toEqual([]);
  });
});
