import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const installTimeoutMs = 300_000;

/** The browser that CHROMIUM names, or the first of the usual names on the PATH; null where there is none. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== "") return named;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isProgram) ?? null;
}

/** Installs Debian's package where we may; returns why there is still no browser, or null where there is one. */
export async function installChromium(print: (line: string) => void): Promise<string | null> {
  if (process.getuid?.() !== 0) return "only root installs packages";
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const packages = ["chromium", "fonts-dejavu-core"];
  const commands = [["update"], ["install", "-y", "--no-install-recommends", ...packages]];
  for (const args of commands) {
    print(`$ apt-get ${args.join(" ")}`);
    try {
      await run("apt-get", args, { env, timeout: installTimeoutMs, maxBuffer: 2 ** 26 });
    } catch (error) {
      return `apt-get ${args[0]}: ${String(error).slice(0, 500)}`;
    }
  }
  return findChromium() === null ? "the package chromium brought no chromium" : null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
