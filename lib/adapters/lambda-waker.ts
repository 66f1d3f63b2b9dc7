import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { success } from "../ports/errors.ts";
import type { Waker } from "../ports/waker.ts";
import { awsFailure, limitedHandler } from "./aws-client.ts";

/** Where an observer's watch function is: region and function name, as deployed. */
export interface Peer {
  readonly observer: string;
  readonly region: string;
  readonly functionName: string;
}

/** Reads `observer=region:function,…`, the form of LAMBDA_SENTINEL_PEERS. */
export function parsePeers(text: string): readonly Peer[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const match = /^([^=]+)=([^:]+):(.+)$/.exec(part);
      const [, observer, region, functionName] = match ?? [];
      if (observer === undefined || region === undefined || functionName === undefined) {
        throw new Error(
          `LAMBDA_SENTINEL_PEERS: expected observer=region:function, got ${JSON.stringify(part)}`,
        );
      }
      return { observer, region, functionName };
    });
}

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
