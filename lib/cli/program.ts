import { Command, CommanderError, InvalidArgumentError } from "commander";
import { acknowledgeFailover } from "./ack.ts";
import { type ApplyOptions, apply } from "./apply.ts";
import { type CkquorumOptions, ckquorum } from "./ckquorum.ts";
import type { ConfirmOptions } from "./confirm.ts";
import type { CliContext, GlobalOptions } from "./context.ts";
import { type DoctorOptions, doctor } from "./doctor/doctor.ts";
import { type DrillOptions, drill } from "./drill/drill.ts";
import { CliError, exitCodes } from "./exit.ts";
import { cancelRequest, replaceMaster } from "./failover.ts";
import { forgetNode, resetGroup } from "./forget.ts";
import { addLabCommands } from "./lab.ts";
import { testNotifications } from "./notify.ts";
import { type PauseOptions, pauseGroup, resumeGroup } from "./pause.ts";
import { addOfflineCommands } from "./program-offline.ts";
import { addWhyCommands } from "./program-why.ts";
import { type ReleaseOptions, releaseNode } from "./release.ts";
import { remove } from "./remove.ts";
import { type StatusOptions, status } from "./status.ts";

/** Runs one command line and returns its exit code; expected errors are told in one line. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
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

type Finish = (run: () => Promise<number>) => Promise<void>;

function buildProgram(context: CliContext, finish: Finish): Command {
  const { terminal } = context;
  const program = new Command("lambda-sentinel")
    .description("Failover for Redis without servers to run.")
    .version(context.version)
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
    .showHelpAfterError("(add --help for what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
    });
  addGroupCommands(program, context, finish);
  addWhyCommands(program, context, finish);
  addNotifyCommands(program, context, finish);
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

function addGroupCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("apply")
    .description("check groups.yml, show what it changes, and write it to the table")
    .requiredOption("-f, --file <file>", "the groups file")
    .option("--stage-file <file>", "the stage's file: refuse what its functions may not do")
    .option("--yes", "don't ask")
    .option("--wait", "wait until every observer has adopted it, at most 120 s")
    .option("--dry-run", "only check and show")
    .action((_options: unknown, command: Command) =>
      finish(() => apply(context, command.optsWithGlobals<ApplyOptions>())),
    );

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
  addReplaceCommands(program, context, finish);
  addRemoveCommand(program, context, finish);
  addForgetCommands(program, context, finish);

  program
    .command("pause")
    .description("forbid failovers and repairs of a group")
    .argument("<group>")
    .option("--reason <text>", "why, for those who read the status")
    .option("--for <time>", 'when it ends by itself, from now on: "2h", "90m"')
    .option("--until <instant>", 'when it ends by itself: "2030-01-31T04:00Z"')
    .option("--yes", "accepted, as everywhere; this command asks nothing")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => pauseGroup(context, group, command.optsWithGlobals<PauseOptions>())),
    );

  program
    .command("resume")
    .description("allow failovers and repairs of a group again")
    .argument("<group>")
    .option("--yes", "accepted, as everywhere; this command asks nothing")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => resumeGroup(context, group, command.optsWithGlobals<GlobalOptions>())),
    );
}

function addNotifyCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("notify")
    .description("whoever is to be told of events: a topic, an event bus")
    .command("test")
    .description("let every observer tell them that this is a test, and show how each fared")
    .argument("<group>")
    .option("--yes", "accepted, as everywhere; this command asks nothing")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => testNotifications(context, group, command.optsWithGlobals<GlobalOptions>())),
    );
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

function addRemoveCommand(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("remove")
    .description("stop watching a group, and say what becomes of what it has")
    .argument("<group>")
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => remove(context, group, command.optsWithGlobals<ConfirmOptions>())),
    );
}

function addForgetCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("forget")
    .description("watch a node no longer that the observers discovered; refused in an outage")
    .argument("<group>")
    .argument("<node>", 'as `status` shows it: "10.0.0.4:6379"')
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .action((group: string, node: string, _options: unknown, command: Command) =>
      finish(() => forgetNode(context, group, node, command.optsWithGlobals<ConfirmOptions>())),
    );

  program
    .command("reset")
    .description("forget every discovered node that does not answer; refused in an outage")
    .argument("<group>")
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => resetGroup(context, group, command.optsWithGlobals<ConfirmOptions>())),
    );
}

function addReplaceCommands(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("failover")
    .description("ask the observers to replace the master, dead or alive, and follow it")
    .argument("<group>")
    .option("--to <node>", "who is to be the master (the observers choose otherwise)")
    .option("--allow-data-loss <bytes>", "more than maxLagBytes, if the master is down", readBytes)
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => replaceMaster(context, "failover", group, command.optsWithGlobals())),
    );

  program
    .command("switchover")
    .description("ask the observers to hand a living master's role over, losing nothing")
    .argument("<group>")
    .option("--to <node>", "who is to be the master (the observers choose otherwise)")
    .option("--at <instant>", 'not before then: "2030-01-31T04:00Z"')
    .option("--dry-run", "only check and show")
    .option("--yes", "don't ask")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => replaceMaster(context, "switchover", group, command.optsWithGlobals())),
    );

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
    .command("cancel")
    .description("take back a failover or switchover that nobody has begun")
    .argument("<group>")
    .option("--yes", "accepted, as everywhere; this command asks nothing")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => cancelRequest(context, group, command.optsWithGlobals<GlobalOptions>())),
    );

  program
    .command("ack")
    .description("acknowledge the last automatic failover, which ends its cool-down")
    .argument("<group>")
    .option("--yes", "accepted, as everywhere; this command asks nothing")
    .action((group: string, _options: unknown, command: Command) =>
      finish(() => acknowledgeFailover(context, group, command.optsWithGlobals<GlobalOptions>())),
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

function readBytes(text: string): number {
  const bytes = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError(`expected a whole number of bytes, got "${text}".`);
}
