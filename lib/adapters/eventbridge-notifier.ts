import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { failure, success } from "../ports/errors.ts";
import type { Notifier } from "../ports/notifier.ts";
import { regionOf } from "./arn.ts";
import { awsFailure, limitedHandler, sayingOf } from "./aws-client.ts";

/** What rules match by, and the one source that the function's role may send as. */
const source = "lambda-sentinel";

/** Puts events on a bus: the name of the event is the detail type, JSON is the detail. */
export function createEventBridgeNotifier(busArn: string, timeoutMs = 2_000): Notifier {
  const client = new EventBridgeClient({
    region: regionOf(busArn),
    requestHandler: limitedHandler(timeoutMs),
    // The lane repeats.
    maxAttempts: 1,
  });
  return {
    target: "event bus",
    notify: async (notification, signal) => {
      try {
        const answer = await client.send(
          new PutEventsCommand({
            Entries: [
              {
                EventBusName: busArn,
                Source: source,
                DetailType: notification.event,
                Detail: JSON.stringify(notification),
              },
            ],
          }),
          { abortSignal: signal },
        );
        // What was not taken is told in an answer that is otherwise a success.
        const [entry] = answer.Entries ?? [];
        if ((answer.FailedEntryCount ?? 0) === 0) return success(undefined);
        const what = `${entry?.ErrorCode ?? "no code"}: ${sayingOf(entry?.ErrorMessage ?? "no reason")}`;
        const isThrottled = /Throttl|InternalFailure|Internal/.test(entry?.ErrorCode ?? "");
        return failure(isThrottled ? "throttled" : "refused", `PutEvents: ${what}`);
      } catch (error) {
        return awsFailure("PutEvents", error);
      }
    },
  };
}
