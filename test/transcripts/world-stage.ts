import { notConverged } from "../simulator/converged.ts";
import { isFaultLine, parseFault, type TimedFault } from "../simulator/faults.ts";
import { healForGood } from "../simulator/nemesis.ts";
import { healMs, runSeed, type Setup } from "../simulator/run-seed.ts";
import { SimWorld, type WorldOptions } from "../simulator/world.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import type { Stage } from "./script.ts";
import { hostOf, sayNodes, sayRecord, sayState, Teller } from "./telling.ts";

/** How long `until` waits when it isn't told. */
const patienceMs = 120_000;
/** Whoever is wrong about something notices within this time. */
const calmMs = 10_000;
/** Nothing is random about a transcript but the small change of the network. */
const seed = 1;

class Stop extends Error {}

/** Transcripts of whole worlds: faults, waiting, and what is expected (docs/faults.md). */
export class WorldStage implements Stage {
  #options: WorldOptions = { seed, isOrderly: true, scheduleJitterMs: 0 };
  readonly #schedule: TimedFault[] = [];
  #setup: Setup | null = null;
  #started: { readonly world: SimWorld; readonly teller: Teller } | null = null;
  #awaited: Condition | null = null;
  #hasCome = false;

  async perform(commands: readonly string[]): Promise<readonly string[]> {
    const printed: string[] = [];
    for (const command of commands) printed.push(...(await this.#perform(command)));
    const teller = this.#started?.teller;
    return teller === undefined ? printed : [...teller.take(), ...printed];
  }

  async #perform(command: string): Promise<readonly string[]> {
    const [name = "", ...words] = command.trim().split(/\s+/);
    const rest = words.join(" ");
    if (this.#prepare(name, rest)) return [];
    if (name === "play") return this.#play(Number(rest));
    const { world } = this.#start();
    const line = this.#named(world, command);
    if (isFaultLine(line)) {
      this.#inject(world, line);
      return [];
    }
    switch (name) {
      case "boot":
        await this.#boot(world);
        return [sayState(world), sayNodes(world), sayRecord(world)];
      case "run":
        await this.#run(parseMs(rest));
        return [];
      case "until":
        await this.#until(this.#named(world, rest));
        return [];
      case "expect":
        this.#expect(world, this.#named(world, rest));
        return [];
      case "state":
        return [sayState(world)];
      case "nodes":
        return [sayNodes(world)];
      case "record":
        return [sayRecord(world)];
      case "heal-for-good":
        return [await this.#heal(world)];
      default:
        throw new Error(
          `expected a fault, config, clients, boot, run, until, expect, state, nodes, record, heal-for-good, seed, setup, at or play, got "${command}"`,
        );
    }
  }

  /** Commands that say what the world is like, before there is one. */
  #prepare(name: string, rest: string): boolean {
    const before = (options: Partial<WorldOptions>): true => {
      if (this.#started !== null)
        throw new Error(`expected "${name} ${rest}" before anything runs`);
      this.#options = { ...this.#options, ...options };
      return true;
    };
    switch (name) {
      case "config":
        return before({ groupLines: [...(this.#options.groupLines ?? []), rest] });
      case "clients":
        return before({ clientCount: Number(rest) });
      case "seed":
        return before({ seed: Number(rest) });
      case "setup":
        this.#setup = JSON.parse(rest);
        return true;
      case "at": {
        const [atMs = "", ...fault] = rest.split(" ");
        this.#schedule.push({
          atMs: Number(atMs),
          by: "script",
          fault: parseFault(fault.join(" ")),
        });
        return true;
      }
      default:
        return false;
    }
  }

  /** A seed's recorded schedule, as `npm run sim` leaves it behind. */
  async #play(safetyMs: number): Promise<readonly string[]> {
    const { violation } = await runSeed({
      seed: this.#options.seed,
      ...(this.#setup === null ? {} : { setup: this.#setup }),
      schedule: this.#schedule,
      safetyMs,
    });
    if (violation !== null) throw new Error(violation.message);
    return ["holds"];
  }

  #start() {
    if (this.#started !== null) return this.#started;
    const world = new SimWorld({
      ...this.#options,
      onNote: (who, note) => {
        started.teller.hear(who, note);
        if (this.#awaited?.isNote(who, note)) this.#hasCome = true;
      },
    });
    const started = { world, teller: new Teller(world) };
    this.#started = started;
    world.start();
    return started;
  }

  /** `$leader`, `$follower`, `$master`, `$candidate`, `$old` as STATE names them now, and who is `$frozen`. */
  #named(world: SimWorld, text: string): string {
    return text.replace(/\$([a-z]+)/g, (_all, name: string) => {
      const state = world.state();
      const leader = state?.leader?.split("/")[0];
      const names: Readonly<Record<string, string | undefined>> = {
        leader,
        follower: [...world.processes.keys()].find((one) => one !== leader),
        master: state?.master?.node,
        candidate: state?.candidate?.node,
        old: state?.previousMaster?.node,
        frozen: [...world.processes].find(([, live]) => [...live].some((one) => one.isFrozen))?.[0],
      };
      const found = names[name];
      if (found === undefined)
        throw new Error(`expected a ${name} in "${text}", there is none now`);
      return hostOf(found);
    });
  }

  #inject(world: SimWorld, line: string): void {
    const before = world.schedule.length;
    world.inject("script", parseFault(line));
    if (world.schedule.length === before) throw new Error(`"${line}" changes nothing now`);
  }

  /** Until the group has its master and everybody watches in calm. */
  async #boot(world: SimWorld): Promise<void> {
    await this.#until("anyone decides R799");
    await this.#run(10_000);
    this.#expect(world, "steady");
    this.#start().teller.take();
  }

  async #run(forMs: number): Promise<void> {
    const { world } = this.#start();
    await this.#runTo(world, world.engine.nowMs + forMs, () => false);
  }

  /** Runs until the time, or until `isOver` after an event. True: it was over before the time. */
  async #runTo(world: SimWorld, endMs: number, isOver: () => boolean): Promise<boolean> {
    world.engine.afterEvent = () => {
      if (world.violation !== null || isOver()) throw new Stop();
    };
    try {
      await world.engine.runUntil(endMs);
      return false;
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      if (world.violation !== null) throw this.#failure(world.violation.message);
      return true;
    }
  }

  /** `until CONDITION [within 30s]` */
  async #until(text: string): Promise<void> {
    const { world } = this.#start();
    const [what = "", within] = text.split(" within ");
    const condition = parseCondition(what);
    const { holds } = condition;
    if (holds?.(world)) return;
    this.#awaited = condition;
    this.#hasCome = false;
    for (const process of [...world.processes.values()].flatMap((live) => [...live])) {
      process.onTurn = (does, heard) => {
        if (condition.isTurn(process.name, does, heard)) this.#hasCome = true;
      };
    }
    const forMs = within === undefined ? patienceMs : parseMs(within);
    const isOver = () => this.#hasCome || holds?.(world) === true;
    const hasCome = await this.#runTo(world, world.engine.nowMs + forMs, isOver);
    this.#awaited = null;
    if (hasCome) return;
    throw this.#failure(`expected "${what}" within ${forMs / 1_000} s; it did not come`);
  }

  #expect(world: SimWorld, text: string): void {
    const isNot = text.startsWith("not ");
    const { holds } = parseCondition(isNot ? text.slice(4) : text);
    if (holds === null) throw new Error(`expected a condition that lasts, "${text}" is a moment`);
    if (holds(world) === !isNot) return;
    throw this.#failure(`expected ${text}`);
  }

  /** What went wrong, with everything that was told since the block began. */
  #failure(what: string): Error {
    const { world, teller } = this.#start();
    const told = [...teller.take(), sayState(world), sayNodes(world), sayRecord(world)];
    return new Error(`${what}\n${told.join("\n")}`);
  }

  /** Everything is healed for good, and must be in order in time. */
  async #heal(world: SimWorld): Promise<string> {
    const { teller } = this.#start();
    healForGood(world);
    const endMs = world.engine.nowMs + healMs;
    do await this.#run(calmMs);
    while (notConverged(world) !== null && world.engine.nowMs < endMs);
    // Once in order, it stays so.
    await this.#run(calmMs);
    const violation = notConverged(world);
    if (violation !== null) throw this.#failure(violation.message);
    teller.take();
    const { master } = world.state() ?? {};
    return `healed: everybody follows ${hostOf(master?.node ?? "")}, ${sayRecord(world)}`;
  }
}

function parseMs(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim());
  if (found === null) throw new Error(`expected a time like 500ms, 5s or 2m, got "${text}"`);
  const unitMs = { ms: 1, s: 1_000, m: 60_000 }[found[2] ?? ""] ?? 1;
  return Number(found[1]) * unitMs;
}
