import { describe, expect, test } from "@jest/globals";
import { XMLValidator } from "fast-xml-parser";
import { drawRecording } from "../../scripts/pictures/recording.ts";

describe("the recording of a terminal", () => {
  test("is well-formed, whatever the lines say", () => {
    const svg = drawRecording("a < b", [
      { atMs: 0, text: `<script> & "quotes" \u001b[31mred\u001b[39m` },
    ]);
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).toContain("&lt;script&gt;");
    expect(svg).toContain('<tspan class="ansi-red">red</tspan>');
  });

  test("wraps long lines as a terminal does, and loses no letter", () => {
    const text = "0123456789".repeat(30);
    const svg = drawRecording("long", [{ atMs: 0, text }]);
    const pieces = [...svg.matchAll(/<tspan[^>]*>([^<]*)<\/tspan>/g)].map(
      ([, piece]) => piece ?? "",
    );
    expect(pieces.map(({ length }) => length)).toEqual([132, 132, 36]);
    expect(pieces.join("")).toBe(text);
  });

  test("cuts pauses to 1.2 s, and keeps what is shorter", () => {
    const svg = drawRecording("pauses", [
      { atMs: 5_000, text: "first" },
      { atMs: 5_400, text: "soon" },
      { atMs: 65_000, text: "late" },
    ]);
    const delays = [...svg.matchAll(/animation-delay:(\d+)ms/g)].map(([, ms]) => Number(ms));
    expect(delays).toEqual([400, 1_600]);
  });
});
