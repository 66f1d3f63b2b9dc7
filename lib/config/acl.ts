import { markerKeyOf } from "../core/config.ts";

/** What an observer sends to a node, and so all that its user needs: the one source of `acl` and of docs/threat-model.md. */

const always = [
  "ping",
  "role",
  "info",
  "multi",
  "exec",
  "replicaof",
  "failover",
  "config|get",
  "config|rewrite",
  "client|list",
  "client|kill",
  "client|unpause",
  "client|setname",
] as const;

const forMarker = ["get", "set", "eval", "watch", "unwatch"] as const;

const forScripts = ["script|kill", "function|kill"] as const;

export interface AclScope {
  readonly username: string;
  /** Whose marker key may be touched; null: every group's. */
  readonly group: string | null;
  /** Whether the group keeps a marker key at all. */
  readonly marker: boolean;
  readonly killBusyScripts: boolean;
  /** Empty: none. */
  readonly writeProbeKey: string;
}

export const anyGroup: AclScope = {
  username: "watcher",
  group: null,
  marker: true,
  killBusyScripts: false,
  writeProbeKey: "",
};

/** The commands that the user needs, each a right of an ACL. */
export function rightsOf(scope: Omit<AclScope, "username" | "group">): readonly string[] {
  const forWrite = scope.writeProbeKey === "" || scope.marker ? [] : ["set"];
  const kills = scope.killBusyScripts ? forScripts : [];
  return [...always, ...(scope.marker ? forMarker : []), ...forWrite, ...kills];
}

/** The line of an ACL file. Its password is not ours to know: people put theirs in its place. */
export function aclLine(scope: AclScope): string {
  const { username, group } = scope;
  const key = group === null ? "lambda-sentinel:*" : markerKeyOf(group);
  const written = scope.writeProbeKey === "" ? [] : [`~${scope.writeProbeKey}`];
  const keys = [...(scope.marker ? [`~${key}`] : []), ...written];
  const rights = rightsOf(scope).map((right) => `+${right}`);
  const limits = ["resetchannels", ...keys, "-@all"];
  return ["user", username, "on", ">a-long-password", ...limits, ...rights].join(" ");
}
