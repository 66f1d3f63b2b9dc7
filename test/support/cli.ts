import type { TableFacts } from "../../lib/adapters/table-facts.ts";
import type { CliContext, Services, Style, Terminal } from "../../lib/cli/context.ts";
import { runCli } from "../../lib/cli/program.ts";
import { toGroupConfig } from "../../lib/config/digest.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";
import type { GroupConfig } from "../../lib/core/config.ts";
import type { GroupState, MasterRecord } from "../../lib/core/model.ts";
import type { RecordChange, RecordSet } from "../../lib/core/records.ts";
import { adoptMaster, createState, settle } from "../../lib/core/state.ts";
import type { Clock } from "../../lib/ports/clock.ts";
import type { Resolution } from "../../lib/ports/dns.ts";
import { failure, type Result, success } from "../../lib/ports/errors.ts";
import type { GroupReport, Heartbeat } from "../../lib/ports/store.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

/** A clock that moves only when somebody sleeps; what a test planned for a moment happens then. */
export interface FakeClock extends Clock {
  at(ms: number, action: () => void): void;
}

const epoch = Date.parse("2030-01-01T00:00:00.000Z");

export function createFakeClock(): FakeClock {
  let now = 0;
  const planned: { readonly ms: number; readonly action: () => void }[] = [];
  return {
    nowMs: () => now,
    wallTime: () => new Date(epoch + now).toISOString(),
    sleep: async (ms) => {
      now += ms;
      for (const one of planned.splice(0)) {
        if (one.ms <= now) one.action();
        else planned.push(one);
      }
    },
    at: (ms, action) => planned.push({ ms, action }),
  };
}

/** The command line against a table in memory, with everything it prints. */
export interface Cli {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  /** Everything that was printed, in order; errors begin with `! `. */
  readonly lines: string[];
  /** Answers to questions; none means that nobody is there to ask. */
  readonly answers: boolean[];
  readonly questions: string[];
  /** What was drawn over the screen, one after the other. */
  readonly screens: (readonly string[])[];
  /** What a person was told to wait for, each time. */
  readonly waits: string[];
  /** How wide the terminal is; null: there is none. */
  columns: number | null;
  readonly zones: Map<string, Result<string>>;
  records: Result<readonly RecordSet[]>;
  /** Batches that were sent to the zone, and what becomes of the next ones. */
  readonly batches: (readonly RecordChange[])[];
  batchResult: Result<void>;
  resolution: Result<Resolution>;
  table: Result<TableFacts>;
  /** A folder that is not there, unless a test makes one. */
  stagesFolder: string;
  readonly context: CliContext;
  run(...args: readonly string[]): Promise<number>;
}

export function createCli(): Cli {
  const clock = createFakeClock();
  const store = createMemoryStore();
  const lines: string[] = [];
  const answers: boolean[] = [];
  const questions: string[] = [];
  const screens: (readonly string[])[] = [];
  const waits: string[] = [];
  let attempts = 0;
  const terminal: Terminal = {
    get isInteractive() {
      return answers.length > 0;
    },
    get columns() {
      return cli.columns;
    },
    out: (line) => lines.push(line),
    error: (line) => lines.push(`! ${line}`),
    waitingFor: (what) => waits.push(what),
    redraw: (shown) => screens.push(shown),
    confirm: async (question) => {
      questions.push(question);
      return answers.shift() ?? false;
    },
    paint: (_style: Style, text) => text,
  };
  const context: CliContext = {
    get stagesFolder() {
      return cli.stagesFolder;
    },
    open: () => services,
    clock,
    terminal,
    operator: "alice@laptop",
    newAttempt: () => {
      attempts += 1;
      return `attempt-${attempts}`;
    },
    version: "1.2.3",
  };
  const cli: Cli = {
    store,
    clock,
    lines,
    answers,
    questions,
    screens,
    waits,
    columns: null,
    zones: new Map(),
    records: failure("denied", "no credentials"),
    batches: [],
    batchResult: success(undefined),
    resolution: failure("timeout", "no resolver"),
    table: success(goodTable),
    stagesFolder: "test/no-stages",
    context,
    run: (...args) => runCli(args, context),
  };
  const services: Services = {
    table: "test",
    store,
    readRecords: async () => cli.records,
    changeRecords: async (_zoneId, changes) => {
      cli.batches.push(changes);
      return cli.batchResult;
    },
    zoneName: async (id) => cli.zones.get(id) ?? failure("unreachable", "no network"),
    resolve: async () => cli.resolution,
    describeTable: async () => cli.table,
  };
  return cli;
}

/** One command line against services that are not the memory's, with everything that it prints. */
export async function runWith(
  open: CliContext["open"],
  clock: Clock,
  words: readonly string[],
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await runCli(words, {
    ...{ open, clock },
    terminal: {
      isInteractive: false,
      columns: null,
      out: (line) => lines.push(line),
      error: (line) => lines.push(line),
      waitingFor: () => {},
      redraw: (shown) => lines.push(...shown),
      confirm: async () => true,
      paint: (_style, text) => text,
    },
    operator: "alice@laptop",
    newAttempt: () => "attempt",
    stagesFolder: "test/no-stages",
    version: "1.2.3",
  });
  return { code, lines };
}

export const goodTable: TableFacts = {
  status: "ACTIVE",
  isOnDemand: true,
  otherRegions: [],
  witness: null,
  isStrong: false,
  isProtected: true,
};

export const groupsText = `observers: [a, b, c]
groups:
  - name: orders
    nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]
`;

export function configsOf(text: string, version = 1): readonly GroupConfig[] {
  const loaded = loadConfig(text, "groups.yml");
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"));
  return loaded.groups.map((draft) => toGroupConfig(draft, version));
}

export function configOf(text: string, version = 1): GroupConfig {
  const [config] = configsOf(text, version);
  if (config === undefined) throw new Error("expected one group");
  return config;
}

export function masterOf(node: string): MasterRecord {
  return { node, runId: "run-1", replid: "r1", replid2: null, secondOffset: -1, isMarked: true };
}

/** A group whose bootstrap is over: epoch 1, phase steady. */
export function steadyState(config: GroupConfig, node = "10.0.0.1:6379"): GroupState {
  const writer = { attempt: "setup", shift: "a/1", rule: "bootstrap", why: "the quorum agrees" };
  const created = createState(config, "test", writer).next;
  const settling = adoptMaster(created, masterOf(node), writer).next;
  return settle(settling, true, writer).next;
}

/** Applies a configuration and a state as if observers had adopted both. */
export function plant(cli: Cli, config: GroupConfig, state: GroupState | null): void {
  cli.store.configs.set(`${config.name}#${config.version}`, config);
  for (const node of config.nodes) cli.store.nodes.set(node.id, config.name);
  if (state !== null) cli.store.states.set(config.name, state);
}

/** What an observer last said of one group. */
export function heartbeatOf(
  cli: Cli,
  observer: string,
  group: string,
  report: Partial<GroupReport> = {},
): void {
  const full = groupReport(report);
  const before = cli.store.heartbeats.get(observer);
  const heartbeat: Heartbeat = {
    observer,
    shift: 7,
    at: cli.clock.wallTime(),
    codeVersion: "0.1.0",
    groups: { ...before?.groups, [group]: full },
  };
  cli.store.heartbeats.set(observer, heartbeat);
}

/** Of a group that is well. */
export function groupReport(report: Partial<GroupReport> = {}): GroupReport {
  return {
    configVersion: 1,
    rev: 3,
    isPauseSeen: false,
    suspect: null,
    suspectForMs: 0,
    suspectOffset: null,
    suspectLoading: null,
    masterEpoch: 1,
    masterKnownForMs: 60_000,
    copiedRev: 0,
    rule: "steady-healthy",
    why: "all is well",
    nodes: {},
    ...report,
  };
}

export function rightRecords(records: readonly RecordSet[]): Result<readonly RecordSet[]> {
  return success(records);
}
