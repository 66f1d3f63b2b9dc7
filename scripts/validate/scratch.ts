import { regionSets } from "../../lib/deploy/table-placement.ts";

/** What a validation is called and where everything of it is: known before anything of it exists. */
export interface Scratch {
  /** Of the stage and of everything else: `validate-` and six hexadecimal digits. */
  readonly name: string;
  readonly region: string;
  /** Where a strongly consistent table would have its other copy and its witness; null: the region is in no set. */
  readonly strong: { readonly replica: string; readonly witness: string } | null;
  readonly table: string;
  readonly baseStack: string;
  readonly zoneName: string;
  readonly group: string;
  readonly passwordName: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly observers: readonly string[];
}

/** What the base stack says of itself once it exists. */
export interface Base {
  readonly subnets: readonly string[];
  readonly securityGroup: string;
  readonly zoneId: string;
  readonly hand: string;
  readonly plainTable: string;
  readonly strongTable: string | null;
}

export const group = "orders";

export function scratchOf(digits: string, region: string): Scratch {
  const name = `validate-${digits}`;
  const set = regionSets.find((regions) => regions.includes(region)) ?? [];
  const [replica, witness] = set.filter((one) => one !== region);
  return {
    name,
    region,
    strong: replica === undefined || witness === undefined ? null : { replica, witness },
    table: `lambda-sentinel-${name}`,
    baseStack: `lambda-sentinel-${name}-base`,
    zoneName: `${name}.internal`,
    group,
    passwordName: `/${name}/password`,
    nodes: [0, 1, 2].map((place) => ({ host: hostOf(place), port: 6379 })),
    observers: ["one", "two", "three"],
  };
}

/** The stage's file: three observers of one region, each in a zone of its own, in the network pattern without hourly price. */
export function stageOf(scratch: Scratch, base: Base): unknown {
  const { region, zoneName, name, observers } = scratch;
  return {
    table: { home: region, mode: "single-region" },
    observers: observers.map((observer, place) => ({
      name: observer,
      region,
      subnets: [base.subnets[place]],
      securityGroups: [base.securityGroup],
    })),
    nodeRegions: [region],
    network: "dual-stack",
    zones: [base.zoneId],
    recordNames: `*.${zoneName}`,
    secretPrefix: name,
    logRetentionDays: 1,
    tags: { purpose: name },
  };
}

/** groups.yml, with the settings that everybody begins with. Every JSON text is a YAML text. */
export function groupsFileOf(scratch: Scratch, base: Pick<Base, "zoneId">): string {
  const { nodes, observers, zoneName, passwordName } = scratch;
  const one = {
    name: group,
    nodes: nodes.map(({ host, port }) => `${host}:${port}`),
    dns: { zoneId: base.zoneId, name: `${group}.${zoneName}`, ttl: 1 },
    auth: { password: `ssm:${passwordName}` },
  };
  return `${JSON.stringify({ observers, groups: [one] }, null, 2)}\n`;
}

/** The fixed address of the node of this place; each has a subnet of its own. */
export function hostOf(place: number): string {
  return `10.77.${place}.10`;
}
