import { randomUUID } from "node:crypto";

/** A message of a queue that wakes a pass, as Lambda hands it to the function when its delay is over. */
export function pulseEvent({ delayMs, sentAtMs }: { delayMs: number; sentAtMs: number }) {
  const id = randomUUID();
  return {
    Records: [
      {
        messageId: id,
        receiptHandle: id,
        body: JSON.stringify({ pulse: { delayMs } }),
        attributes: {
          ApproximateReceiveCount: "1",
          SentTimestamp: String(sentAtMs),
          ApproximateFirstReceiveTimestamp: String(Date.now()),
        },
        messageAttributes: {},
        eventSource: "aws:sqs",
        awsRegion: "us-east-1",
      },
    ],
  };
}
