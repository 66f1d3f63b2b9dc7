import { type Command, InvalidArgumentError } from "commander";
import { acknowledgeFailover } from "./ack.ts";
import { adoptGroup } from "./adopt/adopt.ts";
import { type ApplyOptions, apply } from "./apply.ts";
import { type ChangeOptions, runChange } from "./change-report.ts";
import type { CliContext } from "./context.ts";
import { cancelRequest, type ReplaceOptions, replaceMaster } from "./failover.ts";
import { forgetNode, resetGroup } from "./forget.ts";
import { testNotifications } from "./notify.ts";
import { type PauseOptions, pauseGroup, resumeGroup } from "./pause.ts";
import { remove } from "./remove.ts";

type Finish = (run: () => Promise<number>) => Promise<void>;

/** Commands that change something: each takes --dry-run, --yes and --json. */
export function addChangeCommands(program: Command, context: CliContext, finish: Finish): void {
  const adder: Adder = { program, context, finish };
  addApplyCommand(adder);
  addReplaceCommands(adder);
  addGroupCommands(adder);
  addNodeCommands(adder);
  addPauseCommands(adder);
}

interface Adder {
  readonly program: Command;
  readonly context: CliContext;
  readonly finish: Finish;
}

interface Kind<O> {
  readonly about: string;
  /** Whether it moves a role, gives up data or takes something away, and so asks first. */
  readonly question: "asks" | "asks-nothing";
  readonly run: (context: CliContext, words: readonly string[], options: O) => Promise<number>;
}

/** The arguments come first: the group's name is the first of them where a command is about one. */
function addChange<O extends ChangeOptions>(
  { context, finish }: Pick<Adder, "context" | "finish">,
  command: Command,
  { about, question, run }: Kind<O>,
): Command {
  const isAsking = question === "asks";
  return command
    .description(about)
    .option("--dry-run", "only check and show")
    .option("--yes", isAsking ? "don't ask" : "accepted, as everywhere; this command asks nothing")
    .option(
      "--json",
      `print an object for programs${isAsking ? "; asks nothing, so it needs --yes" : ""}`,
    )
    .action(() =>
      finish(() =>
        runChange(context, {
          command: nameOf(command),
          group: command.args[0] ?? null,
          options: command.optsWithGlobals<O>(),
          run: (inner, options) => run(inner, command.args, options),
        }),
      ),
    );
}

/** "notify test", without the program's own name. */
function nameOf(command: Command): string {
  const above = command.parent?.parent == null ? "" : `${nameOf(command.parent)} `;
  return `${above}${command.name()}`;
}

function addApplyCommand(adder: Adder): void {
  addChange<ApplyOptions>(adder, adder.program.command("apply"), {
    about: "check groups.yml, show what it changes, and write it to the table",
    question: "asks",
    run: (context, _words, options) => apply(context, options),
  })
    .requiredOption("-f, --file <file>", "the groups file")
    .option(
      "--stage-file <file>",
      "the stage whose functions may not do more (the table's, from infra/stages, otherwise)",
    )
    .option("--wait", "wait until every observer has adopted it, at most 120 s");
}

function addReplaceCommands(adder: Adder): void {
  const { program } = adder;
  addChange<ReplaceOptions>(adder, program.command("failover").argument("<group>"), {
    about: "ask the observers to replace the master, dead or alive, and follow it",
    question: "asks",
    run: (context, [group = ""], options) => replaceMaster(context, "failover", group, options),
  })
    .option("--to <node>", "who is to be the master (the observers choose otherwise)")
    .option("--allow-data-loss <bytes>", "more than maxLagBytes, if the master is down", readBytes);
  addChange<ReplaceOptions>(adder, program.command("switchover").argument("<group>"), {
    about: "ask the observers to hand a living master's role over, losing nothing",
    question: "asks",
    run: (context, [group = ""], options) => replaceMaster(context, "switchover", group, options),
  })
    .option("--to <node>", "who is to be the master (the observers choose otherwise)")
    .option("--at <instant>", 'not before then: "2030-01-31T04:00Z"');
  addChange(adder, program.command("cancel").argument("<group>"), {
    about: "take back a failover or switchover that nobody has begun",
    question: "asks-nothing",
    run: (context, [group = ""], options) => cancelRequest(context, group, options),
  });
  addChange(adder, program.command("ack").argument("<group>"), {
    about: "acknowledge the last automatic failover, which ends its cool-down",
    question: "asks-nothing",
    run: (context, [group = ""], options) => acknowledgeFailover(context, group, options),
  });
}

function addGroupCommands(adder: Adder): void {
  const { program } = adder;
  addChange(adder, program.command("adopt").argument("<group>"), {
    about: "accept a promotion made by hand, or a record that somebody else wrote",
    question: "asks",
    run: (context, [group = ""], options) => adoptGroup(context, group, options),
  });
  addChange(adder, program.command("remove").argument("<group>"), {
    about: "stop watching a group, and say what becomes of what it has",
    question: "asks",
    run: (context, [group = ""], options) => remove(context, group, options),
  });
  const notify = program
    .command("notify")
    .description("whoever is to be told of events: a topic, an event bus");
  addChange(adder, notify.command("test").argument("<group>"), {
    about: "let every observer tell them that this is a test, and show how each fared",
    question: "asks-nothing",
    run: (context, [group = ""], options) => testNotifications(context, group, options),
  });
}

function addNodeCommands(adder: Adder): void {
  const { program } = adder;
  const forget = program
    .command("forget")
    .argument("<group>")
    .argument("<node>", 'as `status` shows it: "10.0.0.4:6379"');
  addChange(adder, forget, {
    about: "watch a node no longer that the observers discovered; refused in an outage",
    question: "asks",
    run: (context, [group = "", node = ""], options) => forgetNode(context, group, node, options),
  });
  addChange(adder, program.command("reset").argument("<group>"), {
    about: "forget every discovered node that does not answer; refused in an outage",
    question: "asks",
    run: (context, [group = ""], options) => resetGroup(context, group, options),
  });
}

function addPauseCommands(adder: Adder): void {
  const { program } = adder;
  addChange<PauseOptions>(adder, program.command("pause").argument("<group>"), {
    about: "forbid failovers and repairs of a group",
    question: "asks-nothing",
    run: (context, [group = ""], options) => pauseGroup(context, group, options),
  })
    .option("--reason <text>", "why, for those who read the status")
    .option("--for <time>", 'when it ends by itself, from now on: "2h", "90m"')
    .option("--until <instant>", 'when it ends by itself: "2030-01-31T04:00Z"');
  addChange(adder, program.command("resume").argument("<group>"), {
    about: "allow failovers and repairs of a group again",
    question: "asks-nothing",
    run: (context, [group = ""], options) => resumeGroup(context, group, options),
  });
}

function readBytes(text: string): number {
  const bytes = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError(`expected a whole number of bytes, got "${text}".`);
}
