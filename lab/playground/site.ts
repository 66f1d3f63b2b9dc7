import { Route53Client } from "@aws-sdk/client-route-53";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { createRoute53Dns } from "../../lib/adapters/route53-dns.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { assertNever } from "../../lib/core/assert-never.ts";
import { createStatusPage, type PageSources } from "../../lib/page/app.ts";
import { pageSources } from "../../lib/page/sources.ts";
import { type ListeningServer, listen } from "../http-server.ts";
import { labCredentials, labTable, type World } from "../world.ts";
import { panel } from "./panel.ts";
import type { Outcome, Play } from "./play.ts";

const everyMs = 1_000;

/** The status page of a world, with a playground above its groups, on loopback alone. Port 0 takes a free one. */
export async function startSite(world: World, play: Play, port: number): Promise<ListeningServer> {
  const client = new Route53Client({
    endpoint: world.route53.endpoint,
    region: "us-east-1",
    credentials: labCredentials,
  });
  const dns = createRoute53Dns({ client });
  const sources = pageSources({
    table: labTable,
    store: world.store,
    readRecords: (record) => dns.read(record),
    clock: systemClock,
  });
  const site = await serveGuarded(createPlayground(sources, play), port);
  world.options.processes.add({ name: "page", stop: () => site.close(), killNow: () => {} });
  return site;
}

/** The status page and, by POST alone, what can be done in the playground. */
export function createPlayground(sources: PageSources, play: Play): Hono {
  const app = createStatusPage({ ...sources, everyMs, above: async () => panel(play.standing()) });
  const answer = (outcome: Outcome): Response => {
    switch (outcome.kind) {
      case "done":
        return new Response(null, { status: 303, headers: { location: "/" } });
      case "unknown":
        return new Response(outcome.why, { status: 404 });
      case "refused":
        return new Response(outcome.why, { status: 409 });
      default:
        return assertNever(outcome);
    }
  };
  app.post("/lab/nodes/:id/:action", async (c) =>
    answer(await play.actOnNode(c.req.param("id"), c.req.param("action"))),
  );
  app.post("/lab/observers/:name/:action", async (c) =>
    answer(await play.actOnObserver(c.req.param("name"), c.req.param("action"))),
  );
  return app;
}

/** Listens on 127.0.0.1, and answers only who means this address. */
export async function serveGuarded(app: Hono, port: number): Promise<ListeningServer> {
  let own = 0;
  const fetch = async (request: Request): Promise<Response> => {
    const why = refusalOf(request, own);
    return why === null ? app.fetch(request) : new Response(why, { status: 403 });
  };
  const server = await listen(getRequestListener(fetch), { host: "127.0.0.1", port });
  own = server.port;
  return server;
}

/**
 * Any page in the same browser can send requests here. Its own name may be made to lead to 127.0.0.1 (DNS rebinding), so the
 * host must be ours; and what changes something must come from our own page, whatever form it has.
 */
export function refusalOf(
  request: Pick<Request, "method" | "headers">,
  port: number,
): string | null {
  const host = request.headers.get("host") ?? "";
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return `expected the host 127.0.0.1:${port}, got ${JSON.stringify(host)}`;
  }
  if (request.method === "GET" || request.method === "HEAD") return null;
  const origin = request.headers.get("origin");
  if (origin === `http://${host}`) return null;
  return `expected a request from this page, got the origin ${JSON.stringify(origin)}`;
}
