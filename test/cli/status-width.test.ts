import { expect, test } from "@jest/globals";
import { cli } from "./status-stage.ts";

/** What stands between the facts and the observers. */
function nodeLines(): readonly string[] {
  const [begin, end] = cli.lines.flatMap((line, index) => (line === "" ? [index] : []));
  return cli.lines.slice((begin ?? 0) + 1, end);
}

test("status lists what each observer says under its node where a table would be wrapped", async () => {
  cli.columns = 80;
  expect(await cli.run("status", "orders")).toBe(0);
  expect(nodeLines()).toEqual([
    "  10.0.0.1:6379 (master)",
    "    a  up master, offset 1000, 1 ms",
    "    b  up master, offset 1000, 1 ms",
    "    c  up master, offset 1000, 1 ms",
    "  10.0.0.2:6379",
    "    a  up replica, lag 10, 1 ms",
    "    b  up replica, lag 10, 1 ms",
    "    c  up replica, lag 10, 1 ms",
    "  10.0.0.3:6379",
    "    a  down(silent)",
    "    b  down(silent)",
    "    c  down(silent)",
  ]);
});

test.each([[114], [null]])("status draws the table on %j columns", async (columns) => {
  cli.columns = columns;
  expect(await cli.run("status", "orders")).toBe(0);
  expect(nodeLines()).toHaveLength(4);
  expect(Math.max(...nodeLines().map((line) => line.length))).toBe(114);
});
