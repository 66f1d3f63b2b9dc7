import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { assertNever } from "../core/assert-never.ts";
import type { Result } from "../ports/errors.ts";
import type { Collected } from "../status/collect.ts";
import type { Failover } from "../status/failovers.ts";
import type { GroupStatus, StatusReport } from "../status/report.ts";
import { type FailoversRead, groupLine, groupSection, problemList } from "./group.ts";
import { type Html, html, nothing } from "./html.ts";
import { type Frame, frame, scriptSource, styleSource } from "./layout.ts";

/** Where the page gets what it shows; both only read. */
export interface PageSources {
  /** Everything of one group, or of all. */
  readonly collect: (only: string | undefined) => Promise<Collected>;
  /** The latest failovers of a group, newest first. While its state is the same, nothing has happened to it. */
  readonly readFailovers: (
    group: Pick<GroupStatus, "name" | "state">,
  ) => Promise<Result<readonly Failover[]>>;
  /** What stands above the groups; nothing, but in the lab. */
  readonly above?: () => Promise<Html>;
  /** How often an open page asks again; every 5 s by default. */
  readonly everyMs?: number;
}

/** So many groups are shown whole; of more, only those that are not healthy. */
const wholeMax = 8;

const everyMsDefault = 5_000;

const allowed = ["GET", "HEAD"];

/**
 * The status page: `GET /` for people, `GET /groups/NAME` for programs, `GET /health` for load balancers. Nothing here changes
 * anything, and any other method is refused.
 */
export function createStatusPage(sources: PageSources): Hono {
  const app = new Hono();
  app.use(headers);
  app.use(async (c, next) => {
    await next();
    // What is on the page is of this moment.
    c.header("Cache-Control", "no-store");
  });
  app.get("/", async (c) => {
    const only = c.req.query("group");
    const collected = await sources.collect(only === "" ? undefined : only);
    const page = frame(await frameOf(sources, collected, only));
    return c.html(page, statusOf(collected));
  });
  app.get("/groups/:name", async (c) => {
    const collected = await sources.collect(c.req.param("name"));
    if (collected.kind === "report") return c.json(collected.report);
    return c.json({ error: explain(collected) }, statusOf(collected));
  });
  app.get("/health", async (c) => {
    const only = c.req.query("group");
    const collected = await sources.collect(only === "" ? undefined : only);
    if (collected.kind !== "report") {
      return c.json({ isHealthy: null, problems: [explain(collected)] }, statusOf(collected));
    }
    const { isHealthy, at } = collected.report;
    return c.json({ isHealthy, at, problems: problemsOf(collected.report) }, isHealthy ? 200 : 503);
  });
  app.notFound((c) => {
    if (!allowed.includes(c.req.method)) {
      c.header("Allow", allowed.join(", "));
      return c.json({ error: `expected GET, got ${c.req.method}: this page changes nothing` }, 405);
    }
    return c.json({ error: "expected /, /groups/NAME or /health, got another path" }, 404);
  });
  return app;
}

/** One answer with all that it needs; no frame around it, no script or style but its own. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: [styleSource],
    scriptSrc: [scriptSource],
    imgSrc: ["data:"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  crossOriginResourcePolicy: "same-origin",
  // Not "no-referrer", with which a form would name no origin to the lab.
  referrerPolicy: "same-origin",
  xDownloadOptions: false,
  xXssProtection: false,
});

/** "Something is wrong" and "it could not be asked" are two answers to a load balancer's operator, and both mean no. */
function statusOf(collected: Collected): 200 | 404 | 504 {
  switch (collected.kind) {
    case "report":
      return 200;
    case "unknown-group":
      return 404;
    case "unread":
      return 504;
    default:
      return assertNever(collected);
  }
}

function explain(collected: Exclude<Collected, { kind: "report" }>): string {
  switch (collected.kind) {
    case "unknown-group":
      return `expected one of the groups ${[...collected.known].join(", ")}, got ${JSON.stringify(collected.group)}`;
    case "unread":
      return `expected the table to answer, could not ${collected.doing}: ${collected.failure.why}`;
    default:
      return assertNever(collected);
  }
}

function problemsOf({ problems, groups }: StatusReport): readonly string[] {
  return [
    ...problems,
    ...groups.flatMap((group) => group.problems.map((problem) => `${group.name}: ${problem}`)),
  ];
}

async function frameOf(
  sources: PageSources,
  collected: Collected,
  only: string | undefined,
): Promise<Frame> {
  const everyMs = sources.everyMs ?? everyMsDefault;
  if (collected.kind !== "report") {
    const failure = explain(collected);
    return {
      title: "? lambda-sentinel",
      verdict: html`Nothing is known now`,
      at: null,
      body: html`<p><a href="?">All groups</a></p>`,
      failure,
      everyMs,
    };
  }
  const { report } = collected;
  const above = sources.above === undefined ? nothing : await sources.above();
  return {
    title: titleOf(report),
    verdict: verdictOf(report),
    at: report.at,
    body: html`${above}${only === undefined ? nothing : html`<p><a href="?">All groups</a></p>`}
<div data-live id="problems">${problemList(report.problems)}</div>
${await groupsOf(sources, report)}
<p class="dim">table <code>${report.table}</code></p>`,
    failure: null,
    everyMs,
  };
}

function titleOf({ isHealthy, groups }: StatusReport): string {
  const bad = groups.filter((group) => !group.isHealthy).length;
  return isHealthy ? "● lambda-sentinel" : `✕ ${bad} lambda-sentinel`;
}

function verdictOf({ groups }: StatusReport): Html {
  const bad = groups.filter((group) => !group.isHealthy);
  if (groups.length === 0) return html`<span class="bad">No group is watched</span>`;
  if (bad.length > 0) {
    const names = bad.map((group) => group.name).join(", ");
    return html`<span class="bad">Not healthy: ${names}</span>`;
  }
  const what = groups.length === 1 ? "The group is" : `All ${groups.length} groups are`;
  return html`<span class="good">${what} healthy</span>`;
}

/** What is not healthy comes first. */
async function groupsOf(sources: PageSources, report: StatusReport): Promise<readonly Html[]> {
  const bad = report.groups.filter((group) => !group.isHealthy);
  const good = report.groups.filter((group) => group.isHealthy);
  const isShort = report.groups.length <= wholeMax;
  const whole = isShort ? [...bad, ...good] : bad;
  const sections = await Promise.all(
    whole.map(async (group) => groupSection(group, await failoversOf(sources, group))),
  );
  return [...sections, ...(isShort ? [] : good.map(groupLine))];
}

async function failoversOf(sources: PageSources, group: GroupStatus): Promise<FailoversRead> {
  const read = await sources.readFailovers(group);
  if (!read.ok) return { kind: "unread", why: read.why };
  return { kind: "read", failovers: read.value.slice(0, failoversShown) };
}

const failoversShown = 5;
