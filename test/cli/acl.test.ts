import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCli } from "../support/cli.ts";

const dir = mkdtempSync(join(tmpdir(), "lambda-sentinel-acl-"));
const file = join(dir, "groups.yml");

beforeAll(() => {
  const text = [
    "observers: [a, b, c]",
    "groups:",
    "  - name: orders",
    '    nodes: ["10.0.0.1:6379", "10.0.0.2:6379"]',
    '    auth: { username: guard, password: "env:WORD" }',
    "  - name: carts",
    '    nodes: ["10.0.0.3:6379", "10.0.0.4:6379"]',
    "    marker: false",
    "    killBusyScripts: true",
    "    writeProbeKey: ops:health",
  ];
  writeFileSync(file, `${text.join("\n")}\n`);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...args: readonly string[]) {
  const cli = createCli();
  const code = await cli.run("acl", ...args);
  return { code, lines: cli.lines, writes: cli.store.writes };
}

describe("acl", () => {
  test("says the same in an object, by group", async () => {
    const { code, lines } = await run("--file", file, "--json");
    const plain = await run("--file", file);

    expect(code).toBe(0);
    expect(JSON.parse(lines.join("\n"))).toEqual({
      schema: 1,
      users: [
        { group: "orders", username: "guard", line: plain.lines[0] },
        { group: "carts", username: expect.any(String), line: plain.lines[1] },
      ],
    });
  });

  test("without a file prints a line that fits every group, and nothing else", async () => {
    const { code, lines } = await run();

    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^user watcher on >\S+ resetchannels ~lambda-sentinel:\* -@all \+ping /,
    );
  });

  test("for a group prints its own key", async () => {
    const { lines } = await run("orders");

    expect(lines.join()).toContain(" ~lambda-sentinel:{orders}:epoch ");
  });

  test("prints no line for what can't be a group's name", async () => {
    const { code, lines } = await run("orders ~*");

    expect(code).toBe(2);
    expect(lines.join()).not.toContain("user watcher");
  });

  test("lets scripts be stopped where the group wants that, and nowhere else", async () => {
    const { lines } = await run("--file", file);

    expect(lines[0]).not.toContain("kill +function");
    expect(lines[1]).toContain(" +script|kill +function|kill");
    expect((await run()).lines.join()).not.toContain("+script");
  });

  test("of a file prints each group's user, and no right for a marker where there is none", async () => {
    const { lines, writes } = await run("--file", file);

    expect(lines).toEqual([
      expect.stringMatching(/^user guard on .*~lambda-sentinel:\{orders\}:epoch .*\+eval/),
      expect.stringMatching(/^user watcher on >\S+ resetchannels ~ops:health -@all .* \+set /),
    ]);
    expect(lines[1]).not.toMatch(/~lambda|\+(get|eval|watch|unwatch)\b/);
    expect(lines.join()).not.toContain("WORD");
    expect(writes).toEqual([]);
  });

  test("of a group that the file lacks is a usage error", async () => {
    const { code, lines } = await run("wares", "--file", file);

    expect(code).toBe(2);
    expect(lines).toEqual([`! error: expected a group of ${file} (orders, carts), got wares`]);
  });
});
