// Puts the site together: scripts, page, engine, UI, Python; hashed names; budgets.

import { brotliCompressSync, constants } from "node:zlib";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { FIRST_WASM, SECOND_WASM, engineFolder } from "./engine.mjs";
import { pythonArchive } from "./python.mjs";
import { filesBelow, hashOf, parts, root, say, size } from "./tools.mjs";
import { uiFolder } from "./ui.mjs";

export const dist = join(root, "dist");
const web = join(root, "web");
const assets = join(dist, "assets");

const MEGABYTE = 1_000_000;
const MAX_FILE = 25 * MEGABYTE;
/** Raw and brotli bytes that a part may have. Of the engine, what must be loaded before it starts. */
const BUDGETS = {
  engine: { raw: 25 * MEGABYTE, brotli: 7 * MEGABYTE },
  ui: { brotli: 600_000 },
};

/** What Pyodide loads to run, of its npm package. */
const INTERPRETER_FILES = ["pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

export async function assemble({ development = false, quick = development } = {}) {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(assets, { recursive: true });

  const engine = addFolder("engine", engineFolder);
  const ui = existsSync(uiFolder) ? addFolder("ui", uiFolder) : null;
  const pyodide = addPyodide();
  const python = addFile(pythonArchive, "kindling-python.zip");
  if (existsSync(join(root, "notebooks"))) cpSync(join(root, "notebooks"), join(dist, "notebooks"), { recursive: true });

  // Workers find what they need relative to themselves, in `assets/`; the page relative to itself.
  const fromAssets = (path) => JSON.stringify(`../${path}`);
  const beside = (path) => JSON.stringify(`./${basename(path)}`);
  const fromPage = (path) => JSON.stringify(`./${path}`);
  const script = (entry, define) => bundle(entry, define, development);

  const thread = await script("thread.worker.ts", {});
  const control = await script("control.worker.ts", {});
  const storage = await script("storage.worker.ts", {});
  const kernel = await script("kernel.worker.ts", {
    ENGINE_MODULE: fromAssets(`${engine}/kindling_wasm.js`),
    ENGINE_WASM: fromAssets(`${engine}/${FIRST_WASM}`),
    SECOND_WASM: fromAssets(`${engine}/${SECOND_WASM}`),
    SECOND_BYTES: String(size(join(dist, engine, SECOND_WASM))),
    THREAD_WORKER: beside(thread),
    CONTROL_WORKER: beside(control),
    PYODIDE_FOLDER: fromAssets(`${pyodide}/`),
    INTERPRETER_FILES: JSON.stringify(INTERPRETER_FILES),
    PYTHON_ARCHIVE: fromAssets(python),
  });
  const main = await script("main.ts", {
    KERNEL_WORKER: fromPage(kernel),
    STORAGE_WORKER: fromPage(storage),
    UI_MODULE: fromPage(`${ui}/kindling_ui.js`),
    UI_WASM: fromPage(`${ui}/kindling_ui_bg.wasm`),
  });
  const editor = await script("editor.ts", {});
  const style = await styles(development);

  const page = readFileSync(join(web, "index.html"), "utf8")
    .replaceAll("./page.js", `./${main}`)
    .replaceAll("./editor.js", `./${editor}`)
    .replaceAll("./styles/index.css", `./${style}`);
  writeFileSync(join(dist, "index.html"), page);
  // Hosts that run Jekyll would leave out what they do not know.
  writeFileSync(join(dist, ".nojekyll"), "");
  await serviceWorker(development);
  return report({ engine, ui, quick });
}

function addFolder(name, folder) {
  const target = `${name}-${hashOf(folder)}`;
  cpSync(folder, join(dist, target), { recursive: true });
  return target;
}

function addFile(path, name) {
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 10);
  const target = `assets/${name.replace(/(\.[^.]+)$/, `-${hash}$1`)}`;
  copyFileSync(path, join(dist, target));
  return target;
}

function addPyodide() {
  const source = join(root, "node_modules", "pyodide");
  const folder = join(parts, "pyodide");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of INTERPRETER_FILES) {
    copyFileSync(join(source, name), join(folder, name));
  }
  return addFolder("pyodide", folder);
}

async function bundle(entry, define, development) {
  const { outputFiles } = await build({
    entryPoints: [join(web, "src", entry)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: !development,
    sourcemap: development ? "inline" : false,
    define,
    external: ["node:*", "fs", "path", "url", "vm", "crypto", "child_process", "ws"],
    write: false,
    logLevel: "warning",
  });
  return write(basename(entry).replace(/\.ts$/, ""), ".js", outputFiles[0].contents);
}

async function styles(development) {
  const { outputFiles } = await build({
    entryPoints: [join(web, "styles", "index.css")],
    bundle: true,
    minify: !development,
    target: ["chrome110", "firefox115", "safari16.4"],
    loader: { ".woff2": "dataurl", ".svg": "dataurl" },
    write: false,
    logLevel: "warning",
  });
  return write("index", ".css", outputFiles[0].contents);
}

function write(name, extension, contents) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 10);
  const path = `assets/${name}-${hash}${extension}`;
  mkdirSync(dirname(join(dist, path)), { recursive: true });
  writeFileSync(join(dist, path), contents);
  return path;
}

async function serviceWorker(development) {
  const all = filesBelow(dist);
  const hashed = all.filter((path) => /-[0-9a-f]{10}[/.]/.test(path));
  const unhashed = all.filter((path) => path.startsWith("notebooks/"));
  const { outputFiles } = await build({
    entryPoints: [join(web, "src", "sw.ts")],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: !development,
    define: {
      SITE_FILES: JSON.stringify(hashed),
      SITE_UNHASHED: JSON.stringify(unhashed),
      SITE_VERSION: JSON.stringify(createHash("sha256").update(hashed.join("\n")).digest("hex").slice(0, 10)),
    },
    write: false,
    logLevel: "warning",
  });
  writeFileSync(join(dist, "sw.js"), outputFiles[0].contents);
}

/** Prints what the parts weigh; `false` when something is over its budget. */
function report({ engine, ui, quick }) {
  let fits = true;
  const line = (name, bytes, budget) => {
    const over = budget !== undefined && bytes > budget;
    if (over) fits = false;
    const limit = budget === undefined ? "" : ` of ${megabytes(budget)}${over ? "  OVER BUDGET" : ""}`;
    say(`  ${name.padEnd(22)} ${megabytes(bytes)}${limit}`);
  };
  say("sizes:");
  for (const [name, file] of [
    ["engine", `${engine}/${FIRST_WASM}`],
    ["engine, later", `${engine}/${SECOND_WASM}`],
    ["ui", ui === null ? null : `${ui}/kindling_ui_bg.wasm`],
  ]) {
    if (file === null) continue;
    const path = join(dist, file);
    line(`${name} raw`, size(path), BUDGETS[name]?.raw);
    // Minutes for the engine, so only where the site is made to be published.
    if (!quick) line(`${name} brotli`, brotliSize(path), BUDGETS[name]?.brotli);
  }
  line("engine in all", size(join(dist, engine, FIRST_WASM)) + size(join(dist, engine, SECOND_WASM)));
  const files = filesBelow(dist);
  line("site raw", files.reduce((total, file) => total + size(join(dist, file)), 0));
  for (const file of files) {
    if (size(join(dist, file)) <= MAX_FILE) continue;
    fits = false;
    say(`  ${file} is larger than ${megabytes(MAX_FILE)}: some hosts refuse it`);
  }
  return fits;
}

function megabytes(bytes) {
  return `${(bytes / MEGABYTE).toFixed(2)} MB`;
}

/** Slow on a large file, so remembered by content. */
function brotliSize(path) {
  const bytes = readFileSync(path);
  const memory = join(parts, `.brotli-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`);
  if (!existsSync(memory)) {
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    writeFileSync(memory, String(brotliCompressSync(bytes, options).length));
  }
  return Number(readFileSync(memory, "utf8"));
}
