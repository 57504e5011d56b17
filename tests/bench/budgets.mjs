// Start times as a person sees them, and the memory that the aggregate over a large CSV takes.

import { readdirSync, readFileSync } from "node:fs";
import { eventLog } from "../support/event_log.mjs";
import { KindlingEngine } from "./kindling_engine.mjs";
import { TAXI } from "./workloads.mjs";

const WAIT_MILLIS = 300_000;
const BUDGETS = {
  sqlCold: 4_000,
  sqlWarm: 1_500,
  showCold: 8_000,
  showWarm: 4_000,
  megabytes: 600,
  interrupt: 1_000,
  longTask: 50,
};
/** How often what varies is measured; the median counts. */
const TIMES = 5;

const entry = (goal, value, limit) => ({ goal: `${goal} at most ${limit}`, value: Math.round(value), met: value <= limit });

/** Milliseconds from opening the page to the first result of a cell. */
async function firstResult(context, site, language, code) {
  const engine = new KindlingEngine("start", 2);
  const start = performance.now();
  await engine.openPage(context, site.kindling);
  if (language === "sql") await engine.run({ sql: code });
  else await engine.python(code);
  const millis = performance.now() - start;
  await settled(engine.page);
  await engine.page.close();
  return millis;
}

/** Lets the service worker finish keeping the site, so that the next visit is a second one. */
async function settled(page) {
  await page.evaluate(() => navigator.serviceWorker?.ready).catch(() => undefined);
  await page.waitForLoadState("networkidle", { timeout: WAIT_MILLIS }).catch(() => undefined);
}

async function starts(launch, site) {
  const out = [];
  for (const [name, language, code, cold, warm] of [
    ["first %%sql result", "sql", "SELECT 1 AS one", BUDGETS.sqlCold, BUDGETS.sqlWarm],
    ["first df.show()", "python", "spark.range(3).show()", BUDGETS.showCold, BUDGETS.showWarm],
  ]) {
    // A browser and a profile of their own: nothing is cached, compiled or kept.
    const context = await launch();
    out.push(entry(`${name}, cold (ms)`, await firstResult(context, site, language, code), cold));
    out.push(entry(`${name}, warm (ms)`, await firstResult(context, site, language, code), warm));
    await context.close();
  }
  return out;
}

/** Renderer processes of a browser, and the most memory that each has held, in megabytes (Linux only). */
function rendererPeaks(pids) {
  const peaks = [];
  for (const pid of pids) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      peaks.push(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }
  return peaks;
}

async function memory(launch, site, taxi) {
  const context = await launch();
  const engine = new KindlingEngine("memory", 2);
  await engine.open(context, site, { taxi });
  await engine.run({ sql: TAXI });
  const session = await context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const pids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const out = [];
  if (readdirSync("/").includes("proc")) {
    const peak = Math.max(0, ...rendererPeaks(pids));
    out.push(entry("peak memory of the tab's process over the CSV aggregate (MB)", peak, BUDGETS.megabytes));
  }
  const bytes = await wasmBytes(session);
  if (bytes !== null) out.push(entry("the engine's wasm memory after it (MB)", bytes / (1 << 20), BUDGETS.megabytes));
  await context.close();
  return out;
}

/** Size of the largest `WebAssembly.Memory` that any worker of the browser refers to, asked over the DevTools protocol. */
async function wasmBytes(session) {
  const { targetInfos } = await session.send("Target.getTargets", { filter: [{}] });
  let largest = null;
  for (const { targetId } of targetInfos.filter(({ type }) => type === "worker")) {
    // Workers that have ended meanwhile have taken their sessions along.
    const sessionId = (await session.send("Target.attachToTarget", { targetId, flatten: false }).catch(() => null))?.sessionId;
    if (sessionId === undefined) continue;
    const size = await askWorker(session, sessionId);
    await session.send("Target.detachFromTarget", { sessionId }).catch(() => undefined);
    if (size !== null) largest = Math.max(largest ?? 0, size);
  }
  return largest;
}

async function askWorker(session, sessionId) {
  let id = 0;
  const send = (method, params = {}) =>
    new Promise((resolve) => {
      const own = ++id;
      const timer = setTimeout(() => resolve(null), 5_000);
      session.on("Target.receivedMessageFromTarget", (event) => {
        const message = JSON.parse(event.message);
        if (event.sessionId !== sessionId || message.id !== own) return;
        clearTimeout(timer);
        resolve(message.result ?? null);
      });
      void session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id: own, method, params }) });
    });
  const prototype = await send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  if (prototype?.result?.objectId === undefined) return null;
  const found = await send("Runtime.queryObjects", { prototypeObjectId: prototype.result.objectId });
  if (found?.objects?.objectId === undefined) return null;
  const sizes = await send("Runtime.callFunctionOn", {
    objectId: found.objects.objectId,
    functionDeclaration: "function () { return Math.max(0, ...this.map((memory) => memory.buffer.byteLength)); }",
    returnByValue: true,
  });
  return sizes?.result?.value ?? null;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** How soon a running query has stopped, from the click on Interrupt to the cell's end as the page shows it. */
async function interrupt(page) {
  const times = [];
  for (let round = 0; round < TIMES; round++) {
    const cell = page.locator('[data-testid="cell"][data-kind="code"]').first();
    await cell.getByTestId("cell-editor").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("spark.range(0, 10**12, 1, 8).selectExpr('sum(hash(id, id + 1))').collect()");
    await page.keyboard.press("Control+Enter");
    await cell.getByTestId("stage-progress").first().waitFor({ timeout: WAIT_MILLIS });
    times.push(
      await page.evaluate(async () => {
        const running = document.querySelector('[data-testid="cell"][data-kind="code"]');
        const start = performance.now();
        document.querySelector('[data-testid="interrupt"]').click();
        while (running.getAttribute("data-state") === "running" && performance.now() - start < 60_000) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return performance.now() - start;
      }),
    );
  }
  return median(times);
}

/** The longest time that the main thread is kept by the page of a stage of 5,000 tasks. */
async function longTask(page) {
  const times = [];
  for (let round = 0; round < TIMES; round++) {
    const log = { name: "many-tasks", mimeType: "text/plain", buffer: Buffer.from(eventLog(5000)) };
    await page.getByLabel("Open an event log").setInputFiles(log);
    await page.getByTestId("event-log-banner").waitFor({ timeout: WAIT_MILLIS });
    await page.getByTestId("spark-tab-stages").click();
    await page.getByTestId("stage-row").first().getByText("5000/5000").waitFor({ timeout: WAIT_MILLIS });
    times.push(
      await page.evaluate(async () => {
        const tasks = [];
        const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
        observer.observe({ entryTypes: ["longtask"] });
        document.querySelector('[data-testid="stage-row"] [data-go]').click();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        observer.disconnect();
        return Math.max(0, ...tasks);
      }),
    );
    await page.getByRole("button", { name: "Back to this notebook" }).click();
  }
  return median(times);
}

async function responsiveness(launch, site) {
  const context = await launch();
  const engine = new KindlingEngine("responsiveness", 2);
  await engine.openPage(context, site.kindling);
  await engine.python("pass");
  const out = [
    entry("a running query has stopped after Interrupt (ms)", await interrupt(engine.page), BUDGETS.interrupt),
    entry("longest main-thread task, a stage of 5,000 tasks opened (ms)", await longTask(engine.page), BUDGETS.longTask),
  ];
  await context.close();
  return out;
}

/** `[{ goal, value, met }]`; without a CSV, start times only. */
export async function budgets(launch, site, taxi) {
  const out = [...(await starts(launch, site)), ...(await responsiveness(launch, site))];
  if (taxi !== undefined) out.push(...(await memory(launch, site, taxi)));
  return out;
}
