import { normalizeName } from "../core/records.ts";
import { kindOfHost } from "./address.ts";
import type { LoadedConfig } from "./load.ts";
import { formatPath, type Path, type Problem, sortProblems } from "./problems.ts";

/** Names of hosted zones by id, as far as they could be asked. */
export type ZoneNames = ReadonlyMap<string, string>;

/** What the file alone can't tell: whether each record lies in its zone, and may stand where it does. */
export function checkZones(loaded: LoadedConfig, zones: ZoneNames): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [index, group] of loaded.groups.entries()) {
    const { dns } = group;
    const zone = dns === undefined ? undefined : zones.get(dns.zoneId);
    if (dns === undefined || zone === undefined) continue;
    const hosts = group.nodes.map((node) => node.publish.host);
    for (const field of ["name", "replicas"] as const) {
      const name = dns[field];
      const message = name === undefined ? null : judge(name, normalizeName(zone), hosts);
      if (message === null) continue;
      const path: Path = ["groups", index, "dns", field];
      const { file } = loaded;
      problems.push({ file, ...loaded.locate(path), path: formatPath(path), message });
    }
  }
  return sortProblems(problems);
}

function judge(name: string, zone: string, hosts: readonly string[]): string | null {
  if (name !== zone && !name.endsWith(`.${zone}`)) {
    return `expected a name inside the zone ${zone}, got "${name}"`;
  }
  const host = hosts.find((one) => kindOfHost(one) === "host name");
  if (name === zone && host !== undefined) {
    return `expected a name below the zone ${zone}, got its apex: "${host}" would be published as a CNAME, which can't stand there; publish addresses or choose a name below`;
  }
  return null;
}
