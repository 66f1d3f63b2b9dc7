import { Command, CommanderError, InvalidArgumentError } from "commander";
import { type CkquorumOptions, ckquorum } from "./ckquorum.ts";
import type { CliContext } from "./context.ts";
import { type DoctorOptions, doctor } from "./doctor/doctor.ts";
import { type DrillOptions, drill } from "./drill/drill.ts";
import { CliError, exitCodes } from "./exit.ts";
import { addLabCommands } from "./lab.ts";
import { addChangeCommands } from "./program-change.ts";
import { addOfflineCommands } from "./program-offline.ts";
import { addWhyCommands } from "./program-why.ts";
import { type ReleaseOptions, releaseNode } from "./release.ts";
import { type StatusOptions, status } from "./status.ts";

/** Runs one command line and returns its exit code; expected errors are told in one line. */
export async function runCli(args: readonly string[], given: CliContext): Promise<number> {
  const context = tellingWaits(given);
  let exitCode: number = exitCodes.fine;
  const finish = async (run: () => Promise<number>): Promise<void> => {
    exitCode = await run();
  };
  try {
    await buildProgram(context, finish).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Help and version end by this way too, and are no errors; commander has said the rest already.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    if (!(error instanceof CliError)) throw error;
    context.terminal.error(`${context.terminal.paint("bad", "error")}: ${error.message}`);
    return error.exitCode;
  }
}

/** Whoever opens a table is about to wait for it. */
function tellingWaits(context: CliContext): CliContext {
  return {
    ...context,
    open: (options) => {
      const services = context.open(options);
      context.terminal.waitingFor(`table ${services.table}`);
      return services;
    },
  };
}

export type Finish = (run: () => Promise<number>) => Promise<void>;

/** Every command there is; `finish` keeps the exit code of the one that ran. */
export function buildProgram(context: CliContext, finish: Finish): Command {
  const { terminal } = context;
  const program = new Command("lambda-sentinel")
    .description("Failover for Redis without servers to run.")
    .version(context.version)
    .option(
      "--stage <name>",
      "take table and region from infra/stages/NAME.yml",
      matching(/^[A-Za-z0-9-]+$/, "a stage's name of letters, digits and -"),
    )
    .option(
      "--table <name>",
      'the table (LAMBDA_SENTINEL_TABLE, then "lambda-sentinel")',
      matching(/^[A-Za-z0-9_.-]{3,255}$/, "a table's name of 3 to 255 letters, digits and _.-"),
    )
    .option(
      "--region <region>",
      "the table's region (AWS_REGION and the AWS profile otherwise)",
      matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as eu-west-1"),
    )
    .addHelpText("after", `\n${exitCodeHelp}`)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(add --help for what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
    });
  program.commandsGroup("What is, and why (changes nothing):");
  addLookCommands(program, context, finish);
  addWhyCommands(program, context, finish);
  program.commandsGroup("Change it (--dry-run only checks and shows):");
  addChangeCommands(program, context, finish);
  addMoveCommands(program, context, finish);
  program.commandsGroup("Prepare and run:");
  addOfflineCommands(program, context, finish);
  addLabCommands(program, finish);
  return program;
}

/** A value that has this form, or none is asked for at all: the SDK's own words for a wrong one are nobody's help. */
function matching(form: RegExp, expected: string): (text: string) => string {
  return (text) => {
    if (form.test(text)) return text;
    throw new InvalidArgumentError(`expected ${expected}, got ${JSON.stringify(text)}.`);
  };
}

const exitCodeHelp = `Exit codes: 0 done or healthy; 1 not healthy, refused or not done in time;
2 wrong usage or input, nothing was changed; 3 the table can't be reached;
4 warnings and nothing worse (doctor).`;

function addLookCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("status")
    .description("show master, epoch, nodes, observers and record of each group")
    .argument("[group]", "only this group")
    .option("--json", "print an object for programs")
    .option("--watch", "redraw it every two seconds, until Ctrl-C")
    .action((group: string | undefined, _options: unknown, command: Command) =>
      finish(() => status(context, group, command.optsWithGlobals<StatusOptions>())),
    );

  program
    .command("doctor")
    .description("look for what would keep the next failover from coming, or from ending well")
    .argument("[group]", "only this group")
    .option("--json", "print an object for programs")
    .action((group: string | undefined, _options: unknown, command: Command) =>
      finish(() => doctor(context, group, command.optsWithGlobals<DoctorOptions>())),
    );

  addQuorumCommand(program, context, finish);
}

function addQuorumCommand(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("ckquorum")
    .description("say whether the votes for a failover could come together now, and who is missing")
    .argument("<group>")
    .option("--json", "print an object for programs")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => ckquorum(context, group, command.optsWithGlobals<CkquorumOptions>())),
    );
}

function addMoveCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("drill")
    .description("hand a healthy group over and back, and judge the times by its settings")
    .argument("<group>")
    .option("--to <node>", "who is to be the master meanwhile (the observers choose otherwise)")
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .option("--json", "print an object for programs; asks nothing, so it needs --yes")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => drill(context, group, command.optsWithGlobals<DrillOptions>())),
    );

  program
    .command("release")
    .description("make a replica of a returned master that is held for inspection")
    .argument("<group>")
    .argument("<node>", 'as `status` shows it: "10.0.0.4:6379"')
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .option("--json", "print an object for programs; asks nothing, so it needs --yes")
    .action((group: string, node: string, _options: unknown, command: Command) =>
      finish(() => releaseNode(context, group, node, command.optsWithGlobals<ReleaseOptions>())),
    );
}
