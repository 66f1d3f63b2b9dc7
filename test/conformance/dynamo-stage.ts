import { setTimeout as delay } from "node:timers/promises";
import type { DynamoDbDoor } from "../../lab/dynamodb/gateway.ts";
import { assertNever } from "../../lib/core/assert-never.ts";
import { DynamoLab } from "../support/dynamo-lab.ts";
import type { StorePlay, StoreTrouble } from "./store-stage.ts";

/** Long enough for an answer that comes, short enough to wait for one that does not. */
const hastyMs = 250;
/** The SDK tries twice. */
const sdkAttempts = 2;

export const playDynamoStore: StorePlay = async (act) => {
  const lab = await DynamoLab.start();
  const released = Promise.withResolvers<void>();
  try {
    await act({
      pass: (ms) => delay(ms),
      store: (deployment = "prod") => lab.store({ deployment }),
      troubled: async (by) => {
        const door = await lab.standIn.openDoor();
        await trouble(door, by, released.promise);
        return lab.store({ door, timeoutMs: isWaitedFor(by) ? hastyMs : 10_000 });
      },
      release: released.resolve,
    });
  } finally {
    released.resolve();
    await lab.close();
  }
};

function isWaitedFor(by: StoreTrouble): boolean {
  return by === "never answers" || by === "delays every write";
}

async function trouble(
  door: DynamoDbDoor,
  by: StoreTrouble,
  released: Promise<void>,
): Promise<void> {
  switch (by) {
    case "nobody listens":
      return await door.close();
    case "never answers":
      door.faults.hang = true;
      return;
    case "throttles":
      door.faults.throttleNext = Number.POSITIVE_INFINITY;
      return;
    case "denies":
      door.faults.denied = ["GetItem", "PutItem", "BatchGetItem", "DeleteItem", "Query"];
      return;
    case "loses the next answer":
      door.faults.loseReplyNext = 1;
      return;
    case "loses the next request":
      return refuseOnce(door);
    case "delays every write":
      door.hooks.onRequest = async ({ operation }) => {
        if (operation === "PutItem") await released;
      };
      return;
    default:
      assertNever(by);
  }
}

/** An answer that says nothing of the write, to every try of it by the SDK. */
function refuseOnce(door: DynamoDbDoor): void {
  let refusals = sdkAttempts;
  door.hooks.onRequest = async ({ operation }) => {
    if (operation !== "PutItem" || refusals === 0) return;
    refusals -= 1;
    throw new Error("an error that says nothing of the write");
  };
}
