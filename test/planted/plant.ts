import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Defect } from "./defects.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Lets `hunt` look at a copy of the sources with the mistake in it, by the copy's path, and removes the copy. Throws when
 * the text of a mistake is not there exactly once: then the sources moved on, and the mistake has to follow.
 */
export function withPlanted<T>(defect: Defect, folder: string, hunt: (copy: string) => T): T {
  const copy = join(root, ".cache", "planted", `${folder}-${defect.id}`);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const part of ["lib", "test/support", `test/${folder}`]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  for (const { file, find, replace } of [defect, ...(defect.also ?? [])]) {
    const parts = readFileSync(join(copy, file), "utf8").split(find);
    if (parts.length !== 2) {
      throw new Error(
        `${defect.id}: expected its text once in ${file}, got it ${parts.length - 1} times; mend the mistake`,
      );
    }
    writeFileSync(join(copy, file), parts.join(replace));
  }
  try {
    return hunt(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
