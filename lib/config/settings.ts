import { assertNever } from "../core/assert-never.ts";
import type { Settings } from "../core/config.ts";

/** A setting whose value is a whole number. */
export interface IntegerSetting {
  readonly kind: "integer";
  /** "majority": more than half of the observers, computed when the file is read. */
  readonly default: number | "majority";
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: "ms" | "votes" | "bytes" | "replicas";
  /** What it does, and what follows from a larger or smaller value. */
  readonly meaning: string;
  /** Why these bounds. */
  readonly why: string;
}

export interface SwitchSetting {
  readonly kind: "switch";
  readonly default: boolean;
  readonly meaning: string;
  readonly why: string;
}

export interface ChoiceSetting<Word extends string = string> {
  readonly kind: "choice";
  readonly default: NoInfer<Word>;
  readonly choices: readonly Word[];
  readonly meaning: string;
  readonly why: string;
}

export interface TextSetting {
  readonly kind: "text";
  readonly default: string;
  readonly pattern: RegExp;
  /** What the pattern accepts, in words. */
  readonly form: string;
  readonly meaning: string;
  readonly why: string;
}

export type Setting = IntegerSetting | SwitchSetting | ChoiceSetting | TextSetting;
export type SettingName = keyof Settings;

function integer<Default extends IntegerSetting["default"]>(
  setting: Omit<IntegerSetting, "kind"> & { readonly default: Default },
): IntegerSetting & { readonly default: Default } {
  return { kind: "integer", ...setting };
}

/**
 * Every setting of a group, once: the schema, the defaults, the JSON Schema and docs/settings.md come from this table.
 * Relations between settings are in timing-rules.ts.
 */
export const settingsTable = {
  probeIntervalMs: integer({
    default: 1000,
    minimum: 100,
    maximum: 60_000,
    unit: "ms",
    meaning:
      "Time between two probes of a node. PING and ROLE go out each time, INFO every 10th time and at once on suspicion. Smaller finds a failure sooner and costs more connections' traffic.",
    why: "Below 100 ms the probes of many groups crowd out each other in one function; above a minute a shift would see a node once.",
  }),
  probeTimeoutMs: integer({
    default: 500,
    minimum: 20,
    maximum: 59_999,
    unit: "ms",
    meaning:
      "How long a probe waits for its answer. A later answer still counts for the probe it answers: the node is slow then, not down.",
    why: "Shorter than a round trip it would call every node slow; it ends before the next probe starts.",
  }),
  downAfterMs: integer({
    default: 5000,
    minimum: 300,
    maximum: 3_600_000,
    unit: "ms",
    meaning:
      "Silence of a node that counts as full evidence that it is down. Smaller fails over sooner and mistakes long commands, forks and pauses for a death.",
    why: "Fewer than three unanswered probes are no series, so the smallest value is three of the shortest intervals.",
  }),
  crashAfterMs: integer({
    default: 1500,
    minimum: 0,
    maximum: 3_600_000,
    unit: "ms",
    meaning:
      "Refused fresh connects for this long, with every reachable replica's link down too, are full evidence as well: nobody listens there any more. 0 switches this shortcut off.",
    why: "Set it longer than a supervised restart of the server takes, or each restart becomes a failover.",
  }),
  rebootDownAfterMs: integer({
    default: 0,
    minimum: 0,
    maximum: 86_400_000,
    unit: "ms",
    meaning:
      "A master that restarted and answers nothing but that it loads its data for this long counts as down, and a replica takes its place. 0 waits for it, however long it takes.",
    why: "Waiting loses nothing that the master has on its disk and replicas lack; set it longer than a usual load takes. 0 is Sentinel's default too.",
  }),
  quorum: integer({
    default: "majority",
    minimum: 1,
    maximum: 25,
    unit: "votes",
    meaning:
      "Observers that must vote `down` before anything is promoted. More makes a failover harder to start and survives fewer lost observers.",
    why: "Never fewer than a majority counts, or two halves could both win; a smaller value is raised with a warning. More than there are observers could never be reached.",
  }),
  stateReadMs: integer({
    default: 2000,
    minimum: 100,
    maximum: 60_000,
    unit: "ms",
    meaning:
      "How often an observer reads the group's state while all is calm: the age at which it notices an operator's request or another observer's round. Each read is paid for.",
    why: "Faster than a probe brings nothing; slower than a minute would leave requests to the next shift.",
  }),
  heartbeatMs: integer({
    default: 15_000,
    minimum: 500,
    maximum: 300_000,
    unit: "ms",
    meaning:
      "How often an observer writes what it sees: the freshness of `status` and the time in which a pause is acknowledged. It is the only write while all is calm.",
    why: "Each write is paid for; after five minutes a report tells nothing about now.",
  }),
  takeoverMs: integer({
    default: 8000,
    minimum: 500,
    maximum: 600_000,
    unit: "ms",
    meaning:
      "An observer that sees an open epoch without a sign of life of its leader for this long takes it over. Smaller recovers sooner from a leader that died in the middle.",
    why: "A leader that still works must not lose its epoch while it waits for one answer. Safety doesn't rest on this value.",
  }),
  fenceMs: integer({
    default: 2000,
    minimum: 100,
    maximum: 60_000,
    unit: "ms",
    meaning:
      "How old the verified state may be when an effect on Redis or DNS starts. Smaller stops a slow leader sooner; too small withholds effects on a slow network.",
    why: "Shorter than a round trip to the table, no effect would ever start. Safety doesn't rest on this value.",
  }),
  fenceWaitMs: integer({
    default: 500,
    minimum: 0,
    maximum: 10_000,
    unit: "ms",
    meaning:
      "When some observer still reaches the old master, the longest that the name waits, after the promotion, for that observer to fence it.",
    why: "It delays the name and never the promotion; 0 doesn't wait at all.",
  }),
  chooseTimeoutMs: integer({
    default: 1000,
    minimum: 50,
    maximum: 30_000,
    unit: "ms",
    meaning:
      "The longest that the fresh INFO of all nodes may take before a candidate is chosen among those that answered.",
    why: "It lies on the path of the failover, so it is bounded; shorter than a round trip, no replica would ever be a candidate.",
  }),
  failoverTimeoutMs: integer({
    default: 60_000,
    minimum: 1000,
    maximum: 3_600_000,
    unit: "ms",
    meaning:
      "An epoch that is not settled by then is reported as one that needs a person. Nothing is undone.",
    why: "It must leave time for at least one takeover.",
  }),
  cooldownMs: integer({
    default: 60_000,
    minimum: 0,
    maximum: 86_400_000,
    unit: "ms",
    meaning:
      "Shortest time between two completed automatic failovers of the group. A failover that an operator asks for doesn't wait.",
    why: "0 lets a flapping group fail over as often as it flaps; more than a day would leave the group unprotected.",
  }),
  maxLagBytes: integer({
    default: 31_457_280,
    minimum: 0,
    maximum: 1_099_511_627_776,
    unit: "bytes",
    meaning:
      "A replica that lags the master's last known offset by more than this is not promoted without consent. An unknown lag is allowed and reported.",
    why: "0 promotes only a replica that has everything that any observer saw.",
  }),
  parallelSyncs: integer({
    default: 1,
    minimum: 1,
    maximum: 100,
    unit: "replicas",
    meaning:
      "Replicas that are pointed to a new master at the same time. More settles sooner and loads the new master with more full synchronisations.",
    why: "As in Redis Sentinel; a group has no more than 100 nodes.",
  }),
  marker: {
    kind: "switch",
    default: true,
    meaning:
      "Whether one small key is kept in the data set. It tells an emptied or foreign server from one of the group, and fences a promotion where the ACL refuses CLIENT KILL.",
    why: "Switch it off where no key may be added to the data; identity then rests on replication ids alone.",
  },
  whenUnreachable: {
    kind: "choice",
    default: "hold",
    choices: ["hold", "failover"],
    meaning:
      "What to do when the observers can't reach the master and replicas still hear from it: `hold` waits and reports, `failover` promotes a replica.",
    why: "`failover` may leave two masters with clients on both sides of a broken network.",
  },
  whenFlapping: {
    kind: "choice",
    default: "hold",
    choices: ["hold", "failover"],
    meaning:
      "What to do when a master dies within `cooldownMs` of an automatic failover that nobody has acknowledged. Both call people. `hold` waits; `failover` doesn't, two times in a row, and waits from then on until an operator acknowledges or a master has stayed for ten cool-downs.",
    why: "What takes one master after the other is often no fault of theirs, and each failover may lose what was written last.",
  },
  whenReturned: {
    kind: "choice",
    default: "attach",
    choices: ["attach", "hold"],
    meaning:
      "What to do with an old master that comes back as a master: `attach` makes it a replica, and what only it has is gone; `hold` does so only where the loss report proves that nothing is lost, and otherwise makes it read-only and keeps its data for an inspection, until an operator runs `release`.",
    why: "A node that is held is no replica: the group has one copy less, until somebody has looked.",
  },
  whenUnwritable: {
    kind: "choice",
    default: "hold",
    choices: ["hold", "failover"],
    meaning:
      "What to do with a master that answers and has refused writes for `downAfterMs` because it can't save (MISCONF). `hold` shows it and reports, `failover` lets it hand over to a replica by Redis's own FAILOVER, and nothing is lost. A master that is full and may evict nothing is shown and reported too; it can't hand over.",
    why: "A replica has the same data and often the same disk: what filled the one soon fills the other.",
  },
  killBusyScripts: {
    kind: "switch",
    default: false,
    meaning:
      "Whether a script or function that has kept the master busy (BUSY) for `downAfterMs` is told to stop, once a spell: SCRIPT KILL, then FUNCTION KILL. One that has written is never stopped by Redis; people are told. The user then needs the rights for both, which `acl --file` prints.",
    why: "A busy master is alive, and its script may be meant to run that long: so nothing is stopped unless people want it.",
  },
  writeProbeKey: {
    kind: "text",
    default: "",
    // Whatever would be a pattern in an ACL is left out.
    pattern: /^(?!lambda-sentinel:)[A-Za-z0-9_.:{}@/-]{0,200}$/,
    form: "a key of up to 200 letters, digits and _.:{}@/- that doesn't begin with lambda-sentinel:",
    meaning:
      "A key that the observers try to write on the master in calm, with every 10th probe and for 20 intervals at most. A refusal makes the master degraded, with the server's own words: what PING does not tell, such as a full memory before INFO shows it, or too few replicas. A key that exists is left as it is. Empty: nothing is written.",
    why: "A write is the only proof that writes are taken, and yours is the data: so the key is yours to name. `lambda-sentinel:` is where the marker is.",
  },
  discover: {
    kind: "switch",
    default: true,
    meaning:
      "Whether replicas that the master names and the file doesn't are watched as well, and may be promoted. They are probed with the group's password at the address that they announce. Switched off, nothing more is found, and what was found stays until it is forgotten.",
    why: "On, as in Redis Sentinel; switch it off where whoever may replicate from the master may not become it.",
  },
} as const satisfies Readonly<Record<SettingName, Setting>>;

/** All settings in the order in which they are documented. */
export function listSettings(): readonly (readonly [string, Setting])[] {
  return Object.entries(settingsTable);
}

/** What a setting accepts, as the end of the sentence "expected …". */
export function describeExpected(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
      return `a whole number from ${setting.minimum} to ${setting.maximum} (${setting.unit})`;
    case "switch":
      return "true or false";
    case "choice":
      return setting.choices.join(" or ");
    case "text":
      return setting.form;
    default:
      return assertNever(setting);
  }
}
