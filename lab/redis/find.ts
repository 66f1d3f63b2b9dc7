import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import { eachLine } from "../child.ts";

const run = promisify(execFile);

/** A server program that was asked for its version. */
export type RedisBinary = Readonly<{
  path: string;
  kind: "redis" | "valkey";
  /** Such as `7.0.15`. */
  version: string;
}>;

type Environment = Readonly<Record<string, string | undefined>>;

const programNames = ["redis-server", "valkey-server"];
const versionTimeoutMs = 10_000;

/**
 * Finds the server that the lab runs: what REDIS_SERVER names, else `redis-server`, else
 * `valkey-server` on the PATH. Throws with the command that installs one when there is none.
 */
export async function findRedis(environment: Environment = process.env): Promise<RedisBinary> {
  const asked = environment.REDIS_SERVER;
  if (asked !== undefined && asked !== "") {
    const path = onPath(asked, environment);
    if (path !== null) return await identify(path);
    throw new Error(
      `Expected REDIS_SERVER to name a program, got "${asked}": ` +
        "set it to the path of a redis-server or valkey-server, or unset it.",
    );
  }
  for (const name of programNames) {
    const path = onPath(name, environment);
    if (path !== null) return await identify(path);
  }
  throw new Error(
    "Expected redis-server or valkey-server on the PATH, got neither: " +
      `${adviceFor(platformFacts(environment))}, ` +
      "or set REDIS_SERVER to the path of one.",
  );
}

async function identify(path: string): Promise<RedisBinary> {
  let output: string;
  try {
    output = (await run(path, ["--version"], { timeout: versionTimeoutMs })).stdout;
  } catch (cause) {
    throw new Error(
      `Expected ${path} --version to print a version, got "${String(cause)}": ` +
        "set REDIS_SERVER to a working redis-server or valkey-server.",
      { cause },
    );
  }
  return { path, ...parseVersion(path, output) };
}

/** Reads `Redis server v=7.0.15 …` or `Valkey server v=8.0.1 …`. */
export function parseVersion(path: string, output: string): Omit<RedisBinary, "path"> {
  const match = /^(redis|valkey) server v=(\d+\.\d+\.\d+\S*)/im.exec(output);
  const version = match?.[2];
  if (version === undefined) {
    throw new Error(
      `Expected "Redis server v=…" or "Valkey server v=…" from ${path} --version, ` +
        `got "${output.trim().slice(0, 200)}": ` +
        "set REDIS_SERVER to a redis-server or valkey-server.",
    );
  }
  return { kind: match?.[1]?.toLowerCase() === "valkey" ? "valkey" : "redis", version };
}

/** What decides how a server is installed here. */
export type PlatformFacts = Readonly<{
  platform: NodeJS.Platform;
  isRoot: boolean;
  /** The package managers on the PATH, of those we know. */
  managers: readonly string[];
}>;

type Installer = Readonly<{
  manager: string;
  /** Homebrew refuses to run as root; the others need it. */
  asRoot: boolean;
  prepare: readonly (readonly string[])[];
  install: readonly string[];
  /** Tried in turn: newer systems have Valkey only. */
  packages: readonly string[];
}>;

const installers: readonly Installer[] = [
  {
    manager: "apt-get",
    asRoot: true,
    prepare: [["apt-get", "update"]],
    install: ["apt-get", "install", "-y", "--no-install-recommends"],
    packages: ["redis-server", "valkey-server"],
  },
  {
    manager: "dnf",
    asRoot: true,
    prepare: [],
    install: ["dnf", "install", "-y"],
    packages: ["redis", "valkey"],
  },
  {
    manager: "apk",
    asRoot: true,
    prepare: [],
    install: ["apk", "add", "--no-cache"],
    packages: ["redis", "valkey"],
  },
  {
    manager: "brew",
    asRoot: false,
    prepare: [],
    install: ["brew", "install"],
    packages: ["redis", "valkey"],
  },
];

export type InstallPlan =
  | Readonly<{
      kind: "run";
      /** Each must succeed. */
      prepare: readonly (readonly string[])[];
      /** One must succeed; they are tried in turn. */
      alternatives: readonly (readonly string[])[];
    }>
  | Readonly<{ kind: "advise"; advice: string }>;

/**
 * How a server would be installed on such a machine: by us, or by a command for a person to run.
 */
export function installPlan(facts: PlatformFacts): InstallPlan {
  const installer = installers.find(({ manager }) => facts.managers.includes(manager));
  if (installer === undefined || installer.asRoot !== facts.isRoot) {
    return { kind: "advise", advice: adviceFor(facts) };
  }
  const { prepare, install, packages } = installer;
  return { kind: "run", prepare, alternatives: packages.map((name) => [...install, name]) };
}

function adviceFor({ platform, isRoot, managers }: PlatformFacts): string {
  const installer = installers.find(({ manager }) => managers.includes(manager));
  if (installer === undefined) {
    return platform === "darwin"
      ? "install Homebrew from https://brew.sh and run `brew install redis`"
      : "install the redis or valkey package of this system";
  }
  const { asRoot, prepare, install, packages } = installer;
  const line = [...prepare, [...install, ...packages.slice(0, 1)]]
    .map((words) => [...(asRoot && !isRoot ? ["sudo"] : []), ...words].join(" "))
    .join(" && ");
  return `run \`${line}\`${!asRoot && isRoot ? " as a user who is not root" : ""}`;
}

/**
 * Installs a server with the system's package manager and starts no service. Each command and its
 * output go to `print`. Throws with the command to run by hand where we may not or cannot do it.
 */
export async function installRedis(
  print: (line: string) => void,
  environment: Environment = process.env,
): Promise<RedisBinary> {
  const plan = installPlan(platformFacts(environment));
  if (plan.kind === "advise") {
    throw new Error(
      "Expected to be able to install a Redis server here, " +
        `got no permission or no known package manager: ${plan.advice}.`,
    );
  }
  const install = async () => {
    for (const command of plan.prepare) await runInstaller(command, environment, print);
    await runFirstThatWorks(plan.alternatives, environment, print);
  };
  // Of these package managers only Debian's starts what it has installed.
  if (plan.alternatives[0]?.[0] === "apt-get") await withoutServiceStart(install);
  else await install();
  return await findRedis({ ...environment, REDIS_SERVER: undefined });
}

const policyPath = "/usr/sbin/policy-rc.d";

/**
 * Debian's packages ask this file whether they may start what they bring. A file that is there
 * already is somebody's decision and stays as it is.
 */
async function withoutServiceStart(install: () => Promise<void>): Promise<void> {
  const isOurs = await writeFile(policyPath, "#!/bin/sh\nexit 101\n", { flag: "wx", mode: 0o755 })
    .then(() => true)
    // It exists already.
    .catch(() => false);
  try {
    await install();
  } finally {
    if (isOurs) await rm(policyPath, { force: true });
  }
}

async function runFirstThatWorks(
  alternatives: readonly (readonly string[])[],
  environment: Environment,
  print: (line: string) => void,
): Promise<void> {
  let failure: unknown;
  for (const command of alternatives) {
    try {
      return await runInstaller(command, environment, print);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function runInstaller(
  command: readonly string[],
  environment: Environment,
  print: (line: string) => void,
): Promise<void> {
  const [program = "", ...args] = command;
  print(`$ ${command.join(" ")}`);
  const child = spawn(program, args, {
    env: { ...environment, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  eachLine(child.stdout, print);
  eachLine(child.stderr, print);
  const [code] = await once(child, "close");
  if (code === 0) return;
  throw new Error(
    `Expected "${command.join(" ")}" to succeed, got exit code ${String(code)}: ` +
      "see its output above, and run it by hand or set REDIS_SERVER to the path of a server.",
  );
}

function platformFacts(environment: Environment): PlatformFacts {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    managers: installers
      .map(({ manager }) => manager)
      .filter((manager) => onPath(manager, environment) !== null),
  };
}

/** The program's absolute path, or null when no folder of the PATH has it. */
function onPath(name: string, environment: Environment): string | null {
  if (isAbsolute(name) || name.includes("/")) return isProgram(name) ? resolve(name) : null;
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
