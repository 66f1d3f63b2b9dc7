import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { success } from "../ports/errors.ts";
import type { Waker } from "../ports/waker.ts";
import { awsFailure, limitedHandler } from "./aws-client.ts";
import type { Peer } from "./peers.ts";

/** Wakes observers by asynchronous invokes; the event names the round, and a woken shift never wakes. */
export function createLambdaWaker(peers: readonly Peer[], timeoutMs = 1_000): Waker {
  const clients = new Map<string, LambdaClient>();
  const clientOf = (region: string): LambdaClient => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = new LambdaClient({
      region,
      requestHandler: limitedHandler(timeoutMs),
      maxAttempts: 1,
    });
    clients.set(region, client);
    return client;
  };
  return {
    wake: async ({ observer, group, round }) => {
      const peer = peers.find((one) => one.observer === observer);
      // An observer without an address is a loop that looks for itself.
      if (peer === undefined) return success(undefined);
      try {
        await clientOf(peer.region).send(
          new InvokeCommand({
            FunctionName: peer.functionName,
            InvocationType: "Event",
            Payload: new TextEncoder().encode(JSON.stringify({ wake: { group, round } })),
          }),
        );
        return success(undefined);
      } catch (error) {
        return awsFailure(`waking ${observer}`, error);
      }
    },
  };
}
