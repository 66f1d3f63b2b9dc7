import { describe, expect, test } from "@jest/globals";
import { createStatusPage } from "../../lib/page/app.ts";
import { failure, success } from "../../lib/ports/errors.ts";
import { createPageStage, hostile, pauseWithMarkup, report } from "../support/page-stage.ts";

/** The browser's view of it is in test/browser; here is what an answer says before any browser has it. */

describe("GET /", () => {
  test("shows every group, those that are not healthy first, with its failovers", async () => {
    const { app } = createPageStage();
    const answer = await app.request("/");
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect([...text.matchAll(/<section class="group" id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
      "group_orders",
      "group_sessions",
      "group_carts",
    ]);
    expect(text).toContain("Not healthy: orders, sessions");
    expect(text).toContain("the master 10.0.2.1:6379 is reported down: eu-west-1a down(silent)");
    expect(text).toContain("10.0.0.1:6379 → 10.0.0.2:6379");
    expect(text).toContain("lost at least 0 B");
    expect(text).toContain("carts-2</code>");
  });

  test("shows one group that is asked for", async () => {
    const { app } = createPageStage();
    const text = await (await app.request("/?group=carts")).text();
    expect(text).toContain('id="group_carts"');
    expect(text).not.toContain('id="group_orders"');
    expect(text).toContain("The group is healthy");
  });

  test("keeps many healthy groups to a line each", async () => {
    const { app, store } = createPageStage();
    const config = store.configs.get("carts#1");
    const state = store.states.get("carts");
    if (config === undefined || state === undefined) throw new Error("expected the group carts");
    for (let index = 0; index < 10; index += 1) {
      const name = `more-${index}`;
      store.configs.set(`${name}#1`, { ...config, name, observers: [] });
      store.states.set(name, { ...state, group: name });
    }
    const text = await (await app.request("/")).text();
    const whole = [...text.matchAll(/<section class="group" id="([^"]+)"/g)].map(([, id]) => id);
    expect(whole).toEqual(["group_orders", "group_sessions"]);
    expect(text.match(/class="group line"/g)).toHaveLength(11);
    expect(text).toContain('href="?group=more-3"');
  });

  test("writes as text whatever people and servers may have written", async () => {
    const stage = createPageStage();
    pauseWithMarkup(stage, "orders");
    stage.store.events.push({
      ...stage.store.events.find((one) => one.name === "+published"),
      ...{
        group: "orders",
        id: "000000000007#z",
        at: "2030-01-01T00:00:13.000Z",
        observer: hostile,
      },
      ...{ name: "+page", rule: hostile, epoch: 2, round: 3, node: null, message: hostile },
      ...{ evidence: {}, durationsMs: {} },
    });
    const asked = `/?group=${encodeURIComponent(hostile)}`;
    for (const path of ["/", asked]) {
      const text = await (await stage.app.request(path)).text();
      expect(text).toContain("&lt;img src=x onerror=");
      expect(text).not.toContain("<img");
      expect(text.match(/<script>/g)).toHaveLength(1);
    }
  });

  test("tells no secret, nor where one is", async () => {
    const { app } = createPageStage();
    for (const path of ["/", "/groups/orders", "/health"]) {
      const text = await (await app.request(path)).text();
      expect(text).not.toMatch(/ssm:|watcher|password/);
    }
  });

  test("says what it does not know, where the table does not answer", async () => {
    const { app, store } = createPageStage();
    store.fail({ operation: "readState", kind: "throttled" });
    const answer = await app.request("/");
    const text = await answer.text();
    expect(answer.status).toBe(504);
    expect(text).toContain("Nothing is known now");
    expect(text).toContain("could not read the state of carts: readState: throttled");
    expect(text).toMatch(/<main id="page"[^>]* data-failure="expected the table to answer/);
  });

  test("shows the groups also where a group's events can't be read", async () => {
    const { app, store } = createPageStage();
    store.fail({ operation: "readEvents", kind: "denied" });
    const text = await (await app.request("/?group=orders")).text();
    expect(text).toContain("They could not be read: readEvents: denied");
    expect(text).toContain("10.0.0.3:6379");
  });

  test("of a table without groups says so", async () => {
    const { app, store } = createPageStage();
    store.configs.clear();
    const text = await (await app.request("/")).text();
    expect(text).toContain("No group is watched");
    expect(text).toContain("no group is configured in table lambda-sentinel-test");
  });
});

describe("GET /groups/NAME", () => {
  test("answers what `status NAME --json` prints", async () => {
    const { app } = createPageStage();
    const answer = await app.request("/groups/carts");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      schema: 1,
      table: "lambda-sentinel-test",
      isHealthy: true,
      groups: [{ name: "carts", nodes: [{ id: "carts-1", isMaster: true }, { id: "carts-2" }] }],
    });
  });

  test("has a status for a name that is not there, and one for a table that does not answer", async () => {
    const { app, store } = createPageStage();
    const unknown = await app.request("/groups/cart");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({
      error: 'expected one of the groups carts, orders, sessions, got "cart"',
    });
    store.fail({ operation: "listConfigs", kind: "unreachable" });
    expect((await app.request("/groups/carts")).status).toBe(504);
  });
});

describe("GET /health", () => {
  test("is 200 where everything is well, 503 where something is not, 504 where nobody knows", async () => {
    const { app, store } = createPageStage();
    const well = await app.request("/health?group=carts");
    expect([well.status, await well.json()]).toEqual([
      200,
      { isHealthy: true, at: "2030-01-01T00:00:00.000Z", problems: [] },
    ]);
    const ill = await app.request("/health");
    expect(ill.status).toBe(503);
    expect(await ill.json()).toMatchObject({
      isHealthy: false,
      problems: expect.arrayContaining([
        expect.stringContaining("sessions: the master 10.0.2.1:6379 is reported down"),
      ]),
    });
    store.fail({ operation: "readHeartbeat", kind: "throttled" });
    const unknown = await app.request("/health");
    expect([unknown.status, await unknown.json()]).toMatchObject([504, { isHealthy: null }]);
  });
});

describe("every answer", () => {
  test("carries headers that allow its own style and script, and nothing else", async () => {
    const { app } = createPageStage();
    for (const path of ["/", "/groups/carts", "/health", "/nothing"]) {
      const { headers } = await app.request(path);
      expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("strict-transport-security")).toMatch(/^max-age=/);
    }
  });

  test("to a method that could change something is no", async () => {
    const { app, store } = createPageStage();
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const answer = await app.request("/groups/carts", { method });
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([
        method,
        405,
        "GET, HEAD",
      ]);
    }
    expect((await app.request("/", { method: "HEAD" })).status).toBe(200);
    await app.request("/");
    expect(store.writes).toEqual([]);
  });
});

describe("the zone", () => {
  test("is asked once for as long as the table knows of no change", async () => {
    const stage = createPageStage();
    for (let index = 0; index < 5; index += 1) {
      await stage.app.request("/");
      await stage.clock.sleep(5_000);
    }
    expect(stage.asked).toBe(1);
    const state = stage.store.states.get("orders");
    if (state === undefined) throw new Error("expected the group orders");
    stage.store.states.set("orders", { ...state, masterEpoch: 2 });
    await stage.app.request("/");
    expect(stage.asked).toBe(2);
    await stage.clock.sleep(60_000);
    await stage.app.request("/");
    expect(stage.asked).toBe(3);
  });

  test("is not asked again at once where it did not answer, and the record is unknown then", async () => {
    const stage = createPageStage();
    stage.records = failure("throttled", "rate exceeded");
    for (let index = 0; index < 3; index += 1) await stage.app.request("/groups/orders");
    expect(stage.asked).toBe(1);
    stage.records = success([]);
    await stage.clock.sleep(2_000);
    const body = await (await stage.app.request("/groups/orders")).json();
    expect(body).toMatchObject({ groups: [{ record: { status: "differs" } }] });
    expect(stage.asked).toBe(2);
  });
});

test("what the lab puts above the groups is there, and only where it is given", async () => {
  const stage = createPageStage();
  report(stage, "eu-west-1a");
  const { html } = await import("../../lib/page/html.ts");
  const app = createStatusPage({ ...stage.sources, above: async () => html`<p id="lab">lab</p>` });
  expect(await (await app.request("/")).text()).toContain('<p id="lab">lab</p>');
  expect(await (await stage.app.request("/")).text()).not.toContain('id="lab"');
});
