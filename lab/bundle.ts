import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The built watch function: the very file that is packaged. Built anew when a source is younger than it. */
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
