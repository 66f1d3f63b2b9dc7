import { describe, expect, test } from "@jest/globals";
import { localAwsDefaults, tableOf } from "../../lib/cli/aws.ts";
import { createCli } from "../support/cli.ts";

describe("the command line", () => {
  test.each([
    [["stauts"], "! error: unknown command 'stauts'\n(Did you mean status?)"],
    [["status", "--jsn"], "! error: unknown option '--jsn'\n(Did you mean --json?)"],
    [["apply"], "! error: required option '-f, --file <file>' not specified"],
    [["failover"], "! error: missing required argument 'group'"],
    [
      ["pause", "a", "b"],
      "! error: too many arguments for 'pause'. Expected 1 argument but got 2: a, b.",
    ],
    [
      ["lab", "dynamodb", "--port", "http"],
      "! error: option '--port <port>' argument 'http' is invalid. expected a port from 0 to 65535, got \"http\".",
    ],
  ])("%j is a usage error", async (args, message) => {
    const cli = createCli();
    expect(await cli.run(...args)).toBe(2);
    expect(cli.lines[0]).toBe(message);
    expect(cli.store.writes).toEqual([]);
  });

  test.each([
    [["apply", "-f", "groups.yml", "--yes"]],
    [["failover", "orders", "--yes"]],
    [["switchover", "orders", "--yes"]],
    [["cancel", "orders", "--yes"]],
    [["ack", "orders", "--yes"]],
    [["release", "orders", "10.0.0.3:6379", "--yes"]],
    [["pause", "orders", "--yes"]],
    [["resume", "orders", "--yes"]],
    [["forget", "orders", "10.0.0.3:6379", "--yes"]],
    [["reset", "orders", "--yes"]],
    [["remove", "orders", "--yes"]],
    [["notify", "test", "orders", "--yes"]],
  ])("%j takes --yes, as all that changes something does", async (args) => {
    const cli = createCli();
    expect(await cli.run(...args)).toBe(2);
    expect(cli.lines.join("\n")).not.toContain("unknown option");
    expect(cli.lines.join("\n")).toMatch(
      /expected (the name of a group|a readable file)|groups\.yml/,
    );
  });

  test("tells its version", async () => {
    const cli = createCli();
    expect(await cli.run("--version")).toBe(0);
    expect(cli.lines).toEqual(["1.2.3"]);
  });

  test("explains itself and its exit codes", async () => {
    const cli = createCli();
    expect(await cli.run("--help")).toBe(0);
    const help = cli.lines.join("\n");
    for (const word of ["apply", "status", "failover", "pause", "resume", "lab", "Exit codes: 0"]) {
      expect(help).toContain(word);
    }
  });

  test("sorts its commands by whether they change anything", async () => {
    const cli = createCli();
    await cli.run("--help");
    const [, looking = "", changing = "", rest = ""] = cli.lines
      .join("\n")
      .split(/^(?:What is|Change it|Prepare).*:$/m);
    const named = (text: string) =>
      [...text.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name);
    expect(named(looking)).toEqual([
      ...["status", "doctor", "ckquorum", "explain", "history", "report"],
    ]);
    expect(named(changing)).toContain("failover");
    expect(named(changing)).toContain("drill");
    expect(named(rest)).toEqual(expect.arrayContaining(["import", "acl", "cost", "lab"]));
  });

  test("names the table's options in the help of each command", async () => {
    const cli = createCli();
    expect(await cli.run("switchover", "--help")).toBe(0);
    const help = cli.lines.join("\n");
    for (const option of ["--to <node>", "--table <name>", "--region <region>"])
      expect(help).toContain(option);
  });

  test.each([[["status"]], [["history"]], [["doctor"]], [["explain", "orders"]], [["pause", "x"]]])(
    "%j tells for whom it waits, before it waits",
    async (args) => {
      const cli = createCli();
      await cli.run(...args);
      expect(cli.waits).toEqual(["table test"]);
    },
  );

  test.each([[["--help"]], [["acl"]]])("%j waits for nobody", async (args) => {
    const cli = createCli();
    expect(await cli.run(...args)).toBe(0);
    expect(cli.waits).toEqual([]);
  });

  test("doesn't hide a programming error", async () => {
    const cli = createCli();
    cli.store.onCall = () => {
      throw new TypeError("a defect");
    };
    await expect(cli.run("status")).rejects.toThrow("a defect");
  });
});

describe("the AWS environment", () => {
  test.each([["http://127.0.0.1:8000"], ["http://localhost:8000"], ["http://[::1]:8000"]])(
    "needs no account for %s",
    (endpoint) => {
      expect(localAwsDefaults({ AWS_ENDPOINT_URL_DYNAMODB: endpoint })).toEqual({
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
      });
    },
  );

  test.each([
    [{}],
    [{ AWS_ENDPOINT_URL_DYNAMODB: "https://dynamodb.eu-west-1.amazonaws.com" }],
    [{ AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1.example.com" }],
    [{ AWS_ENDPOINT_URL_DYNAMODB: "not a url" }],
  ])("is left alone with %j", (env) => {
    expect(localAwsDefaults(env)).toEqual({});
  });

  test("keeps what is set", () => {
    const AWS_ENDPOINT_URL_DYNAMODB = "http://127.0.0.1:8000";
    expect(
      localAwsDefaults({
        AWS_ENDPOINT_URL_DYNAMODB,
        AWS_PROFILE: "dev",
        AWS_DEFAULT_REGION: "eu-west-1",
      }),
    ).toEqual({ AWS_REGION: "eu-west-1" });
  });

  test("names the table by option, environment and default", () => {
    expect(tableOf({ table: "x" }, { LAMBDA_SENTINEL_TABLE: "y" })).toBe("x");
    expect(tableOf({}, { LAMBDA_SENTINEL_TABLE: "y" })).toBe("y");
    expect(tableOf({}, { LAMBDA_SENTINEL_TABLE: "" })).toBe("lambda-sentinel");
  });
});
