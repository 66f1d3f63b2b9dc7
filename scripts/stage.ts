// npm run package, deploy and remove: one command for all stacks of a stage.
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { problemsError } from "../lib/cli/load-file.ts";
import { createTerminal } from "../lib/cli/terminal.ts";
import { untoldAlarms } from "../lib/deploy/monitoring.ts";
import { createFramework } from "../lib/deploy/osls.ts";
import { runStage, type StageCommand } from "../lib/deploy/run-stage.ts";
import { stacksOf } from "../lib/deploy/stack.ts";
import { loadStageFile } from "../lib/deploy/stage.ts";
import { stageFileOf, stageNames } from "../lib/deploy/stage-files.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const usageExit = 2;

interface Options {
  readonly stage: string;
  readonly from?: string;
  readonly file?: string;
}

const about: Readonly<Record<StageCommand, string>> = {
  package: "make the templates and zips of all stacks, offline and without credentials",
  deploy: "package all stacks, then deploy one after the other, the table's first",
  remove: "remove all stacks, the table's last; the table itself is kept",
};

const program = new Command("stage")
  .exitOverride()
  .showHelpAfterError("(add --help for what there is)");
for (const name of ["package", "deploy", "remove"] as const) {
  program
    .command(name)
    .description(about[name])
    .requiredOption(
      "--stage <name>",
      `the stage: ${stageFileOf("NAME")}`,
      ...(name === "package" ? ["example"] : []),
    )
    .option("--from <observer>", "go on from this observer's stack, after a run that stopped")
    .option("--file <file>", `another file than ${stageFileOf("NAME")}`)
    .action(async (options: Options) => {
      process.exitCode = await run(name, options);
    });
}

async function run(command: StageCommand, { stage, from, file }: Options): Promise<number> {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(stage)) {
    console.error(
      `expected a stage's name of at most 32 lower-case letters, digits and hyphens, got ${JSON.stringify(stage)}`,
    );
    return usageExit;
  }
  const loaded = await loadStageFile(file ?? stageFileOf(stage));
  if (!loaded.ok) {
    console.error(problemsError(createTerminal(), loaded.problems).message);
    const known = await stageNames();
    if (file === undefined && !known.includes(stage)) {
      console.error(
        `there is no stage ${stage}; there are ${known.join(", ")}, and a copy of ${stageFileOf("example")} makes another`,
      );
    }
    return usageExit;
  }
  const stacks = stacksOf(loaded.stage, stage);
  for (const line of untoldAlarms(loaded.stage)) console.error(`warning: ${line}`);
  if (from !== undefined && !stacks.some((stack) => stack.observer === from)) {
    console.error(
      `expected an observer of stage ${stage} after --from, got ${JSON.stringify(from)}; there are ${stacks.map((stack) => stack.observer).join(", ")}`,
    );
    return usageExit;
  }
  const out = {
    say: (line: string) => console.log(line),
    complain: (line: string) => console.error(line),
  };
  return runStage(
    { command, stage, stacks, from: from ?? null, file: file ?? null },
    createFramework(root, stage),
    out,
  );
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : usageExit;
}
