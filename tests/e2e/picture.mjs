// Takes the README's picture: a bundled notebook beside the Spark panel, after a real run.
//
//   node tests/e2e/picture.mjs [docs/kindling.png]     needs dist/ (`npm run build`) and a Chromium

import { join, resolve } from "node:path";
import { chromium } from "@playwright/test";
import { serve } from "../../web/build/serve.mjs";

const root = resolve(import.meta.dirname, "../..");
const target = process.argv[2] ?? join(root, "docs", "kindling.png");
const port = Number(process.env.PORT ?? 8475);
const PATIENCE = 300_000;

const server = await serve(join(root, "dist"), { port });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  await page.goto(`http://localhost:${port}/?notebook=taxi-analysis`);
  await page.locator('[data-testid="kernel-status"][data-state="idle"]').waitFor({ timeout: PATIENCE });
  await page.getByTestId("run-all").click();
  const code = page.locator('[data-testid="cell"][data-kind="code"]');
  await code.last().and(page.locator('[data-state="done"]')).waitFor({ timeout: PATIENCE });
  const grid = page.getByTestId("result-grid").first();
  await grid.scrollIntoViewIfNeeded();
  await page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: target });
} finally {
  await browser.close();
  server.close();
}
