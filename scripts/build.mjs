// Bundles each Lambda function into one small ES module: what is packaged is what the lab runs.
import { readdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { takeBuiltIns } from "./built-ins.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * How the SDK finds credentials where Lambda has put none into the environment: it imports them when it needs them, which
 * is never there, and they are a sixteenth of the bundle.
 */
const loginsOfPeople = ["ini", "sso", "process", "web-identity", "login", "http"].map(
  (kind) => `@aws-sdk/credential-provider-${kind}`,
);

/** Builds dist/<name>.mjs from functions/<name>.ts; atomic, so that a running lab never reads half a file. */
export async function buildFunctions() {
  const names = readdirSync(join(root, "functions")).filter((name) => name.endsWith(".ts"));
  for (const name of names) {
    const target = join(root, "dist", name.replace(/\.ts$/, ".mjs"));
    const partial = `${target}.${process.pid}`;
    await build({
      entryPoints: [join(root, "functions", name)],
      outfile: partial,
      bundle: true,
      minify: true,
      keepNames: true,
      platform: "node",
      target: "node24",
      format: "esm",
      mainFields: ["module", "main"],
      legalComments: "none",
      external: [...loginsOfPeople, "@aws-sdk/token-providers"],
      plugins: [takeBuiltIns],
      logLevel: "warning",
    });
    renameSync(partial, target);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildFunctions();
