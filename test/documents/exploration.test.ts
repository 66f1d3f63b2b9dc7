import { readFileSync } from "node:fs";
import { expect, it } from "@jest/globals";
import { largeScopes, smallScopes } from "../exhaustive/scopes.ts";

it("docs/exploration.md counts each scope, or says that it was not run to its end", () => {
  const page = readFileSync(new URL("../../docs/exploration.md", import.meta.url), "utf8");
  const measured = page.split("## Measured")[1]?.split("Planted mistakes")[0] ?? "";
  const unsaid = [...smallScopes, ...largeScopes]
    .map((scope) => scope.name)
    .filter((name) => !measured.includes(`\n| ${name} |`) && !measured.includes(`\`${name}\``));

  expect(unsaid).toEqual([]);
});
