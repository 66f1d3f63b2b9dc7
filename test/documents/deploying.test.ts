import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { cadences } from "../../lib/core/cadence.ts";
import { networkPatterns, stageSchema, tableModes } from "../../lib/deploy/stage-schema.ts";

const page = readFileSync("docs/deploying.md", "utf8");
const table = page.slice(
  page.indexOf("## The stage file"),
  page.indexOf("### Where the table stands"),
);
const keys = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);

describe("docs/deploying.md", () => {
  it("explains every key that a stage file may have, and no other", () => {
    expect(keys).toEqual(Object.keys(stageSchema.shape));
  });

  it("names every part of a table and of an observer", () => {
    const { table: tables, observers } = stageSchema.shape;
    for (const part of [...Object.keys(tables.shape), ...Object.keys(observers.element.shape)]) {
      expect(page).toContain(`\`${part}\``);
    }
  });

  it("names every mode of the table, every network and every cadence", () => {
    for (const one of [...tableModes, ...networkPatterns, ...cadences])
      expect(page).toContain(`\`${one}\``);
  });

  it("offers the cadences that the function knows", () => {
    expect(stageSchema.shape.cadence.unwrap().options).toEqual(cadences);
  });
});
