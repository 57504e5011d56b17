import { readdirSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../web/build/serve.mjs";
import { expect, test } from "./fixtures";
import { dist, plainPort } from "./playwright.config";

test("a host that sends no headers, under a sub-path: threads, and second visits without the host", async ({ own }) => {
  const { page } = own;
  const server = await serve(dist, { port: plainPort, headers: false, prefix: "/some/path/" });
  try {
    await own.open(`http://localhost:${plainPort}/some/path/`);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await own.newNotebook();
    await expect(await own.done("print('rows', spark.range(3).count())")).toContainText("rows 3");
    const wanted = readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !["index.html", "sw.js", ".nojekyll"].includes(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1));
    await expect
      .poll(() => page.evaluate(async (paths) => {
        const cache = await caches.open("kindling");
        const found = await Promise.all(paths.map((path) => cache.match(new URL(path, document.baseURI))));
        return paths.filter((_, i) => found[i] === undefined);
      }, wanted), { timeout: 60_000 })
      .toEqual([]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await own.reload();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await expect(own.output().first()).toContainText("rows 3");
  await expect(await own.done("print('offline', spark.range(4).count())")).toContainText("offline 4");
});
