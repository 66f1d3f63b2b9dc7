import { describe, expect, test } from "@jest/globals";
import { CliError } from "../../lib/cli/exit.ts";
import { cli } from "./status-stage.ts";

/** Stands for Ctrl-C, which ends the process. */
function interruptAt(ms: number): void {
  cli.clock.at(ms, () => {
    throw new CliError(1, "interrupted");
  });
}

describe("status --watch", () => {
  test("draws anew every two seconds", async () => {
    cli.answers.push(true);
    interruptAt(5_000);

    await cli.run("status", "orders", "--watch");

    expect(cli.screens.map(([first]) => first)).toEqual([
      "2030-01-01T00:00:00.000Z  every 2 s, Ctrl-C ends",
      "2030-01-01T00:00:02.000Z  every 2 s, Ctrl-C ends",
      "2030-01-01T00:00:04.000Z  every 2 s, Ctrl-C ends",
    ]);
    for (const screen of cli.screens) expect(screen[2]).toBe("orders  healthy");
  });

  test("goes on while the table does not answer, and says so", async () => {
    cli.answers.push(true);
    cli.clock.at(2_000, () => cli.store.fail({ operation: "readState", kind: "unreachable" }));
    interruptAt(5_000);

    await cli.run("status", "orders", "--watch");

    expect(cli.screens.map((screen) => screen[2])).toEqual([
      "orders  healthy",
      expect.stringContaining("! read the state of orders: readState: unreachable"),
      "orders  healthy",
    ]);
  });

  test("needs a terminal, a group that there is, and no --json", async () => {
    expect(await cli.run("status", "--watch")).toBe(2);
    cli.answers.push(true);
    expect(await cli.run("status", "--watch", "--json")).toBe(2);
    expect(await cli.run("status", "ordres", "--watch")).toBe(2);
    expect(cli.screens).toEqual([]);
  });
});
