import type { GroupDraft } from "../config/draft.ts";
import type { LoadedConfig } from "../config/load.ts";
import { formatPath, type Path, type Problem, sortProblems } from "../config/problems.ts";
import { parseSecretRef } from "../config/secret-ref.ts";
import type { Stage } from "./stage-schema.ts";

interface Found {
  readonly path: Path;
  readonly message: string;
}

/**
 * What groups ask for and the roles of their stage do not allow: records and secrets outside of what its file names. The
 * functions would find out in the middle of a failover, or at their first login.
 */
export function checkBounds(loaded: LoadedConfig, stage: Stage): readonly Problem[] {
  const problems = loaded.groups.flatMap((group, index) =>
    [...checkRecords(group, stage), ...checkSecrets(group, stage)].map((found): Problem => {
      const path: Path = ["groups", index, ...found.path];
      const { file } = loaded;
      return { file, ...loaded.locate(path), path: formatPath(path), message: found.message };
    }),
  );
  return sortProblems(problems);
}

/** Whether the groups ask for anything that the roles of a stage bound. */
export function asksForBounded({ groups }: LoadedConfig): boolean {
  return groups.some(
    (group) =>
      group.dns !== undefined ||
      refsOf(group).some(([, ref]) => ref !== undefined && placeOf(ref) !== null),
  );
}

function checkRecords({ dns }: GroupDraft, { zones, recordNames }: Stage): readonly Found[] {
  if (dns === undefined) return [];
  const found: Found[] = [];
  if (!zones.includes(dns.zoneId)) {
    const known = zones.length === 0 ? "which has none" : `which has ${zones.join(", ")}`;
    const message = `expected one of the stage's zones, ${known}, got ${dns.zoneId}`;
    found.push({ path: ["dns", "zoneId"], message });
  }
  for (const field of ["name", "replicas"] as const) {
    const name = dns[field];
    if (name === undefined || recordNames === undefined || fits(name, recordNames)) continue;
    const message = `expected a name that the stage's recordNames allow, ${recordNames}, got "${name}": the functions may change no other`;
    found.push({ path: ["dns", field], message });
  }
  return found;
}

function fits(name: string, pattern: string): boolean {
  return pattern.startsWith("*.") ? name.endsWith(pattern.slice(1)) : name === pattern;
}

function refsOf({ auth, tls }: GroupDraft): readonly (readonly [Path, string | undefined])[] {
  return [
    [["auth", "password"], auth?.password],
    [["tls", "ca"], tls?.ca],
    [["tls", "cert"], tls?.cert],
    [["tls", "key"], tls?.key],
  ];
}

function checkSecrets(group: GroupDraft, { secretPrefix }: Stage): readonly Found[] {
  return refsOf(group).flatMap(([path, ref]): readonly Found[] => {
    const place = ref === undefined ? null : placeOf(ref);
    if (place === null || place.startsWith(`${secretPrefix}/`)) return [];
    const message = `expected a secret below the stage's secretPrefix, "ssm:/${secretPrefix}/…" or "secretsmanager:${secretPrefix}/…", got "${ref}": the functions may read no other`;
    return [{ path, message }];
  });
}

/** Where a secret is in its store, without the slash that parameters begin with; null: it is in none that IAM guards. */
function placeOf(ref: string): string | null {
  const parsed = parseSecretRef(ref);
  if (parsed === null || parsed.source === "env") return null;
  if (parsed.source === "ssm") return parsed.name.replace(/^(arn:.*:parameter)?\//, "");
  return parsed.id.replace(/^arn:.*:secret:/, "");
}
