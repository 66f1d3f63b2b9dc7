import { assertNever } from "../../lib/core/assert-never.ts";
import { SimStore } from "../simulator/sim-store.ts";
import { noStoreFaults, type StoreFaults } from "../simulator/store-requests.ts";
import { SimTime } from "./sim-time.ts";
import type { StorePlay, StoreTrouble } from "./store-stage.ts";

export const playSimStore: StorePlay = async (act) => {
  const time = new SimTime();
  const table = (deployment: string) =>
    new SimStore(
      1,
      { onState: () => {}, onSent: () => {}, onVote: () => {}, onCast: () => {} },
      deployment,
    );
  const store = table("prod");
  await time.playOut(
    act({
      pass: (ms) => time.pass(ms),
      store: (deployment = "prod") => {
        // The same items, read by another deployment.
        const own = deployment === store.deployment ? store : table(deployment);
        if (own !== store) for (const [group, state] of store.states) own.states.set(group, state);
        return own.operatorPortFor(time.process(), "operator");
      },
      troubled: (by) =>
        Promise.resolve(store.operatorPortFor(time.process(), "troubled", faultsFor(by))),
      release: () => {},
    }),
  );
};

function faultsFor(trouble: StoreTrouble): StoreFaults {
  const faults = noStoreFaults();
  switch (trouble) {
    case "nobody listens":
      faults.refused.add("troubled");
      return faults;
    case "never answers":
      faults.cutOff.add("troubled");
      return faults;
    case "throttles":
      return Object.assign(faults, { throttled: 1 });
    case "denies":
      faults.denied.add("troubled");
      return faults;
    case "loses the next answer":
      return Object.defineProperty(faults, "lostReply", once());
    case "loses the next request":
      return Object.defineProperty(faults, "lostRequest", once());
    case "delays every write":
      return Object.assign(faults, { lateApply: 1 });
    default:
      return assertNever(trouble);
  }
}

/** A probability that is certain for the first request that asks for it. */
function once(): PropertyDescriptor {
  let left = 1;
  return {
    get: () => {
      left -= 1;
      return left >= 0 ? 1 : 0;
    },
  };
}
