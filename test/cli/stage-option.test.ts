import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withStage } from "../../lib/cli/stage-option.ts";
import { createCli } from "../support/cli.ts";

const example = readFileSync("infra/stages/example.yml", "utf8");

function folderWith(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "stages-"));
  writeFileSync(join(folder, `${name}.yml`), text);
  return folder;
}

describe("--stage", () => {
  test("finds table and region in the stage's file", () => {
    const folder = folderWith("prod", example);
    expect(withStage({ stage: "prod" }, folder)).toEqual({
      table: "lambda-sentinel-prod",
      region: "eu-west-1",
    });
  });

  test("takes the table's name from the file, where it has one", () => {
    const folder = folderWith("prod", example.replace("table:\n", "table:\n  name: quorum\n"));
    expect(withStage({ stage: "prod" }, folder).table).toBe("quorum");
  });

  test("gives way to --table and --region, and reads nothing where it is not given", () => {
    const folder = folderWith("prod", example);
    expect(withStage({ stage: "prod", table: "other" }, folder)).toEqual({
      table: "other",
      region: "eu-west-1",
    });
    expect(withStage({ region: "us-east-1" }, "nowhere")).toEqual({ region: "us-east-1" });
  });

  test("that has no file, or a wrong one, ends the command", () => {
    expect(() => withStage({ stage: "prod" }, "nowhere")).toThrow(
      "expected --stage to name a stage whose file is nowhere/prod.yml, got no file of that name; --table and --region need no file",
    );
    const folder = folderWith("prod", "tables: {}\n");
    expect(() => withStage({ stage: "prod" }, folder)).toThrow(
      /^expected --stage to name a valid file: .*prod\.yml:1:1/,
    );
  });

  test("must be a name and no path", async () => {
    const cli = createCli();
    expect(await cli.run("status", "--stage", "../prod")).toBe(2);
    expect(cli.lines[0]).toContain("expected a stage's name");
  });
});
