import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The built watch function, with its parts beside it: the very files that are packaged. Built anew when a source is younger than it. */
export async function watchBundle(): Promise<string> {
  const bundle = join(root, "dist", "watch.mjs");
  if (
    !existsSync(bundle) ||
    newestMs([join(root, "functions"), join(root, "lib")]) > mtimeMs(bundle)
  ) {
    const { buildFunctions } = await import("../scripts/build.mjs");
    await buildFunctions();
  }
  return bundle;
}

/** The files that a function's package consists of, from the folder of the bundle: the bundle itself, then its parts. */
export function filesOf(bundle: string): readonly string[] {
  const parts = `${basename(bundle, ".mjs")}-parts`;
  const names = readdirSync(join(dirname(bundle), parts)).sort();
  return [basename(bundle), ...names.map((name) => `${parts}/${name}`)];
}

function newestMs(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Math.max(...files.map(mtimeMs));
}

function mtimeMs(file: string): number {
  return statSync(file).mtimeMs;
}
