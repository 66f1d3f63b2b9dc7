import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { systemClock } from "../adapters/system-clock.ts";
import { stagesFolder } from "../deploy/stage-files.ts";
import { localAwsDefaults, openServices } from "./aws.ts";
import { exitCodes } from "./exit.ts";
import { runCli } from "./program.ts";
import { withStage } from "./stage-option.ts";
import { createTerminal } from "./terminal.ts";

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  const isNamed = typeof parsed === "object" && parsed !== null && "version" in parsed;
  return isNamed ? String(parsed.version) : "unknown";
}

/** A machine without an entry for the user, as in a container, has no user name to give. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? "unknown";
  }
}

let isInterrupted = false;
process.on("SIGINT", () => {
  isInterrupted = true;
  // Commands that have something to clean up listen for themselves.
  if (process.listenerCount("SIGINT") === 1) process.exit(130);
});
// Started by bin/lambda-sentinel.js on another Node.js: end with it, and take its SIGINT for ours unless we had it.
if (process.channel !== undefined && process.channel !== null) {
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.on("message", (message) => {
    if (message === "interrupt" && !isInterrupted) process.kill(process.pid, "SIGINT");
  });
  process.channel.unref();
}

// Whoever reads our output may stop reading, as `head` does: that is no error of ours. A full disk is one, and no defect.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  console.error(`error: standard output could not be written: ${error.message}`);
  process.exit(exitCodes.unfinished);
});
// Nobody is left to be told.
process.stderr.on("error", () => process.exit(exitCodes.unfinished));

// The SDK reads its configuration from the environment, so that is where the lab's defaults go.
Object.assign(process.env, localAwsDefaults(process.env));

process.exitCode = await runCli(process.argv.slice(2), {
  open: (options) => openServices(withStage(options), process.env),
  clock: systemClock,
  terminal: createTerminal(),
  operator: `${userName()}@${hostname()}`,
  newAttempt: randomUUID,
  stagesFolder,
  version: readVersion(),
});
