import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findStageOf } from "../../lib/deploy/stage-files.ts";
import { groupsText } from "../support/cli.ts";
import { apply, cli, file } from "./apply-stage.ts";

/** What the roles of a stage would not allow is refused before it is written. */

const stageFile = join(dirname(file), "prod.yml");
const records = 'zones: [Z1]\nrecordNames: "*.redis.example.com"\n';

const place = "home: eu-west-1, mode: single-region";

function stageText(rest: string, table = place): string {
  return `table: { ${table} }\nobservers: [{ name: a, region: eu-west-1 }]\nnodeRegions: [eu-west-1]\nnetwork: outside\n${rest}`;
}

function applyIn(stage: string, line: string): Promise<number> {
  writeFileSync(stageFile, stageText(stage));
  return apply(`${groupsText}    ${line}\n`, "--yes", "--stage-file", stageFile);
}

describe("apply with the file of the stage", () => {
  test.each([
    [records, "dns: { zoneId: Z1, name: orders.redis.example.com }"],
    [records, "dns: { zoneId: Z1, name: a.b.redis.example.com, replicas: ro.redis.example.com }"],
    [
      "zones: [Z1]\nrecordNames: cache.example.com\n",
      "dns: { zoneId: Z1, name: cache.example.com }",
    ],
    ["", 'auth: { password: "ssm:/lambda-sentinel/orders" }'],
    ["secretPrefix: team/redis\n", 'auth: { password: "secretsmanager:team/redis/orders#key" }'],
    [
      "",
      'auth: { password: "secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:lambda-sentinel/x" }',
    ],
    ["", 'auth: { password: "env:NODE_PASSWORD" }'],
  ])("takes what it allows: %j %s", async (stage, line) => {
    expect(await applyIn(stage, line)).toBe(0);
  });

  test.each([
    [
      "",
      "dns: { zoneId: Z1, name: orders.redis.example.com }",
      "dns.zoneId: expected one of the stage's zones, which has none, got Z1",
    ],
    [
      records,
      "dns: { zoneId: Z2, name: orders.redis.example.com }",
      "dns.zoneId: expected one of the stage's zones, which has Z1, got Z2",
    ],
    [
      records,
      "dns: { zoneId: Z1, name: www.example.com }",
      'dns.name: expected a name that the stage\'s recordNames allow, *.redis.example.com, got "www.example.com"',
    ],
    [
      records,
      "dns: { zoneId: Z1, name: xredis.example.com }",
      "dns.name: expected a name that the stage's recordNames allow",
    ],
    [
      records,
      "dns: { zoneId: Z1, name: o.redis.example.com, replicas: ro.example.com }",
      "dns.replicas: expected a name that the stage's recordNames allow",
    ],
    [
      "",
      'auth: { password: "ssm:/other/orders" }',
      'auth.password: expected a secret below the stage\'s secretPrefix, "ssm:/lambda-sentinel/…"',
    ],
    [
      "",
      'auth: { password: "ssm:/lambda-sentinels/orders" }',
      "auth.password: expected a secret below the stage's secretPrefix",
    ],
    [
      "",
      'tls: { cert: "env:C", key: "secretsmanager:team/key" }',
      "tls.key: expected a secret below the stage's secretPrefix",
    ],
  ])("refuses what it does not: %j %s", async (stage, line, problem) => {
    expect(await applyIn(stage, line)).toBe(2);

    expect(cli.lines.join("\n")).toContain(`groups[0].${problem}`);
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses a stage that is none", async () => {
    expect(await applyIn("cadence: sometimes\n", "priority: 1")).toBe(2);

    expect(cli.store.writes).toEqual([]);
  });
});

describe("apply without being told the stage", () => {
  /** The table of the command line is called "test". */
  const ofTest = `${place}, name: test`;
  const outside = "dns: { zoneId: Z1, name: www.example.com }";

  function applyAmong(files: Readonly<Record<string, string>>, line: string): Promise<number> {
    cli.stagesFolder = mkdtempSync(join(dirname(file), "stages-"));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(cli.stagesFolder, name), text);
    }
    mkdirSync(join(cli.stagesFolder, "notes"));
    return apply(`${groupsText}    ${line}\n`, "--yes");
  }

  test("refuses what the stage of its table does not allow, and names its file", async () => {
    const files = { "other.yml": stageText(""), "prod.yml": stageText(records, ofTest) };
    expect(await applyAmong(files, outside)).toBe(2);

    expect(cli.lines[0]).toBe(`! by ${cli.stagesFolder}/prod.yml, the stage of table test:`);
    expect(cli.lines[1]).toContain("dns.name: expected a name that the stage's recordNames allow");
    expect(cli.store.writes).toEqual([]);
  });

  test("says nothing of what that stage allows", async () => {
    const files = { "prod.yml": stageText(records, ofTest) };
    const line = "dns: { zoneId: Z1, name: orders.redis.example.com }";
    expect(await applyAmong(files, line)).toBe(0);

    expect(cli.lines.join("\n")).not.toContain("whether the functions");
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["there is none", {}, "no stage in FOLDER has table test"],
    ["none has this table", { "a.yml": stageText(records) }, "no stage in FOLDER has table test"],
    [
      "two have it",
      { "a.yml": stageText(records, ofTest), "b.yml": stageText("", ofTest) },
      "table test is that of FOLDER/a.yml and FOLDER/b.yml",
    ],
    [
      "one can't be read",
      { "a.yml": "table: 1\n" },
      "no stage in FOLDER has table test, as far as they can be read (FOLDER/a.yml can't)",
    ],
  ])("warns in one line that nothing was checked where %s", async (_what, files, why) => {
    expect(await applyAmong(files, outside)).toBe(0);

    expect(cli.lines.filter((line) => line.includes("whether the functions"))).toContain(
      `! warning: whether the functions may change these names and read these secrets was not checked: ${why.replaceAll("FOLDER", cli.stagesFolder)}; name the stage's file with --stage-file`,
    );
  });

  test("warns of secrets too, and of nothing where there is neither name nor secret", async () => {
    await applyAmong({}, 'auth: { password: "ssm:/other/orders" }');
    expect(cli.lines.filter((line) => line.includes("whether the functions"))).toHaveLength(1);
    cli.lines.length = 0;

    await applyAmong({}, 'auth: { password: "env:NODE_PASSWORD" }');
    expect(cli.lines.filter((line) => line.includes("whether the functions"))).toEqual([]);
  });
});

describe("the stage of a table", () => {
  test("that is called as the table is, and wrong, is not passed over", async () => {
    const folder = mkdtempSync(join(dirname(file), "stages-"));
    writeFileSync(join(folder, "prod.yml"), "table: 1\n");

    expect(await findStageOf("lambda-sentinel-prod", folder)).toMatchObject({ kind: "wrong" });
  });

  test("has the name of its file where its file gives it none", async () => {
    const folder = mkdtempSync(join(dirname(file), "stages-"));
    writeFileSync(join(folder, "prod.yml"), stageText(""));

    const found = { kind: "found", file: join(folder, "prod.yml") };
    expect(await findStageOf("lambda-sentinel-prod", folder)).toMatchObject(found);
    expect(await findStageOf("lambda-sentinel-dev", folder)).toMatchObject({ kind: "unknown" });
  });
});
