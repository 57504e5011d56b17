/** Functions that few queries call are in a wasm module of their own (`crates/kindling-split`). */

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { BOOT } from "./kindling_page";

// Its requests are watched and stopped here, which a service worker would be in the way of.
test.use({ serviceWorkers: "block" });

const SECOND = /kindling_wasm_second\.wasm$/;

/** Which threads load the second module, and from where, as the page's console says. */
function loads(page: Page): { thread: string; from: string }[] {
  const found: { thread: string; from: string }[] = [];
  page.on("console", (message) => {
    const said = /^Kindling: second module (from memory|fetched) in (.+) in \d+ ms, for slot \d+$/.exec(message.text());
    if (said !== null) found.push({ from: said[1]!, thread: said[2]! });
  });
  return found;
}

test("a start asks for the second module only when Python is there", async ({ own }) => {
  await own.page.addInitScript(() => {
    const Plain = window.Worker;
    window.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener("message", ({ data }) => {
          if (data?.kind === "pythonReady") Object.assign(window, { pythonReady: true });
        });
      }
    };
  });
  const loaded = loads(own.page);
  const asked = own.page.waitForEvent("request", { predicate: (request) => SECOND.test(request.url()), timeout: BOOT });
  await own.page.goto("./");
  await asked;
  expect(await own.page.evaluate(() => "pythonReady" in window)).toBe(true);
  expect(loaded).toEqual([]);
});

// That ordinary work does not load it depends on which functions the compiler merged in this build; it is measured, with much more
// work, by `node tests/bench/called_functions.mjs --check`.

test("executor threads and the driver load it when they call into it", async ({ own }) => {
  const loaded = loads(own.page);
  await own.open();
  await own.newNotebook();
  const sketch = await own.done('spark.range(0, 5000, 1, 4).selectExpr("hll_sketch_estimate(hll_sketch_agg(id)) > 4900 AS many").show()');
  await expect(sketch).toContainText("true");
  expect(loaded.map(({ thread }) => thread)).toContainEqual(expect.stringContaining("task launch worker"));
  const threads = loaded.length;
  await own.done('spark.range(0, 5000, 1, 4).selectExpr("hll_sketch_estimate(hll_sketch_agg(id)) > 4900 AS many").show()');
  expect(loaded.length).toBe(threads);
  const path = await own.done(`spark.sql("SELECT xpath_string('<a><b>deep</b></a>', 'a/b') AS found").show()`);
  await expect(path).toContainText("deep");
});

test("out of reach, it fails the query that needs it and nothing else", async ({ own }) => {
  await own.page.context().route(SECOND, (route) => route.abort());
  await own.open();
  await own.newNotebook();
  await own.run(0, 'spark.range(0, 5000, 1, 4).selectExpr("hll_sketch_estimate(hll_sketch_agg(id)) > 4900 AS many").show()');
  await expect(own.error(0)).toContainText("kindling_wasm_second.wasm");
  await own.done("print(spark.range(7).count())");
  await own.page.context().unroute(SECOND);
  const sketch = await own.done('spark.range(0, 5000, 1, 4).selectExpr("hll_sketch_estimate(hll_sketch_agg(id)) > 4900 AS many").show()');
  await expect(sketch).toContainText("true");
});
