import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
/** What a long run may print. */
const maxBuffer = 64 * 1024 * 1024;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of the tests by plain Node, outside of jest, to its end, whatever that is. */
export function runScript(script: URL, ...args: readonly string[]): Promise<Ended> {
  return runScriptIn({}, script, ...args);
}

/** The same with further environment variables. */
export async function runScriptIn(
  env: Readonly<Record<string, string>>,
  script: URL,
  ...args: readonly string[]
): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(process.execPath, [fileURLToPath(script), ...args], {
      maxBuffer,
      env: { ...process.env, ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code = -1, stdout = "", stderr = "" } = error as Partial<Ended>;
    return { code, stdout, stderr };
  }
}
