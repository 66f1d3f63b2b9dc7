#!/usr/bin/env node
// Runs the command line on the Node.js that is pinned with the project (the Lambda runtime's major),
// whatever Node.js started this file: plain JavaScript, so that Node 20 can read it.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const pinned = join(root, "node_modules", ".bin", "node");
const isCurrent = Number(process.versions.node.split(".")[0]) >= 24;

if (isCurrent) {
  await import("../lib/cli/main.ts");
} else if (existsSync(pinned)) {
  const { spawn } = await import("node:child_process");
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The child notices by the closed channel that this process is gone, and stops then.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // Ctrl-C reaches the whole process group by itself; a SIGINT for this process alone is passed on, a moment later.
  process.on("SIGINT", () => setTimeout(() => child.connected && child.send("interrupt"), 150));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
} else {
  console.error(
    `lambda-sentinel needs Node.js 24 or newer and runs on ${process.version}; ` +
      "run `npm ci` in its folder, which brings the pinned one.",
  );
  process.exitCode = 1;
}
