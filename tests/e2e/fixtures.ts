/**
 * One page for all tests that do not need their own: a start of the engine and of Python costs more than most tests. Each
 * test gets it with an empty notebook and an idle kernel; files and Spark's history stay, so tests name their own.
 */

import { type BrowserContext, test as base } from "@playwright/test";
import { BOOT, KindlingPage } from "./kindling_page";
import { site } from "./playwright.config";

interface Worker {
  browserContext: BrowserContext;
  shared: KindlingPage;
}

interface Test {
  /** The shared page. */
  kindling: KindlingPage;
  /** A page of the test's own in a profile of its own; nothing is open yet. */
  own: KindlingPage;
}

export const test = base.extend<Test, Worker>({
  browserContext: [
    async ({ browser }, use) => {
      const context = await browser.newContext({ baseURL: site, viewport: { width: 1440, height: 900 }, acceptDownloads: true });
      await use(context);
      await context.close();
    },
    { scope: "worker" },
  ],
  shared: [
    async ({ browserContext }, use) => {
      const kindling = new KindlingPage(await browserContext.newPage());
      await kindling.open();
      await use(kindling);
    },
    { scope: "worker", timeout: 2 * BOOT },
  ],
  kindling: async ({ shared }, use, info) => {
    await shared.fresh();
    await use(shared);
    if (info.status !== info.expectedStatus) {
      await info.attach("page", { body: await shared.page.screenshot({ timeout: 5_000 }), contentType: "image/png" });
    }
  },
  own: async ({ page }, use) => {
    await use(new KindlingPage(page));
  },
});

export { expect } from "@playwright/test";
