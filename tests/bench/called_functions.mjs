// Measures which functions of the engine ordinary work calls, so that none of them is in the second module:
//
//   node tests/bench/called_functions.mjs           adds what is missing to `web/build/second_module_called.txt`
//   node tests/bench/called_functions.mjs --check   says what loads the second module in the site as it is built
//
// Ordinary work is the start, the bundled notebooks, TPC-H, the taxi query and what `ordinary.py` says. To measure, an engine that is
// whole and notes what runs takes the place of the site's.

import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FIRST_WASM, instrument, listFunctions, RARE, slotsFile } from "../../web/build/engine.mjs";
import { dist } from "../../web/build/site.mjs";
import { root, say } from "../support/run.mjs";
import { serve } from "../../web/build/serve.mjs";
import { closeAll, launch } from "./browser.mjs";
import { taxi, tpch } from "./data.mjs";
import { KindlingEngine } from "./kindling_engine.mjs";
import { workloads } from "./workloads.mjs";

const PORT = 8765;
const NOTEBOOK_MILLIS = 300_000;
const [, called] = RARE;

/** A copy of the site with an engine that notes in its memory what runs; answers where. */
async function instrumentedSite(site) {
  if (!existsSync(dist)) throw new Error("there is no site: run `npm run build` first");
  rmSync(site, { recursive: true, force: true });
  cpSync(dist, site, { recursive: true });
  const folder = join(site, readdirSync(site).find((name) => name.startsWith("engine-")));
  const { pages, neededPages } = await instrument(join(folder, FIRST_WASM));
  const glue = join(folder, "kindling_wasm.js");
  const text = readFileSync(glue, "utf8");
  const patched = text
    .replace(`{initial:${pages},`, `{initial:${neededPages},`)
    .replace(/wasm = instance\.exports;/, "$& globalThis.engineMemory = wasm.memory;");
  if (!patched.includes(`{initial:${neededPages},`) || !patched.includes("engineMemory")) throw new Error("the engine's glue is not as expected");
  writeFileSync(glue, patched);
  return { first: pages * 65_536, count: (neededPages - pages) * 65_536 };
}

async function runNotebooks(page) {
  for (const { title } of JSON.parse(readFileSync(join(root, "notebooks", "index.json"), "utf8")).notebooks) {
    await page.getByRole("tab", { name: "Notebooks", exact: true }).click();
    await page.getByTestId("gallery").getByText(title, { exact: true }).last().click();
    await page.getByTestId("run-all").click();
    const last = page.locator('[data-testid="cell"][data-kind="code"]').last();
    await last.and(page.locator("[data-state=done],[data-state=failed]")).waitFor({ timeout: NOTEBOOK_MILLIS });
    if ((await page.getByTestId("cell-error").count()) > 0) throw new Error(`a cell of "${title}" failed`);
  }
}

/** Does the work in a site; answers the open page. */
async function work(folder) {
  const server = await serve(folder, { port: PORT });
  const engine = new KindlingEngine("kindling", 2);
  const context = await launch();
  const loads = [];
  context.on("console", (message) => {
    const slot = /^Kindling: second module .* for slot (\d+)$/.exec(message.text());
    if (slot !== null) loads.push(Number(slot[1]));
  });
  await engine.openPage(context, `http://localhost:${PORT}/`);
  await engine.page.waitForFunction(() => window.benchPython === true, undefined, { timeout: NOTEBOOK_MILLIS });
  const started = async (name, run) => {
    const before = loads.length;
    await run();
    say(`${name}${loads.length > before ? `: loaded the second module for ${loads.slice(before).map(functionOf).join(", ")}` : ""}`);
  };
  await started("notebooks", () => runNotebooks(engine.page));
  await started("views", async () => engine.declare({ tpch: await tpch(0.1), taxi: await taxi(100_000) }));
  for (const { name, sql } of workloads()) await started(name, () => engine.run({ sql }));
  await started("ordinary work", () => engine.python(readFileSync(join(import.meta.dirname, "ordinary.py"), "utf8")));
  server.close();
  return { page: engine.page, loads };
}

/** The function that a slot of the table leads to. */
function functionOf(slot) {
  slots ??= new Map(readFileSync(slotsFile, "utf8").trimEnd().split("\n").map((line) => line.split("\t")));
  return slots.get(String(slot)) ?? `slot ${slot}`;
}
let slots;

/** The pattern of a function. The number that LLVM gives to a copy is another in every build. */
function patternOf(name) {
  const stable = name.replace(/\.\d+$/, "");
  return stable === name ? `!^${name}$` : `!^${stable}`;
}

/** Adds functions that are called to those that stay in the first module. */
function addCalled(functions) {
  const names = functions.filter(({ called, part, name }) => called && part === "named" && name !== "").map(({ name }) => patternOf(name));
  const known = readFileSync(called, "utf8").split("\n").filter((line) => line.startsWith("!"));
  const lines = [...new Set([...known, ...names])].sort();
  const head = "# Written by `tests/bench/called_functions.mjs`: functions that second_module.txt means, but ordinary work calls.";
  writeFileSync(called, `${[head, ...lines].join("\n")}\n`);
  say(`${functions.filter(({ called }) => called).length} functions were called; ${lines.length - new Set(known).size} are new in ${called}`);
}

async function measure() {
  const site = join(root, "target", "bench", "called");
  const place = await instrumentedSite(site);
  const { page } = await work(site);
  const kernel = page.workers().find((worker) => worker.url().includes("kernel.worker"));
  const called = await kernel.evaluate(({ first, count }) => {
    const bytes = new Uint8Array(globalThis.engineMemory.buffer, first, count);
    return [...bytes.keys()].filter((index) => bytes[index] !== 0);
  }, place);
  const notes = Buffer.alloc(place.count);
  for (const index of called) notes[index] = 1;
  const file = join(root, "target", "bench", "called.bin");
  writeFileSync(file, notes);
  addCalled(await listFunctions(file));
}

let failed = false;
try {
  if (process.argv.includes("--check")) failed = (await work(dist)).loads.length > 0;
  else await measure();
} finally {
  await closeAll();
}
process.exit(failed ? 1 : 0);
