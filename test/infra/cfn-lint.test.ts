import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { isLinterThere, lint, needlessDependencies } from "../support/cfn-lint.ts";
import { combinations } from "./combinations.ts";
import { PackagedStages } from "./packaged-stages.ts";

// `bash scripts/fetch-cfn-lint.sh` brings it.
(isLinterThere ? describe : describe.skip)("cfn-lint", () => {
  const stages = new PackagedStages();

  it(`finds nothing in the templates of ${Object.keys(combinations).length} stages but needless dependencies that the framework writes`, async () => {
    await stages.read();
    const files = [...stages.all.values()].flatMap((stage) =>
      Object.keys(stage.templates).map((observer) =>
        join(stage.folderOf(observer), "cloudformation-template-update-stack.json"),
      ),
    );
    expect([...new Set(await lint(files))].toSorted()).toEqual(needlessDependencies);
  }, 300_000);
});
