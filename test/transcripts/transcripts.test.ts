import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { listTranscripts, perform } from "./transcripts.ts";

const files = listTranscripts();
const nameOf = (file: string) => relative(import.meta.dirname, file);

describe("transcripts", () => {
  it.each(files.map((file) => [nameOf(file), file]))(
    "%s prints what it printed",
    async (_, file) => {
      expect(await perform(file)).toBe(readFileSync(file, "utf8"));
    },
  );

  it("begin with a comment that says what they are and what is expected", () => {
    const mute = files.filter((file) => !/^# .+[.:]/.test(readFileSync(file, "utf8")));

    expect(mute.map(nameOf)).toEqual([]);
  });
});
