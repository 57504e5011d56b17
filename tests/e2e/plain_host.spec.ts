import { expect, test } from "@playwright/test";
import { KindlingPage } from "./kindling_page";
import { plainPort } from "./playwright.config";

test("a host that sends no headers, under a sub-path, still gets threads", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open(`http://localhost:${plainPort}/some/path/`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await kindling.newNotebook();
  const output = await kindling.run(0, "spark.range(3).count()");
  await expect(output).toContainText("3");
});
