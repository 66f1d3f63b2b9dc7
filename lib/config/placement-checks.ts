import { formatAddress } from "../core/config.ts";
import { configuredRank } from "../core/placement.ts";
import type { ReadGroup } from "./draft.ts";
import { type Finding, type Path, problemAt, quote, warningAt } from "./problems.ts";
import { didYouMean } from "./suggest.ts";

/** What must hold between a group's placement and its nodes. */
export function checkPlacement(group: ReadGroup): readonly Finding[] {
  // A node that could not be read may be the very one that a name means.
  if (group.nodes.length !== group.listedNodes || group.listedNodes === 0) return [];
  const named = checkNames(group);
  const regions = checkRegionsKnown(group);
  return [...named, ...regions, ...(regions.length > 0 ? [] : checkSomebodyMay(group))];
}

/** A name that no node bears is a typing error, and a 0 that then means nobody. */
function checkNames({ nodes, path, placement }: ReadGroup): readonly Finding[] {
  if (placement === null) return [];
  const place = [...path, "placement"];
  const zones = new Set(nodes.flatMap((node) => node.config.zone ?? []));
  const regions = new Set(nodes.flatMap((node) => node.config.region ?? []));
  return [
    ...Object.keys(placement.zones).flatMap((name) =>
      checkName("zone", name, zones, [...place, "zones", name]),
    ),
    ...Object.keys(placement.regions).flatMap((name) =>
      checkName("region", name, regions, [...place, "regions", name]),
    ),
    ...(placement.masterRegions ?? []).flatMap((name) =>
      checkName("region", name, regions, [...place, "masterRegions"]),
    ),
  ];
}

function checkName(
  kind: "zone" | "region",
  name: string,
  known: ReadonlySet<string>,
  path: Path,
): readonly Finding[] {
  if (known.has(name)) return [];
  const hint = didYouMean(name, known) || ": none of them has it";
  const message = `expected the ${kind} of one of the group's nodes, got ${quote(name)}${hint}`;
  return [problemAt(path, message)];
}

function checkRegionsKnown({ nodes, placement }: ReadGroup): readonly Finding[] {
  if (placement?.masterRegions === undefined) return [];
  return nodes
    .filter((node) => node.config.region === undefined)
    .map((node) => {
      const message = `expected a region, as placement.masterRegions needs, got none for ${node.config.id}: write it as { probe: "${formatAddress(node.config.probe)}", region: … }`;
      return problemAt(node.path, message);
    });
}

function checkSomebodyMay({ nodes, path, placement }: ReadGroup): readonly Finding[] {
  const config = {
    nodes: nodes.map((node) => node.config),
    ...(placement === null ? {} : { placement }),
  };
  const may = config.nodes.filter((node) => configuredRank(config, node.id).never === null);
  const [only] = may;
  const place = [...path, "nodes"];
  if (only === undefined) {
    const message =
      "expected a node that may be promoted, got none: every one has priority 0 or stands in a region in which no master may live";
    return [problemAt(place, message)];
  }
  if (may.length > 1 || nodes.length === 1) return [];
  const message = `expected two or more nodes that may be promoted, got ${only.id} alone: nobody may take its place when it dies`;
  return [warningAt(place, message)];
}
