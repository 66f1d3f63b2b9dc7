import type { GlobalOptions, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";

/**
 * Every command that changes something takes `--yes`. Those ask that move a role, give up data or take something away;
 * the others can be taken back or only end a wait, and `--yes` changes nothing about them.
 */
export interface ConfirmOptions extends GlobalOptions {
  readonly yes?: boolean;
}

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
