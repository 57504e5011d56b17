// The browsers of the benchmarks: headless Chromium with a profile on disk, as a person's is. In the in-memory profile of
// `browser.newContext()` every read of a file goes through another process, which copies it: figures of no ordinary visit.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { ensureChromium } from "../support/ensure.mjs";

const open = [];

/** A browser of its own, nothing cached or kept: a Playwright context whose profile is removed when the command ends. */
export async function launch() {
  await ensureChromium();
  const profile = mkdtempSync(join(tmpdir(), "kindling-bench-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  // Not when the context closes: the browser writes its profile until it has ended.
  process.once("exit", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  open.push(context);
  return context;
}

export async function closeAll() {
  await Promise.allSettled(open.map((context) => context.close()));
}
