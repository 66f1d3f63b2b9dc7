import type { Command } from "commander";
import { type AclOptions, acl } from "./acl.ts";
import type { CliContext } from "./context.ts";
import { type CostOptions, cost } from "./cost.ts";
import { type ImportOptions, importConf } from "./import.ts";

type Finish = (run: () => Promise<number>) => Promise<void>;

/** Commands that read files alone: neither AWS nor a server is asked. */
export function addOfflineCommands(program: Command, context: CliContext, finish: Finish): void {
  addImportCommand(program, context, finish);
  addAclCommand(program, context, finish);
  addCostCommand(program, context, finish);
}

function addImportCommand(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("import")
    .description(
      "print a groups.yml for what a sentinel.conf watches, and say what has no equivalent",
    )
    .argument("<file>")
    .option("--observers <names>", "the observers' names, by comma")
    .option("--json", "print an object for programs")
    .action((file: string, _options: unknown, command: Command) =>
      finish(() => importConf(context, file, command.optsWithGlobals<ImportOptions>())),
    );
}

function addAclCommand(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("acl")
    .description("print the least that the observers' Redis user must be allowed")
    .argument("[group]", "whose marker key may be touched (every group's otherwise)")
    .option("-f, --file <file>", "the groups file, for each group's user, name and marker")
    .option("--json", "print an object for programs")
    .action((group: string | undefined, _options: unknown, command: Command) =>
      finish(() => acl(context, group, command.optsWithGlobals<AclOptions>())),
    );
}

function addCostCommand(program: Command, context: CliContext, finish: Finish): void {
  program
    .command("cost")
    .description("print what a stage and its groups cost a month, item by item, in each cadence")
    .requiredOption("-f, --file <file>", "the groups file")
    .requiredOption("--stage-file <file>", "the stage's file, such as infra/stages/prod.yml")
    .option("--json", "print an object for programs")
    .action((_options: unknown, command: Command) =>
      finish(() => cost(context, command.optsWithGlobals<CostOptions>())),
    );
}
