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
  return {
    isInteractive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    out: (line) => {
      process.stdout.write(`${line}\n`);
    },
    error: (line) => {
      process.stderr.write(`${line}\n`);
    },
    redraw: (lines) => {
      cursorTo(process.stdout, 0, 0);
      clearScreenDown(process.stdout);
      // What does not fit would scroll, and the next drawing begin in the middle of it.
      const { rows, columns } = process.stdout;
      process.stdout.write(`${fitToScreen(lines, { rows, columns }).join("\n")}\n`);
    },
    confirm,
    paint: (style, text) => styleText(formats[style], text, { stream: process.stdout }),
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
