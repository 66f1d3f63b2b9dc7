import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { open, startBrowser } from "../../test/support/browser.ts";
import { drawRecording, type RecordedLine } from "./recording.ts";

/**
 * Makes the pictures of the README and the documents from a real failover on this machine (`npm run pictures`): the
 * recording of the demo, what the commands say right after it, and the page in Chromium, light, dark and as on a phone.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = join(root, "bin/lambda-sentinel.js");
const folder = join(root, "docs/pictures");
const addressLine = /a page with buttons: (\S+)/;
const exportLine = /^ {2}export (\w+)=(.*)$/;

interface Demo {
  readonly process: ChildProcess;
  readonly lines: readonly RecordedLine[];
  readonly page: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const demo = await playDemo();
  try {
    await save(
      "failover.svg",
      drawRecording("A failover on a laptop: npm run demo", [
        command(0, "npm run demo"),
        ...demo.lines,
      ]),
    );
    await save("status.svg", await recordCommand(demo, ["status", "orders"]));
    await save("explain.svg", await recordCommand(demo, ["explain", "orders"]));
    await takePictures(demo.page);
  } finally {
    await stop(demo.process);
  }
}

/** Runs the demo until everything of it is up and the failover is over. */
function playDemo(): Promise<Demo> {
  const child = spawn(process.execPath, [program, "lab", "demo", "--keep"], {
    env: { ...process.env, FORCE_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: RecordedLine[] = [];
  const environment: Record<string, string> = {};
  let page: string | null = null;
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`expected the demo to stay, it ended: ${code}`)));
    createInterface({ input: child.stdout }).on("line", (text) => {
      page ??= addressLine.exec(text)?.[1] ?? null;
      if (page === null) lines.push({ atMs: performance.now(), text });
      const [, name, value] = exportLine.exec(text) ?? [];
      if (name !== undefined && value !== undefined) environment[name] = value;
      // The commands that it proposes come last, when everything that they need is known.
      if (page !== null && text.includes("redis-cli"))
        resolve({ process: child, lines: withoutInvitation(lines), page, environment });
    });
  });
}

/** The heading over the commands to try belongs to --keep alone. */
function withoutInvitation(lines: readonly RecordedLine[]): readonly RecordedLine[] {
  const at = lines.findIndex(({ text }) => text.includes("Everything keeps running"));
  return lines.slice(0, at === -1 ? undefined : at - 1);
}

function command(atMs: number, text: string): RecordedLine {
  return { atMs, text: `$ ${styleText("bold", text, { validateStream: false })}` };
}

/** What a command of the program prints now; its exit code is part of what it says, and no error here. */
async function recordCommand(demo: Demo, args: readonly string[]): Promise<string> {
  const text = ["npx lambda-sentinel", ...args].join(" ");
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...demo.environment, FORCE_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: RecordedLine[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    lines.push({ atMs: 0, text: line });
  return drawRecording(text, [command(0, text), ...lines]);
}

const views: Readonly<Record<string, BrowserContextOptions>> = {
  "page-light": { colorScheme: "light", viewport: { width: 1_280, height: 800 } },
  "page-dark": { colorScheme: "dark", viewport: { width: 1_280, height: 800 } },
  "page-phone": { colorScheme: "light", viewport: { width: 390, height: 800 } },
};

async function takePictures(page: string): Promise<void> {
  const browser = await startBrowser();
  try {
    for (const [name, options] of Object.entries(views))
      await takePicture(browser, page, name, options);
  } finally {
    await browser.close();
  }
}

async function takePicture(
  browser: Browser,
  address: string,
  name: string,
  options: BrowserContextOptions,
): Promise<void> {
  const opened = await open(browser, address, options);
  await opened.page.screenshot({ path: join(folder, `${name}.png`) });
  await opened.close();
  console.log(`docs/pictures/${name}.png`);
}

async function save(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
  console.log(`docs/pictures/${name}`);
}

/** Ctrl-C, as a person ends it: it stops what it started. */
function stop(child: ChildProcess): Promise<void> {
  child.removeAllListeners("exit");
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGINT");
  });
}

await main();
