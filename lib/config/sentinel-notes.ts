import { assertNever } from "../core/assert-never.ts";
import type { OtherOption, Placed, SentinelConf, SentinelMaster } from "./sentinel-conf.ts";
import type { ImportedGroup, ImportNote } from "./sentinel-import.ts";
import { caRef, certRef, keyRef, passwordRef, type SettingChange } from "./sentinel-settings.ts";

type Remark = Omit<ImportNote, "group">;

/** What people are told about one master: values of numbers, names and addresses alone, never a secret. */
export function noteMaster(
  group: ImportedGroup,
  settings: Readonly<Record<string, number>>,
  changes: readonly SettingChange[],
): readonly ImportNote[] {
  const { name, master, nodes } = group;
  const remarks: readonly Remark[] = [
    sayTaken(group, settings),
    ...sayName(group),
    ...changes.map((change): Remark => ({ kind: "changed", ...change })),
    ...sayAuth(name, master),
    ...sayNodes(nodes),
    ...master.others.map(
      ({ line, value }): Remark => ({ kind: "missing", line, text: sayOther(value) }),
    ),
  ];
  return remarks.map((remark) => ({ ...remark, group: name }));
}

function sayTaken(
  { master, nodes }: ImportedGroup,
  settings: Readonly<Record<string, number>>,
): Remark {
  const replicas = nodes.length - 1;
  const count = replicas === 1 ? "one replica" : `${replicas} replicas`;
  const numbers = Object.entries(settings).map(([setting, value]) => `${setting} ${value}`);
  const text = `master ${nodes[0]}, ${count}; ${numbers.join(", ")}`;
  return { kind: "taken", line: master.line, text };
}

function sayName({ name, master }: ImportedGroup): readonly Remark[] {
  if (name === master.name) return [];
  const text = `it was called ${JSON.stringify(master.name)}: names here are lower-case letters, digits and hyphens`;
  return [{ kind: "changed", line: master.line, text }];
}

function sayAuth(group: string, { passwordLine, user }: SentinelMaster): readonly Remark[] {
  if (passwordLine !== null) {
    const text = `the password (not shown) is read from ${passwordRef(group)}: store it there, or write another reference`;
    return [{ kind: "changed", line: passwordLine, text }];
  }
  if (user === null) return [];
  const text = "auth-user without auth-pass: Sentinel doesn't log in, so no user is written";
  return [{ kind: "changed", line: user.line, text }];
}

function sayNodes(nodes: readonly string[]): readonly Remark[] {
  const own = nodes.filter((node) => /^(127\.|localhost:|\[::1\])/.test(node));
  const remarks: Remark[] = own.map((node) => ({
    kind: "changed",
    line: null,
    text: `${node} is each machine itself: give the address under which observers reach it`,
  }));
  if (nodes.length > 1) return remarks;
  const text =
    "no replica is named: a Sentinel that runs adds those that it has found to its file; import that one, or add them";
  return [...remarks, { kind: "changed", line: null, text }];
}

function sayOther(option: OtherOption): string {
  switch (option) {
    case "notification-script":
      return "notification-script: no script is run; give the stacks a `topic` or an `eventBus`, see docs/notifications.md";
    case "client-reconfig-script":
      return "client-reconfig-script: no script is run; the record under `dns` moves by itself, and clients follow the name";
    case "rename-command":
      return "rename-command: commands are sent by their own names; take it out of the servers' configuration, and forbid commands to others by ACL";
    default:
      return assertNever(option);
  }
}

const always = [
  "clients that ask Sentinels for the master connect to the name under `dns` instead: fill it in, see docs/clients.md",
  "crashAfterMs has no counterpart: a master whose port refuses connections is replaced after it, not after downAfterMs; set it longer than a supervised restart takes, or to 0 to wait as Sentinel does",
  "failoverTimeoutMs is when a person is called, and nothing is undone then; nobody waits twice that long for the next try, and cooldownMs is a setting of its own",
];

/** What people are told about the file as a whole; `invented` are names of observers that stand for real ones. */
export function noteFile(
  conf: SentinelConf,
  invented: readonly string[] | null,
): readonly ImportNote[] {
  const observers = `observers are called ${invented?.join(", ")}: write the names of your stacks, or give --observers`;
  const included = "an included file is not read: put its lines in the place of `include`";
  const unknown = `not understood and not taken over: line ${conf.unknown.join(", ")}`;
  const remarks: readonly Remark[] = [
    ...[...(invented === null ? [] : [observers]), ...always].map(
      (text): Remark => ({
        ...{ kind: "changed", line: null, text },
      }),
    ),
    ...sayTls(conf),
    ...conf.includes.map((line): Remark => ({ kind: "left-out", line, text: included })),
    ...(conf.unknown.length === 0
      ? []
      : [{ kind: "left-out", line: null, text: unknown } satisfies Remark]),
    ...sayUnused("sentinel ", conf.own),
    ...sayUnused("", conf.process),
  ];
  return remarks.map((remark) => ({ ...remark, group: null }));
}

function sayTls({ tls }: SentinelConf): readonly Remark[] {
  if (tls.get("tls-replication")?.value.toLowerCase() !== "yes") return [];
  const ca = tls.get("tls-ca-cert-file") ?? tls.get("tls-ca-cert-dir");
  const own = tls.get("tls-cert-file");
  const trusted = `the certificates to trust are read from ${caRef}: store them there, as PEM`;
  const names =
    "names in certificates are checked, which Sentinel doesn't do: set tls.servername where they are not the nodes' addresses";
  const client = `the certificate that observers show is read from ${certRef} and its key from ${keyRef}: store them there, as PEM, or remove both where the nodes demand none`;
  return [
    ...(ca === undefined
      ? []
      : [{ kind: "changed", line: ca.line, text: trusted } satisfies Remark]),
    { kind: "changed", line: tls.get("tls-replication")?.line ?? null, text: names },
    ...(own === undefined
      ? []
      : [{ kind: "changed", line: own.line, text: client } satisfies Remark]),
  ];
}

/** Settings of a process that there will not be, and its state. */
function sayUnused(prefix: string, placed: readonly Placed<string>[]): readonly Remark[] {
  const names = [...new Set(placed.map((one) => one.value))];
  const own = names.filter((name) => !name.startsWith("tls-"));
  if (own.length === 0) return [];
  const list = own.map((name) => `${prefix}${name}`).join(", ");
  const text = `${list}: there is no server to set up, so nothing takes their place`;
  return [{ kind: "missing", line: null, text }];
}
