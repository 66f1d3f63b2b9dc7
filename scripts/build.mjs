// Bundles each Lambda function into a small ES module and its parts: what is packaged is what the lab runs.
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
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

/**
 * Builds dist/<name>.mjs from functions/<name>.ts, and beside it in dist/<name>-parts what is loaded only when it is needed.
 * Not in dist/<name>: Lambda takes a folder of a handler's name for the handler.
 */
export async function buildFunctions() {
  const names = readdirSync(join(root, "functions")).filter((name) => name.endsWith(".ts"));
  for (const name of names) await buildFunction(name.replace(/\.ts$/, ""));
}

async function buildFunction(name) {
  const partial = join(root, "dist", `.${name}-${process.pid}`);
  await build({
    entryPoints: [join(root, "functions", `${name}.ts`)],
    outdir: partial,
    outExtension: { ".js": ".mjs" },
    chunkNames: `${partsOf(name)}/[name]-[hash]`,
    splitting: true,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    legalComments: "none",
    external: [...loginsOfPeople, "@aws-sdk/token-providers"],
    plugins: [takeBuiltIns],
    logLevel: "warning",
  });
  moveInto(join(root, "dist"), partial, name);
  rmSync(partial, { recursive: true });
}

function partsOf(name) {
  return `${name}-parts`;
}

/** The parts first, under names made of their content, and the entry last: a running lab never reads half a build. */
function moveInto(target, partial, name) {
  const parts = partsOf(name);
  mkdirSync(join(partial, parts), { recursive: true });
  mkdirSync(join(target, parts), { recursive: true });
  const built = new Set(readdirSync(join(partial, parts)));
  for (const part of built) renameSync(join(partial, parts, part), join(target, parts, part));
  renameSync(join(partial, `${name}.mjs`), join(target, `${name}.mjs`));
  const stale = readdirSync(join(target, parts)).filter((part) => !built.has(part));
  for (const part of stale) rmSync(join(target, parts, part), { force: true });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildFunctions();
