import { assertNever } from "../../lib/core/assert-never.ts";
import type { GroupState } from "../../lib/core/model.ts";
import { parseCompanion } from "../../lib/core/records.ts";
import type { Note } from "../simulator/notes.ts";
import type { SimRedis } from "../simulator/sim-redis.ts";
import type { SimWorld } from "../simulator/world.ts";

/** The rules by which an observer decided, in order, without repetitions. */
interface Path {
  readonly told: string[];
  readonly steps: Set<string>;
  current: string;
}

/**
 * Notes of a world in the words of a transcript: who, by which rule, and what changed. Nothing that moves with an
 * unrelated edit is told: no revisions, attempts, offsets or replication ids, no sentences, times in whole seconds.
 */
export class Teller {
  readonly #world: SimWorld;
  #sinceMs = 0;
  #lines: string[] = [];
  #lastIsEvent = false;
  #paths = new Map<string, Path>();

  constructor(world: SimWorld) {
    this.#world = world;
  }

  hear(who: string, note: Note): void {
    if (note.kind === "decision") {
      this.#decided(observerOf(who), note.rule);
      return;
    }
    const told = tell(note);
    if (told === null) return;
    const seconds = Math.round((this.#world.engine.nowMs - this.#sinceMs) / 1_000);
    const prefix = `${String(seconds).padStart(4)}s ${observerOf(who).padEnd(9)}`;
    this.#add(prefix, told, note.kind === "event");
  }

  /** Events of one decision go on one line. */
  #add(prefix: string, told: string, isEvent: boolean): void {
    const line = `${prefix} ${told}`.trimEnd();
    const head = `${prefix} ${told.slice(0, 4)} `;
    const last = this.#lines.at(-1);
    const goesOn = isEvent && this.#lastIsEvent && last?.startsWith(head) === true;
    if (goesOn) this.#lines[this.#lines.length - 1] = `${last}, ${line.slice(head.length)}`;
    else this.#lines.push(line);
    this.#lastIsEvent = isEvent;
  }

  /** A step from one rule to another is told once, however often an observer takes it. */
  #decided(observer: string, rule: string): void {
    const path = this.#paths.get(observer) ?? { told: [], steps: new Set(), current: "" };
    this.#paths.set(observer, path);
    const { current } = path;
    if (current === rule) return;
    path.current = rule;
    const step = `${current} ${rule}`;
    if (path.steps.has(step)) return;
    path.steps.add(step);
    if (current !== "" && path.told.at(-1) !== current) path.told.push(current);
    path.told.push(rule);
  }

  /** Everything since the last time: the events, then each observer's rules. */
  take(): readonly string[] {
    const paths = [...this.#paths].sort(([a], [b]) => (a < b ? -1 : 1));
    const told = [
      ...this.#lines,
      ...paths.map(([observer, { told }]) => `rules ${observer}: ${told.join(" ")}`),
    ];
    this.#lines = [];
    this.#paths = new Map();
    this.#sinceMs = this.#world.engine.nowMs;
    return told;
  }
}

/** `a/12` is the twelfth invocation, of observer a. */
function observerOf(who: string): string {
  return who.split("/")[0] ?? who;
}

export function hostOf(node: string): string {
  return node.split(":")[0] ?? node;
}

function tell(note: Note): string | null {
  switch (note.kind) {
    case "fault":
    case "decision":
      return null;
    case "event": {
      const { name, node } = note.event;
      const rule = note.rule === "noticed" ? "" : note.rule;
      return `${rule.padEnd(4)} ${name} ${node === null ? "" : hostOf(node)}`;
    }
    case "state": {
      const changes = changesOf(note.before, note.after);
      const { rule } = note.after.lastTransition;
      return changes.length === 0 ? null : `${rule.padEnd(4)} STATE ${changes.join(", ")}`;
    }
    case "sent":
      return `     sends ${note.change} to ${hostOf(note.node)}`;
    case "role": {
      const { kind, to } = note.command;
      return `     ${kind} done on ${hostOf(note.node)}${to === null ? "" : ` (${hostOf(to)})`}`;
    }
    case "record": {
      const address = note.after.find((one) => one.type === "A")?.values.join(" ") ?? "nothing";
      const text = note.after.find((one) => one.type === "TXT")?.values[0] ?? "";
      return `     record ${address}, epoch ${parseCompanion(text)?.epoch ?? "unknown"}`;
    }
    case "line": {
      const withheld = /^([a-z-]+) withheld/.exec(note.text)?.[1];
      return withheld === undefined ? null : `     ${withheld} withheld`;
    }
    default:
      return assertNever(note);
  }
}

/** What a write of STATE changed, as far as people care. */
function changesOf(before: GroupState | null, after: GroupState): readonly string[] {
  const changes: string[] = [];
  const changed = (what: string, was: string | undefined, is: string): void => {
    if (was !== is) changes.push(`${what} ${is}`);
  };
  changed("phase", before?.phase, after.phase);
  changed("epoch", before === null ? undefined : String(before.epoch), String(after.epoch));
  changed("kind", before?.kind ?? "none", after.kind ?? "none");
  changed("candidate", sayNode(before?.candidate), sayNode(after.candidate));
  changed("master", sayNode(before?.master), sayNode(after.master));
  if (
    before?.master?.node === after.master?.node &&
    before?.master?.replid !== after.master?.replid
  )
    changes.push("lineage");
  changed("leader", sayLeader(before), sayLeader(after));
  if (before?.round.number !== after.round.number) {
    const of = after.round.suspect === null ? "who is master" : hostOf(after.round.suspect);
    changes.push(`round opened on ${of}`);
  } else changed("round", before?.round.status, after.round.status);
  changed("pause", before?.pause ? "on" : "off", after.pause ? "on" : "off");
  changed("request", before?.request?.kind ?? "none", after.request?.kind ?? "none");
  changed("found", sayFound(before), sayFound(after));
  changed("config", String(before?.configVersion ?? 1), String(after.configVersion));
  changed("loss", before?.lastEpoch?.loss?.certainty, after.lastEpoch?.loss?.certainty ?? "none");
  if (before?.lastEpoch?.epoch !== after.lastEpoch?.epoch && after.lastEpoch !== null)
    changes.push(`epoch ${after.lastEpoch.epoch} ${after.lastEpoch.result}`);
  return changes.filter((change) => change !== "loss none");
}

function sayNode(node: { readonly node: string } | null | undefined): string {
  return node === null || node === undefined ? "none" : hostOf(node.node);
}

function sayFound(state: GroupState | null): string {
  const found = state?.discovered ?? [];
  return found.length === 0 ? "none" : found.map((one) => one.host).join(" and ");
}

function sayLeader(state: GroupState | null): string {
  return state?.leader === null || state === null ? "none" : observerOf(state.leader ?? "none");
}

/** The group in one line. */
export function sayState(world: SimWorld): string {
  const state = world.state();
  if (state === null) return "no STATE";
  const parts = [
    `${state.phase}, epoch ${state.epoch}`,
    `master ${sayNode(state.master)}`,
    ...(state.candidate === null ? [] : [`candidate ${sayNode(state.candidate)}`]),
    ...(state.leader === null ? [] : [`leader ${sayLeader(state)}`]),
    ...(state.round.status === "open" ? ["round open"] : []),
    ...(state.pause === null ? [] : ["paused"]),
    ...(state.request === null ? [] : ["requested"]),
    ...(state.configVersion === 1 ? [] : [`config ${state.configVersion}`]),
  ];
  return parts.join(", ");
}

/** Every node in one line. */
export function sayNodes(world: SimWorld): string {
  return [...world.nodes.values()].map((node) => `${node.host} ${sayRole(node)}`).join(", ");
}

function sayRole(node: SimRedis): string {
  if (!node.isUp) return "down";
  const hung = node.isHung ? "hung " : "";
  if (node.role === "master") return `${hung}master`;
  const link = node.link.isUp ? "" : ", link down";
  return `${hung}replica of ${hostOf(node.masterId ?? "nobody")}${link}`;
}

export function sayRecord(world: SimWorld): string {
  const text = world.dns.records.find((one) => one.type === "TXT")?.values[0] ?? "";
  return `record ${world.recordNow()}, epoch ${parseCompanion(text)?.epoch ?? "unknown"}`;
}
