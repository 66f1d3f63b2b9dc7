import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import * as z from "zod";
import { type ListeningServer, listen } from "../../lab/http-server.ts";
import { findChromium } from "./chromium.ts";

/** A headless browser, and what is asked of every page in it. */

const require = createRequire(import.meta.url);
const pictures = fileURLToPath(new URL("../../.cache/pictures", import.meta.url));

export const isThere = findChromium() !== null;

export function startBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("expected a chromium, got none");
  return chromium.launch({ executablePath, args: ["--disable-dev-shm-usage"] });
}

export function serve(app: Hono): Promise<ListeningServer> {
  return listen(getRequestListener(app.fetch), { host: "127.0.0.1", port: 0 });
}

/** A page and what went wrong in it: errors of scripts, and whatever its Content-Security-Policy stopped. */
export interface Opened {
  readonly page: Page;
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

/** Kept for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

const found = z.array(
  z.object({
    id: z.string(),
    help: z.string(),
    nodes: z.array(
      z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() }),
    ),
  }),
);

/** What axe-core has against the page: contrast, names, roles, order of headings. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  // Not as a script element, which the page's own policy forbids.
  await page.evaluate(await axeSource());
  const violations = found.parse(await page.evaluate("axe.run().then((one) => one.violations)"));
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.map(
      ({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`,
    );
    return `${id}: ${help}\n  ${where.join("\n  ")}`;
  });
}

async function axeSource(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(require.resolve("axe-core/axe.min.js"), "utf8");
}

/** By how many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<unknown> {
  return page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
}
