import { styleText } from "node:util";
import { isRecord } from "./http-server.ts";

/** One event line of an observer's log, as far as the lab reads it. */
export interface LoggedEvent {
  readonly observer: string;
  readonly event: string;
  readonly level: string;
  readonly rule: string;
  readonly epoch: number;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly durationsMs: Readonly<Record<string, unknown>>;
}

/** Reads a log line; null when it is no event (metrics, other lines). */
export function readEvent(observer: string, line: string): LoggedEvent | null {
  const parsed = parse(line);
  if (parsed === null || typeof parsed.event !== "string") return null;
  const { event, level, rule, epoch, message, evidence, durationsMs } = parsed;
  return {
    observer,
    event,
    level: String(level),
    rule: typeof rule === "string" ? rule : "",
    epoch: typeof epoch === "number" ? epoch : 0,
    message: String(message).slice(event.length).trim(),
    evidence: isRecord(evidence) ? evidence : {},
    durationsMs: isRecord(durationsMs) ? durationsMs : {},
  };
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

type Colour = "red" | "green" | "yellow" | "cyan" | "gray" | "bold";

/** Prints one line a moment, with the time since the last zero: coloured on a terminal, plain otherwise. */
export class Timeline {
  #zeroMs = performance.now();
  #isSilent: boolean;

  constructor(isSilent: boolean) {
    this.#isSilent = isSilent;
  }

  /** Times count from now on. */
  zero(): void {
    this.#zeroMs = performance.now();
  }

  /** What observers still say while they are stopped tells nothing more. */
  mute(): void {
    this.#isSilent = true;
  }

  sinceZeroMs(): number {
    return Math.round(performance.now() - this.#zeroMs);
  }

  heading(text: string): void {
    this.#print(`\n${paint("bold", text)}`);
  }

  say(who: string, text: string, colour: Colour = "gray"): void {
    const seconds = (this.sinceZeroMs() / 1_000).toFixed(3).padStart(8);
    this.#print(`${seconds} s  ${who.padEnd(12)} ${paint(colour, text)}`);
  }

  event(event: LoggedEvent): void {
    const { observer, rule, message } = event;
    this.say(
      observer,
      `${event.event.padEnd(17)} ${message} ${rule ? `[${rule}]` : ""}`,
      colourOf(event),
    );
  }

  #print(text: string): void {
    if (!this.#isSilent) process.stdout.write(`${text}\n`);
  }
}

/** Styles only what goes to a terminal (and honours NO_COLOR). */
function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

function colourOf({ event }: LoggedEvent): Colour {
  if (event === "+switch-master" || event === "+published" || event === "+failover-end")
    return "green";
  if (event === "+sdown" || event === "+odown" || event.startsWith("-failover")) return "red";
  if (event === "+vote" || event === "+round" || event === "+new-epoch") return "yellow";
  if (event === "+page" || event === "+hold") return "red";
  return "cyan";
}
