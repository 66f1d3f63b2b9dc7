/** Columns as wide as their widest cell. */
export function renderTable(
  rows: readonly (readonly string[])[],
  indent: string,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}
