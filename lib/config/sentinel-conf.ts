import { quote } from "./problems.ts";
import { cutWords } from "./sentinel-lines.ts";

/** A Redis Sentinel's configuration as far as it concerns its masters. Passwords are not kept: only that there is one. */
export interface SentinelConf {
  /** In the order of the file. */
  readonly masters: readonly SentinelMaster[];
  /** `tls-*` of the Sentinel itself: with `tls-replication yes` it reaches the nodes over TLS. */
  readonly tls: ReadonlyMap<string, Placed<string>>;
  /** `sentinel …` lines about no master. */
  readonly own: readonly Placed<string>[];
  /** The Sentinel process's own settings, such as its port. */
  readonly process: readonly Placed<string>[];
  readonly includes: readonly number[];
  /** Lines that are none of what Sentinel is known to write; what they hold is not shown. */
  readonly unknown: readonly number[];
}

export interface Placed<T> {
  readonly line: number;
  readonly value: T;
}

export interface SentinelMaster {
  readonly name: string;
  readonly line: number;
  readonly host: string;
  readonly port: number;
  readonly quorum: number;
  readonly replicas: readonly Placed<{ readonly host: string; readonly port: number }>[];
  /** How many other Sentinels it has heard of. */
  readonly sentinels: number;
  readonly numbers: ReadonlyMap<NumberOption, Placed<number>>;
  readonly user: Placed<string> | null;
  /** The line of the password. */
  readonly passwordLine: number | null;
  /** What there is no number for: scripts and renamed commands. */
  readonly others: readonly Placed<OtherOption>[];
}

export type NumberOption = (typeof numberOptions)[number];

const numberOptions = [
  "down-after-milliseconds",
  "failover-timeout",
  "parallel-syncs",
  "master-reboot-down-after-period",
] as const;

export type OtherOption = "notification-script" | "client-reconfig-script" | "rename-command";

export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

export type SentinelConfResult =
  | { readonly ok: true; readonly conf: SentinelConf }
  | { readonly ok: false; readonly problems: readonly LineProblem[] };

const bytesMax = 1_048_576;

/** Reads the file that Sentinel itself keeps rewriting. Its order does not matter, and everything wrong is told at once. */
export function readSentinelConf(text: string): SentinelConfResult {
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) {
    const message = `expected at most ${bytesMax} bytes (1 MiB), got ${bytes}`;
    return { ok: false, problems: [{ line: 1, message }] };
  }
  const draft = emptyDraft();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const content = raw.trim();
    if (content !== "" && !content.startsWith("#")) readLine(draft, content, index + 1);
  }
  for (const statement of draft.statements) readStatement(draft, statement);
  if (draft.masters.size === 0 && draft.problems.length === 0) {
    const message = `expected the configuration of a Redis Sentinel, got no \`sentinel monitor\` line${looksLike(draft)}`;
    draft.problems.push({ line: 1, message });
  }
  if (draft.problems.length > 0) return { ok: false, problems: draft.problems };
  const { tls, own, process, includes, unknown } = draft;
  const masters = [...draft.masters.values()];
  return { ok: true, conf: { masters, tls, own, process, includes, unknown } };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type DraftMaster = Mutable<Omit<SentinelMaster, "replicas" | "numbers" | "others">> & {
  readonly replicas: Placed<{ readonly host: string; readonly port: number }>[];
  readonly numbers: Map<NumberOption, Placed<number>>;
  readonly others: Placed<OtherOption>[];
};

/** One line about a master other than its `monitor`; these are read when all masters are known. */
interface Statement {
  readonly line: number;
  readonly option: string;
  readonly words: readonly string[];
}

interface Draft {
  readonly masters: Map<string, DraftMaster>;
  /** Names of all `monitor` lines, broken ones included. */
  readonly named: Set<string>;
  readonly statements: Statement[];
  readonly tls: Map<string, Placed<string>>;
  readonly own: Placed<string>[];
  readonly process: Placed<string>[];
  readonly includes: number[];
  readonly unknown: number[];
  readonly problems: LineProblem[];
}

function emptyDraft(): Draft {
  return {
    masters: new Map(),
    named: new Set(),
    statements: [],
    tls: new Map(),
    own: [],
    process: [],
    includes: [],
    unknown: [],
    problems: [],
  };
}

function looksLike(draft: Draft): string {
  const names = new Set(draft.process.map((one) => one.value));
  if (names.has("save") || names.has("appendonly") || names.has("replicaof")) {
    return "; this looks like the configuration of a Redis server: give the file that a Sentinel is started with";
  }
  return draft.includes.length === 0 ? "" : "; included files are not read";
}

const unbalanced = "expected balanced quotes, got one that is not closed or goes on behind its end";

function readLine(draft: Draft, content: string, line: number): void {
  const cut = cutWords(content, 2);
  const second = cut?.words[1] ?? "";
  const keyword = (/^\S+/.exec(content)?.[0] ?? "").toLowerCase();
  if (keyword === "sentinel") {
    if (cut === null) draft.problems.push({ line, message: unbalanced });
    else readSentinelLine(draft, content, second.toLowerCase(), line);
  } else if (keyword === "include") draft.includes.push(line);
  else if (isOfProcess(keyword)) {
    draft.process.push({ line, value: keyword });
    if (tlsNames.has(keyword)) draft.tls.set(keyword, { line, value: second });
  } else draft.unknown.push(line);
}

/** `tls-key-file-pass` is a secret, and not read. */
const tlsNames: ReadonlySet<string> = new Set([
  "tls-replication",
  "tls-ca-cert-file",
  "tls-ca-cert-dir",
  "tls-cert-file",
]);

/** How many words follow `sentinel OPTION`; a password is none of them. */
const masterOptions: Readonly<Record<string, number>> = {
  monitor: 4,
  "known-replica": 3,
  "known-slave": 3,
  "known-sentinel": 3,
  "down-after-milliseconds": 2,
  "failover-timeout": 2,
  "parallel-syncs": 2,
  "master-reboot-down-after-period": 2,
  "primary-reboot-down-after-period": 2,
  "auth-user": 2,
  "auth-pass": 1,
  "notification-script": 1,
  "client-reconfig-script": 1,
  "rename-command": 1,
  "config-epoch": 1,
  "leader-epoch": 1,
};

const ownOptions: ReadonlySet<string> = new Set([
  "myid",
  "current-epoch",
  "announce-ip",
  "announce-port",
  "announce-hostnames",
  "resolve-hostnames",
  "deny-scripts-reconfig",
  "sentinel-user",
  "sentinel-pass",
]);

function readSentinelLine(draft: Draft, content: string, option: string, line: number): void {
  if (ownOptions.has(option)) {
    draft.own.push({ line, value: option });
    return;
  }
  const count = Object.hasOwn(masterOptions, option) ? masterOptions[option] : undefined;
  if (count === undefined) {
    draft.unknown.push(line);
    return;
  }
  const words = cutWords(content, 2 + count)?.words.slice(2);
  if (words === undefined || words.length < count) {
    const got = words === undefined ? "a quote that is not closed" : String(words.length);
    const message = `expected ${count} ${count === 1 ? "word" : "words"} behind \`sentinel ${option}\`, got ${got}`;
    draft.problems.push({ line, message });
  } else if (option === "monitor") readMonitor(draft, words, line);
  else draft.statements.push({ line, option, words });
}

function readMonitor(draft: Draft, words: readonly string[], line: number): void {
  const [name = "", host = "", port = "", quorum = ""] = words;
  const known = draft.masters.get(name);
  draft.named.add(name);
  const problem =
    known !== undefined
      ? `expected each master once, got ${quote(name)} again, first in line ${known.line}`
      : (checkNumber("a port", port, 1, 65_535) ?? checkNumber("a quorum", quorum, 1, 1_000_000));
  if (problem !== null) {
    draft.problems.push({ line, message: problem });
    return;
  }
  draft.masters.set(name, {
    ...{ name, line, host, port: Number(port), quorum: Number(quorum) },
    ...{ replicas: [], sentinels: 0, numbers: new Map(), user: null, passwordLine: null },
    others: [],
  });
}

function checkNumber(what: string, text: string, minimum: number, maximum: number): string | null {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= minimum && value <= maximum) return null;
  return `expected ${what}, a whole number from ${minimum} to ${maximum}, got ${quote(text)}`;
}

function readStatement(draft: Draft, statement: Statement): void {
  const { line, option, words } = statement;
  const [name = "", second = "", third = ""] = words;
  const master = draft.masters.get(name);
  if (master === undefined) {
    if (draft.masters.size > 0 && !draft.named.has(name)) {
      const message = `expected the name of a master that a \`sentinel monitor\` line has, got ${quote(name)}`;
      draft.problems.push({ line, message });
    }
    return;
  }
  switch (option) {
    case "known-replica":
    case "known-slave":
      master.replicas.push({ line, value: { host: second, port: Number(third) } });
      break;
    case "known-sentinel":
      master.sentinels += 1;
      break;
    case "auth-user":
      master.user = { line, value: second };
      break;
    case "auth-pass":
      master.passwordLine = line;
      break;
    case "notification-script":
    case "client-reconfig-script":
    case "rename-command":
      master.others.push({ line, value: option });
      break;
    default:
      readNumber(draft, master, statement);
  }
}

function readNumber(draft: Draft, master: DraftMaster, { line, option, words }: Statement): void {
  const name = numberOptions.find((one) => one === option.replace(/^primary-/, "master-"));
  // What is left are a master's epochs, which are state of the Sentinels alone.
  if (name === undefined) return;
  const text = words[1] ?? "";
  const minimum = name === "master-reboot-down-after-period" ? 0 : 1;
  const message = checkNumber("a value", text, minimum, Number.MAX_SAFE_INTEGER);
  if (message !== null) draft.problems.push({ line, message });
  else master.numbers.set(name, { line, value: Number(text) });
}

/** Settings of the server process, as far as a Sentinel's file is known to have them; others are not shown, whatever they are. */
const processNames: ReadonlySet<string> = new Set(
  `acl-pubsub-default acllog-max-len aclfile always-show-logo appendonly bind bind-source-addr busy-reply-threshold
  client-query-buffer-limit crash-log-enabled crash-memcheck-enabled daemonize dbfilename dir disable-thp
  enable-debug-command enable-module-command enable-protected-configs hz ignore-warnings io-threads
  latency-tracking latency-tracking-info-percentiles locale-collate logfile loglevel masterauth masteruser maxclients
  maxmemory oom-score-adj oom-score-adj-values pidfile port proc-title-template protected-mode replicaof requirepass
  save set-proc-title slaveof supervised syslog-enabled syslog-facility syslog-ident tcp-backlog tcp-keepalive timeout
  unixsocket unixsocketperm user`.split(/\s+/),
);

function isOfProcess(name: string): boolean {
  return processNames.has(name) || /^tls-[a-z-]{1,40}$/.test(name);
}
