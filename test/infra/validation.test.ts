import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { baseTemplate } from "../../scripts/validate/base-stack.ts";
import { scratchOf, stageOf } from "../../scripts/validate/scratch.ts";
import { plannedBase } from "../../scripts/validate/steps.ts";
import { isLinterThere, lint, needlessDependency } from "../support/cfn-lint.ts";
import { packageStage, properties, readPackaged } from "../support/packaged.ts";

const scratch = scratchOf("0a1b2c", "eu-west-1");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "validation-"));
  await packageStage("test-validation", stageOf(scratch, plannedBase));
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe("a validation", () => {
  it("packages a stage that reads the password that the base stack stores", async () => {
    const { templates } = await readPackaged("test-validation");

    expect(Object.keys(templates).sort()).toEqual(["one", "three", "two"]);
    for (const template of Object.values(templates)) {
      expect(JSON.stringify(properties(template, "WatchRole"))).toContain(
        `parameter${scratch.passwordName.replace(/password$/, "*")}`,
      );
    }
  });

  // `bash scripts/fetch-cfn-lint.sh` brings it.
  (isLinterThere ? it : it.skip)(
    "has templates in which cfn-lint finds nothing of ours",
    async () => {
      const regions = ["eu-west-1", "sa-east-1"];
      const bases = regions.map((region) => join(folder, `${region}.json`));
      for (const [place, file] of bases.entries()) {
        const template = baseTemplate(scratchOf("0a1b2c", regions[place] ?? ""));
        await writeFile(file, JSON.stringify(template));
      }
      const { folderOf } = await readPackaged("test-validation");
      const stacks = scratch.observers.map((observer) =>
        join(folderOf(observer), "cloudformation-template-update-stack.json"),
      );

      expect(await lint(bases)).toEqual([]);
      expect([...new Set(await lint(stacks))]).toEqual([needlessDependency]);
    },
    300_000,
  );
});
