import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { ListeningServer } from "../../lab/http-server.ts";
import {
  accessibilityFaults,
  isThere,
  type Opened,
  open,
  overflow,
  picture,
  serve,
  startBrowser,
} from "../support/browser.ts";
import {
  createPageStage,
  hostile,
  type PageStage,
  pauseWithMarkup,
} from "../support/page-stage.ts";

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
  ["phone-light", { colorScheme: "light", viewport: { width: 360, height: 740 } }],
  ["phone-dark", { colorScheme: "dark", viewport: { width: 360, height: 740 } }],
];
const refreshMs = 5_000;

(isThere ? describe : describe.skip)(
  "the status page, in Chromium (CHROMIUM or apt-get install chromium)",
  () => {
    let browser: Browser;
    let stage: PageStage;
    let server: ListeningServer;
    let opened: Opened;

    beforeAll(async () => {
      browser = await startBrowser();
    }, 60_000);
    afterAll(() => browser.close());
    afterEach(async () => {
      await opened.close();
      await server.close();
    });

    async function show(options: BrowserContextOptions = {}, path = "/"): Promise<Opened> {
      server = await serve(stage.app);
      opened = await open(browser, `${server.endpoint}${path}`, options);
      return opened;
    }

    test.each(looks)("is accessible, and no wider than its window: %s", async (name, options) => {
      stage = createPageStage();
      const { page, errors } = await show(options);
      await page.locator("summary").first().click();
      await picture(page, `status-${name}`);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect(errors).toEqual([]);
    });

    test("is reached by the keyboard alone", async () => {
      stage = createPageStage();
      const { page } = await show();
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.className")).toBe("skip");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.activeElement.id")).toBe("page");
      const reached: unknown[] = [];
      for (let index = 0; index < 12; index += 1) {
        await page.keyboard.press("Tab");
        reached.push(await page.evaluate("document.activeElement.textContent.slice(0, 20)"));
        const outline = await page.evaluate(
          "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle",
        );
        expect([reached.at(-1), outline]).not.toEqual([reached.at(-1), "none"]);
      }
      expect(reached).toEqual(expect.arrayContaining(["orders", "8 steps of epoch 2", "sessions"]));
      await page.locator("summary").first().focus();
      await page.keyboard.press("Enter");
      expect(await page.locator("details[open]").count()).toBe(1);
    });

    test("refreshes what has changed, and leaves folds and focus as they are", async () => {
      stage = createPageStage();
      const { page, errors } = await show();
      await page.clock.install();
      await page.reload();
      await page.locator("summary").first().click();
      await page.locator("#hold").focus();
      await page.evaluate("document.querySelector('summary').dataset.same = 'yes'");
      const state = stage.store.states.get("orders");
      if (state === undefined) throw new Error("expected the group orders");
      stage.store.states.set("orders", { ...state, phase: "promoting" });
      await page.clock.runFor(refreshMs);
      await page.getByText("the phase is promoting, not steady").waitFor();
      expect(await page.locator("details[open]").count()).toBe(1);
      expect(await page.evaluate("document.activeElement.id")).toBe("hold");
      expect(await page.evaluate("document.querySelector('summary').dataset.same")).toBe("yes");
      stage.store.states.delete("sessions");
      stage.store.configs.delete("sessions#1");
      await page.clock.runFor(refreshMs);
      await page.locator("#group_sessions").waitFor({ state: "detached" });
      expect(await page.title()).toBe("✕ 1 lambda-sentinel");
      expect(errors).toEqual([]);
    });

    test("keeps what it shows while the table does not answer, says so, and recovers", async () => {
      stage = createPageStage();
      const { page } = await show();
      await page.clock.install();
      await page.reload();
      stage.store.fail({ operation: "listConfigs", kind: "throttled" });
      await page.clock.runFor(refreshMs);
      await page
        .getByText("Not refreshed since 00:00:00 UTC: expected the table to answer")
        .waitFor();
      await picture(page, "status-not-refreshed");
      expect(await page.locator("section.group").count()).toBe(3);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.clock.runFor(refreshMs);
      await page.locator("#trouble").waitFor({ state: "hidden" });
      await server.close();
      await page.clock.runFor(refreshMs);
      await page.getByText("no answer (Failed to fetch)").waitFor();
      expect(await page.locator("section.group").count()).toBe(3);
    });

    test("stops refreshing when it is told to, and goes on", async () => {
      stage = createPageStage();
      const { page } = await show();
      await page.clock.install();
      await page.reload();
      let asked = 0;
      page.on("request", () => {
        asked += 1;
      });
      await page.getByRole("button", { name: "Stop refreshing" }).click();
      await page.clock.runFor(4 * refreshMs);
      expect(asked).toBe(0);
      const answered = page.waitForResponse(() => true);
      await page.getByRole("button", { name: "Refresh again" }).click();
      await answered;
      expect(asked).toBe(1);
    });

    test("runs nothing that people or servers wrote", async () => {
      stage = createPageStage();
      pauseWithMarkup(stage, "orders");
      const { page, errors } = await show({}, `/?group=orders`);
      await page.getByText(hostile).first().waitFor();
      expect(await page.title()).toBe("✕ 1 lambda-sentinel");
      expect(errors).toEqual([]);
    });

    test("needs no script to be read", async () => {
      stage = createPageStage();
      const { page } = await show({ javaScriptEnabled: false });
      expect(await page.locator("section.group").count()).toBe(3);
      await page.getByText("Not healthy: orders, sessions").waitFor();
      expect(await page.locator("#hold").isVisible()).toBe(false);
    });
  },
);
