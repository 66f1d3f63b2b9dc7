import { describe, expect, test } from "@jest/globals";
import { fitToScreen } from "../../lib/cli/screen.ts";

describe("what a screen has room for", () => {
  test("is everything, with the last row left for the cursor", () => {
    const lines = ["one", "two", "three"];
    expect(fitToScreen(lines, { rows: 4, columns: 80 })).toEqual(lines);
    expect(fitToScreen(lines, { rows: 3, columns: 80 })).toEqual([
      "one",
      "… 2 more lines, for a larger window",
    ]);
  });

  test("is less where lines are longer than the screen is wide, for they are wrapped", () => {
    const lines = ["x".repeat(80), "y".repeat(81), "z"];
    expect(fitToScreen(lines, { rows: 5, columns: 80 })).toEqual(lines);
    expect(fitToScreen(lines, { rows: 4, columns: 80 })).toEqual([
      "x".repeat(80),
      "… 2 more lines, for a larger window",
    ]);
  });

  test("does not count the colours of a line", () => {
    const painted = `\u001b[32m${"x".repeat(10)}\u001b[39m`;
    expect(fitToScreen([painted, painted], { rows: 3, columns: 10 })).toEqual([painted, painted]);
  });

  test("is everything where the terminal doesn't know its size", () => {
    const lines = ["x".repeat(500), "y"];
    expect(fitToScreen(lines, { rows: 0, columns: 0 })).toEqual(lines);
  });

  test("never scrolls a screen that is smaller than anything", () => {
    expect(fitToScreen(["x".repeat(50), "y"], { rows: 2, columns: 10 })).toEqual(["… 2 more l"]);
  });
});
