import { assertNever } from "../../lib/core/assert-never.ts";
import type { RecordSet } from "../../lib/core/records.ts";
import type { Act, Of } from "./act.ts";
import type { SimDns } from "./sim-dns.ts";
import type { SimWorld } from "./world.ts";

export function onZone(
  world: SimWorld,
  fault: Of<"dns-down" | "dns-up" | "dns-edit" | "dns-delete" | "dns-foreign" | "dns-return">,
): Act {
  const { dns, config, store: own } = world;
  switch (fault.kind) {
    case "dns-down":
    case "dns-up": {
      const isDown = fault.kind === "dns-down";
      if (dns.faults.isDown === isDown) return null;
      return () => {
        dns.faults.isDown = isDown;
      };
    }
    case "dns-edit":
      // A person's edit: the address is overwritten, the companion is not.
      return () =>
        dns.overwrite((one) =>
          one.name === config.dns?.name && one.type === "A"
            ? { ...one, values: [fault.node] }
            : one,
        );
    case "dns-delete":
      return dns.records.length === 0 ? null : () => dns.overwrite(() => null);
    case "dns-foreign":
      return hand(dns, own.deployment, "another");
    case "dns-return":
      return hand(dns, "another", own.deployment);
    default:
      return assertNever(fault);
  }
}

/** The companion passes from one deployment to another, and nothing else of the records changes. */
function hand(dns: SimDns, from: string, to: string): Act {
  const isFrom = (one: RecordSet) =>
    one.type === "TXT" && one.values.some((value) => value.includes(`deployment=${from} `));
  if (!dns.records.some(isFrom)) return null;
  const passed = (value: string) => value.replace(`deployment=${from} `, `deployment=${to} `);
  return () =>
    dns.overwrite((one) => (isFrom(one) ? { ...one, values: one.values.map(passed) } : one));
}
