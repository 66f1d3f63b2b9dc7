import { readFile } from "node:fs/promises";
import type { AuthConfig, TlsConfig } from "../core/config.ts";
import { checkDocument } from "./document-checks.ts";
import { type GroupDraft, type ReadGroup, readGroup, toDnsConfig } from "./draft.ts";
import { checkGroup, majorityOf } from "./group-checks.ts";
import { findingsOfIssues, valueAt } from "./issues.ts";
import { type Finding, formatPath, type Path, type Position, type Problem } from "./problems.ts";
import { documentSchema, groupsMax, type RawGroup } from "./schema.ts";
import { type PlacedFinding, placeAll, readYaml, type YamlSource } from "./yaml-source.ts";

/** A valid document; `locate` finds the place of what is checked later, against the world outside the file. */
export interface LoadedConfig {
  readonly ok: true;
  readonly file: string;
  readonly groups: readonly GroupDraft[];
  readonly warnings: readonly Problem[];
  readonly locate: (path: Path) => Position;
}

export interface RefusedConfig {
  readonly ok: false;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export type ConfigResult = LoadedConfig | RefusedConfig;

/** Reads and checks a file; a file that can't be read is a problem like any other. */
export async function loadConfigFile(file: string): Promise<ConfigResult> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const message = `expected a readable file, got ${explainReadError(error)}`;
    const problem = { file, line: 1, column: 1, path: "", message };
    return { ok: false, problems: [problem], warnings: [] };
  }
  return loadConfig(text, file);
}

export function explainReadError(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  switch (code) {
    case "ENOENT":
      return "no file of that name";
    case "EISDIR":
      return "a folder";
    case "EACCES":
      return "no permission to read it";
    default:
      return String(error);
  }
}

/** Checks the text of a configuration and reports everything that is wrong with it at once, in the file's order. */
export function loadConfig(text: string, file: string): ConfigResult {
  const read = readYaml(text.replace(/^\uFEFF/, ""));
  if (!read.ok) return { ok: false, problems: placeAll(read.found, file), warnings: [] };
  const { source } = read;
  const parsed = documentSchema.safeParse(source.value);
  const issues = findingsOfIssues(parsed.error?.issues ?? [], source.value);
  const { groups, findings } = checkEverything(source.value);
  const all = dropRepeated([...issues, ...findings]).map((finding) => toPlaced(finding, source));
  const warnings = placeAll(all.filter(isOf("warning")), file);
  const problems = placeAll([...source.found, ...all.filter(isOf("problem"))], file);
  if (problems.length > 0 || !parsed.success) return { ok: false, problems, warnings };
  const drafts = parsed.data.groups.map((raw, index) =>
    toDraft(raw, groups[index], parsed.data.observers),
  );
  const locate = (path: Path): Position => source.locate({ path, at: "value" });
  return { ok: true, file, groups: drafts, warnings, locate };
}

function checkEverything(value: unknown): {
  readonly groups: readonly ReadGroup[];
  readonly findings: readonly Finding[];
} {
  const rawObservers = valueAt(value, ["observers"]);
  const rawGroups = valueAt(value, ["groups"]);
  const observers = Array.isArray(rawObservers) ? rawObservers : [];
  const reads = (Array.isArray(rawGroups) ? rawGroups : []).slice(0, groupsMax).map(readGroup);
  const groups = reads.map((read) => read.value);
  const count = observers.length === 0 ? null : new Set(observers).size;
  const findings = [
    ...reads.flatMap((read) => read.findings),
    ...groups.flatMap((group) => checkGroup(group, count)),
    ...checkDocument(observers, groups),
  ];
  return { groups, findings };
}

function toDraft(
  raw: RawGroup,
  read: ReadGroup | undefined,
  observers: readonly string[],
): GroupDraft {
  const { name, nodes: _nodes, placement: _placement, dns, auth, tls: rawTls, ...rest } = raw;
  const { quorum, ...settings } = rest;
  const placement = read?.placement ?? null;
  const tls = toTls(rawTls);
  const majority = majorityOf(observers.length);
  return {
    name,
    observers,
    nodes: (read?.nodes ?? []).map((node) => node.config),
    settings: { ...settings, quorum: Math.max(quorum ?? majority, majority) },
    ...(placement === null ? {} : { placement }),
    ...(dns === undefined ? {} : { dns: toDnsConfig(dns) }),
    ...(auth === undefined ? {} : { auth: toAuth(auth) }),
    ...(tls === null ? {} : { tls }),
  };
}

function toAuth(raw: NonNullable<RawGroup["auth"]>): AuthConfig {
  const { username, password } = raw;
  return username === undefined ? { password } : { username, password };
}

/** null when connections are not encrypted. */
function toTls(raw: RawGroup["tls"]): TlsConfig | null {
  if (raw === undefined || raw === false) return null;
  if (raw === true) return {};
  const { ca, servername, cert, key } = raw;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function isOf(severity: Finding["severity"]) {
  return (placed: PlacedFinding): boolean => placed.finding.severity === severity;
}

function toPlaced(finding: Finding, source: YamlSource): PlacedFinding {
  return { finding, position: source.locate(finding) };
}

function dropRepeated(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = `${formatPath(finding.path)} ${finding.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
