// The browsers of the benchmarks: headless Chromium, as the browser specs use it.

import { chromium } from "@playwright/test";
import { ensureChromium } from "../support/ensure.mjs";

const open = [];

export async function launch() {
  await ensureChromium();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  open.push(browser);
  return browser;
}

export async function closeAll() {
  await Promise.allSettled(open.map((browser) => browser.close()));
}
