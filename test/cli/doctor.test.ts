import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { kindsByPart } from "../../lib/cli/doctor/kinds.ts";
import { oddityIn, oddityKinds } from "../../lib/core/oddities.ts";
import { success } from "../../lib/ports/errors.ts";
import { cli, diagnose, n1, n2, prepareWith, report, seen, setUp } from "./doctor-stage.ts";

const kinds = Object.values(kindsByPart).flatMap((part) => Object.entries(part));

describe("doctor", () => {
  test("of a group with nothing to say is exit code 0", async () => {
    expect(await cli.run("doctor", "orders")).toBe(0);
    expect(cli.lines).toEqual(["orders  nothing found", ""]);
  });

  test("shows the worst first, each with its evidence, what to do and where to read on", async () => {
    setUp(n1, { minReplicas: 0 });
    seen(n2, { latencyMs: 400 }, ["b"]);
    cli.store.heartbeats.delete("b");
    cli.store.heartbeats.delete("c");
    await cli.run("doctor", "orders");
    expect(cli.lines.slice(0, 4)).toEqual([
      "orders  1 error, 2 warnings, 1 note",
      "  error no-quorum: too few observers are of use for a failover",
      "      1 of use, 3 configured, 2 needed",
      "      do: see the findings about each observer, and the logs of those that are silent; `lambda-sentinel ckquorum` listens to them (docs/operating.md#group-without-quorum)",
    ]);
    expect(cli.lines.filter((line) => /^ {2}\w/.test(line)).map((line) => line.trim())).toEqual([
      expect.stringMatching(/^error no-quorum: /),
      expect.stringMatching(/^warning observer-absent b: /),
      expect.stringMatching(/^warning observer-absent c: /),
      expect.stringMatching(/^note no-min-replicas 10\.0\.0\.1:6379: /),
    ]);
  });

  test("has an exit code for each severity, the worst one's", async () => {
    setUp(n1, { minReplicas: 0 });
    expect(await cli.run("doctor")).toBe(0);
    seen(n2, { latencyMs: 400 }, ["b"]);
    expect(await cli.run("doctor")).toBe(4);
    setUp(n1, { sentinels: 1 });
    expect(await cli.run("doctor")).toBe(1);
  });

  test("--json counts, and names every group that was looked at", async () => {
    setUp(n1, { minReplicas: 0 });
    await cli.run("doctor", "--json");
    expect(JSON.parse(cli.lines.at(-1) ?? "")).toMatchObject({
      schema: 1,
      at: "2030-01-01T00:00:00.000Z",
      table: "test",
      worst: "note",
      counts: { error: 0, warning: 0, note: 1 },
      groups: ["orders"],
      findings: [{ id: "no-min-replicas", group: "orders", about: n1, severity: "note" }],
    });
  });

  test("of an unknown group is a usage error, and without the table exit code 3", async () => {
    expect(await cli.run("doctor", "ordres")).toBe(2);
    expect(cli.lines.at(-1)).toContain('did you mean "orders"');
    cli.store.fail({ operation: "readState", kind: "unreachable" });
    expect(await cli.run("doctor")).toBe(3);
  });

  test("tries to write without writing", async () => {
    await diagnose();
    expect(cli.store.writes).toEqual([]);
  });

  test("believes no heartbeat that is old", async () => {
    setUp(n1, { sentinels: 1 });
    await cli.clock.sleep(300_000);
    for (const observer of ["a", "b", "c"]) report(observer, {}, {});
    expect((await diagnose()).map(({ id }) => id)).not.toContain("sentinels-connected");
  });

  test("compares an alias with the name of the master's node", async () => {
    prepareWith(/10\.0\.0\.(\d)/g, "db$1.example.com");
    const leadsTo = (alias: string) =>
      success({ addresses: ["192.0.2.1"], alias, ports: [], ttlSeconds: 5 });
    cli.resolution = leadsTo("db1.example.com");
    expect(await diagnose()).toEqual([]);
    cli.resolution = leadsTo("db2.example.com");
    expect((await diagnose()).map(({ id }) => id)).toEqual(["answer-differs"]);
  });
});

describe("what observers find odd", () => {
  test.each(oddityKinds())("$id is a finding of its own", async ({ id, begins, remedy, bars }) => {
    const sentence = `${n2} ${begins} somehow; ${remedy}`;
    expect(oddityIn(n2, sentence)).toBe(id);
    seen(n2, { oddities: [sentence] });
    expect(await diagnose()).toEqual([
      expect.objectContaining({
        id,
        about: n2,
        severity: bars === "nothing" ? "warning" : "error",
        evidence: "says a 0 s ago, b 0 s ago, c 0 s ago",
      }),
    ]);
  });
});

describe("the findings", () => {
  test("have ids that are used once, and never in another sense", () => {
    const ids = kinds.map(([id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
  });

  test("lead to pages, and to headings of them, that exist", () => {
    const missing = kinds.flatMap(([id, { see }]) => {
      const [path = "", heading] = see.split("#");
      const file = new URL(`../../${path}`, import.meta.url);
      if (!existsSync(file)) return [`${id}: ${see}`];
      const text = readFileSync(file, "utf8");
      return heading === undefined || headingsOf(text).includes(heading) ? [] : [`${id}: ${see}`];
    });
    expect(missing).toEqual([]);
  });
});

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-"),
  );
}
