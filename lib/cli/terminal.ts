import { clearScreenDown, cursorTo } from "node:readline";
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import type { Style, Terminal } from "./context.ts";
import { fitToScreen } from "./screen.ts";

const formats = {
  good: "green",
  bad: "red",
  warn: "yellow",
  dim: "dim",
  bold: "bold",
} as const satisfies Readonly<Record<Style, Parameters<typeof styleText>[0]>>;

/** The terminal of this process: colour only where there is one, and never against NO_COLOR. */
export function createTerminal(): Terminal {
  const notice = createNotice();
  return {
    isInteractive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    get columns() {
      return process.stdout.isTTY === true && process.stdout.columns > 0
        ? process.stdout.columns
        : null;
    },
    out: (line) => {
      notice.drop();
      process.stdout.write(`${line}\n`);
    },
    error: (line) => {
      notice.drop();
      process.stderr.write(`${line}\n`);
    },
    waitingFor: (what) => notice.plan(`waiting for ${what}; Ctrl-C ends`),
    redraw: (lines) => {
      notice.drop();
      cursorTo(process.stdout, 0, 0);
      clearScreenDown(process.stdout);
      // What does not fit would scroll, and the next drawing begin in the middle of it.
      const { rows, columns } = process.stdout;
      process.stdout.write(`${fitToScreen(lines, { rows, columns }).join("\n")}\n`);
    },
    confirm: (question) => {
      notice.drop();
      return confirm(question);
    },
    paint: (style, text) => styleText(formats[style], text, { stream: process.stdout }),
  };
}

const quietMs = 1_000;

/** One line for a person who has waited for a second and read nothing; standard output is left to what was asked for. */
function createNotice(): { readonly plan: (text: string) => void; readonly drop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const drop = () => clearTimeout(timer);
  return {
    drop,
    plan: (text) => {
      drop();
      if (process.stderr.isTTY !== true) return;
      timer = setTimeout(() => process.stderr.write(`${text}\n`), quietMs);
      timer.unref();
    },
  };
}

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and Ctrl-D close the interface and would leave the question unanswered for ever.
  const closed = new Promise<string>((resolve) => {
    lines.once("close", () => resolve(""));
  });
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
