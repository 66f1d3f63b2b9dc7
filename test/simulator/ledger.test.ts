import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "@jest/globals";
import { root, sourceFolders } from "./ledger.ts";

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:\bfrom |\bimport |\bimport\()"(\.[^"]+)"/g);
  return [...found].map(([, of = ""]) => join(dirname(file), of));
}

/** Otherwise a change of what lies elsewhere would leave seeds in the ledger that never ran with it. */
it("has everything that the simulator imports in its fingerprint", () => {
  const reached = new Set(
    readdirSync(join(root, "test/simulator"))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => `test/simulator/${file}`),
  );
  for (const file of reached) for (const one of importsOf(file)) reached.add(one);

  const strays = [...reached].filter(
    (file) => !sourceFolders.some((folder) => file.startsWith(`${folder}/`)),
  );
  expect(reached).toContain("test/support/phase-edges.ts");
  expect(strays).toEqual([]);
});
