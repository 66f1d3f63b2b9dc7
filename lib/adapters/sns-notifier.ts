import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { success } from "../ports/errors.ts";
import type { Notification, Notifier } from "../ports/notifier.ts";
import { regionOf } from "./arn.ts";
import { awsFailure, limitedHandler } from "./aws-client.ts";

/** SNS takes a subject of less than 100 characters of ASCII that begins with a letter, a digit or punctuation. */
const subjectMax = 99;

/** Publishes to a topic: JSON as the message, and what subscriptions filter by as attributes. */
export function createSnsNotifier(topicArn: string, timeoutMs = 2_000): Notifier {
  const client = new SNSClient({
    // A topic answers in its own region alone.
    region: regionOf(topicArn),
    requestHandler: limitedHandler(timeoutMs),
    // The lane repeats.
    maxAttempts: 1,
  });
  return {
    target: "topic",
    notify: async (notification, signal) => {
      const { event, group, level, observer } = notification;
      const attributes = { event, group, level, observer };
      try {
        await client.send(
          new PublishCommand({
            TopicArn: topicArn,
            Subject: subjectOf(notification),
            Message: JSON.stringify(notification),
            MessageAttributes: Object.fromEntries(
              Object.entries(attributes).map(([name, StringValue]) => [
                name,
                { DataType: "String", StringValue },
              ]),
            ),
          }),
          { abortSignal: signal },
        );
        return success(undefined);
      } catch (error) {
        return awsFailure("SNS Publish", error);
      }
    },
  };
}

/** The first line of an e-mail. What is no ASCII would have the whole message refused. */
function subjectOf({ group, event, message }: Notification): string {
  const text = `${group}: ${event} ${message}`.replace(/[^\x20-\x7e]+/g, "?");
  return text.length <= subjectMax ? text : `${text.slice(0, subjectMax - 3)}...`;
}
