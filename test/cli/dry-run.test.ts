import { beforeEach, describe, expect, test } from "@jest/globals";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);
const held = "10.0.0.3:6379";
const found = "10.0.0.4:6379";

let cli: Cli;

beforeEach(() => {
  cli = createCli();
  const discovered = [{ host: "10.0.0.4", port: 6379 }];
  plant(cli, config, { ...steadyState(config), kept: [held], discovered });
});

describe("--dry-run", () => {
  test.each([
    ["release", "orders", held],
    ["forget", "orders", found],
    ["reset", "orders"],
    ["remove", "orders"],
  ])("of %s checks and shows, and neither asks nor changes anything", async (...words) => {
    cli.answers.push(true);

    expect(await cli.run(...words, "--dry-run")).toBe(0);

    expect(cli.lines.at(-1)).toBe("nothing was changed (--dry-run)");
    expect(cli.questions).toEqual([]);
    expect(cli.store.writes).toEqual([]);
  });

  test("refuses what would be refused", async () => {
    expect(await cli.run("release", "orders", found, "--dry-run")).toBe(2);
    expect(await cli.run("forget", "orders", held, "--dry-run")).toBe(2);
    expect(await cli.run("remove", "ordres", "--dry-run")).toBe(2);
    expect(cli.store.writes).toEqual([]);
  });

  test("of release --json says that nobody was released", async () => {
    expect(await cli.run("release", "orders", held, "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(cli.lines.join("\n"))).toEqual({
      schema: 1,
      group: "orders",
      node: held,
      isReleased: false,
      held: [held],
    });
  });
});
