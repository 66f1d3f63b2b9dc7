import type { Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";

/** Lets a person decide; without one, only `--yes` does. */
export async function confirmOrStop(
  terminal: Terminal,
  isAgreed: boolean,
  question: string,
): Promise<void> {
  if (isAgreed) return;
  if (!terminal.isInteractive) {
    const message = "expected a terminal to ask on, or --yes; got neither, so nothing was changed";
    throw new CliError(exitCodes.usage, message);
  }
  if (await terminal.confirm(question)) return;
  throw new CliError(exitCodes.unfinished, "not confirmed; nothing was changed");
}
