import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { openServices } from "../../lib/cli/aws.ts";
import { type BadAnswer, endCanaries, expectNoCanary, serveBadAws } from "../support/canaries.ts";
import { createFakeClock, groupsText, runWith } from "../support/cli.ts";

/** Every command, while AWS says secrets back in whatever it answers. */

let folder = "";
let file = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "canaries-"));
  file = join(folder, "groups.yml");
  await writeFile(file, groupsText);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(endCanaries);

/** The words of each command that asks AWS, as somebody types them who does not want to be asked. */
const commands: readonly (readonly string[])[] = [
  ["apply", "--file", "FILE", "--yes", "--wait"],
  ["adopt", "orders", "--yes"],
  ["status"],
  ["status", "orders", "--json"],
  ["doctor", "orders"],
  ["doctor", "--json"],
  ["ckquorum", "orders"],
  ["failover", "orders", "--yes"],
  ["switchover", "orders", "--yes"],
  ["drill", "orders", "--yes", "--json"],
  ["cancel", "orders"],
  ["ack", "orders"],
  ["release", "orders", "10.0.0.1:6379", "--yes"],
  ["remove", "orders", "--yes"],
  ["forget", "orders", "10.0.0.1:6379", "--yes"],
  ["reset", "orders", "--yes"],
  ["pause", "orders"],
  ["resume", "orders"],
  ["explain", "orders"],
  ["explain", "orders", "--epoch", "1"],
  ["history"],
  ["report", "orders"],
  ["notify", "test", "orders"],
];

/** They read files alone, or are the lab. */
const elsewhere = ["import", "acl", "cost", "lab", "help"];

function run(words: readonly string[]) {
  const args = words.map((word) => (word === "FILE" ? file : word));
  return runWith((options) => openServices(options, process.env), createFakeClock(), args);
}

test("every command is here", async () => {
  const { lines } = await run(["--help"]);
  // Options end with the first blank line after them; every heading after that is one of commands.
  const help = lines.join("\n").split("display help for command\n\n")[1] ?? "";
  const named = [...help.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");

  expect(named.length).toBeGreaterThan(15);
  const tried = commands.map(([name = ""]) => name);
  expect(new Set([...tried, ...elsewhere])).toEqual(new Set(named));
});

const answers: readonly BadAnswer[] = [
  "a signature that does not fit, with the request as it was signed",
  "a refusal that quotes the headers in one line",
  "a secret in the first bytes of what is no answer",
];

describe.each(answers)("%s", (answer) => {
  test("is shown by no command", async () => {
    await serveBadAws(answer);
    for (const words of commands) {
      const ended = await run(words);

      expect([words, ended.code]).toEqual([words, 3]);
      expect(ended.lines.join()).toMatch(/SignatureDoesNotMatch|AccessDenied|expected an answer/);
      expectNoCanary(ended.lines);
    }
  });
});
