import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { XMLValidator } from "fast-xml-parser";
import type { HistoryReport } from "../../lib/cli/history.ts";
import type { FailoverReport } from "../../lib/cli/report.ts";
import { cli, setState, steady } from "./status-stage.ts";
import { everything, failover, n1, n2 } from "./stories-stage.ts";

beforeEach(() => {
  cli.store.events.push(...everything);
});

describe("history", () => {
  test("lists each failover with its times, its loss and its reason", async () => {
    expect(await cli.run("history")).toBe(0);

    expect(cli.lines).toEqual([
      "orders",
      "  epoch  began                 kind      result     from           to             no master  lost               reason",
      `  2      2030-01-01T04:00:01Z  failover  completed  ${n1}  ${n2}  1.9 s      at least 12 bytes  a, b agree in round 4 that ${n1} is down`,
      "",
    ]);
  });

  test("as an object has every number, and what STATE knows better", async () => {
    const loss = { bytes: 3, certainty: "exact", oldOffset: 5, newOffset: 2 } as const;
    const last = { epoch: 2, kind: "failover", result: "completed", isAutomatic: true } as const;
    const lastEpoch = { ...last, from: n1, to: n2, reason: "", isRefusal: false, loss };
    setState({ ...steady, lastEpoch });

    expect(await cli.run("history", "orders", "--json")).toBe(0);

    const report: HistoryReport = JSON.parse(cli.lines.at(-1) ?? "");
    expect(report).toMatchObject({
      schema: 1,
      groups: [
        { name: "orders", failovers: [{ epoch: 2, loss: { bytes: 3, certainty: "exact" } }] },
      ],
    });
  });

  test("a group without one says so, and an unknown group gets a suggestion", async () => {
    cli.store.events.splice(0);

    expect(await cli.run("history", "orders")).toBe(0);
    expect(cli.lines.at(-2)).toBe("  no epoch is among the events that are kept");
    expect(await cli.run("history", "ordres")).toBe(2);
    expect(cli.lines.at(-1)).toContain('did you mean "orders"?');
  });
});

describe("report", () => {
  test("tells the last failover to scale, with one mark for each thing that was told", async () => {
    expect(await cli.run("report", "orders")).toBe(0);

    const lanes = cli.lines.filter((line) => /^ {4}[abc] +·/.test(line)).map((line) => line.trim());
    expect(lanes).toHaveLength(3);
    const found = cli.lines.find((line) => line.includes("found  "));
    // 1600 of 2400 ms, of 72 columns.
    expect(found).toContain(`${"█".repeat(47)} 1.6 s`);
    expect(lanes[0]?.indexOf("1")).toBeGreaterThan(45);
    expect(cli.lines.join("\n")).toContain("lost     at least 12 bytes");
  });

  test("as an object is what the page is made of", async () => {
    expect(await cli.run("report", "orders", "--last", "--json")).toBe(0);

    const report: FailoverReport = JSON.parse(cli.lines.at(-1) ?? "");
    expect(report).toMatchObject({
      schema: 1,
      failover: { epoch: 2 },
      timeline: { fromMs: 0, toMs: 2_400 },
    });
    expect(report.votes.map(({ observer }) => observer)).toEqual(["a", "b", "c"]);
  });

  test("asks for one epoch and one form", async () => {
    expect(await cli.run("report", "orders", "--last", "--epoch", "2")).toBe(2);
    expect(await cli.run("report", "orders", "--html", "-", "--json")).toBe(2);
    expect(await cli.run("report", "orders", "--epoch", "9")).toBe(1);
    expect(await cli.run("report", "orders", "--html", "/no/such/folder/x.html")).toBe(2);
    expect(cli.lines.at(-1)).toContain(
      "! error: expected --html to name a file to write, got ENOENT",
    );
    cli.store.events.splice(0);
    expect(await cli.run("report", "orders")).toBe(1);
    expect(cli.lines.at(-1)).toContain(
      "expected a failover of orders whose events are kept, got none",
    );
  });
});

describe("the page of a report", () => {
  async function page(): Promise<string> {
    expect(await cli.run("report", "orders", "--html", "-")).toBe(0);
    return cli.lines.at(-1) ?? "";
  }

  test("is well-formed, to the last element", async () => {
    const markup = (await page()).replace(/^<!doctype html>\n/, "");

    expect(XMLValidator.validate(markup)).toBe(true);
    expect(XMLValidator.validate(markup.replace("</main>", ""))).not.toBe(true);
  });

  test("refers to nothing outside itself, and its policy allows its own style alone", async () => {
    const markup = await page();

    expect(markup).not.toMatch(/<(script|link|img|iframe|object|base|form|a)\b/i);
    expect(markup).not.toMatch(/\b(src|href|xlink:href|srcset|action|style|on\w+)=/i);
    expect(markup).not.toMatch(/url\(|@import|https?:/i);
    const style = /<style>([\s\S]*)<\/style>/.exec(markup)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(markup).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`,
    );
  });

  test("shows whatever anybody wrote as text", async () => {
    const evil = `<script>alert("1")</script><b a='x'>`;
    cli.store.events.splice(0);
    cli.store.events.push(
      ...failover.map((event) => ({
        ...event,
        observer: event.name === "+vote" ? evil : event.observer,
        message: `${event.message} ${evil}`,
        evidence: event.name === "+selected-slave" ? { [evil]: evil } : event.evidence,
      })),
    );

    const markup = await page();

    expect(markup).not.toContain("<script>");
    expect(markup).not.toContain("<b a=");
    expect(markup).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(XMLValidator.validate(markup.replace(/^<!doctype html>\n/, ""))).toBe(true);
  });

  test("is written to a file", async () => {
    const file = join(tmpdir(), `lambda-sentinel-report-${process.pid}.html`);

    expect(await cli.run("report", "orders", "--epoch", "2", "--html", file)).toBe(0);

    expect(cli.lines).toEqual([`wrote the report of epoch 2 of orders to ${file}`]);
    expect(await readFile(file, "utf8")).toContain(`<h1>orders, epoch 2: ${n1} → ${n2}</h1>`);
  });
});
