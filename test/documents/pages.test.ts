import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { familyNames } from "../simulator/nemesis.ts";

/** Pages whose claims name what shows them. */
const pages = ["docs/deploying.md", "docs/limits.md", "docs/upgrading.md"];
const scripts: unknown = JSON.parse(readFileSync("package.json", "utf8")).scripts;

/** A file with the words of it that are quoted behind it, which may be several. */
const shown = /`(test\/[\w./-]+)`((?:,? "[^"]+")*)/g;

describe.each(pages)("%s", (page) => {
  const text = readFileSync(page, "utf8").replace(/\n(?=\S)/g, " ");

  it("names tests that there are, with words that are in them", () => {
    const named = [...text.matchAll(shown)];
    const wrong = named.flatMap(([, path = "", quotes = ""]) => {
      if (!existsSync(path)) return [`no ${path}`];
      const words = [...quotes.matchAll(/"([^"]+)"/g)].map(([, quoted = ""]) => quoted);
      const source = words.length === 0 ? "" : readFileSync(path, "utf8");
      return words
        .filter((quoted) => !source.includes(quoted))
        .map((quoted) => `${path} has no "${quoted}"`);
    });
    expect(wrong).toEqual([]);
    expect(named).not.toEqual([]);
  });

  it("names commands and families of faults that there are", () => {
    const unknown = [...text.matchAll(/npm run ([a-z:-]+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !Object.hasOwn(Object(scripts), name));
    const families = [...text.matchAll(/family `([a-z-]+)`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !familyNames.includes(name));
    expect([...unknown, ...families]).toEqual([]);
  });
});
