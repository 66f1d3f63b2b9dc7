import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { groupsText } from "../support/cli.ts";
import { apply, cli, file } from "./apply-stage.ts";

/** What the roles of a stage would not allow is refused before it is written. */

const stageFile = join(dirname(file), "prod.yml");
const records = 'zones: [Z1]\nrecordNames: "*.redis.example.com"\n';

function applyIn(stage: string, line: string): Promise<number> {
  writeFileSync(
    stageFile,
    `table: { home: eu-west-1, mode: single-region }\nobservers: [{ name: a, region: eu-west-1 }]\nnodeRegions: [eu-west-1]\nnetwork: outside\n${stage}`,
  );
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
