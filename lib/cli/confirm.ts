import type { GlobalOptions, Terminal } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";

/**
 * Every command that changes something takes `--yes`. Those ask that move a role, give up data or take something away;
 * the others can be taken back or only end a wait, and `--yes` changes nothing about them.
 */
export interface ConfirmOptions extends GlobalOptions {
  readonly yes?: boolean;
  /** Only check and show. */
  readonly dryRun?: boolean;
}

/** Whether it ends here, after everything that speaks against it was checked and shown; says so. */
export function endsDry(terminal: Terminal, { dryRun }: ConfirmOptions): boolean {
  if (dryRun === true) terminal.out("nothing was changed (--dry-run)");
  return dryRun === true;
}

/** An object for programs has no place for a question. */
export function refuseToAskInJson(options: ConfirmOptions & { readonly json?: boolean }): void {
  if (options.json !== true || options.yes === true || options.dryRun === true) return;
  const message = "expected --yes or --dry-run with --json, which asks nobody; nothing was changed";
  throw new CliError(exitCodes.usage, message);
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
