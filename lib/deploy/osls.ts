import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Stack } from "./stack.ts";

/** Where what is made of a stage is put, from the project's root. */
const outFolder = "dist/stages";

/** How the framework's run ended: its exit code, or the signal that ended it. */
export type Ended = number | NodeJS.Signals;

export interface Framework {
  /** Makes the stack's template and zip, offline. */
  package(stack: Stack): Promise<Ended>;
  /** Uploads what `package` made and has CloudFormation make it so. */
  deploy(stack: Stack): Promise<Ended>;
  remove(stack: Stack): Promise<Ended>;
}

/** The Serverless Framework's open fork, run once for each stack; it prints to this process's own output. */
export function createFramework(root: string, stageName: string): Framework {
  const run = async (command: string, stack: Stack, rest: readonly string[]): Promise<Ended> => {
    const stackFile = join(outFolder, stageName, `${stack.observer}.json`);
    await mkdir(dirname(join(root, stackFile)), { recursive: true });
    await writeFile(join(root, stackFile), `${JSON.stringify(stack, null, 2)}\n`);
    const osls = join(root, "node_modules/osls/bin/serverless.js");
    const options = ["--stage", stageName, "--region", stack.region, `--param=stack=${stackFile}`];
    return wait(root, [osls, command, ...options, ...rest]);
  };
  const madeOf = (stack: Stack) => ["--package", packageFolderOf(stageName, stack)];
  return {
    package: (stack) => run("package", stack, madeOf(stack)),
    deploy: (stack) => run("deploy", stack, madeOf(stack)),
    remove: (stack) => run("remove", stack, []),
  };
}

/** Where a stack's template and zip are, from the project's root. */
export function packageFolderOf(stageName: string, stack: Stack): string {
  return join(outFolder, stageName, stack.observer);
}

function wait(cwd: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal ?? 1));
  });
}
