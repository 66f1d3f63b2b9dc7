import { describe, expect, test } from "@jest/globals";
import { nodeActions, observerActions } from "../../lab/playground/play.ts";
import { createPlayground, refusalOf } from "../../lab/playground/site.ts";
import { createFakePlay } from "../support/fake-play.ts";
import { createPageStage } from "../support/page-stage.ts";

describe("the playground's page", () => {
  test("has the processes and their buttons above the groups", async () => {
    const text = await (
      await createPlayground(createPageStage().sources, createFakePlay()).request("/")
    ).text();
    expect(text.indexOf('id="lab"')).toBeGreaterThan(0);
    expect(text.indexOf('id="lab"')).toBeLessThan(text.indexOf('id="group_orders"'));
    const forms = [...text.matchAll(/<form method="post" action="([^"]+)"/g)].map(
      ([, path]) => path,
    );
    expect(forms).toContain("/lab/nodes/10.0.0.2%3A6379/kill");
    expect(forms).toContain("/lab/nodes/10.0.0.3%3A6379/start-empty");
    expect(forms).toContain("/lab/observers/eu-west-1b/thaw");
    expect(text).toContain('data-every="1000"');
  });

  test("does what a button asks for, and leads back", async () => {
    const play = createFakePlay();
    const app = createPlayground(createPageStage().sources, play);
    const post = (path: string) => app.request(path, { method: "POST" });
    const done = await post("/lab/nodes/10.0.0.2%3A6379/kill");
    expect([done.status, done.headers.get("location")]).toEqual([303, "/"]);
    expect((await post("/lab/observers/eu-west-1a/freeze")).status).toBe(303);
    expect(play.asked).toEqual(["kill 10.0.0.2:6379", "freeze eu-west-1a"]);
    expect((await post("/lab/nodes/10.0.0.9%3A6379/kill")).status).toBe(404);
    const refused = await post("/lab/nodes/10.0.0.2%3A6379/wake");
    expect([refused.status, await refused.text()]).toEqual([409, "it is not hung"]);
    expect((await app.request("/lab/nodes/10.0.0.2%3A6379/kill")).status).toBe(404);
    expect((await post("/groups/orders")).status).toBe(405);
  });

  test.each([
    ["GET", "127.0.0.1:8080", null, true],
    ["GET", "localhost:8080", null, true],
    ["GET", "127.0.0.1:9090", null, false],
    ["GET", "rebound.example.com:8080", null, false],
    ["GET", "", null, false],
    ["POST", "127.0.0.1:8080", "http://127.0.0.1:8080", true],
    ["POST", "localhost:8080", "http://localhost:8080", true],
    ["POST", "127.0.0.1:8080", "http://localhost:8080", false],
    ["POST", "127.0.0.1:8080", "http://evil.example.com", false],
    ["POST", "127.0.0.1:8080", "null", false],
    ["POST", "127.0.0.1:8080", null, false],
    ["DELETE", "127.0.0.1:8080", null, false],
    ["POST", "rebound.example.com:8080", "http://rebound.example.com:8080", false],
  ])("%s of host %j from origin %j is answered: %j", (method, host, origin, isAnswered) => {
    const headers = new Headers({ host, ...(origin === null ? {} : { origin }) });
    // Requests made here can't carry a host of their own.
    const why = refusalOf({ method, headers }, 8080);
    expect(why === null).toBe(isAnswered);
  });
});

describe("what can be done", () => {
  const node = { id: "n", isCut: false } as const;
  const observer = { name: "o", isCut: false, isTableCut: false } as const;

  test("to a server as it stands", () => {
    expect(nodeActions({ ...node, process: "running" })).toEqual(["kill", "hang", "cut"]);
    expect(nodeActions({ ...node, process: "hung" })).toEqual(["kill", "wake", "cut"]);
    const dead = { ...node, process: "dead" } as const;
    expect(nodeActions({ ...dead, isCut: true })).toEqual(["start", "start-empty", "heal"]);
    expect(nodeActions({ ...dead, isCut: null })).toEqual(["start", "start-empty"]);
  });

  test("to an observer as it stands", () => {
    const running = { ...observer, process: "running" } as const;
    expect(observerActions(running)).toEqual(["kill", "freeze", "cut", "cut-table"]);
    expect(observerActions({ ...running, isCut: true, isTableCut: true })).toEqual([
      ...["kill", "freeze", "heal", "heal-table"],
    ]);
    expect(observerActions({ ...observer, process: "frozen" }).slice(0, 2)).toEqual([
      ...["kill", "thaw"],
    ]);
    expect(observerActions({ name: "o", process: "dead", isCut: null, isTableCut: null })).toEqual([
      "start",
    ]);
  });
});
