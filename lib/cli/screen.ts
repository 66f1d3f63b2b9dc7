import { stripVTControlCharacters } from "node:util";

export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/**
 * As many of the lines as a screen has room for, and how many it has not. A terminal wraps what is longer than it is
 * wide, so a line may take several rows; the last row stays free for the cursor. Some terminals don't know their size
 * and say 0: then all of it is drawn.
 */
export function fitToScreen(
  lines: readonly string[],
  { rows, columns }: Screen,
): readonly string[] {
  if (rows === 0 || columns === 0) return lines;
  const room = Math.max(1, rows - 1);
  const heights = lines.map((line) => rowsOf(line, columns));
  if (sum(heights) <= room) return lines;
  // One row says what is missing.
  let taken = 0;
  const fitting = heights.findIndex((height) => {
    taken += height;
    return taken > room - 1;
  });
  return [
    ...lines.slice(0, fitting),
    cut(`… ${lines.length - fitting} more lines, for a larger window`, columns),
  ];
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}

function cut(line: string, columns: number): string {
  return line.length > columns ? line.slice(0, columns) : line;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
