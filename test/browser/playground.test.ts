import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { ListeningServer } from "../../lab/http-server.ts";
import { createPlayground, serveGuarded } from "../../lab/playground/site.ts";
import {
  accessibilityFaults,
  isThere,
  type Opened,
  open,
  overflow,
  picture,
  startBrowser,
} from "../support/browser.ts";
import { createFakePlay, type FakePlay } from "../support/fake-play.ts";
import { createPageStage } from "../support/page-stage.ts";

const phone = { colorScheme: "dark", viewport: { width: 360, height: 740 } } as const;

(isThere ? describe : describe.skip)(
  "the playground, in Chromium (CHROMIUM or apt-get install chromium)",
  () => {
    let browser: Browser;
    let server: ListeningServer;
    let opened: Opened;
    beforeAll(async () => {
      browser = await startBrowser();
    }, 60_000);
    afterAll(() => browser.close());
    // Also after a failure: what stays open keeps the whole run from ending.
    afterEach(async () => {
      await opened.close();
      await server.close();
    });

    async function show(play: FakePlay, options: BrowserContextOptions = {}): Promise<Opened> {
      server = await serveGuarded(createPlayground(createPageStage().sources, play), 0);
      opened = await open(browser, `${server.endpoint}/`, options);
      return opened;
    }

    test("obeys its buttons by keyboard, keeps the focus, and says what was refused", async () => {
      const play = createFakePlay();
      const { page, errors } = await show(play);
      await page.getByRole("button", { name: "Kill 10.0.0.2:6379" }).focus();
      const focused = await page.evaluate("document.activeElement.id");
      const answered = page.waitForResponse((one) => one.request().method() === "GET");
      await page.keyboard.press("Enter");
      await answered;
      expect(play.asked).toEqual(["kill 10.0.0.2:6379"]);
      expect(await page.evaluate("document.activeElement.id")).toBe(focused);
      expect(errors).toEqual([]);
      await page.getByRole("button", { name: "Wake 10.0.0.1:6379" }).click();
      await page.getByText("it is not hung").waitFor();
    });

    test("obeys its buttons without a script", async () => {
      const play = createFakePlay();
      const { page } = await show(play, {
        javaScriptEnabled: false,
      });
      await page.getByRole("button", { name: "Freeze eu-west-1a" }).click();
      await page.waitForURL(`${server.endpoint}/`);
      expect(play.asked).toEqual(["freeze eu-west-1a"]);
    });

    test("is accessible, and no wider than a phone", async () => {
      const { page } = await show(createFakePlay(), phone);
      await page.getByText("What the buttons do").click();
      await picture(page, "playground-phone-dark");
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  },
);
