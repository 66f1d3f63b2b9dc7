import makeSureOfRedis from "../redis-there.ts";
import { findChromium, installChromium } from "../support/chromium.ts";

/** Runs once before all suites: a bare machine has no browser. Where none can be had, the suites say that they were skipped. */
export default async function makeSureOfChromium(): Promise<void> {
  await makeSureOfRedis();
  if (findChromium() !== null) return;
  const why = await installChromium((line) => console.log(line));
  if (why === null) return;
  const line = "!".repeat(80);
  console.error(
    `${line}\nNO BROWSER: no page is tested. ${why}. Install chromium, or name one in CHROMIUM.\n${line}`,
  );
}
