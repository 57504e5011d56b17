import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { defineConfig } from "@playwright/test";

const root = resolve(import.meta.dirname, "../..");
const shared = join(homedir(), ".cache", "kindling", "target");
const target = process.env.CARGO_TARGET_DIR ?? (existsSync(shared) ? shared : join(root, "target"));
const kindling = join(target, "debug", "kindling");

/** The site as `npm start` serves it, and on a plain host under a sub-path. */
export const port = Number(process.env.KINDLING_E2E_PORT ?? 8461);
export const plainPort = port + 1;

export default defineConfig({
  testDir: ".",
  outputDir: join(root, "test-results"),
  timeout: 120_000,
  expect: { timeout: 30_000 },
  // Each page has its own engine with its own threads: two at once already fill a small machine.
  workers: 1,
  retries: 0,
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? join(root, "target", "playwright.json") }]],
  use: {
    baseURL: `http://localhost:${port}/`,
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] },
    screenshot: "only-on-failure",
    trace: "off",
  },
  webServer: [
    { command: `${kindling} serve ${join(root, "dist")} --port ${port}`, port, reuseExistingServer: false },
    {
      command: `${kindling} serve ${join(root, "dist")} --port ${plainPort} --base /some/path/ --no-isolation`,
      port: plainPort,
      reuseExistingServer: false,
    },
  ],
});
