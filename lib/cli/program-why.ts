import { type Command, InvalidArgumentError } from "commander";
import type { CliContext } from "./context.ts";
import { type ExplainOptions, explain } from "./explain.ts";
import { type HistoryOptions, history } from "./history.ts";
import { type ReportOptions, reportFailover } from "./report.ts";

type Finish = (run: () => Promise<number>) => Promise<void>;

/** Commands that say why: now, then, and one failover as a whole. They change nothing. */
export function addWhyCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("explain")
    .description("say why a failover does or does not come now, or why one came or did not")
    .argument("<group>")
    .option("--epoch <number>", "a past failover, as `history` lists them", readNumber)
    .option("--round <number>", "a past round, whether it led to a failover or not", readNumber)
    .option("--json", "print an object for programs")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => explain(context, group, command.optsWithGlobals<ExplainOptions>())),
    );

  program
    .command("history")
    .description("list the failovers of each group, with times, losses and reasons")
    .argument("[group]", "only this group")
    .option("--json", "print an object for programs")
    .action((group: string | undefined, _options: unknown, command: Command) =>
      finish(() => history(context, group, command.optsWithGlobals<HistoryOptions>())),
    );

  program
    .command("report")
    .description("tell one failover as a whole, as text or as a page of its own")
    .argument("<group>")
    .option("--epoch <number>", "which one, as `history` lists them", readNumber)
    .option("--last", "the last one, which is what is told without --epoch")
    .option("--html <file>", 'write a page that needs nothing else; "-" prints it')
    .option("--json", "print an object for programs")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => reportFailover(context, group, command.optsWithGlobals<ReportOptions>())),
    );
}

function readNumber(text: string): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError(`expected a whole number, got ${JSON.stringify(text)}.`);
}
