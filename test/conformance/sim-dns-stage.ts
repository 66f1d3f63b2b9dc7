import { assertNever } from "../../lib/core/assert-never.ts";
import { splitPrng } from "../simulator/prng.ts";
import { type DnsFaults, noDnsFaults, SimDns } from "../simulator/sim-dns.ts";
import { gotFrom } from "../support/results.ts";
import type { DnsPlay, DnsTrouble } from "./dns-stage.ts";
import { SimTime } from "./sim-time.ts";

const zoneId = "Z1";

export const playSimDns: DnsPlay = async (act) => {
  const time = new SimTime();
  const zone = new SimDns(splitPrng(1, "dns"), () => {});
  zone.zoneId = zoneId;
  await time.playOut(
    act({
      zoneId,
      pass: (ms) => time.pass(ms),
      dns: () => zone.portFor(time.process()),
      troubled: (by) => Promise.resolve(zone.portFor(time.process(), faultsFor(by))),
      release: () => {},
      byHand: (action, record) => {
        gotFrom(zone.apply([{ action, record }], time.process()));
      },
      listed: () => zone.records.map((one) => `${one.name} ${one.type} ${one.values.join(" ")}`),
      appearAfter: (ms) => {
        zone.appearAfterMs = ms;
      },
      handleFor: (ms) => {
        zone.handlingMs = ms;
      },
    }),
  );
};

function faultsFor(trouble: DnsTrouble): DnsFaults {
  const faults = noDnsFaults();
  switch (trouble) {
    case "never answers":
      return { ...faults, isDown: true };
    case "throttles":
      return { ...faults, throttled: 1 };
    case "denies":
      return { ...faults, isDenied: true };
    case "loses the next answer":
      return loseOnce(faults);
    case "delays every batch":
      return { ...faults, late: 1 };
    default:
      return assertNever(trouble);
  }
}

/** Reading answers; of the batches the first one's answer is lost. */
function loseOnce(faults: DnsFaults): DnsFaults {
  let asked = 0;
  return Object.defineProperty(faults, "lostReply", {
    get: () => {
      asked += 1;
      // The first request reads, the second one is the batch.
      return asked === 2 ? 1 : 0;
    },
  });
}
