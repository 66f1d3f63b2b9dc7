import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const pages = globSync(["*.md", "docs/**/*.md", "infra/**/*.md", "bench/*.md"]);

describe("the documents", () => {
  test.each(pages)("%s leads to pages and headings that there are", (page) => {
    const text = readFileSync(page, "utf8").replace(/\n(?=\S)/g, " ");
    const links = [...text.matchAll(/\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)/g)];
    const dead = links.filter(([, path = "", heading]) => {
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return heading !== undefined && !anchorsOf(target).includes(heading);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });

  test("are found", () => {
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/doctor.md"]));
  });
});

/** Headings as GitHub names them in addresses. */
function anchorsOf(file: string): readonly string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
