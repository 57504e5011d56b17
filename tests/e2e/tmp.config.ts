import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { defineConfig } from "@playwright/test";

const root = resolve(import.meta.dirname, "../..");
const shared = join(homedir(), ".cache", "kindling", "target");
export const targetFolder = process.env.CARGO_TARGET_DIR ?? (existsSync(shared) ? shared : join(root, "target"));
const kindling = join(targetFolder, "debug", "kindling");

export const dist = join(root, "dist");
/** The site as `npm start` serves it; the port after it is for a plain host (`plain_host.spec.ts`). */
export const port = Number(process.env.KINDLING_E2E_PORT ?? 8461);
export const plainPort = port + 1;
export const site = `http://localhost:${port}/`;

export default defineConfig({
  testDir: ".",
  outputDir: join(root, "test-results"),
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // Each page has its own engine with its own threads: two at once already fill a small machine.
  workers: 1,
  retries: 0,
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? join(root, "target", "playwright.json") }]],
  use: {
    baseURL: site,
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] },
    screenshot: "only-on-failure",
    trace: "off",
  },
  webServer: [
    { command: `node ${join(root, "web/build/serve.mjs")} ${dist} --port ${port}`, port, reuseExistingServer: false },
  ],
});
